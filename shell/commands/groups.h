/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/groups.h - the command rows of each group; every array ends with a zeroed row.
 */
#ifndef FED_SHELL_COMMANDS_GROUPS_H
#define FED_SHELL_COMMANDS_GROUPS_H

#include "shell/language/command.h"

extern const struct fed_command fed_commands_compose[], fed_commands_run[], fed_commands_look[],
	fed_commands_plugins[], fed_commands_session[], fed_commands_faults[];

#endif

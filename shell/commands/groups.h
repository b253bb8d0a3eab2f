/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/groups.h - the command rows of each group; every array ends with a zeroed row.
 */
#ifndef FED_SHELL_COMMANDS_GROUPS_H
#define FED_SHELL_COMMANDS_GROUPS_H

#include "shell/language/command.h"

extern const struct fed_command fed__commands_compose[], fed__commands_run[], fed__commands_look[],
	fed__commands_experiments[], fed__commands_plugins[], fed__commands_session[],
	fed__commands_faults[], fed__commands_travel[], fed__commands_room[];

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands.h - the command table of the program.
 */
#ifndef FED_SHELL_COMMANDS_H
#define FED_SHELL_COMMANDS_H

#include "shell/language/command.h"

/* The value of struct fed_shell's `groups`. */
extern const struct fed_command_group fed__command_groups[FED_GROUPS];

#endif

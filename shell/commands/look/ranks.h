/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/ranks.h - the command `ranks`.
 */
#ifndef FED_SHELL_COMMANDS_LOOK_RANKS_H
#define FED_SHELL_COMMANDS_LOOK_RANKS_H

#include "shell/language/command.h"

int fed__run_ranks(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

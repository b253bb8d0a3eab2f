/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/reverse.h - commands that search the past: backwards as a debugger does,
 * and by bisection.
 */
#ifndef FED_SHELL_COMMANDS_TRAVEL_REVERSE_H
#define FED_SHELL_COMMANDS_TRAVEL_REVERSE_H

#include "shell/language/command.h"

int fed__run_reverse_step(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_reverse_continue(struct fed_shell *, const struct fed_call *, struct fed_error *);

struct fed_bisect_args {
	char condition[2000];
};
extern const struct fed_field fed__bisect_rows[];
int fed__run_bisect(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/plan.h - the command `plan`.
 */
#ifndef FED_SHELL_COMMANDS_LOOK_PLAN_H
#define FED_SHELL_COMMANDS_LOOK_PLAN_H

#include "shell/language/command.h"

struct fed_plan_args {
	int64_t ranks, threads;
	char network[32];
};
extern const struct fed_field fed__plan_rows[];
int fed__run_plan(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/costs.h - the command `costs`: bytes, messages and FLOPs of the run, in total and
 * by client.
 */
#ifndef FED_SHELL_COMMANDS_COSTS_H
#define FED_SHELL_COMMANDS_COSTS_H

#include "shell/language/command.h"

struct fed_costs_args {
	char who[4096];
	int sort;
	int64_t n;
	char against[64], until[500];
	int64_t rounds;
};
extern const struct fed_field fed__costs_rows[];
int fed__run_costs(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

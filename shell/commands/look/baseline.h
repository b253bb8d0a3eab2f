/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/baseline.h - the command `baseline`: the same data at one place, or each
 * client alone, kept as a run.
 */
#ifndef FED_SHELL_COMMANDS_BASELINE_H
#define FED_SHELL_COMMANDS_BASELINE_H

#include "shell/language/command.h"

struct fed_baseline_args {
	int kind;
	int64_t rounds;
};
extern const struct fed_field fed__baseline_rows[];
int fed__run_baseline(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

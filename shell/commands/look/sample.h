/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/sample.h - the command `sample`: examples, drawn.
 */
#ifndef FED_SHELL_COMMANDS_SAMPLE_H
#define FED_SHELL_COMMANDS_SAMPLE_H

#include "shell/language/command.h"

struct fed_sample_args {
	char who[64], class[128];
	int64_t n, draw;
	int part;
};
extern const struct fed_field fed__sample_rows[];
int fed__run_sample(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

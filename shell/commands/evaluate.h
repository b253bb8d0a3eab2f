/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/evaluate.h - the command `evaluate`: the global model on the test examples, and
 * on those of clients beside their own models.
 */
#ifndef FED_SHELL_COMMANDS_EVALUATE_H
#define FED_SHELL_COMMANDS_EVALUATE_H

#include "shell/language/command.h"

struct fed_evaluate_args {
	char who[4096]; /* clients; "": the test examples */
	int show;
};
extern const struct fed_field fed__evaluate_rows[];
int fed__run_evaluate(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

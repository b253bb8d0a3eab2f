/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/evaluate.h - the command `evaluate`: the global model on the test examples, and
 * on those of clients beside their own models.
 */
#ifndef FED_SHELL_COMMANDS_EVALUATE_H
#define FED_SHELL_COMMANDS_EVALUATE_H

#include "shell/language/command.h"
#include "shell/output/figure.h"

struct fed_evaluate_args {
	char who[4096]; /* clients; "": the test examples */
	int show;
	int64_t tune; /* epochs of local fine-tuning; 0: none */
	struct fed_figure_form to;
};
extern const struct fed_field fed__evaluate_rows[];
int fed__run_evaluate(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* The part of it for clients; tune: epochs of fine-tuning, for which the session is started. */
struct fed_client_models;
struct fed_evaluator;
int fed__evaluate_clients(struct fed_shell *, const char *who, int64_t tune, struct fed_evaluator *,
                          struct fed_client_models *, struct fed_error *);

#endif

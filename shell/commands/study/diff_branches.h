/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/diff_branches.h - the ends of branches, for `diff` and `plot`.
 */
#ifndef FED_SHELL_COMMANDS_STUDY_DIFF_BRANCHES_H
#define FED_SHELL_COMMANDS_STUDY_DIFF_BRANCHES_H

#include "history/metrics.h"
#include "shell/language/command.h"
#include "travel/tree.h"

/* What is looked at where a branch ends. */
struct fed_branch_end {
	struct fed_place tip;
	struct fed_history history;
	char *composition; /* of its last version; NULL: unknown */
	float *params;     /* [dim]; NULL: there is no model */
	size_t dim;
	uint32_t clients;
	uint32_t *client; /* [clients] */
	double *accuracy; /* [clients] of the model on each client's own examples, or NaN */
};
void fed__branch_end_release(struct fed_branch_end *); /* zeroed is fine */
/* Read where a branch ends, which leaves the session where it is.  whole: also model and clients.
 */
int fed__branch_end_read(struct fed_branch_end *, struct fed_shell *, struct fed_place tip,
                         bool whole, struct fed_error *);
/* Print what was typed differently since the fork, the clients whose figures differ most, and how
 * far the models are apart, by layer. */
void fed__show_branches(struct fed_shell *, const char *first, const struct fed_branch_end *,
                        const char *second, const struct fed_branch_end *);

#endif

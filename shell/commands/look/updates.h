/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/updates.h - the command `updates`: the last round's updates as a table, a map
 * or a matrix of cosines.
 */
#ifndef FED_SHELL_COMMANDS_UPDATES_H
#define FED_SHELL_COMMANDS_UPDATES_H

#include "experiments/try_aggregator.h"
#include "shell/language/command.h"
#include "shell/output/figure.h"

struct fed_updates_args {
	int view, sort;
	char save[4096];
	struct fed_figure_form to;
};
extern const struct fed_field fed__updates_rows[];
int fed__run_updates(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Print the result of an aggregator on a file (`try`). */
void fed__show_trial(struct fed_shell *, const struct fed_trial *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/histogram.h - the command `histogram`: distributions of staleness, durations
 * and other quantities.
 */
#ifndef FED_SHELL_COMMANDS_HISTOGRAM_H
#define FED_SHELL_COMMANDS_HISTOGRAM_H

#include "shell/language/command.h"
#include "shell/output/figure.h"

struct fed_histogram_args {
	int figure;
	int64_t bins, last;
	struct fed_figure_form to;
};
extern const struct fed_field fed__histogram_rows[];
int fed__run_histogram(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

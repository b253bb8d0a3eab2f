/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/chart.h - charts in the size of the screen.
 */
#ifndef FED_SHELL_OUTPUT_CHART_H
#define FED_SHELL_OUTPUT_CHART_H

#include "shell/output/figure.h"
#include "tui/widgets/chart.h"

/* How a plot is drawn, as `plot` takes it. */
struct fed_plot_form {
	char against[64]; /* the metric along the bottom */
	bool log, log_x;  /* logarithmic axes */
	struct fed_figure_form figure;
};

/* Print a chart, or write it as a figure; its axes, size and colours are filled in here. */
int fed__print_chart(struct fed_shell *, struct fed_chart *, const struct fed_plot_form *,
                     struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/chart.h - charts in the size of the screen.
 */
#ifndef FED_SHELL_OUTPUT_CHART_H
#define FED_SHELL_OUTPUT_CHART_H

#include "shell/shell.h"
#include "tui/widgets/chart.h"

/* How a plot is drawn, as `plot` takes it. */
struct fed_plot_form {
	char against[64]; /* the metric along the bottom */
	bool log, log_x;  /* logarithmic axes */
	char save[4096];  /* path of a file; "": none */
};

/* Print a chart, or write it to the file `save` ("": none); size and colours are filled in here. */
int fed__print_chart(struct fed_shell *, struct fed_chart *, const char *save, struct fed_error *);

#endif

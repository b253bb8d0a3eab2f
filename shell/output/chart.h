/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/chart.h - charts in the size of the screen.
 */
#ifndef FED_SHELL_OUTPUT_CHART_H
#define FED_SHELL_OUTPUT_CHART_H

#include "shell/shell.h"
#include "tui/widgets/chart.h"

int fed__print_chart(struct fed_shell *, const char *title, const char *x_label,
                     const struct fed_chart_series *, size_t n, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/chart.h - line charts with axes and legend, or sparklines where space is short.
 *
 * Braille dots (2 x 4 a cell) where the terminal shows UTF-8, else one character a point.  Series
 * differ in colour and in the letter at the end of each curve, which the legend repeats. A chart
 * lower than FED_CHART_ROWS or narrower than FED_CHART_COLUMNS becomes a sparkline, one line for
 * each series.
 */
#ifndef FED_TUI_WIDGETS_CHART_H
#define FED_TUI_WIDGETS_CHART_H

#include <stddef.h>

#include "figures/plot.h"
#include "tui/widgets/canvas.h"

enum {
	FED_CHART_COLUMNS = 24, /* smallest size with axes */
	FED_CHART_ROWS = 8,
	FED_CHART_COLUMNS_LEAST = 8, /* for a sparkline */
	FED_CHART_SERIES = 26,       /* at most; one letter each in ASCII */
};

struct fed_chart {
	const char *title, *x_label;          /* NULL or "": none */
	const struct fed_plot_series *series; /* without their bands */
	size_t n;
	bool log_x, log_y;  /* logarithmic axes; what is not above 0 is left out and told */
	const double *mark; /* [marks] positions along x, a dashed vertical line each */
	size_t marks;
	const char *mark_name; /* for the legend */
	/* In figures: names of x = 1, 2, ..., and what they are; NULL: numbers. */
	const char *const *tick_name; /* [tick_names] */
	size_t tick_names;
	const char *tick_label;
	bool dots;         /* in figures: each point has a mark */
	int columns, rows; /* of the whole, with title and legend */
	bool utf8;
	enum fed_palette palette;
};

/* Append the chart, each line ended with a newline.  FED_FAIL: no series, too many of them, too
 * narrow, or out of memory. */
int fed_chart_draw(const struct fed_chart *, struct fed_text *out, struct fed_error *);
/* The same onto a canvas, its upper left cell at (column, row); nothing if it does not fit. */
int fed__chart_put(struct fed_canvas *, int column, int row, const struct fed_chart *,
                   struct fed_error *);

#endif

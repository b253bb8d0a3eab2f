/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/chart.h - curves with axes, drawn as text.
 *
 * Braille dots (2 x 4 a cell) where the terminal shows UTF-8, else one character a point.  Series
 * are told apart by colour and by the letter at the end of each curve, which the legend repeats.
 * A chart lower than FED_CHART_ROWS or narrower than FED_CHART_COLUMNS becomes a sparkline, one
 * line for each series.
 */
#ifndef FED_TUI_WIDGETS_CHART_H
#define FED_TUI_WIDGETS_CHART_H

#include <stddef.h>

#include "tui/widgets/canvas.h"

enum {
	FED_CHART_COLUMNS = 24, /* the least for axes and a curve */
	FED_CHART_ROWS = 8,
	FED_CHART_COLUMNS_LEAST = 8, /* for a sparkline */
	FED_CHART_SERIES = 26,       /* at most; one letter each in ASCII */
};

/* y of NaN or an infinity is a gap; x ascends, points with x not finite are left out. */
struct fed_chart_series {
	const char *name;
	const double *x, *y;
	size_t n;
};

struct fed_chart {
	const char *title, *x_label; /* NULL or "": none */
	const struct fed_chart_series *series;
	size_t n;
	const double *mark; /* [marks] places along x where something happened: a dashed line each */
	size_t marks;
	const char *mark_name; /* for the legend */
	int columns, rows;     /* of the whole, title and legend included */
	bool utf8, color;
};

/* Append the chart, each line ended with a newline.  FED_FAIL: no series, too many of them, too
 * narrow, or out of memory. */
int fed_chart_draw(const struct fed_chart *, struct fed_text *out, struct fed_error *);
/* The same onto a canvas, its upper left cell at this one; without room there is nothing. */
int fed_chart_put(struct fed_canvas *, int column, int row, const struct fed_chart *,
                  struct fed_error *);

#endif

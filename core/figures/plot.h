/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/plot.h - curves, bands and bars over two axes, with a legend.
 *
 * A curve may have a band, from lower[k] to upper[k]: a mean and its standard deviation, a median
 * and quartiles.  Series differ in colour, dash and mark (figures/palette.h).  On a logarithmic
 * axis what is not above 0 is left out, and counted below the plot.
 */
#ifndef FED_FIGURES_PLOT_H
#define FED_FIGURES_PLOT_H

#include "figures/frame.h"

/* A curve.  A y that is not finite makes a gap; x ascends, points whose x is not finite are left
 * out. */
struct fed_plot_series {
	const char *name;
	const double *x, *y;
	size_t n;
	const double *lower, *upper; /* [n] of a band; both NULL: none */
};

struct fed_plot {
	const char *heading, *x_label, *y_label; /* NULL or "": none */
	const struct fed_plot_series *series;
	size_t n;
	bool bars;          /* of one series, instead of curves ... */
	double bar_width;   /* ... of this width */
	bool log_x, log_y;  /* logarithmic axes */
	bool dots;          /* every point has a mark: few that were measured one by one */
	const double *mark; /* [marks] positions along x, a dashed vertical line each */
	size_t marks;
	const char *mark_name; /* for the legend */
	/* Names of x = 1, 2, ..., which are no numbers: points without lines between them, and bands
	 * are bars of an error. NULL: numbers. */
	const char *const *tick_name; /* [tick_names] */
	size_t tick_names;
};

/* Append to a drawing of a size that is set.  frame: NULL or where the data went.  FED_FAIL: no
 * series, or too small. */
int fed_plot_draw(const struct fed_plot *, struct fed_drawing *, struct fed_plot_frame *frame,
                  struct fed_error *);

#endif

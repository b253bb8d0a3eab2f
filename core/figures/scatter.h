/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/scatter.h - groups of points in a plane whose axes have the same scale.
 */
#ifndef FED_FIGURES_SCATTER_H
#define FED_FIGURES_SCATTER_H

#include "figures/frame.h"

struct fed_scatter_points {
	const char *name;
	struct fed_paint paint;
	size_t mark; /* figures/palette.h */
	bool hollow;
	const double *x, *y; /* [n]; points that are not finite are left out */
	size_t n;
	const char *const *label; /* [n] beside the points, where there is place; NULL: none */
};

struct fed_scatter_figure {
	const char *heading, *x_label, *y_label;
	const struct fed_scatter_points *group; /* later ones are drawn over earlier ones */
	size_t n;
	/* What is in the middle, and half widths; 0: fit the points.  Points beyond are at the rim,
	 * hollow, with an arrow's head. */
	double x, y, reach_x, reach_y;
};

int fed_scatter_figure_draw(const struct fed_scatter_figure *, struct fed_drawing *,
                            struct fed_plot_frame *frame, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/scatter.h - scatter plot of groups of points in a plane.
 *
 * Each group has its own glyph, so that colour is not needed to distinguish them; later groups are
 * drawn over earlier ones. Both axes have the same scale, with cells twice as high as wide.
 */
#ifndef FED_TUI_WIDGETS_SCATTER_H
#define FED_TUI_WIDGETS_SCATTER_H

#include <stddef.h>

#include "tui/widgets/canvas.h"

enum { FED_SCATTER_COLUMNS = 24, FED_SCATTER_ROWS = 8 }; /* smallest size */

struct fed_scatter_group {
	const char *name;
	uint32_t glyph;      /* in UTF-8 terminals ... */
	char ascii;          /* ... and elsewhere */
	uint8_t color;       /* enum fed_color */
	const double *x, *y; /* [n]; points that are not finite are left out */
	size_t n;
	const uint32_t *id;       /* [n] labels beside the points, where cells are free; NULL: none */
	const char *const *label; /* [n] labels instead of ids, where not NULL; NULL: none */
	bool letter;              /* goes beside another letter in its cell, so that both are read */
	bool rim;                 /* points beyond the frame are at its rim, with their distance */
};

struct fed_scatter {
	const char *title; /* NULL: none */
	const struct fed_scatter_group *group;
	size_t n;
	/* Half widths, and what is in the middle. 0: fit the points. */
	double reach_x, reach_y, x, y;
	bool utf8;
};

/* Draw into a rectangle of the canvas, with title and legend. */
void fed__scatter_put(struct fed_canvas *, int column, int row, int columns, int rows,
                      const struct fed_scatter *);
/* Append the same as text. */
int fed__scatter_draw(const struct fed_scatter *, int columns, int rows, enum fed_palette,
                      struct fed_text *out, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/scatter.h - points in a plane, drawn as text.
 *
 * Each group has a glyph of its own, so that colour is never needed to tell them apart; later
 * groups are drawn over earlier ones.  One unit is as long across as up, cells taken as twice as
 * high as wide.
 */
#ifndef FED_TUI_WIDGETS_SCATTER_H
#define FED_TUI_WIDGETS_SCATTER_H

#include <stddef.h>

#include "tui/widgets/canvas.h"

enum { FED_SCATTER_COLUMNS = 24, FED_SCATTER_ROWS = 8 }; /* the least */

struct fed_scatter_group {
	const char *name;
	uint32_t glyph;      /* in UTF-8 terminals ... */
	char ascii;          /* ... and elsewhere */
	uint8_t color;       /* enum fed_color */
	const double *x, *y; /* [n]; points that are not finite are left out */
	size_t n;
	const uint32_t *id; /* [n]: numbers beside the points where there is room; NULL: none */
};

struct fed_scatter {
	const char *title; /* NULL: none */
	const struct fed_scatter_group *group;
	size_t n;
	/* To be seen each way from the origin, which is in the middle; 0: what the points need. */
	double reach_x, reach_y;
	bool utf8;
};

/* Into a rectangle of the canvas, title and legend included. */
void fed_scatter_put(struct fed_canvas *, int column, int row, int columns, int rows,
                     const struct fed_scatter *);
/* The same alone, as text. */
int fed_scatter_draw(const struct fed_scatter *, int columns, int rows, bool color,
                     struct fed_text *out, struct fed_error *);

#endif

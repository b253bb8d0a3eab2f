/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/update_map.h - scatter plot of a round's updates: a glyph for each of honest or
 * Byzantine, trusted or filtered; landmarks are letters.
 */
#ifndef FED_TUI_VIEWS_UPDATE_MAP_H
#define FED_TUI_VIEWS_UPDATE_MAP_H

#include "report/map_extent.h"
#include "tui/widgets/canvas.h"

struct fed_map {
	const char *title;
	const struct fed_map_point *point; /* [n] */
	size_t n;
	struct fed_update_position landmark[FED_LANDMARKS]; /* x NaN: none */
	/* Half widths of the map, and what is in the middle. 0: fit the points. */
	double reach_x, reach_y, x, y;
	bool utf8;
	const struct fed_clients *clients; /* whose names are the labels; NULL: numbers */
};

/* Draw into a rectangle; nothing if it is too small (tui/widgets/scatter.h). */
int fed__map_put(struct fed_canvas *, int column, int row, int columns, int rows,
                 const struct fed_map *, struct fed_error *);
/* A map of these updates, as text. */
/* Append to the subject of a map, "updates of version 7", which share of their variance the plane
 * shows: in the longest words that fit.  share NaN: there is no variance. */
void fed_map_title(struct fed_text *, double share, int columns);
int fed_map_text(const struct fed_update_geometry *, const char *title, int columns, int rows,
                 bool utf8, enum fed_palette, const struct fed_clients *, struct fed_text *out,
                 struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/update_map.h - scatter plot of a round's updates: a glyph for each of honest or
 * Byzantine, trusted or filtered; landmarks are letters.
 */
#ifndef FED_TUI_VIEWS_UPDATE_MAP_H
#define FED_TUI_VIEWS_UPDATE_MAP_H

#include "report/update_geometry.h"
#include "tui/widgets/canvas.h"

struct fed_map_point {
	double x, y;
	double was_x, was_y; /* position in the previous version; NaN: none */
	uint32_t client;
	bool byzantine, trusted;
};

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

/* What of a plane a map shows: all points around the plain mean or, if some are many times farther
 * off than half of them, the others around their median, so that one strong attacker does not
 * squeeze them into a dot. */
struct fed_map_extent {
	double x, y, reach_x, reach_y;
	bool robust; /* some points are beyond it */
};
/* scratch: [n]. */
void fed__map_extent(const struct fed_map_point *, size_t n,
                     const struct fed_update_position landmark[FED_LANDMARKS], double *scratch,
                     struct fed_map_extent *);

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

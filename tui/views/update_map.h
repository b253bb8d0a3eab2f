/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/update_map.h - the map of a round's updates: honest ones and Byzantine ones, trusted
 * and filtered, each with a glyph of its own, and the landmarks as letters.
 */
#ifndef FED_TUI_VIEWS_UPDATE_MAP_H
#define FED_TUI_VIEWS_UPDATE_MAP_H

#include "report/update_geometry.h"
#include "tui/widgets/canvas.h"

struct fed_map_point {
	double x, y;
	double was_x, was_y; /* a version ago; NaN: nowhere */
	uint32_t client;
	bool byzantine, trusted;
};

struct fed_map {
	const char *title;
	const struct fed_map_point *point; /* [n] */
	size_t n;
	struct fed_update_position landmark[FED_LANDMARKS]; /* x of NaN: not there */
	/* To be seen each way from the middle, which is the plain mean; 0: what the points need. */
	double reach_x, reach_y;
	bool utf8;
};

/* Into a rectangle, which is left blank where it is too small (tui/widgets/scatter.h). */
int fed_map_put(struct fed_canvas *, int column, int row, int columns, int rows,
                const struct fed_map *, struct fed_error *);
/* The map of the insight alone, as text. */
int fed_map_text(const struct fed_update_geometry *, const char *title, int columns, int rows,
                 bool utf8, bool color, struct fed_text *out, struct fed_error *);

#endif

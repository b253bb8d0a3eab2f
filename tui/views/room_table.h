/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/room_table.h - the table of members in the view `room`.
 */
#ifndef FED_TUI_VIEWS_ROOM_TABLE_H
#define FED_TUI_VIEWS_ROOM_TABLE_H

#include "tui/views/cells.h"
#include "room/status.h"

struct fed_room_table {
	struct fed_room_status room; /* as painted last, or newer */
	uint32_t *order;             /* [n]: members that pass the filter, in the order of the rows */
	uint32_t n, capacity;
	size_t sort; /* column */
	bool reversed, awaited_first;
	char filter[60];
	uint32_t member, row; /* at the cursor: index in the room, and its row of the table */
	uint32_t top, rows;   /* first row shown, rows shown */
	int at;               /* row of the canvas with the titles */
	struct fed_column column[FED_COLUMNS_MAX];
	struct fed_columns shown; /* as painted last: for clicks */
};

void fed__room_table_init(struct fed_room_table *);
void fed__room_table_release(struct fed_room_table *);

/* Take the status of the moment and order the rows; the cursor follows its member. */
int fed__room_table_refresh(struct fed_room_table *, const struct fed_watched *,
                            struct fed_error *);
/* The member at the cursor; NULL: there is none. */
const struct fed_member_status *fed__room_table_chosen(const struct fed_room_table *);
void fed__room_table_go(struct fed_room_table *, int64_t row);
/* Sort by a column, or in the other direction if it is the present one; by its neighbour on the
 * left (-1) or right; by that whose title is at a column of the canvas, if there is one. */
void fed__room_table_sort(struct fed_room_table *, size_t column);
void fed__room_table_sort_beside(struct fed_room_table *, int step);
void fed__room_table_sort_at(struct fed_room_table *, int column);

/* Paint from row `at` to the end. */
void fed__room_table_paint(struct fed_room_table *, const struct fed_watched *, struct fed_canvas *,
                           int at);
/* Seconds of silence that are shown of a member; NaN: none. */
double fed__room_silence(const struct fed_member_status *);

#endif

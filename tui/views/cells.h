/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/cells.h - what views share: text in a place of its own, columns of tables, stamps.
 */
#ifndef FED_TUI_VIEWS_CELLS_H
#define FED_TUI_VIEWS_CELLS_H

#include "tui/views/view.h"

/* Text in `columns` cells from `column` on; what is longer is cut and ends in '~'.  right: at their
 * right end.  Control characters are shown as canvas.h has it. */
void fed_cells_write(struct fed_canvas *, int column, int row, int columns, bool right,
                     const char *text, struct fed_style);
/* A line of text that may be longer than the canvas. */
void fed_cells_line(struct fed_canvas *, int row, const char *text, struct fed_style);

/* A sentence on as many rows as it takes, broken at spaces. */
void fed_cells_say(struct fed_canvas *, int row, const char *text, struct fed_style);

/* The columns of a table, in the order in which they stand. */
struct fed_column {
	const char *title;
	int width;     /* of the last one that fits: at least; it takes what is left */
	int rank;      /* 0: the last to be left out; below 0: not shown at all */
	bool right;    /* numbers */
	bool stretchy; /* takes what is left when it stands last */
};
enum { FED_COLUMNS_MAX = 24 };
/* Where they stand between `left` and `right`, two cells apart: at[k] < 0 does not fit, width[k] as
 * they came out. */
struct fed_columns {
	const struct fed_column *column;
	size_t n;
	int at[FED_COLUMNS_MAX], width[FED_COLUMNS_MAX];
};
void fed_columns_fit(struct fed_columns *, const struct fed_column *, size_t n, int left,
                     int right);
/* The titles, and a cell. */
void fed_columns_titles(const struct fed_columns *, struct fed_canvas *, int row);
void fed_columns_cell(const struct fed_columns *, struct fed_canvas *, size_t k, int row,
                      const char *text, struct fed_style);

/* Keep [*top, *top + rows) inside 0 .. n - 1 with `at` in it. */
void fed_scroll_to(uint32_t *top, uint32_t at, uint32_t rows, uint32_t n);

/* A stamp that depends on both, and that of all that views of a session look at. */
uint64_t fed_stamp_with(uint64_t stamp, uint64_t value);
uint64_t fed_stamp_of(const struct fed_watched *);

#endif

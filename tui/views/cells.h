/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/cells.h - helpers of the views: clipped text, table columns, scrolling, stamps.
 */
#ifndef FED_TUI_VIEWS_CELLS_H
#define FED_TUI_VIEWS_CELLS_H

#include "tui/views/view.h"

/* Write text over a whole row; fed__canvas_fit() cuts it. */
void fed__cells_line(struct fed_canvas *, int row, const char *text, struct fed_style);

/* Write a sentence, wrapped at spaces over as many rows as it needs. */
void fed__cells_say(struct fed_canvas *, int row, const char *text, struct fed_style);

/* A column of a table. */
struct fed_column {
	const char *title;
	int width;     /* in cells; a stretchy last column gets at least this */
	int rank;      /* the highest is left out first, 0 last; below 0: never shown */
	bool right;    /* numbers */
	bool stretchy; /* takes the remaining width if it is the last one */
};
enum { FED_COLUMNS_MAX = 24 };
/* The layout of a table: column k begins at cell at[k] (below 0: left out) and is width[k] wide;
 * two cells between columns. */
struct fed_columns {
	const struct fed_column *column;
	size_t n;
	int at[FED_COLUMNS_MAX], width[FED_COLUMNS_MAX];
};
/* Lay columns out between cells `left` and `right`. */
void fed__columns_fit(struct fed_columns *, const struct fed_column *, size_t n, int left,
                      int right);
/* Write the titles; write one cell. */
void fed__columns_titles(const struct fed_columns *, struct fed_canvas *, int row);
void fed__columns_cell(const struct fed_columns *, struct fed_canvas *, size_t k, int row,
                       const char *text, struct fed_style);

/* Move the window [*top, *top + rows) so that it is within 0 .. n - 1 and contains `at`. */
void fed__scroll_to(uint32_t *top, uint32_t at, uint32_t rows, uint32_t n);

/* A stamp is a hash that changes when a picture would change. fed__stamp_with: combine a stamp with
 * a value; fed__stamp_of: the stamp of session and context. */
uint64_t fed__stamp_with(uint64_t stamp, uint64_t value);
uint64_t fed__stamp_of(const struct fed_watched *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_rows.h - a CSV parser: rows of cells (RFC 4180); for core/data alone.
 *
 * Parsing is in place: the text is modified, and cells point into it.  Quotes and CRLF
 * are handled; spaces around a bare cell are dropped; blank lines are skipped.
 */
#ifndef FED_DATA_READERS_CSV_ROWS_H
#define FED_DATA_READERS_CSV_ROWS_H

#include "base/text.h"
#include "fedsh/plugin.h"

struct fed_csv_cell {
	char *s;
	size_t line, column; /* from 1, in bytes; for errors */
};

struct fed_csv {
	const char *name; /* of the file, for errors: "NAME:line:column: ..." */
	char separator;   /* ' ': any blanks */
	char *p, *line_start;
	size_t line;
	struct fed_csv_cell *cell; /* [n] of the present row */
	size_t n, capacity;
};

/* text: NUL-terminated, outlives the cells. */
void fed__csv_init(struct fed_csv *, const char *name, char *text, char separator);
void fed__csv_release(struct fed_csv *);
/* The next row; *more is false when there is none. */
int fed__csv_row(struct fed_csv *, bool *more, struct fed_error *);

/* A finite number that fills the whole text, with this decimal character. */
bool fed__csv_number(const char *s, char decimal, double *out);

#endif

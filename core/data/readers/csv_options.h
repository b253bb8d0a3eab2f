/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_options.h - what a user says of a table; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_OPTIONS_H
#define FED_DATA_READERS_CSV_OPTIONS_H

#include "base/fields.h"

enum fed_task { FED_TASK_AUTO, FED_TASK_CLASSES, FED_TASK_REGRESSION };
enum fed_csv_header { FED_CSV_HEADER_AUTO, FED_CSV_HEADER_YES, FED_CSV_HEADER_NO };

/* Lists have commas between their items (fed_list_next). */
struct fed_csv_options {
	char label[128], client[128];              /* a column, or "" */
	char drop[1024], encode[1024], mean[1024]; /* columns; "all"; of drop "none", too */
	char missing[256];                         /* marks; "empty", "usual" */
	double test;
	char decimal[8]; /* auto, point, comma, or the character */
	int header, task, separator, encoding, standardise;
};
extern const struct fed_field fed__csv_fields[];
/* The character of a choice `separator`; 0: to be guessed. */
char fed__csv_separator(const struct fed_csv_options *);
/* The character that stands before decimals; 0: to be guessed. */
int fed__csv_decimal(const struct fed_csv_options *, char *out, struct fed_error *);
/* "comma" and the like. */
const char *fed__csv_separator_name(char separator);

/* Marks of missing values. */
struct fed_csv_missing {
	char *text;           /* owned */
	const char *mark[32]; /* in it */
	size_t n;
	bool empty, usual; /* the empty cell; what is often written for a missing value */
};
int fed__csv_missing_init(struct fed_csv_missing *, const struct fed_csv_options *,
                          struct fed_error *);
void fed__csv_missing_release(struct fed_csv_missing *);
bool fed__csv_missing(const struct fed_csv_missing *, const char *cell);
/* Whether a cell is what is often written for a missing value: empty, NA, ?, null, - and so on. */
bool fed__csv_usual_mark(const char *cell);
/* The argument that leaves rows with this cell out: "missing=NA". */
struct fed_shown fed__csv_missing_advice(const char *cell);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_guess.h - the form of a table, by its first rows: line ends, separator, decimal
 * comma, header; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_GUESS_H
#define FED_DATA_READERS_CSV_GUESS_H

#include "data/readers/csv_options.h"

struct fed_csv_form {
	char *start;             /* of the first row, in the text */
	size_t skipped;          /* lines before it: sep=; */
	bool returns;            /* lines ended in a carriage return alone, and were changed */
	char separator, decimal; /* ',' or '.' */
	bool decimal_told;
	bool separator_line; /* the file says it: sep=; */
	bool header;
	bool empty_last; /* each row ends in a separator with nothing behind it */
	bool *textual;   /* [columns]: texts that are no numbers, in the rows behind a header */
	size_t columns;  /* of the first row */
	double numbers;  /* share of the cells that are numbers */
	bool even;       /* all rows looked at have as many cells */
};

/* What the options leave open is guessed; `name` ends in .tsv for tabs.  The text is
 * NUL-terminated; line ends may be changed.  FED_REJECT: decimal= is no choice; FED_FAIL: out of
 * memory. */
int fed__csv_guess(struct fed_csv_form *, const char *name, char *text,
                   const struct fed_csv_options *, struct fed_error *);
void fed__csv_form_release(struct fed_csv_form *);

#endif

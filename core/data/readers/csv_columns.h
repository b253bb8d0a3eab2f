/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_columns.h - the columns of a table and what each is for; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_COLUMNS_H
#define FED_DATA_READERS_CSV_COLUMNS_H

#include "data/readers/csv_options.h"
#include "data/readers/csv_rows.h"

enum fed_csv_role {
	FED_CSV_FEATURE,
	FED_CSV_ENCODED, /* texts that become features of 0 and 1 */
	FED_CSV_LABEL,
	FED_CSV_CLIENT,
	FED_CSV_DROPPED,
	FED_CSV_EMPTY, /* behind a separator at the end of each row */
};

struct fed_csv_columns {
	uint32_t n;
	struct fed_csv_column {
		const char *name; /* in the first row, or NULL */
		enum fed_csv_role role;
		bool mean;     /* missing values become the mean */
		uint32_t slot; /* of a feature: among the numbers of a row; of others: among its texts */
	} * column;
	uint32_t label;
	int64_t client;          /* -1: none */
	uint32_t numbers, texts; /* slots */
	bool index;              /* column 0 has no name and may be the number of the row */
};

/* Whether the options name a column by other than its place, so that the first row holds names. */
bool fed__csv_names_columns(const struct fed_csv_options *);
/* first: the cells of the first row.  textual[i]: the texts in column i (encode=all takes those);
 * empty: the last column is. */
int fed__csv_columns_init(struct fed_csv_columns *, const struct fed_csv *first, bool header,
                          const bool *textual, bool empty, const struct fed_csv_options *,
                          struct fed_error *);
void fed__csv_columns_release(struct fed_csv_columns *);
/* A column as a user would type it: its name if that is a plain word, else its place. */
struct fed_shown fed__csv_column_word(const struct fed_csv_columns *, uint32_t i);
/* As a reader would name it: "kind", "column 3". */
struct fed_shown fed__csv_column_shown(const struct fed_csv_columns *, uint32_t i);

#endif

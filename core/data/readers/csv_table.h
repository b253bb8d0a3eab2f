/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_table.h - the rows of a table: numbers of the features, texts of the other
 * columns; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_TABLE_H
#define FED_DATA_READERS_CSV_TABLE_H

#include "data/dataset.h"
#include "data/readers/csv_columns.h"
#include "data/readers/csv_guess.h"
#include "data/readers/csv_labels.h"
#include "data/readers/encoding.h"

struct fed_csv_table {
	const struct fed_csv_options *options;
	const struct fed_generation *making;
	struct fed_dataset_notes *notes;
	struct fed_csv csv;
	struct fed_csv_form form;
	struct fed_csv_columns columns;
	struct fed_csv_missing missing;
	double *x;                 /* (rows, columns.numbers); NaN: missing, to become the mean */
	struct fed_csv_cell *text; /* (rows, columns.texts); s NULL: missing */
	uint32_t rows;
	size_t capacity;     /* rows */
	bool counts;         /* column 0 has held the numbers of the rows so far */
	struct {             /* what became of missing values */
		uint32_t rows;   /* left out */
		size_t line;     /* of the first of these */
		uint32_t column; /* and where */
		uint64_t filled; /* cells that become a mean */
	} left_out;
	struct fed_csv_labels labels;
};

/* Read the whole table from `text`, which stays the caller's; `name` of the file is for errors.
 * The caller releases the table whatever comes. */
int fed__csv_table_read(struct fed_csv_table *, const char *name, char *text, struct fed_error *);
/* Decide the labels of a table that was read. */
int fed__csv_table_labels(struct fed_csv_table *, struct fed_error *);
void fed__csv_table_release(struct fed_csv_table *);

#endif

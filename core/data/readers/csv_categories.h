/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_categories.h - the different cells of a column, as numbers from 0; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_CSV_CATEGORIES_H
#define FED_DATA_READERS_CSV_CATEGORIES_H

#include "data/readers/csv_rows.h"

struct fed_csv_categories {
	uint32_t n;        /* different ones */
	int32_t *of;       /* [rows]; -1 where the cell is missing (its s is NULL) */
	const char **name; /* [n], in the cells' text */
};

/* Cells of a column: cell i is at cells[i * stride].  value: their numbers, whose order the
 * categories take, or NULL: the order of bytes. */
int fed__csv_categories_make(struct fed_csv_categories *, const struct fed_csv_cell *cells,
                             size_t stride, uint32_t rows, const double *value, struct fed_error *);
/* Likewise, in numeric order if all cells are numbers. */
int fed__csv_categories_of(struct fed_csv_categories *, const struct fed_csv_cell *cells,
                           size_t stride, uint32_t rows, char decimal, struct fed_error *);
void fed__csv_categories_release(struct fed_csv_categories *);

#endif

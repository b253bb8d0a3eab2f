/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_features.h - features of a dataset from the columns of a table: scaled, filled
 * with means, encoded; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_FEATURES_H
#define FED_DATA_READERS_CSV_FEATURES_H

#include "data/readers/csv_table.h"

struct fed_csv_features {
	const struct fed_csv_table *table;
	uint32_t first;                     /* column 1 if column 0 counts the rows, else 0 */
	uint32_t width;                     /* features */
	struct fed_csv_categories *encoded; /* [columns] */
};

/* Count the features of a table, whose encoded columns are looked through. */
int fed__csv_features_init(struct fed_csv_features *, const struct fed_csv_table *,
                           struct fed_error *);
void fed__csv_features_release(struct fed_csv_features *);
/* Fill the values of a dataset of that width, whose example i is row order[i], and its names; adds
 * notes to the dataset's. */
int fed__csv_features_fill(const struct fed_csv_features *, struct fed_dataset *,
                           const uint32_t *order, struct fed_error *);

#endif

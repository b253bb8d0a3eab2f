/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_labels.h - classes or targets from a column of CSV cells; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_LABELS_H
#define FED_DATA_READERS_CSV_LABELS_H

#include <stdint.h>

#include "data/notes.h"
#include "data/readers/csv_categories.h"
#include "data/readers/csv_options.h"

struct fed_csv_labels {
	/* Set by the reader. */
	const struct fed_csv_cell *cell; /* of row i: cell[i * stride] */
	size_t stride;
	uint32_t n;
	char decimal;
	/* Results. */
	struct fed_csv_categories classes; /* n 0: regression */
	double *value;                     /* [n], regression only */
};

/* Adds a note on what was decided, and on what is odd about it. */
int fed__csv_labels_decide(struct fed_csv_labels *, const char *file, enum fed_task,
                           struct fed_dataset_notes *, struct fed_error *);
void fed__csv_labels_release(struct fed_csv_labels *);

#endif

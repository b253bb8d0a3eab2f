/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/csv_labels.h - classes or targets from a column of CSV cells; for core/data alone.
 */
#ifndef FED_DATA_READERS_CSV_LABELS_H
#define FED_DATA_READERS_CSV_LABELS_H

#include <stdint.h>

#include "data/readers/csv_rows.h"

enum fed_task { FED_TASK_AUTO, FED_TASK_CLASSES, FED_TASK_REGRESSION };
extern const char *const fed__task_names[]; /* "auto", "classes", "regression", NULL */

struct fed_csv_labels {
	/* Set by the reader. */
	struct fed_csv_cell *cell; /* [n] */
	uint32_t n;
	/* Results. */
	uint32_t classes;  /* 0: regression */
	double *value;     /* [n], regression only */
	int32_t *class_of; /* [n], classes only */
	const char **name; /* [classes], in the cells' text */
};

/* A finite number that fills the whole text. */
bool fed__csv_number(const char *s, double *out);

int fed__csv_labels_decide(struct fed_csv_labels *, const char *file, enum fed_task,
                           struct fed_error *);
void fed__csv_labels_release(struct fed_csv_labels *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/dataset_rows.h - what a dataset is, as rows of a table: sizes, classes, users, and what
 * was found in its files and guessed of them.
 */
#ifndef FED_REPORT_DATASET_ROWS_H
#define FED_REPORT_DATASET_ROWS_H

#include "data/dataset.h"

/* A row; overrule: what would change it, "header=no", or NULL.  The texts are valid during the
 * call. */
typedef void fed_dataset_row(void *ctx, const char *subject, const char *found,
                             const char *overrule);
/* Give all rows in order to take(ctx, ...).  FED_FAIL: out of memory. */
int fed_dataset_rows(const struct fed_dataset *, fed_dataset_row *take, void *ctx,
                     struct fed_error *);

#endif

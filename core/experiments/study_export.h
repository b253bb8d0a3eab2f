/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_export.h - all rounds of all runs of a study as one table.
 */
#ifndef FED_EXPERIMENTS_STUDY_EXPORT_H
#define FED_EXPERIMENTS_STUDY_EXPORT_H

#include "experiments/store.h"

/* Write a table by the ending of path: .csv, or .jsonl, a JSON object a line.  Each row has the
 * study, the number of the run, the level of each factor as `factor.KEY`, the round's metrics and
 * the run's whole composition with program and plugins (report/tidy.h); a run that failed says why.
 * *rows: how many.  FED_REJECT: another ending. */
int fed_study_export(struct fed_store *, const struct fed_stored_study *, const char *path,
                     size_t *rows, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/tidy.h - the rounds of one or more runs as a table with the whole composition in each row,
 * so that a data frame needs no join.
 *
 * What is said of a run as a whole comes first, where there are several; then metrics, then
 * `composition_since`, the version from which on this composition is known to be that of the rows,
 * then a column for each line of the compositions.  Those that have a metric's name are
 * `setting.NAME`.
 */
#ifndef FED_REPORT_TIDY_H
#define FED_REPORT_TIDY_H

#include "base/file.h"
#include "history/metrics.h"
#include "report/composition_log.h"

/* A table that is being written: CSV (RFC 4180, with line feeds), or a JSON object a line.  Zeroed
 * but for the first two is a new one: say the keys of all runs, begin, write the runs. */
struct fed_tidy {
	struct fed_file_writer *file;
	bool json;
	struct fed_text about, composition; /* the columns, a line KEY= each */
};
/* Columns for the keys of a run.  about: lines KEY=VALUE, or NULL; log: NULL or empty: metrics
 * alone. */
int fed_tidy_add_keys(struct fed_tidy *, const char *about, const struct fed_composition_log *,
                      struct fed_error *);
/* The line of names, which JSON does not have. */
int fed_tidy_begin(struct fed_tidy *, struct fed_error *);
int fed_tidy_add_run(struct fed_tidy *, const char *about, const struct fed_history *,
                     const struct fed_composition_log *, struct fed_error *);
void fed_tidy_release(struct fed_tidy *); /* the file stays */

/* A table of one run. */
int fed__tidy_write(bool json, const struct fed_history *, const struct fed_composition_log *,
                    struct fed_file_writer *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/tidy.h - the rounds of a run as a table with the whole composition in each row, so that a
 * data frame needs no join.
 *
 * Metrics first, then `composition_since`, the version from which on this composition is known to
 * be that of the rows, then a column for each line of the compositions.  Those that have a metric's
 * name are `setting.NAME`.
 */
#ifndef FED_REPORT_TIDY_H
#define FED_REPORT_TIDY_H

#include "base/file.h"
#include "history/metrics.h"
#include "report/composition_log.h"

/* Write the table: CSV (RFC 4180, with line feeds), or a JSON object a line. log: NULL or empty:
 * metrics alone. */
int fed__tidy_csv(const struct fed_history *, const struct fed_composition_log *,
                  struct fed_file_writer *, struct fed_error *);
int fed__tidy_json(const struct fed_history *, const struct fed_composition_log *,
                   struct fed_file_writer *, struct fed_error *);

#endif

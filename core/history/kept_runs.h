/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/kept_runs.h - named copies of histories, to plot and compare with later runs.
 */
#ifndef FED_HISTORY_KEPT_RUNS_H
#define FED_HISTORY_KEPT_RUNS_H

#include <stdbool.h>

#include "history/metrics.h"

#define FED_RUN_NAME_MAX 32 /* bytes, with the NUL */

/* Bytes of the character that a run's name may have at s: a letter of any script, a digit, _, or a
 * dash before a letter; first: a letter alone. 0: none. */
size_t fed__run_name_next(const char *s, bool first);

struct fed_kept_run {
	char name[FED_RUN_NAME_MAX];
	struct fed_history history;
	char *composition; /* of the last version, as lines KEY=VALUE; owned; NULL: unknown */
};
struct fed_runs {
	struct fed_kept_run *run; /* [n], in the order of keeping */
	size_t n;
};

/* Keep a copy of the history, with the composition that it was made with (or NULL), under `name`;
 * replaces a run of that name.  Names: a letter, then letters, digits, _ and - before a letter; not
 * that of a metric.  Unchanged on FED_FAIL. */
int fed_runs_keep(struct fed_runs *, const char *name, const struct fed_history *,
                  const char *composition, struct fed_error *);
/* Drop a run; false: there is none of that name. */
bool fed_runs_drop(struct fed_runs *, const char *name);
/* The error has the nearest name and the list. */
int fed_runs_find(const struct fed_runs *, const char *name, const struct fed_kept_run **,
                  struct fed_error *);
void fed_runs_release(struct fed_runs *);

#endif

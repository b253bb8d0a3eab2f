/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/series.h - a figure of each round of a run, and of runs that were kept, as points for
 * charts.
 */
#ifndef FED_HISTORY_SERIES_H
#define FED_HISTORY_SERIES_H

#include "history/kept_runs.h"

#define FED_SERIES_MAX 26 /* what a chart can tell apart */

struct fed_series {
	char name[FED_RUN_NAME_MAX + 40]; /* "accuracy", "krum.accuracy" */
	double *x, *y;                    /* [n] */
	size_t n, capacity;
	char run[FED_RUN_NAME_MAX];        /* "": the present one */
	const struct fed_history *history; /* that it was made of ... */
	size_t taken;                      /* ... so many rounds so far */
	double spent;                      /* along x */
	const struct fed_field *of, *along, *also;
};
/* Zeroed is an empty one. */
struct fed_series_set {
	struct fed_series of[FED_SERIES_MAX];
	size_t n;
};

/* The series of all kept runs and of the present one that have rounds, each once: y over x, or
 * (NULL: none) over the sum of x and also.  What a round spends is summed up along x.  Rounds
 * without an evaluation are left out where they have no y.  The present run is called "". */
int fed_series_add_runs(struct fed_series_set *, const struct fed_runs *kept,
                        const struct fed_history *present, const struct fed_field *y,
                        const struct fed_field *x, const struct fed_field *also,
                        struct fed_error *);
/* Take the rounds that were made since: the history must have grown, not changed. */
int fed_series_follow(struct fed_series *, struct fed_error *);
void fed_series_release(struct fed_series_set *);

#endif

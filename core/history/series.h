/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/series.h - points for charts: a metric of each round of the present run and of kept ones.
 */
#ifndef FED_HISTORY_SERIES_H
#define FED_HISTORY_SERIES_H

#include "history/kept_runs.h"

#define FED_SERIES_MAX 26 /* a chart's distinct marks */

struct fed_series {
	char name[FED_RUN_NAME_MAX + 40]; /* "accuracy", "krum.accuracy" */
	double *x, *y;                    /* [n] */
	size_t n, capacity;
	char run[FED_RUN_NAME_MAX];        /* "": the present one */
	const struct fed_history *history; /* source of the points */
	size_t taken;                      /* rounds added so far */
	double spent;                      /* running sum of x */
	const struct fed_field *of, *along, *also;
};
/* Set of series; zeroed is empty. */
struct fed_series_set {
	struct fed_series of[FED_SERIES_MAX];
	size_t n;
};

/* Add a series for each kept run and for the present one (named "") that has rounds, each once: y
 * over x, or over the sum of x and also (NULL: none).  Costs are accumulated along x.  Rounds
 * without an evaluation are left out where they have no y. */
int fed_series_add_runs(struct fed_series_set *, const struct fed_runs *kept,
                        const struct fed_history *present, const struct fed_field *y,
                        const struct fed_field *x, const struct fed_field *also,
                        struct fed_error *);
/* Append the rounds made since: the history must have grown, not changed. */
int fed_series_follow(struct fed_series *, struct fed_error *);
void fed_series_release(struct fed_series_set *);

#endif

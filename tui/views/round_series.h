/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/round_series.h - figures of the rounds as they are made, thinned out to what a chart
 * can show.
 */
#ifndef FED_TUI_VIEWS_ROUND_SERIES_H
#define FED_TUI_VIEWS_ROUND_SERIES_H

#include "history/metrics.h"
#include "tui/widgets/chart.h"

enum fed_round_series {
	FED_CURVE_ACCURACY,
	FED_CURVE_ATTACK, /* success of a backdoor */
	FED_CURVE_TEST_LOSS,
	FED_CURVE_TRAIN_LOSS,
	FED_ROUND_SERIES_SET
};

/* Zeroed is an empty one. */
struct fed_round_series_set {
	uint64_t run;
	size_t rounds; /* of the history that were taken */
	struct {
		double *x, *y; /* [n] points that there are: rounds without a figure are left out */
		size_t n, capacity;
		double *thin_x, *thin_y; /* [thin_capacity] */
		size_t thin_capacity;
	} of[FED_ROUND_SERIES_SET];
};

void fed_round_series_set_release(struct fed_round_series_set *);
/* Take the rounds that were made since; another run begins anew. */
int fed_round_series_set_follow(struct fed_round_series_set *, const struct fed_history *,
                                uint64_t run, struct fed_error *);
bool fed_round_series_set_has(const struct fed_round_series_set *, enum fed_round_series);
/* Curves from .. to - 1 that have points, each thinned out to about `most`; returns how many.
 * Valid until the next call for the same curve. */
size_t fed_round_series_set_series(struct fed_round_series_set *, int from, int to, int most,
                                   struct fed_chart_series *);
/* At most 2 * buckets + 1 of n points: of each bucket the lowest and the highest, in their order,
 * so that no peak is lost; the last point always.  Returns how many. */
size_t fed_curve_thin(const double *x, const double *y, size_t n, size_t buckets, double *to_x,
                      double *to_y);

#endif

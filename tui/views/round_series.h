/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/round_series.h - metrics of the rounds as series for charts, extended as rounds are
 * made and thinned to the chart's width.
 */
#ifndef FED_TUI_VIEWS_ROUND_SERIES_H
#define FED_TUI_VIEWS_ROUND_SERIES_H

#include "history/metrics.h"
#include "tui/widgets/chart.h"

enum fed_round_series {
	FED_ROUND_SERIES_ACCURACY,
	FED_ROUND_SERIES_ATTACK, /* success of a backdoor */
	FED_ROUND_SERIES_TEST_LOSS,
	FED_ROUND_SERIES_TRAIN_LOSS,
	FED_ROUND_SERIES_KINDS
};

/* {0} is valid and empty. */
struct fed_round_series_set {
	uint64_t run;
	size_t rounds; /* rounds of the history read so far */
	struct {
		double *x, *y; /* [n] points; rounds without a value are left out */
		size_t n, capacity;
		double *thin_x, *thin_y; /* [thin_capacity] */
		size_t thin_capacity;
	} of[FED_ROUND_SERIES_KINDS];
};

void fed__round_series_set_release(struct fed_round_series_set *);
/* Read the rounds made since the last call; a new run clears the series. */
int fed__round_series_set_follow(struct fed_round_series_set *, const struct fed_history *,
                                 uint64_t run, struct fed_error *);
bool fed__round_series_set_has(const struct fed_round_series_set *, enum fed_round_series);
/* Fill in series from .. to - 1 that have points, each thinned to about `most`; returns how many.
 * Valid until the next call for the same series. */
size_t fed__round_series_set_series(struct fed_round_series_set *, int from, int to, int most,
                                    struct fed_plot_series *);
/* Thin n points to at most 2 * buckets + 1: the lowest and the highest of each bucket, so that no
 * peak is lost, and the last point. Returns how many. */
size_t fed__series_thin(const double *x, const double *y, size_t n, size_t buckets, double *to_x,
                        double *to_y);

#endif

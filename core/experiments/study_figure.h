/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_figure.h - curves of a study: the mean over the runs of each group by round,
 * with a band of one standard deviation to each side.
 */
#ifndef FED_EXPERIMENTS_STUDY_FIGURE_H
#define FED_EXPERIMENTS_STUDY_FIGURE_H

#include "experiments/study_table.h"
#include "figures/plot.h"
#include "history/series.h"

/* Bands as series of a plot, which borrow them. */
struct fed_study_curves {
	struct fed_plot_series series[FED_SERIES_MAX];
	size_t n;
	double *limits;        /* lower and upper ones */
	uint32_t fewest, most; /* runs of a point */
};
/* *c must be zeroed; release it also on failure.  Groups without a value are left out; limits of a
 * share end at 0 and 1. */
int fed_study_curves_init(struct fed_study_curves *c, const struct fed_study_bands *,
                          const struct fed_field *metric, struct fed_error *);
void fed_study_curves_release(struct fed_study_curves *);
/* Append what the curves are, for a caption; banded: bands are drawn. */
void fed_study_curves_put(const struct fed_study_curves *, bool banded, struct fed_text *);

#endif

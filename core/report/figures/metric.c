/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/metric.c - a metric over the rounds, of this run and of kept ones.
 */
#include "figures/plot.h"
#include "history/series.h"
#include "report/figures/figures.h"

#define HEIGHT 0.5 /* of the width */

int fed__figure_metric(const struct fed_session *s, const struct fed_field *metric,
                       const char *heading, struct fed_drawing *d, struct fed_error *err)
{
	struct fed_series_set set = {.n = 0};
	struct fed_plot_series series[FED_SERIES_MAX];
	const struct fed_field *round;
	struct fed_text label = {0};
	int rc = fed_metric_find("round", &round, err);

	if (rc == FED_OK)
		rc = fed_series_add_runs(&set, fed_session_kept_runs(s), fed_session_history(s), metric,
		                         round, NULL, err);
	for (size_t i = 0; i < set.n; i++)
		series[i] = (struct fed_plot_series){*set.of[i].run ? set.of[i].run : FED_PRESENT_RUN,
		                                     set.of[i].x,
		                                     set.of[i].y,
		                                     set.of[i].n,
		                                     NULL,
		                                     NULL};
	if (rc == FED_OK && !set.n)
		rc = fed_reject(err, "no rounds yet: `round 5` makes some");
	if (rc == FED_OK) {
		fed_field_key(metric, &label);
		const struct fed_plot plot = {.heading = heading,
		                              .x_label = "round",
		                              .y_label = fed_text_str(&label),
		                              .series = series,
		                              .n = set.n};
		d->height = d->height > 0 ? d->height : HEIGHT * d->width;
		rc = fed_plot_draw(&plot, d, NULL, err);
	}
	fed_text_release(&label);
	fed_series_release(&set);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_figure.c - bands of a study as series of a plot.
 */
#include "experiments/study_figure.h"

#include <math.h>

#include "base/mem.h"

/* Limits of a band [n], below and above the mean by one standard deviation. */
static void put_limits(const struct fed_study_band *band, bool share, double *lower, double *upper)
{
	for (size_t k = 0; k < band->n; k++) {
		const double sd = isnan(band->sd[k]) ? 0 : band->sd[k];

		lower[k] = share ? fmax(band->mean[k] - sd, 0) : band->mean[k] - sd;
		upper[k] = share ? fmin(band->mean[k] + sd, 1) : band->mean[k] + sd;
	}
}

int fed_study_curves_init(struct fed_study_curves *c, const struct fed_study_bands *b,
                          const struct fed_field *metric, struct fed_error *err)
{
	size_t points = 0;

	for (size_t i = 0; i < b->n; i++)
		points += b->band[i].n;
	double *at = c->limits = fed_alloc_array(2 * points + 1, sizeof *at);
	if (!at)
		return fed_fail_memory(err, 2 * points * sizeof *at, "a figure");
	c->fewest = UINT32_MAX;
	for (size_t i = 0; i < b->n; i++) {
		const struct fed_study_band *band = &b->band[i];
		const char *name = *band->name ? band->name : "all runs";

		for (size_t k = 0; k < band->n; k++) {
			c->fewest = band->runs[k] < c->fewest ? band->runs[k] : c->fewest;
			c->most = band->runs[k] > c->most ? band->runs[k] : c->most;
		}
		if (!band->n)
			continue;
		put_limits(band, fed_metric_is_share(metric), at, at + band->n);
		c->series[c->n++] =
			(struct fed_plot_series){name, band->round, band->mean, band->n, at, at + band->n};
		at += 2 * band->n;
	}
	return FED_OK;
}

void fed_study_curves_release(struct fed_study_curves *c)
{
	fed_free(c->limits);
	*c = (struct fed_study_curves){.n = 0};
}

void fed_study_curves_put(const struct fed_study_curves *c, bool banded, struct fed_text *out)
{
	if (c->most < 2) {
		fed_text_add(out, "each curve is one run");
		return;
	}
	fed_text_add(out, "each curve is the mean of ");
	if (c->fewest != c->most)
		fed_text_add(out, "%s to ", fed_count((double)c->fewest).s);
	fed_text_add(out, "%s runs%s", fed_count((double)c->most).s,
	             banded ? ", its band one standard deviation to each side" : "");
}

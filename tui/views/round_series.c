/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/round_series.c - series of metrics that grow with the rounds, and their thinning. */
#include "tui/views/round_series.h"

#include <math.h>

#include "base/mem.h"

static const struct {
	const char *name, *metric;
} curves[FED_ROUND_SERIES_KINDS] = {
	[FED_ROUND_SERIES_ACCURACY] = {"accuracy", "test_accuracy"},
	[FED_ROUND_SERIES_ATTACK] = {"attack success", "attack_success"},
	[FED_ROUND_SERIES_TEST_LOSS] = {"test loss", "test_loss"},
	[FED_ROUND_SERIES_TRAIN_LOSS] = {"train loss", "train_loss"},
};

void fed__round_series_set_release(struct fed_round_series_set *c)
{
	for (int k = 0; k < FED_ROUND_SERIES_KINDS; k++) {
		fed_free(c->of[k].x);
		fed_free(c->of[k].y);
		fed_free(c->of[k].thin_x);
		fed_free(c->of[k].thin_y);
	}
	*c = (struct fed_round_series_set){0};
}

/* Grow two arrays to the same capacity; false: out of memory. */
static bool grow(double **x, double **y, size_t *capacity, size_t wanted)
{
	const size_t old = *capacity, new = wanted > 2 * old ? wanted : 2 * old;

	if (wanted <= old)
		return true;
	double *grown_x = fed_resize(*x, old * sizeof **x, new * sizeof **x);
	*x = grown_x ? grown_x : *x;
	double *grown_y = grown_x ? fed_resize(*y, old * sizeof **y, new * sizeof **y) : NULL;
	*y = grown_y ? grown_y : *y;
	*capacity = grown_y ? new : old;
	return grown_y != NULL;
}

int fed__round_series_set_follow(struct fed_round_series_set *c, const struct fed_history *h,
                                 uint64_t run, struct fed_error *err)
{
	if (run != c->run || h->n < c->rounds) {
		for (int k = 0; k < FED_ROUND_SERIES_KINDS; k++)
			c->of[k].n = 0;
		c->rounds = 0;
		c->run = run;
	}
	for (int k = 0; k < FED_ROUND_SERIES_KINDS; k++) {
		const struct fed_field *metric = fed_fields_find(fed_metrics, curves[k].metric);

		if (!grow(&c->of[k].x, &c->of[k].y, &c->of[k].capacity, c->of[k].n + h->n - c->rounds))
			return fed_fail_memory(err, h->n * sizeof(double), "a curve");
		for (size_t i = c->rounds; i < h->n; i++) {
			const double y = fed_metric_value(metric, &h->record[i]);

			if (isnan(y))
				continue;
			c->of[k].x[c->of[k].n] = h->record[i].round;
			c->of[k].y[c->of[k].n++] = y;
		}
	}
	c->rounds = h->n;
	return FED_OK;
}

bool fed__round_series_set_has(const struct fed_round_series_set *c, enum fed_round_series curve)
{
	return c->of[curve].n > 0;
}

size_t fed__series_thin(const double *x, const double *y, size_t n, size_t buckets, double *to_x,
                        double *to_y)
{
	size_t m = 0;

	for (size_t b = 0; b < buckets; b++) {
		const size_t begin = n * b / buckets, end = n * (b + 1) / buckets;
		size_t low = begin, high = begin;

		for (size_t i = begin; i < end; i++) {
			low = isnan(y[low]) || y[i] < y[low] ? i : low;
			high = isnan(y[high]) || y[i] > y[high] ? i : high;
		}
		const size_t pick[] = {low < high ? low : high, low < high ? high : low, n - 1};
		for (size_t i = 0; i < 3; i++)
			if ((i == 0 || pick[i] != pick[i - 1]) && (i < 2 || b + 1 == buckets)) {
				to_x[m] = x[pick[i]];
				to_y[m++] = y[pick[i]];
			}
	}
	return m;
}

size_t fed__round_series_set_series(struct fed_round_series_set *c, int from, int to, int most,
                                    struct fed_plot_series *series)
{
	const size_t buckets = most > 2 ? (size_t)most / 2 : 1;
	size_t made = 0;

	for (int k = from; k < to; k++) {
		const size_t n = c->of[k].n;

		if (!n)
			continue;
		series[made] = (struct fed_plot_series){curves[k].name, c->of[k].x, c->of[k].y, n};
		if (n > 2 * buckets &&
		    grow(&c->of[k].thin_x, &c->of[k].thin_y, &c->of[k].thin_capacity, 2 * buckets + 1)) {
			series[made].x = c->of[k].thin_x;
			series[made].y = c->of[k].thin_y;
			series[made].n = fed__series_thin(c->of[k].x, c->of[k].y, n, buckets, c->of[k].thin_x,
			                                  c->of[k].thin_y);
		}
		made++;
	}
	return made;
}

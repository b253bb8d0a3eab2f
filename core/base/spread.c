/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/spread.c - how a figure spreads over clients.
 */
#include "base/spread.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct ranked_figure {
	double x, weight;
	uint32_t at;
};

/* The worst first; equal ones in their order. */
static int by_figure(const void *a, const void *b)
{
	const struct ranked_figure *x = a, *y = b;

	if (x->x != y->x)
		return x->x < y->x ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

int fed_spread_of(struct fed_spread *out, const double *x, const double *weight, uint32_t n,
                  bool rising, struct fed_error *err)
{
	struct ranked_figure *f = fed_alloc_array(n ? n : 1, sizeof *f);
	double sum = 0, squares = 0, weighted = 0, weights = 0, off = 0, worst = 0;
	uint32_t some = 0;

	*out = (struct fed_spread){.mean = NAN,
	                           .weighted = NAN,
	                           .deviation = NAN,
	                           .worst_tenth = NAN,
	                           .worst = NAN,
	                           .jain = NAN};
	if (!f)
		return fed_fail_memory(err, n * sizeof *f, "the clients' figures");
	for (uint32_t i = 0; i < n; i++) {
		if (isnan(x[i]))
			continue;
		f[some++] = (struct ranked_figure){rising ? x[i] : -x[i], weight[i], i};
		sum += x[i];
		squares += x[i] * x[i];
		weighted += weight[i] * x[i];
		weights += weight[i];
	}
	out->n = some;
	if (some) {
		qsort(f, some, sizeof *f, by_figure);
		out->mean = sum / some;
		out->weighted = weights > 0 ? weighted / weights : NAN;
		for (uint32_t i = 0; i < n; i++)
			off += isnan(x[i]) ? 0 : (x[i] - out->mean) * (x[i] - out->mean);
		out->deviation = some > 1 ? sqrt(off / (some - 1)) : NAN;
		const uint32_t tenth = (some + 9) / 10;
		for (uint32_t i = 0; i < tenth; i++)
			worst += rising ? f[i].x : -f[i].x;
		out->worst_tenth = worst / tenth;
		out->worst = rising ? f[0].x : -f[0].x;
		out->worst_at = f[0].at;
		out->jain = squares > 0 ? sum * sum / (some * squares) : NAN;
	}
	fed_free(f);
	return FED_OK;
}

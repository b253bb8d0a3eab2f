/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/pre_aggregation.c - mixtures of updates, and the mapping of verdicts on them back to
 * the updates.
 */
#include "plug/calls/pre_aggregation.h"

#include <math.h>

#include "base/mem.h"

int fed__mixing_init(struct fed_mixing *x, size_t n, size_t m, size_t ld, struct fed_error *err)
{
	const char *what = "mixtures of updates";

	*x = (struct fed_mixing){.n = n, .m = m};
	if (n > SIZE_MAX / sizeof *x->mix / m || ld > SIZE_MAX / sizeof *x->rows / m)
		return fed_fail_memory(err, SIZE_MAX, what);
	x->mix = fed_alloc_array(m * n, sizeof *x->mix);
	x->rows = fed_alloc_floats(m * ld);
	x->update = fed_alloc_array(m, sizeof *x->update);
	x->verdict = fed_alloc_array(m, sizeof *x->verdict);
	x->trust = fed_alloc_array(m, sizeof *x->trust);
	x->u = fed_alloc_array(m, sizeof *x->u);
	if (x->mix && x->rows && x->update && x->verdict && x->trust && x->u)
		return FED_OK;
	fed__mixing_release(x);
	return fed_fail_memory(err, m * (n * sizeof *x->mix + ld * sizeof *x->rows), what);
}

void fed__mixing_release(struct fed_mixing *x)
{
	fed_free(x->mix);
	fed_free_floats(x->rows);
	fed_free(x->update);
	fed_free(x->verdict);
	fed_free(x->trust);
	fed_free(x->u);
	*x = (struct fed_mixing){0};
}

static int check_shares(const struct fed_mixing *x, const char *name, struct fed_error *err)
{
	for (size_t k = 0; k < x->m; k++) {
		double sum = 0;

		for (size_t i = 0; i < x->n; i++) {
			const double share = x->mix[k * x->n + i];
			if (!(share >= 0))
				return fed_fail(err, "aggregator %s: the share of update %zu in mixture %zu is %g",
				                name, i, k, share);
			sum += share;
		}
		if (!(fabs(sum - 1) < 1e-6))
			return fed_fail(err, "aggregator %s: the shares in mixture %zu sum to %g instead of 1",
			                name, k, sum);
	}
	return FED_OK;
}

/* Mixture k as an update: means of its members' values.  With one mixture for each update it has
 * that client's id, else the lowest id in it. */
static struct fed_update describe(const struct fed_mixing *x, size_t k,
                                  const struct fed_round *round, const struct fed_update *const *u)
{
	double weight = 0, samples = 0, steps = 0, loss = 0;
	struct fed_update mixed = {.size = sizeof mixed,
	                           .delta = x->rows + k * round->ld,
	                           .base = round->params,
	                           .client = x->m == x->n ? u[k]->client : UINT32_MAX};

	for (size_t i = 0; i < x->n; i++) {
		const double share = x->mix[k * x->n + i];

		if (share == 0)
			continue;
		weight += share * u[i]->weight;
		samples += share * (double)u[i]->samples;
		steps += share * u[i]->steps;
		loss += share * (double)u[i]->loss;
		if (u[i]->staleness > mixed.staleness)
			mixed.staleness = u[i]->staleness;
		if (x->m != x->n && u[i]->client < mixed.client)
			mixed.client = u[i]->client;
	}
	mixed.weight = weight;
	mixed.samples = (uint64_t)(samples + 0.5);
	mixed.steps = (uint32_t)(steps + 0.5);
	mixed.loss = (float)loss;
	return mixed;
}

int fed__mixing_make(struct fed_mixing *x, const struct fed_aggregation_host *place,
                     const struct fed_round *round, const struct fed_update *const *u,
                     const char *name, struct fed_error *err)
{
	const float **row;

	if (check_shares(x, name, err))
		return FED_FAIL;
	row = fed_alloc_array(x->n, sizeof *row);
	if (!row)
		return fed_fail_memory(err, x->n * sizeof *row, "mixtures of updates");
	for (size_t i = 0; i < x->n; i++)
		row[i] = u[i]->delta;
	const int rc =
		fed__aggregation_host_mix(place, row, x->n, x->mix, x->m, x->rows, round->ld, err);
	fed_free(row);
	for (size_t k = 0; rc == FED_OK && k < x->m; k++) {
		x->update[k] = describe(x, k, round, u);
		x->u[k] = &x->update[k];
		x->verdict[k] = (struct fed_verdict){.size = sizeof *x->verdict,
		                                     .weight = (float)x->update[k].weight,
		                                     .score = NAN,
		                                     .used = true};
		x->trust[k] = (struct fed_trust){.group = -1, .trusted = true};
	}
	return rc;
}

/* The mixture whose score and trust update i gets: its own where each has one, else that of its
 * largest share. */
static size_t main_mixture(const struct fed_mixing *x, size_t i)
{
	size_t best = 0;

	if (x->m == x->n)
		return i;
	for (size_t k = 1; k < x->m; k++)
		if (x->mix[k * x->n + i] > x->mix[best * x->n + i])
			best = k;
	return best;
}

void fed__mixing_judge(const struct fed_mixing *x, struct fed_verdict *verdict,
                       struct fed_trust *trust)
{
	for (size_t i = 0; i < x->n; i++) {
		const size_t main = main_mixture(x, i);
		double weight = 0;

		verdict[i].used = false;
		for (size_t k = 0; k < x->m; k++) {
			if (!x->verdict[k].used || x->mix[k * x->n + i] == 0)
				continue;
			weight += (double)x->verdict[k].weight * x->mix[k * x->n + i];
			verdict[i].used = true;
		}
		verdict[i].weight = (float)weight;
		verdict[i].score = x->verdict[main].score;
		trust[i] = x->trust[main];
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mean.h - the weighted mean of the updates, shared by fedprox, fedsgd, fedrep and ditto.
 *
 *     step = sum_i n_i / N * d_i,    N = sum_i n_i
 *
 * A plugin's state begins with struct mean (or is one); it puts MEAN_SUM into its fields and
 * mean_begin, mean_add, mean_finish (or mean_finish_as_fedavg, which rounds as fedavg does) and
 * mean_tell into its table.  fedavg.c has its own copy of
 * these lines, so that it can be read and copied alone.
 */
#ifndef MEAN_H
#define MEAN_H

#include <fedsh/aggregator.h>
#include <fedsh/explain.h>
#include <fedsh/host.h>

struct mean {
	double total; /* N: weights so far */
	double *sum;  /* [dim], sum of n_i d_i so far */
};

#define MEAN_SUM FED_SCRATCH(struct mean, sum, "weighted sum of the updates")

static int mean_begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct mean *a = state;

	(void)r, (void)err;
	a->total = 0;
	return FED_OK;
}

static int mean_add(void *state, const struct fed_round *r, const struct fed_update *u,
                    struct fed_verdict *v, struct fed_error *err)
{
	struct mean *a = state;

	(void)v;
	a->total += u->weight;
	return r->host->accumulate(r->host, a->sum, u->weight, u->delta, err);
}

static inline int mean_finish(void *state, const struct fed_round *r, float *out,
                              struct fed_error *err)
{
	const struct mean *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(a->sum[j] / a->total);
	return FED_OK;
}

/* The same step, bit for bit that of fedavg: times 1/N. */
static inline int mean_finish_as_fedavg(void *state, const struct fed_round *r, float *out,
                                        struct fed_error *err)
{
	const struct mean *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	const double share = 1 / a->total;
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(a->sum[j] * share);
	return FED_OK;
}

static int mean_tell(const void *state, const struct fed_round *r,
                     const struct fed_update *const u[], size_t n,
                     const struct fed_verdict *const v[], const float *step,
                     const struct fed_teller *to, struct fed_error *err)
{
	(void)state, (void)v;
	return fed_tell_mean(r, u, n, step, to, err);
}

#endif

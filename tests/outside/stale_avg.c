/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stale-avg - FedAvg whose weights fade with age:
 *
 *     step = sum_i w_i d_i / sum_i w_i,    w_i = n_i / (1 + staleness_i)^fade
 */
#include <math.h>
#include <fedsh/aggregator.h>

struct stale_avg {
	double fade;
	double total;
	double *sum;
};

static const struct fed_field fields[] = {
	FED_REAL(struct stale_avg, fade, 0.5, 0, 8, "how fast old updates lose weight; 0 is fedavg"),
	FED_SCRATCH(struct stale_avg, sum, "weighted sum of the updates"),
	FED_END,
};

static const char doc[] = "step = sum w_i d_i / sum w_i,  w_i = n_i / (1 + staleness_i)^fade";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct stale_avg *a = state;

	(void)r, (void)err;
	a->total = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct stale_avg *a = state;
	const double w = u->weight / pow(1.0 + u->staleness, a->fade);

	if (w <= 0)
		return fed_reject(err, "client %u claims no samples", u->client);
	for (size_t j = 0; j < r->dim; j++)
		a->sum[j] += w * u->delta[j];
	a->total += w;
	v->weight = (float)w;
	return FED_OK;
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	const struct stale_avg *a = state;

	if (a->total <= 0)
		return fed_fail(err, "no usable update among %u clients", r->invited);
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(a->sum[j] / a->total);
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct stale_avg, "stale-avg", "mean weighted by samples and freshness",
                           doc, fields),
	.begin = begin,
	.add = add,
	.finish = finish,
};

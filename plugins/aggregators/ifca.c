/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ifca - k global models for clients of k unknown kinds.  Each client gets all of them, takes the
 * one with the least loss on its examples, and trains it; each model's step is the weighted mean of
 * the updates of those that took it:
 *
 *     j_i = argmin_j F_i(x_j),   x_j <- x_j + sum_{i: j_i = j} n_i d_i / sum_{i: j_i = j} n_i
 *
 * Ghosh, Chung, Yin, Ramchandran: An Efficient Framework for Clustered Federated Learning, NeurIPS
 * 2020, algorithm 1 with model averaging.
 */
#include <fedsh/aggregator.h>
#include <fedsh/host.h>

enum { MODELS = 8 };

struct ifca {
	int64_t k;
	double total[MODELS];                          /* weights so far */
	double *s0, *s1, *s2, *s3, *s4, *s5, *s6, *s7; /* [dim], sums of n_i d_i so far, by model */
	double *x1, *x2, *x3, *x4, *x5, *x6, *x7;      /* [dim], the models behind the first */
};

#define SUM(m) FED_SCRATCH(struct ifca, m, "weighted sum of the updates of a model")
#define MODEL(m) FED_BROADCAST(struct ifca, m, "another global model")
static const struct fed_field fields[] = {
	FED_INT(struct ifca, k, 2, 1, MODELS, "global models; 1 is fedavg"),
	SUM(s0),
	SUM(s1),
	SUM(s2),
	SUM(s3),
	SUM(s4),
	SUM(s5),
	SUM(s6),
	SUM(s7),
	MODEL(x1),
	MODEL(x2),
	MODEL(x3),
	MODEL(x4),
	MODEL(x5),
	MODEL(x6),
	MODEL(x7),
	FED_END,
};

static const char doc[] =
	"    client i:  j_i = argmin_j F_i(x_j), and d_i from training x_(j_i)\n"
	"    server:    x_j <- x_j + mean of the d_i with j_i = j, weighted by n_i\n"
	"\n"
	"The k models start from different random parameters; one that happens to suit\n"
	"a kind of clients better is chosen by them and suits them better still.\n"
	"`clients` shows which one each chose last (column model) and how it does\n"
	"(own accuracy); the rounds' accuracy is that of the first model.\n"
	"\n"
	"For: clients of a few kinds, as pictures in different rotations, or labels\n"
	"that mean different things.  Costs: the model's message is k times as long,\n"
	"and each client measures k losses before it trains.\n"
	"\n"
	"Source: Ghosh et al., An Efficient Framework for Clustered Federated Learning,\n"
	"NeurIPS 2020, algorithm 1, model averaging.\n"
	"\n"
	"Differences: the paper's means are over equally large clients; here they are\n"
	"weighted by samples.  One random start, where the paper tries several and\n"
	"keeps the best.";

static double *sum_of(const struct ifca *a, uint32_t j)
{
	double *const sum[MODELS] = {a->s0, a->s1, a->s2, a->s3, a->s4, a->s5, a->s6, a->s7};

	return sum[j];
}

static double *model_of(const struct ifca *a, uint32_t j)
{
	double *const model[MODELS] = {NULL, a->x1, a->x2, a->x3, a->x4, a->x5, a->x6, a->x7};

	return model[j];
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct ifca *a = state;

	(void)r, (void)err;
	for (int j = 0; j < MODELS; j++)
		a->total[j] = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct ifca *a = state;
	const uint32_t j = FED_HAS(u, model) ? u->model : 0;

	(void)v;
	if (j >= a->k)
		return fed_reject(err, "client %u changed model %u of %lld", u->client, j + 1,
		                  (long long)a->k);
	a->total[j] += u->weight;
	return r->host->accumulate(r->host, sum_of(a, j), u->weight, u->delta, err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	struct ifca *a = state;
	double all = 0;

	for (uint32_t j = 0; j < a->k; j++)
		all += a->total[j];
	if (!(all > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", all);
	for (uint32_t j = 0; j < a->k; j++) {
		const double share = a->total[j] > 0 ? 1 / a->total[j] : 0;
		const double *sum = sum_of(a, j);
		double *x = model_of(a, j);

		for (size_t i = 0; i < r->dim; i++) {
			const float step = (float)(sum[i] * share);

			if (j)
				x[i] = (double)((float)x[i] + step);
			else
				out[i] = step;
		}
	}
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct ifca, "ifca",
                           "several models, of which each client takes the best", doc, fields),
	.begin = begin,
	.add = add,
	.finish = finish,
	.models = "k",
	.affine = true,
};

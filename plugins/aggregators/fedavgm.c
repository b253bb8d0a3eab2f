/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedavgm - FedAvg with momentum at the server:
 *
 *     D    = sum_i n_i / N * d_i
 *     v    <- beta v + D
 *     step = eta v
 *
 * Hsu, Qi, Brown: Measuring the Effects of Non-Identical Data Distribution for Federated Visual
 * Classification, arXiv:1909.06335, 2019, section 4.3 (there eta is 1).
 */
#include <fedsh/aggregator.h>
#include <fedsh/host.h>

struct fedavgm {
	double beta, eta;
	double total; /* N: weights so far */
	double *sum;  /* [dim], sum of n_i d_i so far */
	double *v;    /* [dim], momentum: lives from round to round */
};

static const struct fed_field fields[] = {
	FED_REAL(struct fedavgm, beta, 0.9, 0, 0.9999, "momentum: how much of the last step stays"),
	FED_REAL(struct fedavgm, eta, 1, 0, 100, "learning rate of the server"),
	FED_SCRATCH(struct fedavgm, sum, "weighted sum of the updates"),
	FED_PERSISTENT(struct fedavgm, v, "momentum"),
	FED_END,
};

static const char doc[] =
	"    D = sum_i n_i/N d_i,   v <- beta v + D,   step = eta v\n"
	"\n"
	"FedAvg's mean D goes through a heavy ball at the server.  v starts at zero;\n"
	"beta=0 eta=1 is fedavg.\n"
	"\n"
	"For: clients with different data.  Their rounds pull in different\n"
	"directions; momentum keeps what they agree on and evens out the rest.  A\n"
	"constant D gives steps of D/(1 - beta) in the long run, so lower lr or eta\n"
	"as beta grows.\n"
	"\n"
	"Source: Hsu, Qi, Brown, Measuring the Effects of Non-Identical Data\n"
	"Distribution for Federated Visual Classification, arXiv:1909.06335, 2019.\n"
	"\n"
	"Differences: the paper has no eta (it is 1).  Some systems damp the mean, v\n"
	"<- beta v + (1 - beta) D, which here is eta = 1 - beta; some offer Nesterov\n"
	"momentum under the same name.";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct fedavgm *a = state;

	(void)r, (void)err;
	a->total = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct fedavgm *a = state;

	(void)v;
	a->total += u->weight;
	return r->host->accumulate(r->host, a->sum, u->weight, u->delta, err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	struct fedavgm *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	for (size_t j = 0; j < r->dim; j++) {
		a->v[j] = a->beta * a->v[j] + a->sum[j] / a->total;
		out[j] = (float)(a->eta * a->v[j]);
	}
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedavgm, "fedavgm", "fedavg with momentum at the server", doc,
                           fields),
	.begin = begin,
	.add = add,
	.finish = finish,
	.affine = true,
};

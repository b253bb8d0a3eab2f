/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedavg - the mean of the clients' updates, weighted by their samples:
 *
 *     step = sum_i n_i / N * d_i,    N = sum_i n_i
 *
 * McMahan, Moore, Ramage, Hampson, Agueera y Arcas: Communication-Efficient Learning of Deep
 * Networks from Decentralized Data, AISTATS 2017, algorithm 1.
 *
 * Streaming: an update is added to a running sum and not kept, so memory is one vector for any
 * number of clients.
 */
#include <fedsh/aggregator.h>
#include <fedsh/explain.h>
#include <fedsh/host.h>

struct fedavg {
	double total; /* N: weights so far */
	double *sum;  /* [dim], sum of n_i d_i so far */
};

static const struct fed_field fields[] = {
	FED_SCRATCH(struct fedavg, sum, "weighted sum of the updates"),
	FED_END,
};

static const char doc[] =
	"    step = sum_i n_i/N d_i,   N = sum_i n_i\n"
	"\n"
	"d_i is what client i's local training changed (trained minus received\n"
	"parameters), n_i its examples; weighting=equal counts every client once.\n"
	"Adding the mean of the changes is the same as averaging the trained models.\n"
	"\n"
	"For: the baseline of federated learning.  Clients train for several steps\n"
	"between two messages, so it needs far fewer rounds than fedsgd.  It guards\n"
	"against nothing: one client that lies moves the mean as far as it likes, and\n"
	"clients with different data or different numbers of steps pull it away from\n"
	"the common minimum (see fednova, fedprox, scaffold).\n"
	"\n"
	"Source: McMahan et al., Communication-Efficient Learning of Deep Networks\n"
	"from Decentralized Data, AISTATS 2017, algorithm 1.\n"
	"\n"
	"Differences: N is the sum over the clients that answered, as in the paper's\n"
	"erratum (arXiv version 4) and practically every system; as first printed it\n"
	"was the samples of all clients, which shortens the step when few take part.\n"
	"Some systems weigh by local batches instead of examples, or ignore sizes\n"
	"(weighting=equal).";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct fedavg *a = state;

	(void)r, (void)err;
	a->total = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct fedavg *a = state;

	(void)v;
	a->total += u->weight;
	return r->host->accumulate(r->host, a->sum, u->weight, u->delta, err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	const struct fedavg *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	const double share = 1 / a->total;
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(a->sum[j] * share);
	return FED_OK;
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	(void)state, (void)v;
	return fed_tell_mean(r, u, n, step, to, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedavg, "fedavg", "mean weighted by samples", doc, fields),
	.begin = begin,
	.add = add,
	.finish = finish,
	.tell = tell,
	.affine = true,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fednova - normalised averaging: a client's weight depends on its samples, not on its number of
 * steps:
 *
 *     step = tau_eff * sum_i p_i d_i / tau_i,    p_i = n_i / N,    tau_eff = sum_i p_i tau_i
 *
 * tau_i is the number of local steps.  Wang, Liu, Liang, Joshi, Poor: Tackling the Objective
 * Inconsistency Problem in Heterogeneous Federated Optimization, NeurIPS 2020, equation 6.
 *
 * Streaming: the three sums over n_i, n_i tau_i and n_i d_i / tau_i are all that is needed.
 */
#include <fedsh/aggregator.h>
#include <fedsh/host.h>

struct fednova {
	double total; /* N: sum of n_i so far */
	double steps; /* sum of n_i tau_i so far */
	double *sum;  /* [dim], sum of n_i d_i / tau_i so far */
};

static const struct fed_field fields[] = {
	FED_SCRATCH(struct fednova, sum, "weighted sum of the updates per step"),
	FED_END,
};

static const char doc[] =
	"    step = tau_eff sum_i p_i d_i/tau_i\n"
	"    p_i = n_i/N,   tau_i = local steps,   tau_eff = sum_i p_i tau_i\n"
	"\n"
	"Each update is divided by the client's number of steps, averaged, and the\n"
	"mean step multiplied by the mean number of steps.  With equal tau_i it is\n"
	"fedavg.\n"
	"\n"
	"For: clients of unequal speed or size.  One that makes ten times the steps\n"
	"pulls ten times as hard under fedavg, which then converges to the minimum of\n"
	"another objective than sum p_i F_i; fednova does not.\n"
	"\n"
	"Source: Wang et al., Tackling the Objective Inconsistency Problem in\n"
	"Heterogeneous Federated Optimization, NeurIPS 2020, equation 6.\n"
	"\n"
	"Differences: tau_i counts steps, which is the paper's |a_i|_1 for plain\n"
	"local SGD.  For local momentum or a proximal term the paper weighs the steps\n"
	"of a client unequally; here they still count as one each.  Server momentum,\n"
	"an option of the authors' code, is left out.";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct fednova *a = state;

	(void)r, (void)err;
	a->total = a->steps = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct fednova *a = state;

	if (u->steps == 0)
		return fed_reject(err, "client %u claims no local steps to divide by", u->client);
	const double w = u->weight / u->steps;
	a->total += u->weight;
	a->steps += u->weight * u->steps;
	v->weight = (float)w;
	return r->host->accumulate(r->host, a->sum, w, u->delta, err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	const struct fednova *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	const double effective = a->steps / a->total; /* tau_eff */
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(effective * (a->sum[j] / a->total));
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fednova, "fednova", "mean of the updates per local step", doc,
                           fields),
	.begin = begin,
	.add = add,
	.finish = finish,
	.affine = true,
};

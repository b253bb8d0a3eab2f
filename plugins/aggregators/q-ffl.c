/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * q-ffl - fairness by giving clients with a large loss more weight.  With F_i the loss of the model
 * x that client i received, D_i = L (x - x_i) and L = 1/lr,
 *
 *     step = - sum_i F_i^q D_i / sum_i (q F_i^(q-1) |D_i|^2 + L F_i^q)
 *
 * which is computed here with d_i = x_i - x:  sum_i F_i^q d_i / sum_i (q F_i^(q-1) L |d_i|^2 +
 * F_i^q).
 *
 * Li, Sanjabi, Beirami, Smith: Fair Resource Allocation in Federated Learning, ICLR 2020, algorithm
 * 2 (q-FedAvg).
 */
#include <math.h>

#include <fedsh/aggregator.h>
#include <fedsh/client_hooks.h>
#include <fedsh/host.h>

#define LEAST_LOSS 1e-10 /* added to F_i, whose power may be negative */

struct q_ffl {
	double q;
	double total; /* of the denominators so far */
	double *sum;  /* [dim], sum of F_i^q d_i so far */
};

static const struct fed_field fields[] = {
	FED_REAL(struct q_ffl, q, 1, 0, 100, "how much weight large losses have; 0: equal weights"),
	FED_SCRATCH(struct q_ffl, sum, "weighted sum of the updates"),
	FED_END,
};

static const char doc[] =
	"    step = sum_i F_i^q d_i / sum_i (q F_i^(q-1) L |d_i|^2 + F_i^q),   L = 1/lr\n"
	"\n"
	"F_i is the loss of the received model on client i's examples, which it\n"
	"measures before it trains and reports (4 bytes), d_i its update.  The rule\n"
	"descends on sum_i F_i^(q+1)/(q+1): the larger q, the more the clients count\n"
	"that the model serves badly, and the smaller the step (L estimates the\n"
	"curvature).  q=0 is fedavg with weighting=equal.\n"
	"\n"
	"For: even service.  Look at worst tenth and Jain's index over the clients\n"
	"(`set holdout 0.2`); the mean may lose a little.  The paper takes q from\n"
	"0.001 to 15 by data set.  A client can lie about its loss.\n"
	"\n"
	"Source: Li et al., Fair Resource Allocation in Federated Learning, ICLR 2020,\n"
	"algorithm 2 (q-FedAvg).\n"
	"\n"
	"Differences: the paper draws clients by their samples; here the draw is\n"
	"uniform and samples have no weight, whatever weighting says.  1e-10 is added\n"
	"to F_i, as in the authors' program.";

static void plan(const void *state, struct fed_plan *p)
{
	(void)state;
	if (FED_HAS(p, first_loss))
		p->first_loss = true;
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct q_ffl *a = state;

	(void)r, (void)err;
	a->total = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct q_ffl *a = state;
	double square = 0;

	if (!FED_HAS(u, first_loss) || !isfinite(u->first_loss) || u->first_loss < 0)
		return fed_reject(err, "client %u reports no loss of the model that it received",
		                  u->client);
	if (a->q > 0 && !(r->lr > 0))
		return fed_reject(err, "L = 1/lr has no value, for lr is %g", r->lr);
	if (a->q > 0 && r->host->lengths(r->host, &u->delta, 1, NULL, &square, err))
		return FED_FAIL;
	const double loss = (double)u->first_loss + LEAST_LOSS;
	const double weight = a->q > 0 ? pow(loss, a->q) : 1;
	const double h = a->q > 0 ? a->q * pow(loss, a->q - 1) * square / r->lr + weight : 1;
	if (!isfinite(h) || !isfinite((float)weight)) /* its verdict has the weight as a float */
		return fed_reject(err, "client %u's loss %g to the power of q=%g is too large", u->client,
		                  (double)u->first_loss, a->q);
	a->total += h;
	v->weight = (float)weight;
	v->score = u->first_loss;
	return r->host->accumulate(r->host, a->sum, weight, u->delta, err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	const struct q_ffl *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	const double share = 1 / a->total;
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(a->sum[j] * share);
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct q_ffl, "q-ffl", "weights that grow with a client's loss", doc,
                           fields),
	.plan = plan,
	.begin = begin,
	.add = add,
	.finish = finish,
};

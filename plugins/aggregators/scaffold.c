/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scaffold - clients correct their drift with control variates.  c estimates the mean gradient, c_i
 * that of client i; the server sends x and c, and client i steps
 *
 *     y   <- y - eta (g_i(y) - c_i + c)                        K times, from y = x
 *     c_i+ = c_i - c + (x - y) / (K eta)                       (option II)
 *
 * and returns d_i = y - x and c_i+ - c_i.  With S answers from N clients the server does
 *
 *     step = eta_g / S * sum_i d_i,    c <- c + 1/N * sum_i (c_i+ - c_i)
 *
 * Karimireddy, Kale, Mohri, Reddi, Stich, Suresh: SCAFFOLD: Stochastic Controlled Averaging for
 * Federated Learning, ICML 2020, algorithm 1.
 */
#include <fedsh/aggregator.h>
#include <fedsh/client_hooks.h>
#include <fedsh/host.h>

struct scaffold {
	double eta_g;
	double answers;      /* S: updates so far */
	double *sum;         /* [dim], sum of d_i so far */
	double *control_sum; /* [dim], sum of c_i+ - c_i so far */
	double *c;           /* [dim], the server's control variate: sent with the model */
};

static const struct fed_field fields[] = {
	FED_REAL(struct scaffold, eta_g, 1, 0, 100, "learning rate of the server"),
	FED_SCRATCH(struct scaffold, sum, "sum of the updates"),
	FED_SCRATCH(struct scaffold, control_sum, "sum of the changes of control variates"),
	FED_BROADCAST(struct scaffold, c, "control variate of the server"),
	FED_END,
};

static const char doc[] =
	"    client:  y <- y - eta (g - c_i + c),  K steps from y = x\n"
	"             c_i+ = c_i - c + (x - y)/(K eta)\n"
	"    server:  step = eta_g mean_i d_i,   c <- c + S/N mean_i (c_i+ - c_i)\n"
	"\n"
	"c_i remembers the direction of client i's own gradient, c that of all; their\n"
	"difference takes the client's drift out of each local step.  S of N clients\n"
	"answer.  All c start at zero, so the first round is a plain mean of the\n"
	"deltas.  Model and update carry one more vector each: twice the bytes of\n"
	"fedavg, and every client keeps c_i.\n"
	"\n"
	"The mean is unweighted, as in the paper, whatever weighting says: c is the\n"
	"mean of all c_i only then.  It sets momentum=0, since (x - y)/(K eta) is the\n"
	"mean gradient of plain steps only; weight-decay stays (part of the\n"
	"gradient).\n"
	"\n"
	"For: clients with very different data and many local steps.  It is weak when\n"
	"each client is seen rarely: its c_i is then old.\n"
	"\n"
	"Source: Karimireddy et al., SCAFFOLD: Stochastic Controlled Averaging for\n"
	"Federated Learning, ICML 2020, algorithm 1, option II.\n"
	"\n"
	"Differences: option I (c_i+ is a fresh gradient at x) is not offered.  Some\n"
	"systems weigh by samples.";

static void plan(const void *state, struct fed_plan *p)
{
	(void)state;
	p->momentum = 0;
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct scaffold *a = state;

	(void)r, (void)err;
	a->answers = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct scaffold *a = state;

	if (!u->returned)
		return fed_reject(err, "client %u sent no control variate", u->client);
	a->answers++;
	v->weight = 1;
	if (r->host->accumulate(r->host, a->sum, 1, u->delta, err))
		return FED_FAIL;
	return r->host->accumulate(r->host, a->control_sum, 1, u->returned[0], err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	struct scaffold *a = state;

	if (!(a->answers > 0))
		return fed_fail(err, "no mean: none of %u invited clients sent an update", r->invited);
	for (size_t j = 0; j < r->dim; j++) {
		out[j] = (float)(a->eta_g * (a->sum[j] / a->answers));
		a->c[j] += a->control_sum[j] / r->population;
	}
	return FED_OK;
}

/* Gradient term of a client, before each of its steps. */
static void correct(const void *state, const struct fed_local *l, const float *w, float *g,
                    size_t j0, size_t j1)
{
	const float *c = l->broadcast[0], *ci = l->kept[0];

	(void)state, (void)w;
	for (size_t j = j0; j < j1; j++)
		g[j] += c[j] - ci[j];
}

/* Update of a client's control variate, after its last step: y is the trained model. */
static void renew(const void *state, const struct fed_local *l, const float *y)
{
	const float *x = l->received, *c = l->broadcast[0];
	float *ci = l->kept[0], *change = l->returned[0];

	(void)state;
	if (l->steps == 0 || !(l->lr > 0))
		return; /* nothing was learned: c_i stays */
	const float scale = (float)(1 / (l->steps * l->lr));
	for (size_t j = 0; j < l->dim; j++) {
		change[j] = (x[j] - y[j]) * scale - c[j];
		ci[j] += change[j];
	}
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct scaffold, "scaffold", "control variates against client drift",
                           doc, fields),
	.plan = plan,
	.begin = begin,
	.add = add,
	.finish = finish,
	.client_vectors = 1,
	.returned_vectors = 1,
	.local_gradient = correct,
	.local_end = renew,
	.affine = true,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedbuff - a step for every K updates, weighted by their staleness:
 *
 *     step = eta_g / K * sum_i s(tau_i) d_i,    s(tau) = 1/sqrt(1 + tau)
 *
 * Nguyen, Malik, Zhan, Yousefpour, Rabbat, Malek, Huba: Federated Learning with Buffered
 * Asynchronous Aggregation, AISTATS 2022, algorithm 1; s as in its experiments.
 */
#include "tell.h"

struct fedbuff {
	int64_t buffer;
	double eta_g;
	uint64_t n;  /* updates so far */
	double *sum; /* [dim], sum of s(tau_i) d_i so far */
};

static const struct fed_field fields[] = {
	FED_INT(struct fedbuff, buffer, 10, 1, 1000000, "K: updates that make a version (async)"),
	FED_REAL(struct fedbuff, eta_g, 1, 0, 100, "learning rate of the server"),
	FED_SCRATCH(struct fedbuff, sum, "sum of the scaled updates"),
	FED_END,
};

static const char doc[] =
	"    step = eta_g/K sum_i s(tau_i) d_i,   s(tau) = 1/sqrt(1 + tau)\n"
	"\n"
	"The server waits for K = buffer updates, from any clients, and makes one\n"
	"version of them; d_i is what the client's training changed, tau_i the\n"
	"versions made since the client was sent its start.  The views show\n"
	"s(tau_i) as the score, and its share of their sum as the weight.\n"
	"\n"
	"For: scheme async with many clients at work.  A buffer makes fewer and\n"
	"steadier versions than fedasync and allows secure aggregation.  With\n"
	"K = all clients and no staleness it is fedavg under weighting=equal.\n"
	"\n"
	"Source: Nguyen et al., Federated Learning with Buffered Asynchronous\n"
	"Aggregation, AISTATS 2022, algorithm 1; s as in its experiments.\n"
	"\n"
	"Differences: K in the formula is the number of updates that the scheme handed\n"
	"over, which under async is buffer, less those that the gate refused, and under\n"
	"sync all that answered.  The paper divides by K, not by the sum of the s, so a\n"
	"buffer of stale updates makes a short step; so does this.  Samples have no\n"
	"say.";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct fedbuff *f = state;

	(void)r, (void)err;
	f->n = 0;
	return FED_OK;
}

static int add(void *state, const struct fed_round *r, const struct fed_update *u,
               struct fed_verdict *v, struct fed_error *err)
{
	struct fedbuff *f = state;
	const double s = 1 / sqrt(1 + (double)u->staleness);

	f->n++;
	v->weight = v->score = (float)s;
	return r->host->accumulate(r->host, f->sum, s, u->delta, err);
}

static int finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	const struct fedbuff *f = state;

	if (f->n == 0)
		return fed_fail(err, "no mean: the buffer is empty");
	for (size_t j = 0; j < r->dim; j++)
		out[j] = (float)(f->eta_g * (f->sum[j] / (double)f->n));
	return FED_OK;
}

static uint32_t updates_per_step(const void *state)
{
	return (uint32_t)((const struct fedbuff *)state)->buffer;
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct fedbuff *f = state;
	double *length = r->host->scratch(r->host, n + 1, sizeof *length, err), sum = 0;
	struct tell t = {.to = to};

	if (!length || fed_norms(r, u, n, step, length, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		sum += (double)v[i]->score;
	tell_line(&t, "K = %zu update%s: step = %.4g/%zu sum_i s(tau_i) d_i, |step| = %.4g", n,
	          n == 1 ? "" : "s", f->eta_g, n, length[n]);
	for (size_t i = 0; i < n; i++) {
		if (tell_leaps(&i, n, TELL_ROWS))
			tell_line(&t, "    ...");
		tell_line(&t, "    client %u: tau = %u, s = 1/sqrt(%u) = %.4g, |d_i| = %.4g", u[i]->client,
		          u[i]->staleness, u[i]->staleness + 1, (double)v[i]->score, length[i]);
	}
	tell_line(&t, "the s(tau_i) sum to %.4g; %zu if none were stale", sum, n);
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedbuff, "fedbuff", "mean of K updates, stale ones count less",
                           doc, fields),
	.begin = begin,
	.add = add,
	.finish = finish,
	.updates_per_step = updates_per_step,
	.tell = tell,
	.affine = true,
};

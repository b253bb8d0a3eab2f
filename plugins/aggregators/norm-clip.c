/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * norm-clip - the mean of the updates, clipped in norm:
 *
 *     step = sum_i n_i/N * d_i min(1, tau / |d_i|),    N = sum_i n_i
 *
 * Sun, Kairouz, Suresh, McMahan: Can You Really Backdoor Federated Learning?, 2019, section 4.
 */
#include "clip.h"

struct norm_clip {
	double tau;
};

static const struct fed_field fields[] = {
	FED_REAL(struct norm_clip, tau, 0, 0, 1e30,
             "longest update; 0: the median length of the round"),
	FED_END,
};

static const char doc[] =
	"    step = sum_i n_i/N d_i min(1, tau / |d_i|),   N = sum_i n_i\n"
	"\n"
	"weighting=equal counts every client once.  tau=0 takes the median length of\n"
	"the round's updates; of an even number the lower of the two middle ones (the\n"
	"rule `median` takes their mean), which half of the clients cannot lengthen.\n"
	"\n"
	"For: a cheap guard against updates that are too long (scale, a boosted\n"
	"backdoor): a client moves the step by no more than its share of tau.  It does\n"
	"nothing against many small lies in one direction.\n"
	"\n"
	"Breakdown: the step is never longer than tau, and with tau=0 not longer than\n"
	"the longest honest update while at most half of the clients are Byzantine.\n"
	"Where it points is not promised: each client has its share of tau.\n"
	"\n"
	"The views show the length as the score; an update is trusted when it is\n"
	"shortened to no less than half.\n"
	"\n"
	"Source: Sun, Kairouz, Suresh, McMahan: Can You Really Backdoor Federated\n"
	"Learning?, 2019, section 4 (norm thresholding).\n"
	"\n"
	"Differences: the paper gives tau; the median is this program's.  Noise, which\n"
	"the paper adds for privacy, is not added.";

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const float **row = robust_rows(r, u, n, err);
	double *w = host->scratch(host, n, sizeof *w, err), total = 0;
	double *length = host->scratch(host, n, sizeof *length, err);
	double tau = ((const struct norm_clip *)state)->tau;

	if (!row || !w || !length || host->lengths(host, row, n, NULL, length, err) ||
	    clip_lengths(host, length, n, &tau, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		total += u[i]->weight;
	if (!(total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", total);
	for (size_t i = 0; i < n; i++) {
		const double factor = clip_factor(length[i], tau);

		w[i] = u[i]->weight / total * factor;
		v[i]->weight = (float)w[i];
		v[i]->score = (float)length[i];
		host->mark(host, i, -1, factor >= 0.5);
	}
	return host->combine(host, row, w, n, out, err);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const double set = ((const struct norm_clip *)state)->tau;
	const float **row = robust_rows(r, u, n, err);
	double *length = host->scratch(host, n, sizeof *length, err), tau = set, square;
	struct tell t = {.to = to};

	(void)v;
	if (!row || !length || host->lengths(host, row, n, NULL, length, err) ||
	    clip_lengths(host, length, n, &tau, err) ||
	    host->lengths(host, &step, 1, NULL, &square, err))
		return FED_FAIL;
	tell_line(&t, "n = %zu, longer updates are cut to tau = %.4g%s; |step| = %.4g", n, tau,
	          set > 0 ? "" : ", the median of their lengths", sqrt(square));
	return clip_tell(&t, r, u, n, length, tau, "|d_i|", err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct norm_clip, "norm-clip",
                           "mean of updates that are cut to a length", doc, fields),
	.reduce = reduce,
	.tell = tell,
};

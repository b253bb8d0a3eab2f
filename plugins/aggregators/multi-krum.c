/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * multi-krum - the mean of the m updates of the lowest Krum scores:
 *
 *     score_i = sum of |d_i - d_j|^2 over the n - f - 2 nearest others j
 *     step    = 1/m * sum of the d_i of the m lowest scores
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer: Machine Learning with Adversaries: Byzantine Tolerant
 * Gradient Descent, NIPS 2017, section 5.
 */
#include "robust_tell.h"

struct multi_krum {
	int64_t f, m;
};

static const char *const all_but_f[] = {"n-f", NULL};

static const struct fed_field fields[] = {
	ROBUST_F(struct multi_krum, "Byzantine updates that it assumes"),
	FED_INT_WORD(struct multi_krum, m, 0, 0, 1000000, all_but_f, "updates that it averages"),
	FED_END,
};

static const char doc[] =
	"    score_i = sum of |d_i - d_j|^2 over the n - f - 2 nearest others j\n"
	"    step    = 1/m sum of the d_i of the m lowest scores\n"
	"\n"
	"Ties go to the lowest client id.  Needs 2f + 2 < n and m <= n; f=most is the\n"
	"largest f that fits.  m=1 is krum, f=0 m=n the plain mean.  Samples have no\n"
	"say.\n"
	"\n"
	"For: krum without the noise of a single client.  The more updates it averages\n"
	"the smoother the step; with m above n - f at least one Byzantine update gets\n"
	"in when there are f of them.\n"
	"\n"
	"Breakdown: f + 1 updates while m <= n - f, as krum; with m above n - f one.\n"
	"\n"
	"The views show the score of every update and who was averaged.\n"
	"\n"
	"Source: Blanchard, El Mhamdi, Guerraoui, Stainer: Machine Learning with\n"
	"Adversaries: Byzantine Tolerant Gradient Descent, NIPS 2017, section 5.\n"
	"\n"
	"Differences: the paper leaves m open between 1 and n; m = n - f, as here\n"
	"unless it is set, is what most systems take, some take n - f - 2.  Some choose\n"
	"one after another and compute the scores anew among those that are left.";

static int choose(const void *state, size_t n, int64_t *f, size_t *m, int rc, struct fed_error *err)
{
	const struct multi_krum *k = state;

	if (robust_krum_f(k->f, n, f, rc, err))
		return rc;
	*m = k->m ? (size_t)k->m : n - (size_t)*f;
	if (*m <= n)
		return FED_OK;
	return fed_error_set(err, rc, "needs m <= n, but m = %zu and n = %zu update%s", *m, n,
	                     n == 1 ? "" : "s");
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	int64_t f;
	size_t m;

	return choose(state, r->invited, &f, &m, FED_REJECT, err);
}

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	struct robust_krum krum;
	int64_t f;
	size_t m;

	if (choose(state, n, &f, &m, FED_FAIL, err) || robust_krum_init(&krum, r, u, n, err))
		return FED_FAIL;
	const float **row = robust_rows(r, u, n, err);
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	double *w = host->scratch(host, n, sizeof *w, err);
	if (!row || !place || !w)
		return FED_FAIL;
	robust_krum_rank(&krum, u, n - (size_t)f - 2, place);
	for (size_t p = 0; p < n; p++) {
		struct fed_verdict *verdict = v[place[p].i];

		w[place[p].i] = p < m ? 1 / (double)m : 0;
		verdict->weight = (float)w[place[p].i];
		verdict->score = (float)place[p].by;
		verdict->used = p < m;
	}
	return host->combine(host, row, w, n, out, err);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	struct tell t = {.to = to};
	int64_t f;
	size_t m;

	(void)v, (void)step;
	if (choose(state, n, &f, &m, FED_FAIL, err))
		return FED_FAIL;
	return tell_krum(&t, r, u, n, (size_t)f, m, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct multi_krum, "multi-krum",
                           "mean of the updates nearest to their neighbours", doc, fields),
	.begin = begin,
	.reduce = reduce,
	.tell = tell,
	.scratch_bytes = robust_krum_bytes,
	.affine = true,
};

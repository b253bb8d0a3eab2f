/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trimmed-mean - the mean without the f smallest and the f largest values of each coordinate:
 *
 *     step_j = 1/(n - 2f) * sum of the values of coordinate j that are left
 *
 * Yin, Chen, Ramchandran, Bartlett: Byzantine-Robust Distributed Learning: Towards Optimal
 * Statistical Rates, ICML 2018, option II.
 */
#include "robust_tell.h"

struct trimmed_mean {
	int64_t f;
};

static const struct fed_field fields[] = {
	ROBUST_F(struct trimmed_mean, "values dropped at either end of each coordinate"),
	FED_END,
};

static const char doc[] =
	"    step_j = 1/(n - 2f) sum of the values d_ij that are left\n"
	"\n"
	"when the f smallest and the f largest of the n values of coordinate j are\n"
	"dropped.  Samples have no say.  Needs 2f < n; f=most is (n - 1)/2, which makes\n"
	"it the median.\n"
	"\n"
	"For: the middle between mean (f=0) and median.  With at most f Byzantine\n"
	"updates every value that is left lies between two honest ones.\n"
	"\n"
	"Breakdown: f + 1 updates, as f of them can be dropped at one end; f=most\n"
	"withstands any number below half.\n"
	"\n"
	"The views show as an update's score the share of the coordinates in which its\n"
	"value was kept, and as weight that share of all; where all that is kept is 0,\n"
	"as at a dark pixel, no update counts.  An update is trusted whose weight is at\n"
	"least half of an equal one.\n"
	"\n"
	"Source: Yin, Chen, Ramchandran, Bartlett: Byzantine-Robust Distributed\n"
	"Learning: Towards Optimal Statistical Rates, ICML 2018, option II.\n"
	"\n"
	"Differences: the paper trims a share beta of the values at either end; f is\n"
	"beta n.  Some systems call trimmed mean what keeps the values nearest the\n"
	"median (see bulyan).";

static int values_dropped(const void *state, size_t n, int64_t *f, int rc, struct fed_error *err)
{
	const int64_t set = ((const struct trimmed_mean *)state)->f, m = (int64_t)n;

	*f = set >= 0 ? set : m > 0 ? (m - 1) / 2 : 0;
	if (2 * *f < m)
		return FED_OK;
	return fed_error_set(err, rc,
	                     "needs 2f < n, but 2f = %lld (f = %lld) and n = %zu update%s; ask more "
	                     "clients or drop fewer values",
	                     (long long)(2 * *f), (long long)*f, n, n == 1 ? "" : "s");
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	int64_t f;

	return values_dropped(state, r->invited, &f, FED_REJECT, err);
}

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	int64_t f;

	if (values_dropped(state, n, &f, FED_FAIL, err))
		return FED_FAIL;
	return robust_ranks(r, u, n, (size_t)f, n - 1 - (size_t)f, v, out, err);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	struct tell t = {.to = to};
	int64_t f;

	(void)v;
	if (values_dropped(state, n, &f, FED_FAIL, err))
		return FED_FAIL;
	const struct tell_ranks ranks = {(size_t)f, n - 1 - (size_t)f, false, "kept   ", "dropped"};
	tell_line(
		&t,
		"n = %zu update%s, f = %lld: of each coordinate's values the %lld smallest and the %lld "
		"largest are dropped",
		n, n == 1 ? "" : "s", (long long)f, (long long)f, (long long)f);
	return tell_coordinates(&t, r, u, n, NULL, n, &ranks, step, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct trimmed_mean, "trimmed-mean",
                           "mean of each coordinate without its extreme values", doc, fields),
	.begin = begin,
	.reduce = reduce,
	.tell = tell,
	.affine = true,
};

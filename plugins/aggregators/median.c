/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * median - the coordinate-wise median:
 *
 *     step_j = median_i d_ij,   the mean of the two middle values when n is even
 *
 * Yin, Chen, Ramchandran, Bartlett: Byzantine-Robust Distributed Learning: Towards Optimal
 * Statistical Rates, ICML 2018, option I.
 */
#include "robust_tell.h"

static const struct fed_field fields[] = {
	FED_END,
};

static const char doc[] =
	"    step_j = median_i d_ij   for every coordinate j\n"
	"\n"
	"d_i is what client i's training changed, n how many answered; the mean of the\n"
	"two middle values when n is even.  Samples have no say.\n"
	"\n"
	"For: a step that stays within the range of the honest values in every\n"
	"coordinate as long as fewer than half of the updates are Byzantine, with\n"
	"nothing to be set.  Its price is noise: it uses one value of n, and when\n"
	"clients have different data the median of a coordinate is not its mean.\n"
	"\n"
	"Breakdown: half.  Below that each step_j lies between two honest values,\n"
	"however large the others are.\n"
	"\n"
	"The views show as an update's score the share of the coordinates in which its\n"
	"value was in the middle, and as weight that share of all; where the middle is\n"
	"0, as at a dark pixel, no update counts.  An update is trusted whose weight is\n"
	"at least half of an equal one.\n"
	"\n"
	"Source: Yin, Chen, Ramchandran, Bartlett: Byzantine-Robust Distributed\n"
	"Learning: Towards Optimal Statistical Rates, ICML 2018, option I.\n"
	"\n"
	"Differences: torch.median takes the lower of the two middle values.";

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	(void)state;
	return robust_ranks(r, u, n, (n - 1) / 2, n / 2, v, out, err);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct tell_ranks ranks = {(n - 1) / 2, n / 2, false, "middle", "others"};
	struct tell t = {.to = to};

	(void)state, (void)v;
	tell_line(&t, "n = %zu update%s: of each coordinate's values, in order, %s", n,
	          n == 1 ? "" : "s", n % 2 ? "the middle one counts" : "the two middle ones count");
	return tell_coordinates(&t, r, u, n, NULL, n, &ranks, step, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(char, "median", "coordinate-wise median", doc, fields),
	.reduce = reduce,
	.tell = tell,
	.affine = true,
};

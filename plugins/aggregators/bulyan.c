/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bulyan - repeated Krum, then a mean around the median of each coordinate:
 *
 *     S      = n - 2f updates, chosen by Krum one after another among those left
 *     step_j = mean of the n - 4f values of {d_ij : i in S} nearest their median
 *
 * El Mhamdi, Guerraoui, Rouault: The Hidden Vulnerability of Distributed Learning in Byzantium,
 * ICML 2018, section 4.
 */
#include "robust_tell.h"

struct bulyan {
	int64_t f;
};

static const struct fed_field fields[] = {
	ROBUST_F(struct bulyan, "Byzantine updates that it assumes"),
	FED_END,
};

static const char doc[] =
	"    S      = theta = n - 2f updates, chosen by Krum one after another\n"
	"    step_j = mean of the theta - 2f = n - 4f values of {d_ij : i in S}\n"
	"             that are nearest to their median\n"
	"\n"
	"Krum's scores are computed anew among the n' updates that are left, over the\n"
	"nearest n' - f - 2 others (at least 1).  Ties go to the lowest client id; of\n"
	"two values equally far from the median the smaller one counts.  Needs\n"
	"n >= 4f + 3; f=most is the largest f that fits.  Samples have no say.\n"
	"\n"
	"For: Krum looks at whole vectors, so an attacker may hide a large change of a\n"
	"single coordinate from it; Bulyan's second step does not let it through.\n"
	"\n"
	"Breakdown: f + 1 updates.  Up to f, the values that are averaged are no\n"
	"farther from a median within the honest range than honest values are.\n"
	"\n"
	"The views show Krum's first score; the chosen ones share the weight equally.\n"
	"\n"
	"Source: El Mhamdi, Guerraoui, Rouault: The Hidden Vulnerability of Distributed\n"
	"Learning in Byzantium, ICML 2018, section 4.\n"
	"\n"
	"Differences: the paper leaves open what happens when n' - f - 2 < 1;\n"
	"some systems keep the first scores, some average the n - 4f middle values\n"
	"instead of those nearest to the median.";

static int assumed(const void *state, size_t n, int64_t *f, int rc, struct fed_error *err)
{
	const int64_t set = ((const struct bulyan *)state)->f, m = (int64_t)n;

	*f = set >= 0 ? set : m > 3 ? (m - 3) / 4 : 0;
	if (m >= 4 * *f + 3)
		return FED_OK;
	return fed_error_set(err, rc,
	                     "needs n >= 4f + 3, but 4f + 3 = %lld (f = %lld) and n = %zu update%s; "
	                     "ask more clients or assume fewer Byzantine ones",
	                     (long long)(4 * *f + 3), (long long)*f, n, n == 1 ? "" : "s");
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	int64_t f;

	return assumed(state, r->invited, &f, FED_REJECT, err);
}

/* Choose an update by Krum among those left; place [n] gets all their scores, the chosen one's
 * first. */
static void choose_next(struct robust_krum *krum, const struct fed_update *const u[], size_t f,
                        struct robust_place *place)
{
	const size_t others = krum->left - 1, want = krum->left > f + 2 ? krum->left - f - 2 : 1;

	robust_krum_rank(krum, u, want < others ? want : others, place);
	krum->out[place[0].i] = true;
	krum->left--;
}

/* Choose `theta` updates by Krum, into row and used. */
static void choose(struct robust_krum *krum, const struct fed_update *const u[], size_t f,
                   size_t theta, struct robust_place *place, struct fed_verdict *const v[],
                   const float **row)
{
	for (size_t k = 0; k < theta; k++) {
		choose_next(krum, u, f, place);
		for (size_t p = 0; k == 0 && p < krum->n; p++) {
			v[place[p].i]->score = (float)place[p].by;
			v[place[p].i]->used = false;
		}
		const size_t best = place[0].i;
		v[best]->used = true;
		v[best]->weight = 1;
		row[k] = u[best]->delta;
	}
}

struct nearest {
	size_t theta, count;
	float *out;
};

/* Mean of the values nearest to the median, which are adjacent in a sorted column: the window moves
 * up as long as the next higher value is nearer than its lowest. */
static void mean_near_median(void *ctx, const float *sorted, size_t j0, size_t width)
{
	const struct nearest *x = ctx;
	const size_t low = (x->theta - 1) / 2, high = x->theta / 2;

	for (size_t k = 0; k < width; k++) {
		const float *column = sorted + k;
		const double median =
			0.5 * ((double)column[low * FED_COLUMNS] + (double)column[high * FED_COLUMNS]);
		size_t first = 0;
		double sum = 0;

		while (first + x->count < x->theta &&
		       (double)column[(first + x->count) * FED_COLUMNS] - median <
		           median - (double)column[first * FED_COLUMNS])
			first++;
		for (size_t s = first; s < first + x->count; s++)
			sum += (double)column[s * FED_COLUMNS];
		x->out[j0 + k] = (float)(sum / (double)x->count);
	}
}

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	struct robust_krum krum;
	int64_t f;

	if (assumed(state, n, &f, FED_FAIL, err) || robust_krum_init(&krum, r, u, n, err))
		return FED_FAIL;
	struct nearest x = {.theta = n - 2 * (size_t)f, .count = n - 4 * (size_t)f, .out = out};
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	const float **row = host->scratch(host, n, sizeof *row, err);
	if (!place || !row)
		return FED_FAIL;
	choose(&krum, u, (size_t)f, x.theta, place, v, row);
	return host->sorted(host, row, x.theta, 0, x.theta - 1, mean_near_median, &x, NULL, err);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	struct tell t = {.to = to};
	struct robust_krum krum;
	int64_t f;

	(void)v;
	if (assumed(state, n, &f, FED_FAIL, err) || robust_krum_init(&krum, r, u, n, err))
		return FED_FAIL;
	const size_t theta = n - 2 * (size_t)f, count = n - 4 * (size_t)f;
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	struct robust_place *taken = host->scratch(host, theta, sizeof *taken, err);
	uint32_t *chosen = host->scratch(host, theta, sizeof *chosen, err);
	if (!place || !taken || !chosen)
		return FED_FAIL;
	for (size_t k = 0; k < theta; k++) {
		choose_next(&krum, u, (size_t)f, place);
		taken[k] = place[0];
		chosen[k] = place[0].i;
	}
	tell_line(&t,
	          "n = %zu updates, f = %lld: Krum chooses n - 2f = %zu, with the scores and [clients]",
	          n, (long long)f, theta);
	tell_put(&t, "   ");
	tell_values(&t, taken, theta);
	tell_end(&t);
	if (krum.left > 0) {
		robust_krum_rank(&krum, u, 1, place);
		tell_put(&t, "    and leaves clients");
		tell_clients(&t, place, krum.left);
		tell_end(&t);
	}
	tell_line(&t, "of the %zu values the n - 4f = %zu nearest to their median are averaged", theta,
	          count);
	const struct tell_ranks ranks = {0, count - 1, true, "nearest", "farther"};
	return tell_coordinates(&t, r, u, n, chosen, theta, &ranks, step, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct bulyan, "bulyan",
                           "Krum again and again, then a mean around the median", doc, fields),
	.begin = begin,
	.reduce = reduce,
	.tell = tell,
	.scratch_bytes = robust_krum_bytes,
	.affine = true,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * geometric-median - the point of least sum of distances to the updates (RFA):
 *
 *     step = argmin_z sum_i n_i |z - d_i|
 *
 * Pillutla, Kakade, Harchaoui: Robust Aggregation for Federated Learning, IEEE Transactions on
 * Signal Processing 2022, algorithm 2.
 */
#include "geometric.h"
#include "tell.h"

struct geometric_median {
	double tolerance;
	int64_t iterations;
};

static const struct fed_field fields[] = {
	GEOMETRIC_ROWS(struct geometric_median),
	FED_END,
};

static const char doc[] =
	"    step = argmin_z sum_i w_i |z - d_i|,   w_i = n_i (or 1, weighting=equal)\n"
	"\n"
	"by Weiszfeld's method: z is the mean of the updates with the weights\n"
	"w_i / |z - d_i|, again and again.  It begins beside the update with the least\n"
	"sum of distances to the others, and stays there when that is the median\n"
	"(Vardi and Zhang); it ends when the updates' pulls on z balance:\n"
	"\n"
	"    |sum_i w_i (d_i - z)/|d_i - z|| <= tolerance * sum_i w_i\n"
	"\n"
	"For: a median that does not depend on the choice of coordinates.  It has no\n"
	"parameter to tune and filters no update: the farther away, the less weight.\n"
	"It trusts the sample counts that clients claim; weighting=equal does not.\n"
	"\n"
	"Breakdown: half.  While a share q < 1/2 of the weight is Byzantine,\n"
	"|step - c| <= 2 (1 - q)/(1 - 2q) max |d_i - c| over the honest d_i, for every\n"
	"c and however far away the others are.\n"
	"\n"
	"The views show the weight w_i / |z - d_i| of each update and as its score the\n"
	"distance |z - d_i|; it is trusted when that is no more than twice the middle\n"
	"distance.\n"
	"\n"
	"Source: Pillutla, Kakade, Harchaoui: Robust Aggregation for Federated\n"
	"Learning, IEEE Transactions on Signal Processing 70, 2022, algorithm 2 (RFA).\n"
	"\n"
	"Differences: the paper makes a few steps from any point and bounds |z - d_i|\n"
	"from below by nu=1e-6; here it goes on until the pulls balance, each third\n"
	"step is extrapolated (Aitken), and nothing is smoothed, so that twice the\n"
	"updates give twice the step.  Vardi, Zhang: The multivariate L1-median and\n"
	"associated data depth, PNAS 97, 2000.  The bound: Minsker: Geometric median\n"
	"and robust estimation in Banach spaces, Bernoulli 21, 2015, lemma 2.1.";

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	const struct geometric_median *a = state;
	const struct geometric how = {a->tolerance, a->iterations};
	const struct fed_host *host = r->host;
	const float **row = robust_rows(r, u, n, err);
	double *w = host->scratch(host, n, sizeof *w, err);
	double *share = host->scratch(host, n, sizeof *share, err);
	double *distance = host->scratch(host, n, sizeof *distance, err), total = 0;

	if (!row || !w || !share || !distance)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		total += w[i] = u[i]->weight;
	if (!(total > 0))
		return fed_fail(err, "no median: the weights of the updates sum to %g", total);
	if (geometric_median(r, &how, row, w, n, share, out, err) ||
	    host->lengths(host, row, n, out, distance, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		distance[i] = sqrt(distance[i]);
	const bool *near = robust_near(host, distance, n, err);
	if (!near)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		v[i]->weight = (float)share[i];
		v[i]->score = (float)distance[i];
		host->mark(host, i, -1, near[i]);
	}
	return FED_OK;
}

static double scratch_bytes(const void *state, size_t n, size_t dim)
{
	(void)state, (void)dim;
	return geometric_bytes(n) + (double)n * (3 * sizeof(double) + sizeof(float *));
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const float **row = robust_rows(r, u, n, err);
	double *w = host->scratch(host, n, sizeof *w, err);
	double *distance = host->scratch(host, n, sizeof *distance, err);
	double *from_mean = host->scratch(host, n, sizeof *from_mean, err);
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	float *mean = host->scratch(host, r->dim, sizeof *mean, err);
	struct tell t = {.to = to};
	double total = 0, sum = 0, mean_sum = 0;

	(void)state;
	if (!row || !w || !distance || !from_mean || !place || !mean)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		total += u[i]->weight;
	for (size_t i = 0; i < n; i++)
		w[i] = u[i]->weight / total;
	if (host->combine(host, row, w, n, mean, err) ||
	    host->lengths(host, row, n, step, distance, err) ||
	    host->lengths(host, row, n, mean, from_mean, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		place[i] = (struct robust_place){sqrt(distance[i]), u[i]->client, (uint32_t)i};
		sum += u[i]->weight * place[i].by;
		mean_sum += u[i]->weight * sqrt(from_mean[i]);
	}
	robust_sort(place, n);
	tell_line(&t,
	          "n = %zu update%s: sum_i w_i |z - d_i| = %.6g at z = step; at the mean it is %.6g", n,
	          n == 1 ? "" : "s", sum, mean_sum);
	for (size_t p = 0; p < n; p++) {
		if (tell_leaps(&p, n, TELL_ROWS))
			tell_line(&t, "    ...");
		const size_t i = place[p].i;
		tell_line(&t, "    client %u: w_i = %.6g, |z - d_i| = %.4g, share in the step %.4g",
		          u[i]->client, u[i]->weight, place[p].by, (double)v[i]->weight);
	}
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct geometric_median, "geometric-median",
                           "point nearest to all updates (RFA)", doc, fields),
	.reduce = reduce,
	.tell = tell,
	.scratch_bytes = scratch_bytes,
	.affine = true,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nnm - pre-aggregation: nearest-neighbour mixing:
 *
 *     each d_i becomes the mean of its n - f nearest updates, itself among them
 *
 * Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan: Fixing by Mixing: A Recipe for Optimal
 * Byzantine ML under Heterogeneity, AISTATS 2023.
 */
#include "robust_tell.h"

struct nnm {
	int64_t f;
};

static const struct fed_field fields[] = {
	ROBUST_F(struct nnm, "Byzantine updates that it assumes"),
	FED_END,
};

static const char doc[] =
	"    y_i = mean of the n - f updates nearest to d_i, itself among them\n"
	"\n"
	"and the aggregator behind it sees y_1 .. y_n.  Of equally near ones those of\n"
	"the lowest client ids are taken.  Needs 2f < n; f=most is the largest that\n"
	"fits.  f is that of the aggregator unless after.f is given:\n"
	"\n"
	"    aggregator krum f=3 after=nnm\n"
	"\n"
	"For: honest clients with different data are far from each other, and rules\n"
	"that compare updates confuse that with an attack.  Mixing brings the honest\n"
	"ones together and leaves an attacker no closer than it was.\n"
	"\n"
	"Breakdown: that of the aggregator behind it, with at most f Byzantine updates:\n"
	"when they are so far away that they are neighbours of no honest update, they\n"
	"are in f mixtures, their own.\n"
	"\n"
	"The views show what became of the mixture of each client; its weight is that\n"
	"of all the mixtures that it is in.\n"
	"\n"
	"Source: Allouah et al., Fixing by Mixing: A Recipe for Optimal Byzantine ML\n"
	"under Heterogeneity, AISTATS 2023, algorithm 2.\n"
	"\n"
	"Differences: none known.";

static int assumed(const void *state, size_t n, int64_t *f, int rc, struct fed_error *err)
{
	const int64_t set = ((const struct nnm *)state)->f, m = (int64_t)n;

	*f = set >= 0 ? set : m > 0 ? (m - 1) / 2 : 0;
	if (2 * *f < m)
		return FED_OK;
	return fed_error_set(err, rc,
	                     "needs 2f < n, but 2f = %lld (f = %lld) and n = %zu update%s; ask more "
	                     "clients or assume fewer Byzantine ones",
	                     (long long)(2 * *f), (long long)*f, n, n == 1 ? "" : "s");
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	int64_t f;

	return assumed(state, r->invited, &f, FED_REJECT, err);
}

static int mix(const void *state, const struct fed_round *r, const struct fed_update *const u[],
               size_t n, double *shares, size_t m, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	int64_t f;

	if (assumed(state, n, &f, FED_FAIL, err))
		return FED_FAIL;
	const float **row = robust_rows(r, u, n, err);
	double *square = host->scratch(host, n * n, sizeof *square, err);
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	if (!row || !square || !place || host->distances(host, row, n, square, err))
		return FED_FAIL;
	const size_t near = n - (size_t)f;
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j < n; j++)
			place[j] =
				(struct robust_place){j == i ? -1 : square[i * n + j], u[j]->client, (uint32_t)j};
		robust_sort(place, n);
		for (size_t p = 0; p < near; p++)
			shares[i * n + place[p].i] = 1 / (double)near;
	}
	return FED_OK;
}

static double scratch_bytes(const void *state, size_t n, size_t dim)
{
	(void)state, (void)dim;
	return (double)n * ((double)n * sizeof(double) + sizeof(struct robust_place) + sizeof(float *));
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	double *shares = host->scratch(host, n * n, sizeof *shares, err);
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	struct tell t = {.to = to};
	int64_t f;

	(void)v, (void)step;
	if (!shares || !place || assumed(state, n, &f, FED_FAIL, err) ||
	    mix(state, r, u, n, shares, n, err))
		return FED_FAIL;
	tell_line(&t, "n = %zu update%s, f = %lld: each becomes the mean of the n - f = %lld nearest",
	          n, n == 1 ? "" : "s", (long long)f, (long long)n - f);
	if (tell_mixtures(&t, r, u, n, shares, n, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		place[i] = (struct robust_place){0, u[i]->client, (uint32_t)i};
		for (size_t k = 0; k < n; k++)
			place[i].by += shares[k * n + i] > 0;
	}
	robust_sort(place, n);
	tell_put(&t, "of the %zu mixture%s so many have the update of [client]:", n, n == 1 ? "" : "s");
	tell_values(&t, place, n);
	tell_end(&t);
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct nnm, "nnm", "in front of an aggregator: means of nearest updates",
                           doc, fields),
	.begin = begin,
	.mix = mix,
	.tell = tell,
	.scratch_bytes = scratch_bytes,
	.affine = true,
};

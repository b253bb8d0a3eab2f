/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * robust.h - helpers of Byzantine-robust aggregators: rows, ranks, Krum's scores, means of ranks.
 * Memory is the host's scratch, valid until the call returns.
 */
#ifndef ROBUST_H
#define ROBUST_H

#include <stdlib.h>

#include <fedsh/aggregator.h>
#include <fedsh/host.h>

/* Setting f, the number of Byzantine updates that a rule assumes: -1 is "most", the rule's maximum.
 */
static const char *const robust_most[] = {"most", NULL};
#define ROBUST_F(S, h) FED_INT_WORD(S, f, -1, -1, 1000000, robust_most, h)

/* The updates as rows for the host; NULL: no memory. */
static inline const float **robust_rows(const struct fed_round *r,
                                        const struct fed_update *const u[], size_t n,
                                        struct fed_error *err)
{
	const float **row = r->host->scratch(r->host, n, sizeof *row, err);

	for (size_t i = 0; row && i < n; i++)
		row[i] = u[i]->delta;
	return row;
}

/* Rank of an update by a number, the lowest first; equal ones by client id. */
struct robust_place {
	double by;
	uint32_t client, i;
};

static inline int robust_compare(const void *a, const void *b)
{
	const struct robust_place *p = a, *q = b;

	if (p->by != q->by)
		return p->by < q->by ? -1 : 1;
	return (p->client > q->client) - (p->client < q->client);
}

static inline void robust_sort(struct robust_place *place, size_t n)
{
	qsort(place, n, sizeof *place, robust_compare);
}

/* Verdict of a rule that down-weights: an update is trusted if its weight is at least half of an
 * equal share. */
static inline void robust_soft(const struct fed_host *host, struct fed_verdict *const v[], size_t i,
                               size_t n, double weight, double score)
{
	v[i]->weight = (float)weight;
	v[i]->score = (float)score;
	host->mark(host, i, -1, weight >= 0.5 / (double)n);
}

/* Flags of those among n that are at most twice as far away as the median (the upper of two); NULL:
 * no memory. */
static inline bool *robust_near(const struct fed_host *host, const double distance[], size_t n,
                                struct fed_error *err)
{
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	bool *near = place ? host->scratch(host, n, sizeof *near, err) : NULL;

	if (!near)
		return NULL;
	for (size_t i = 0; i < n; i++)
		place[i] = (struct robust_place){distance[i], (uint32_t)i, (uint32_t)i};
	robust_sort(place, n);
	for (size_t i = 0; i < n; i++)
		near[i] = distance[i] <= 2 * place[n / 2].by;
	return near;
}

/* Means of ranks --------------------------------------------------------- */

struct robust_ranks {
	size_t lo, hi;
	float *out;
};

/* Callback of host->sorted(): out = mean of the values of ranks lo .. hi. */
static inline void robust_mean_of_ranks(void *ctx, const float *sorted, size_t j0, size_t width)
{
	const struct robust_ranks *x = ctx;
	const double share = 1 / (double)(x->hi - x->lo + 1);
	double sum[FED_COLUMNS] = {0};

	for (size_t r = x->lo; r <= x->hi; r++)
		for (size_t k = 0; k < FED_COLUMNS; k++)
			sum[k] += (double)sorted[r * FED_COLUMNS + k];
	for (size_t k = 0; k < width; k++)
		x->out[j0 + k] = (float)(share * sum[k]);
}

/* Compute the step as the mean of ranks lo .. hi of each coordinate.  An update's score is the
 * share of the coordinates in which its value lies between them and they are not 0. */
static inline int robust_ranks(const struct fed_round *r, const struct fed_update *const u[],
                               size_t n, size_t lo, size_t hi, struct fed_verdict *const v[],
                               float *out, struct fed_error *err)
{
	const struct fed_host *host = r->host;
	struct robust_ranks x = {lo, hi, out};
	const float **row = robust_rows(r, u, n, err);
	uint64_t *within = row ? host->scratch(host, n, sizeof *within, err) : NULL;
	double total = 0;

	if (!within || host->sorted(host, row, n, lo, hi, robust_mean_of_ranks, &x, within, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		total += (double)within[i];
	for (size_t i = 0; i < n; i++)
		robust_soft(host, v, i, n, total > 0 ? (double)within[i] / total : 1 / (double)n,
		            (double)within[i] / (double)r->dim);
	return FED_OK;
}

/* Krum ------------------------------------------------------------------- */

/* With f Byzantine updates among n the nearest n - f - 2 others of an honest one cannot all be
 * Byzantine. f as set; rc is FED_REJECT before a round, FED_FAIL in it. */
static inline int robust_krum_f(int64_t set, size_t n, int64_t *f, int rc, struct fed_error *err)
{
	const int64_t m = (int64_t)n;

	*f = set >= 0 ? set : m > 3 ? (m - 3) / 2 : 0;
	if (2 * *f + 2 < m)
		return FED_OK;
	return fed_error_set(err, rc,
	                     "needs 2f + 2 < n, but 2f + 2 = %lld (f = %lld) and n = %zu update%s; ask "
	                     "more clients or assume fewer Byzantine ones",
	                     (long long)(2 * *f + 2), (long long)*f, n, n == 1 ? "" : "s");
}

/* State of Krum: each update's neighbours, the nearest first, and the updates already taken out. */
struct robust_krum {
	size_t n, left;            /* left: updates not taken out */
	double *square;            /* [n][n] */
	struct robust_place *near; /* [n][n - 1] */
	bool *out;                 /* [n] */
};

static inline int robust_krum_init(struct robust_krum *k, const struct fed_round *r,
                                   const struct fed_update *const u[], size_t n,
                                   struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const float **row = robust_rows(r, u, n, err);

	*k = (struct robust_krum){.n = n, .left = n};
	if (!row || !(k->square = host->scratch(host, n * n, sizeof *k->square, err)) ||
	    !(k->near = host->scratch(host, n * n, sizeof *k->near, err)) ||
	    !(k->out = host->scratch(host, n, sizeof *k->out, err)) ||
	    host->distances(host, row, n, k->square, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		struct robust_place *near = k->near + i * (n - 1);
		size_t count = 0;

		for (size_t j = 0; j < n; j++)
			if (j != i)
				near[count++] =
					(struct robust_place){k->square[i * n + j], u[j]->client, (uint32_t)j};
		robust_sort(near, count);
	}
	return FED_OK;
}

/* Scratch of robust_krum_init() and of a ranking, for scratch_bytes(). */
static inline double robust_krum_bytes(const void *state, size_t n, size_t dim)
{
	const struct robust_krum *const k = NULL;
	const double each = sizeof *k->out + sizeof *k->near + sizeof(float *) + sizeof(double);

	(void)state, (void)dim;
	return (double)n * ((double)n * (sizeof *k->square + sizeof *k->near) + each);
}

/* Sum of the squared distances to the nearest `count` others that are left. */
static inline double robust_krum_score(const struct robust_krum *k, size_t i, size_t count)
{
	const struct robust_place *near = k->near + i * (k->n - 1);
	double sum = 0;

	for (size_t p = 0; count > 0 && p + 1 < k->n; p++) {
		if (k->out[near[p].i])
			continue;
		sum += near[p].by;
		count--;
	}
	return sum;
}

/* Rank the updates that are left into place [k->left], the lowest score first. */
static inline void robust_krum_rank(const struct robust_krum *k, const struct fed_update *const u[],
                                    size_t count, struct robust_place *place)
{
	size_t m = 0;

	for (size_t i = 0; i < k->n; i++)
		if (!k->out[i])
			place[m++] =
				(struct robust_place){robust_krum_score(k, i, count), u[i]->client, (uint32_t)i};
	robust_sort(place, m);
}

#endif

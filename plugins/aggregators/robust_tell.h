/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * robust_tell.h - lines for tell() of Byzantine-robust aggregators: Krum's scores, single
 * coordinates, mixtures.
 */
#ifndef ROBUST_TELL_H
#define ROBUST_TELL_H

#include "tell.h"

/* Krum ------------------------------------------------------------------- */

/* Line of a score, "score_7 = 0.1 + 0.2 + ... = 3", over the `count` nearest; most: terms shown. No
 * update is taken out. */
static inline void tell_score(struct tell *t, const struct robust_krum *k,
                              const struct robust_place *who, size_t count, size_t most)
{
	tell_put(t, "    score_%u =", who->client);
	tell_sum(t, k->near + (size_t)who->i * (k->n - 1), count, most);
	tell_item(t, " = %.4g", who->by);
}

/* Whether a rank is shown: those at both ends, and those at the end of the m chosen ones. */
static inline bool tell_score_of_rank(size_t rank, size_t n, size_t m)
{
	return rank <= 3 || rank == m || rank == m + 1 || rank + 2 > n;
}

/* Lines of the scores of the m chosen and of the others; k is unchanged since robust_krum_init().
 */
static inline int tell_krum(struct tell *t, const struct fed_round *r,
                            const struct fed_update *const u[], size_t n, size_t f, size_t m,
                            struct fed_error *err)
{
	const size_t count = n - f - 2;
	struct robust_krum k;
	struct robust_place *place = r->host->scratch(r->host, n, sizeof *place, err);

	if (!place || robust_krum_init(&k, r, u, n, err))
		return FED_FAIL;
	robust_krum_rank(&k, u, count, place);
	tell_line(
		t,
		"n = %zu updates, f = %zu (2f + 2 = %zu < n): a score sums the n - f - 2 = %zu nearest "
		"|d_i - d_j|^2",
		n, f, 2 * f + 2, count);
	for (size_t p = 0; p < n; p++) {
		if (!tell_score_of_rank(p + 1, n, m))
			continue;
		tell_score(t, &k, &place[p], count, p == 0 ? TELL_ITEMS : 4);
		if (p == 0)
			tell_item(t, " (the lowest of %zu)", n);
		else
			tell_item(t, " (rank %zu%s)", p + 1, p < m ? "" : ", out");
		tell_end(t);
		if (p > 0)
			continue;
		tell_put(t, "    its nearest are clients");
		tell_clients(t, k.near + (size_t)place[0].i * (n - 1), count);
		tell_end(t);
	}
	if (m == 1) {
		tell_line(t, "step = d_%u", place[0].client);
	} else {
		tell_put(t, "step = 1/%zu sum of the d_i of clients", m);
		tell_clients(t, place, m);
		tell_end(t);
	}
	return FED_OK;
}

/* Coordinates ------------------------------------------------------------ */

/* Ranks whose values are averaged in each coordinate; nearest: this many, nearest to the median, in
 * place of fixed ranks. */
struct tell_ranks {
	size_t lo, hi;
	bool nearest;
	const char *in, *out; /* words for the averaged and for the others, equally long */
};

/* Move the window of bulyan up as long as the next higher value is nearer than its lowest. */
static inline void tell_slide(const struct robust_place *place, size_t n, size_t *lo, size_t *hi)
{
	const double median = 0.5 * (place[(n - 1) / 2].by + place[n / 2].by);
	const size_t count = *hi - *lo + 1;
	size_t first = 0;

	while (first + count < n && place[first + count].by - median < median - place[first].by)
		first++;
	*lo = first;
	*hi = first + count - 1;
}

static inline void tell_group(struct tell *t, const char *word, const struct robust_place *place,
                              size_t n)
{
	if (n == 0)
		return;
	tell_put(t, "    %s", word);
	tell_values(t, place, n);
	tell_end(t);
}

/* Lines of one coordinate of the rows: its sorted values, those averaged, and the step. */
static inline void tell_coordinate(struct tell *t, const struct tell_ranks *ranks,
                                   struct robust_place *place, size_t n, size_t j, double step,
                                   double mean)
{
	size_t lo = ranks->lo, hi = ranks->hi;
	double sum = 0;

	robust_sort(place, n);
	if (ranks->nearest)
		tell_slide(place, n, &lo, &hi);
	for (size_t p = lo; p <= hi; p++)
		sum += place[p].by;
	tell_group(t, ranks->out, place, lo);
	tell_group(t, ranks->in, place + lo, hi - lo + 1);
	tell_group(t, ranks->out, place + hi + 1, n - hi - 1);
	tell_line(t, "    step_%zu = %.4g/%zu = %.4g; the mean of all is %.4g", j, sum, hi - lo + 1,
	          step, mean);
}

/* Lines of the coordinate in which the step is farthest from the mean of all n updates, and of the
 * one in which it is longest.  The ranks are those of the chosen updates; NULL: of all n. */
static inline int tell_coordinates(struct tell *t, const struct fed_round *r,
                                   const struct fed_update *const u[], size_t n,
                                   const uint32_t *chosen, size_t n_chosen,
                                   const struct tell_ranks *ranks, const float *step,
                                   struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const float **row = robust_rows(r, u, n, err);
	double *w = host->scratch(host, n, sizeof *w, err);
	float *mean = host->scratch(host, r->dim, sizeof *mean, err);
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	size_t at[2] = {0, 0};

	if (!row || !w || !mean || !place)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		w[i] = 1 / (double)n;
	if (host->combine(host, row, w, n, mean, err))
		return FED_FAIL;
	for (size_t j = 1; j < r->dim; j++) {
		if (fabsf(step[j] - mean[j]) > fabsf(step[at[0]] - mean[at[0]]))
			at[0] = j;
		if (fabsf(step[j]) > fabsf(step[at[1]]))
			at[1] = j;
	}
	for (int k = 0; k < (at[0] == at[1] ? 1 : 2); k++) {
		const size_t j = at[k];

		tell_line(t, "coordinate %zu of %zu, where the step is %s; values and [clients]:", j,
		          r->dim, k == 0 ? "farthest from the mean of all" : "longest");
		for (size_t p = 0; p < n_chosen; p++) {
			const size_t i = chosen ? chosen[p] : p;
			place[p] = (struct robust_place){(double)u[i]->delta[j], u[i]->client, (uint32_t)i};
		}
		tell_coordinate(t, ranks, place, n_chosen, j, (double)step[j], (double)mean[j]);
	}
	return FED_OK;
}

/* Mixtures --------------------------------------------------------------- */

/* Lines of the mixtures; shares (m, n) of mix(), equal within a mixture.  A mixture for each update
 * (m = n) is named by the update's client id, others by the lowest id in them. */
static inline int tell_mixtures(struct tell *t, const struct fed_round *r,
                                const struct fed_update *const u[], size_t n, const double *shares,
                                size_t m, struct fed_error *err)
{
	struct robust_place *place = r->host->scratch(r->host, n, sizeof *place, err);

	if (!place)
		return FED_FAIL;
	for (size_t k = 0; k < m && k < TELL_ROWS; k++) {
		size_t members = 0;

		for (size_t i = 0; i < n; i++)
			if (shares[k * n + i] > 0)
				place[members++] = (struct robust_place){0, u[i]->client, (uint32_t)i};
		robust_sort(place, members);
		tell_put(t, "    y_%u = 1/%zu sum of the d_i of clients",
		         m == n ? u[k]->client : place[0].client, members);
		tell_clients(t, place, members);
		tell_end(t);
	}
	if (m > TELL_ROWS)
		tell_line(t, "    and %zu more", m - TELL_ROWS);
	return FED_OK;
}

#endif

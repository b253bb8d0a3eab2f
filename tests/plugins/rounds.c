/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/rounds.c - rounds of any size, and the robust rules in plain loops.
 */
#include "rounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

void round_make(struct round *r, size_t n, size_t dim)
{
	*r = (struct round){.n = n, .dim = dim, .ld = (dim + 15) / 16 * 16, .seed = n * 1000 + dim};
	r->x = aligned_alloc(64, n * r->ld * sizeof *r->x);
	r->u = calloc(n, sizeof *r->u);
	memset(r->x, 0, n * r->ld * sizeof *r->x);
	for (size_t i = 0; i < n; i++) /* 7 and 1009 share no factor: ids differ */
		r->u[i] = (struct fed_update){.delta = r->x + i * r->ld,
		                              .weight = 1,
		                              .samples = 1,
		                              .steps = 1,
		                              .client = (uint32_t)((i * 7 + 3) % 1009)};
}

void round_free(struct round *r)
{
	free(r->x);
	free(r->u);
}

void round_random(struct round *r, uint64_t key)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < r->dim; j++)
			r->x[i * r->ld + j] = (float)(2 * fed_random_real(key, i * r->dim + j) - 1);
}

void round_whole(struct round *r, uint64_t key)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < r->dim; j++)
			r->x[i * r->ld + j] = (float)(int)(fed_random(key, i * r->dim + j) % 7) - 3;
	/* Some rows are copies of others. */
	for (size_t i = 1; i < r->n; i += 3)
		memcpy(r->x + i * r->ld, r->x + (i / 2) * r->ld, r->dim * sizeof *r->x);
}

/* Rules ------------------------------------------------------------------ */

void rule_open(struct rule *rule, const char *name, const char *settings, const char *pre,
               const char *pre_settings)
{
	memset(rule, 0, sizeof *rule);
	drive_open(&rule->main, name, settings);
	if (!pre)
		return;
	drive_open(&rule->pre, pre, pre_settings);
	struct fed_instance *first = fed_alloc(sizeof *first);
	struct fed_error err;
	*first = rule->pre.instance;
	fed_assert_ok(fed__instance_set_after(&rule->main.instance, first, &err), &err);
	rule->pre.instance = (struct fed_instance){0};
}

void rule_close(struct rule *rule)
{
	fed_instance_release(&rule->main.instance);
	fed_registry_free(rule->main.registry);
	fed_registry_free(rule->pre.registry);
}

static void never_refused(void *ctx, size_t i, const char *text)
{
	(void)ctx;
	ck_abort_msg("update %zu is refused: %s", i, text);
}

static void check_verdicts(const struct fed_aggregation *a)
{
	double sum = 0;

	for (size_t i = 0; i < a->n; i++) {
		ck_assert(a->verdict[i].weight >= 0 && isfinite(a->verdict[i].weight));
		ck_assert(a->verdict[i].used || a->verdict[i].weight == 0);
		sum += (double)a->verdict[i].weight;
	}
	ck_assert_double_eq_tol(sum, 1, 1e-5);
}

int rule_run(struct rule *rule, const struct round *r, struct fed_pool *pool, float *out,
             struct fed_verdict *verdict, struct fed_trust *trust, struct fed_error *err)
{
	static const float params[4096];
	const struct fed_round round = {.seed = r->seed,
	                                .dim = r->dim,
	                                .params = params,
	                                .ld = r->ld,
	                                .invited = (uint32_t)r->n,
	                                .population = (uint32_t)r->n,
	                                .lr = 0.1};
	const struct fed_lent_updates lent = {r->u, r->n, never_refused, NULL};
	struct fed_instance *instance = &rule->main.instance;
	struct fed_aggregation a = {0};

	for (size_t i = 0; i < r->n; i++)
		r->u[i].base = params;
	int rc = instance->dim == r->dim ? FED_OK : fed_instance_size(instance, r->dim, err);
	if (rc == FED_OK)
		rc = fed_aggregation_lend(&a, instance, &round, &lent, pool, err);
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, out, err);
	if (rc == FED_OK) {
		check_verdicts(&a);
		if (verdict)
			memcpy(verdict, a.verdict, r->n * sizeof *verdict);
		if (trust)
			memcpy(trust, a.trust, r->n * sizeof *trust);
	}
	fed_aggregation_release(&a);
	return rc;
}

void rule_step(struct rule *rule, const struct round *r, float *out)
{
	struct fed_error err;

	fed_assert_ok(rule_run(rule, r, NULL, out, NULL, NULL, &err), &err);
}

/* Definitions ------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
	const double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

static double at(const struct round *r, size_t i, size_t j)
{
	return (double)r->x[i * r->ld + j];
}

void define_ranks(const struct round *r, size_t lo, size_t hi, double *out)
{
	double *column = malloc(r->n * sizeof *column);

	for (size_t j = 0; j < r->dim; j++) {
		for (size_t i = 0; i < r->n; i++)
			column[i] = at(r, i, j);
		qsort(column, r->n, sizeof *column, by_value);
		out[j] = 0;
		for (size_t k = lo; k <= hi; k++)
			out[j] += column[k] / (double)(hi - lo + 1);
	}
	free(column);
}

static double distance(const struct round *r, size_t a, size_t b)
{
	double sum = 0;

	for (size_t j = 0; j < r->dim; j++)
		sum += (at(r, a, j) - at(r, b, j)) * (at(r, a, j) - at(r, b, j));
	return sum;
}

/* [n][n] squared distances. */
static double *all_distances(const struct round *r)
{
	double *d = malloc(r->n * r->n * sizeof *d);

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->n; k++)
			d[i * r->n + k] = distance(r, i, k);
	return d;
}

/* Krum's scores of those in the game, infinite for the others. */
static void krum_scores(const struct round *r, const double *d, const bool *gone, size_t near,
                        double *score)
{
	double *others = malloc(r->n * sizeof *others);

	for (size_t i = 0; i < r->n; i++) {
		size_t count = 0;

		for (size_t k = 0; k < r->n; k++)
			if (k != i && !gone[k])
				others[count++] = d[i * r->n + k];
		qsort(others, count, sizeof *others, by_value);
		score[i] = gone[i] ? INFINITY : 0;
		for (size_t k = 0; k < near && k < count && !gone[i]; k++)
			score[i] += others[k];
	}
	free(others);
}

/* The lowest score that was not chosen yet, of the lowest client id; n: none. */
static size_t lowest(const struct round *r, const double *score, const bool *chosen)
{
	size_t best = r->n;

	for (size_t i = 0; i < r->n; i++)
		if (!chosen[i] && isfinite(score[i]) &&
		    (best == r->n || score[i] < score[best] ||
		     (score[i] == score[best] && r->u[i].client < r->u[best].client)))
			best = i;
	return best;
}

/* Equal scores are no doubt: rounding finds them equal, too, when their rows are. */
static double gap_between(double chosen, double next)
{
	return chosen == next ? INFINITY : (next - chosen) / fabs(next);
}

double define_krum(const struct round *r, size_t f, size_t m, double *out)
{
	bool *gone = calloc(r->n, sizeof *gone), *chosen = calloc(r->n, sizeof *chosen);
	double *score = malloc(r->n * sizeof *score), *d = all_distances(r), last = 0;

	krum_scores(r, d, gone, r->n - f - 2, score);
	for (size_t j = 0; j < r->dim; j++)
		out[j] = 0;
	for (size_t k = 0; k < m; k++) {
		const size_t best = lowest(r, score, chosen);
		chosen[best] = true;
		last = score[best];
		for (size_t j = 0; j < r->dim; j++)
			out[j] += at(r, best, j) / (double)m;
	}
	const size_t next = lowest(r, score, chosen);
	const double gap = next < r->n ? gap_between(last, score[next]) : INFINITY;
	free(gone);
	free(chosen);
	free(score);
	free(d);
	return gap;
}

/* The mean of the `count` values nearest to the median, the smaller one of two equally near. */
static double mean_near_median(double *column, size_t n, size_t count)
{
	qsort(column, n, sizeof *column, by_value);
	const double median = (column[(n - 1) / 2] + column[n / 2]) / 2;
	bool taken[256] = {false};
	double sum = 0;

	for (size_t k = 0; k < count; k++) {
		size_t best = n;
		for (size_t i = 0; i < n; i++)
			if (!taken[i] && (best == n || fabs(column[i] - median) < fabs(column[best] - median)))
				best = i;
		taken[best] = true;
		sum += column[best];
	}
	return sum / (double)count;
}

double define_bulyan(const struct round *r, size_t f, double *out)
{
	const size_t theta = r->n - 2 * f;
	bool *gone = calloc(r->n, sizeof *gone);
	double *score = malloc(r->n * sizeof *score), *d = all_distances(r), gap = INFINITY;
	double *column = malloc(r->n * sizeof *column);
	size_t *chosen = malloc(theta * sizeof *chosen);

	for (size_t k = 0; k < theta; k++) {
		const size_t left = r->n - k, near = left > f + 2 ? left - f - 2 : 1;

		krum_scores(r, d, gone, near, score);
		chosen[k] = lowest(r, score, gone);
		const double least = score[chosen[k]];
		gone[chosen[k]] = true;
		const size_t next = lowest(r, score, gone);
		if (next < r->n)
			gap = fmin(gap, gap_between(least, score[next]));
	}
	for (size_t j = 0; j < r->dim; j++) {
		for (size_t k = 0; k < theta; k++)
			column[k] = at(r, chosen[k], j);
		out[j] = mean_near_median(column, theta, r->n - 4 * f);
	}
	free(gone);
	free(score);
	free(d);
	free(column);
	free(chosen);
	return gap;
}

static double median_of(double *v, size_t n)
{
	double *copy = malloc(n * sizeof *copy);

	memcpy(copy, v, n * sizeof *copy);
	qsort(copy, n, sizeof *copy, by_value);
	const double median = copy[(n - 1) / 2];
	free(copy);
	return median;
}

void define_norm_clip(const struct round *r, double tau, double *out)
{
	const double zero[4096] = {0};

	/* One step from the origin. */
	define_centered_clip(r, tau, 1, zero, out);
}

void define_centered_clip(const struct round *r, double tau, size_t times, const double *from,
                          double *out)
{
	double *length = malloc(r->n * sizeof *length), *v = malloc(r->dim * sizeof *v);

	memcpy(v, from, r->dim * sizeof *v);
	for (size_t t = 0; t < times; t++) {
		for (size_t i = 0; i < r->n; i++) {
			double sum = 0;
			for (size_t j = 0; j < r->dim; j++)
				sum += (at(r, i, j) - v[j]) * (at(r, i, j) - v[j]);
			length[i] = sqrt(sum);
		}
		const double most = tau > 0 ? tau : median_of(length, r->n);
		for (size_t j = 0; j < r->dim; j++) {
			double sum = 0;
			for (size_t i = 0; i < r->n; i++)
				sum += (at(r, i, j) - v[j]) * (length[i] > most ? most / length[i] : 1);
			out[j] = v[j] + sum / (double)r->n;
		}
		memcpy(v, out, r->dim * sizeof *v);
	}
	free(length);
	free(v);
}

double define_geometric_slope(const struct round *r, const float *z)
{
	double *slope = calloc(r->dim, sizeof *slope), here = 0, square = 0;

	for (size_t i = 0; i < r->n; i++) {
		double sum = 0, scale = 1e-30;
		for (size_t j = 0; j < r->dim; j++) {
			const double e = at(r, i, j) - (double)z[j];
			sum += e * e;
			scale += at(r, i, j) * at(r, i, j);
		}
		if (sum <= 1e-10 * scale) { /* z is this update, as far as floats can tell */
			here += r->u[i].weight;
			continue;
		}
		for (size_t j = 0; j < r->dim; j++)
			slope[j] += r->u[i].weight * (at(r, i, j) - (double)z[j]) / sqrt(sum);
	}
	for (size_t j = 0; j < r->dim; j++)
		square += slope[j] * slope[j];
	free(slope);
	return (sqrt(square) - here) / (double)r->n;
}

/* order [n]: updates by the random number of their client. */
static void shuffle(const struct round *r, size_t *order)
{
	for (size_t p = 0; p < r->n; p++) {
		size_t place = p;
		const double key = fed_random_real(r->seed, r->u[p].client);

		for (; place > 0 && fed_random_real(r->seed, r->u[order[place - 1]].client) > key; place--)
			order[place] = order[place - 1];
		order[place] = p;
	}
}

/* Row `to` of `out` is the mean of some rows. */
static void add_mean(const struct round *r, const size_t *member, size_t count, struct round *out,
                     size_t to)
{
	for (size_t j = 0; j < r->dim; j++) {
		double sum = 0;
		for (size_t k = 0; k < count; k++)
			sum += at(r, member[k], j);
		out->x[to * out->ld + j] = (float)(sum / (double)count);
	}
	out->u[to].client = r->u[member[0]].client;
	for (size_t k = 1; k < count; k++)
		if (r->u[member[k]].client < out->u[to].client)
			out->u[to].client = r->u[member[k]].client;
}

void define_groups(const struct round *r, size_t k, struct round *means, uint32_t *group)
{
	size_t *order = malloc(r->n * sizeof *order), *member = malloc(r->n * sizeof *member);

	shuffle(r, order);
	round_make(means, k, r->dim);
	for (size_t g = 0; g < k; g++) {
		size_t count = 0;
		for (size_t p = g; p < r->n; p += k) {
			member[count++] = order[p];
			group[order[p]] = (uint32_t)g;
		}
		add_mean(r, member, count, means, g);
	}
	free(order);
	free(member);
}

void define_buckets(const struct round *r, size_t s, struct round *mixed)
{
	size_t *order = malloc(r->n * sizeof *order);

	shuffle(r, order);
	round_make(mixed, (r->n + s - 1) / s, r->dim);
	for (size_t k = 0; k < mixed->n; k++)
		add_mean(r, order + k * s, (k + 1) * s < r->n ? s : r->n - k * s, mixed, k);
	free(order);
}

double define_nnm(const struct round *r, size_t f, struct round *mixed)
{
	double *d = all_distances(r), gap = INFINITY;
	bool *chosen = malloc(r->n * sizeof *chosen);
	size_t *member = malloc(r->n * sizeof *member);

	round_make(mixed, r->n, r->dim);
	for (size_t i = 0; i < r->n; i++) {
		double last = 0;

		memset(chosen, 0, r->n * sizeof *chosen);
		chosen[i] = true;
		member[0] = i;
		for (size_t k = 1; k < r->n - f; k++) {
			member[k] = lowest(r, d + i * r->n, chosen);
			chosen[member[k]] = true;
			last = d[i * r->n + member[k]];
		}
		const size_t next = lowest(r, d + i * r->n, chosen);
		if (next < r->n && r->n - f > 1)
			gap = fmin(gap, gap_between(last, d[i * r->n + next]));
		add_mean(r, member, r->n - f, mixed, i);
		mixed->u[i].client = r->u[i].client;
	}
	free(d);
	free(chosen);
	free(member);
	return gap;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the robust aggregators promise of any finite updates: as many as a rule stands may be as
 * long as floats can be, in whatever place, and the step stays with the others.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "rounds.h"
#include "support/suite.h"

enum { N_MOST = 25, D = 13, DRAWS = FED_SANITIZED ? 1 : 3, BALANCES = FED_SANITIZED ? 600 : 3000 };

/* Of the honest updates: the step is in their box, in a ball around their mean as large as the
 * farthest one's distance times 2(n - f)/(n - 2f), or no longer than so many times the longest. */
enum bound { BOX, BALL, LENGTH };

/* Stands f among n when from + per f <= n; f_of: the setting that gets f. */
static const struct rule_case {
	const char *name, *settings, *pre, *pre_settings, *f_of;
	size_t from, per;
	enum bound bound;
	double times;
} rules[] = {
	{"median", "", NULL, NULL, NULL, 1, 2, BOX, 0},
	{"trimmed-mean", "", NULL, NULL, "f", 1, 2, BOX, 0},
	{"krum", "", NULL, NULL, "f", 3, 2, BOX, 0},
	{"multi-krum", "", NULL, NULL, "f", 3, 2, BOX, 0},
	{"bulyan", "", NULL, NULL, "f", 3, 4, BOX, 0},
	{"geometric-median", "", NULL, NULL, NULL, 1, 2, BALL, 1},
	{"bgd", "groups=auto median=geometric", NULL, NULL, "q", 2, 3, BALL, 1},
	{"bgd", "groups=auto median=coordinate", NULL, NULL, "q", 2, 3, BOX, 0},
	{"norm-clip", "", NULL, NULL, NULL, 1, 2, LENGTH, 1},
	{"centered-clip", "iterations=1", NULL, NULL, NULL, 1, 2, LENGTH, 1},
	{"centered-clip", "iterations=3", NULL, NULL, NULL, 1, 2, LENGTH, 7}, /* v: R, 3R, 7R */
	{"krum", "", "nnm", "f=3", "f", 9, 2, BOX, 0},
	{"median", "", "nnm", "f=3", NULL, 9, 2, BOX, 0},
	{"geometric-median", "", "nnm", "f=3", NULL, 9, 2, BALL, 1},
	{"median", "", "bucketing", "s=2", NULL, 2, 4, BOX, 0},
	{"geometric-median", "", "bucketing", "s=2", NULL, 2, 4, BALL, 2},
};
enum { RULES = sizeof rules / sizeof *rules };

static const double factors[] = {1, 1e3, 1e9, 1e15, 1e20, 1e30, -1e3, -1e9, -1e20, -1e30};
enum { FACTORS = sizeof factors / sizeof *factors };

/* What the honest updates look like. */
enum look { SPREAD, WHOLE, OFFSET, EQUAL, LOOKS };

static float got[N_MOST * D];

static void make_honest(struct round *r, enum look look, uint64_t key)
{
	if (look == WHOLE)
		round_whole(r, key);
	else
		round_random(r, key);
	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < r->dim; j++) {
			if (look == OFFSET)
				r->x[i * r->ld + j] += 10000;
			if (look == EQUAL)
				r->x[i * r->ld + j] = r->x[j];
		}
}

/* f updates from place `at` on become long: all by the factor, or each by another one; bad [n]. */
static void damage(struct round *r, size_t f, size_t at, size_t factor, bool mixed, bool *bad)
{
	memset(bad, 0, r->n * sizeof *bad);
	for (size_t k = 0; k < f; k++) {
		const size_t i = (at + k) % r->n;
		const double times = factors[mixed ? (factor + k) % FACTORS : factor];

		bad[i] = times != 1;
		for (size_t j = 0; j < r->dim; j++)
			r->x[i * r->ld + j] = (float)(times * (double)r->x[i * r->ld + j]);
	}
}

/* The honest ones' -------------------------------------------------------- */

static void assert_box(const struct round *r, const bool *bad, const char *what)
{
	for (size_t j = 0; j < r->dim; j++) {
		double lo = INFINITY, hi = -INFINITY;

		for (size_t i = 0; i < r->n; i++) {
			lo = bad[i] ? lo : fmin(lo, (double)r->x[i * r->ld + j]);
			hi = bad[i] ? hi : fmax(hi, (double)r->x[i * r->ld + j]);
		}
		const double rounding = 1e-6 * fmax(1, fmax(fabs(lo), fabs(hi)));
		ck_assert_msg((double)got[j] >= lo - rounding && (double)got[j] <= hi + rounding,
		              "%s: number %zu is %g, outside [%g, %g]", what, j, (double)got[j], lo, hi);
	}
}

static double from(const struct round *r, const float *x, const double *center)
{
	double sum = 0;

	for (size_t j = 0; j < r->dim; j++)
		sum += ((double)x[j] - center[j]) * ((double)x[j] - center[j]);
	return sqrt(sum);
}

/* Lopuhaa and Rousseeuw 1991, Minsker 2015, for every center. */
static void assert_ball(const struct round *r, const bool *bad, double share, double times,
                        const char *what)
{
	double center[D] = {0}, far = 0, length = 0, honest = 0;

	for (size_t i = 0; i < r->n; i++)
		honest += bad[i] ? 0 : 1;
	for (size_t i = 0; i < r->n; i++)
		for (size_t j = 0; j < r->dim && !bad[i]; j++)
			center[j] += (double)r->x[i * r->ld + j] / honest;
	for (size_t i = 0; i < r->n; i++)
		far = bad[i] ? far : fmax(far, from(r, r->x + i * r->ld, center));
	for (size_t j = 0; j < r->dim; j++)
		length += center[j] * center[j];
	const double most = times * 2 * (1 - share) / (1 - 2 * share) * far + 1e-6 * sqrt(length);
	ck_assert_msg(from(r, got, center) <= most, "%s: %g from the honest mean, over %g", what,
	              from(r, got, center), most);
}

static void assert_length(const struct round *r, const bool *bad, double times, const char *what)
{
	const double origin[D] = {0};
	double longest = 0;

	for (size_t i = 0; i < r->n; i++)
		longest = bad[i] ? longest : fmax(longest, from(r, r->x + i * r->ld, origin));
	ck_assert_msg(from(r, got, origin) <= times * longest * (1 + 1e-5), "%s: %g long, over %g",
	              what, from(r, got, origin), times * longest);
}

static void set(struct rule *rule, const char *key, size_t value)
{
	char text[32];
	struct fed_error err;

	snprintf(text, sizeof text, "%zu", value);
	fed_assert_ok(fed_fields_set(rule->main.instance.entry->head->fields, rule->main.instance.state,
	                             key, text, &err),
	              &err);
}

/* Groups are as likely corrupted as there are bad updates, of 2.2 f groups (bgd) or n/2
 * (bucketing).
 */
static double bad_share(const struct rule_case *c, size_t n, size_t f)
{
	if (strcmp(c->name, "bgd") == 0)
		return f == 0 ? 0 : (double)f / ceil(2.2 * (double)f - 1e-9);
	if (c->pre && strcmp(c->pre, "bucketing") == 0)
		return (double)f / (double)((n + 1) / 2);
	return (double)f / (double)n;
}

static void try_round(const struct rule_case *c, size_t n, size_t f, const size_t draw[4])
{
	struct round r;
	struct rule rule;
	bool bad[N_MOST];
	char what[200];

	snprintf(what, sizeof what, "%s %s%s%s, %zu of %zu x %g%s from %zu on, look %zu", c->name,
	         c->settings, c->pre ? " after " : "", c->pre ? c->pre : "", f, n, factors[draw[1]],
	         draw[2] ? " and others" : "", draw[0], draw[3]);
	round_make(&r, n, D);
	make_honest(&r, (enum look)draw[3], n * 100 + f);
	damage(&r, f, draw[0], draw[1], draw[2], bad);
	rule_open(&rule, c->name, c->settings, c->pre, c->pre_settings);
	if (c->f_of)
		set(&rule, c->f_of, f);
	rule_step(&rule, &r, got);
	if (c->bound == BOX)
		assert_box(&r, bad, what);
	else if (c->bound == BALL)
		assert_ball(&r, bad, bad_share(c, n, f), c->times, what);
	else
		assert_length(&r, bad, c->times, what);
	rule_close(&rule);
	round_free(&r);
}

START_TEST(long_updates_change_little)
{
	const struct rule_case *c = &rules[_i];
	uint64_t key = 0;

	for (size_t n = 3; n <= N_MOST; n += n < 13 && !FED_SANITIZED ? 1 : 4)
		for (size_t f = 0; c->from + c->per * f <= n; f++) {
			if (c->pre_settings && strcmp(c->pre_settings, "f=3") == 0 && f > 3)
				continue;
			for (size_t look = 0; look < LOOKS; look++)
				for (size_t k = 0; k < DRAWS; k++, key++)
					try_round(c, n, f,
					          (const size_t[4]){fed_random(1, key) % n,
					                            fed_random(2, key) % FACTORS,
					                            fed_random(3, key) % 2, look});
		}
}
END_TEST

/* Every place, every factor; of looks one for each under a sanitizer. */
START_TEST(one_long_update_changes_little_in_any_place)
{
	const struct rule_case *c = &rules[_i];
	const size_t n = 11;

	for (size_t at = 0; at < n; at++)
		for (size_t factor = 0; factor < FACTORS; factor++)
			for (size_t look = 0; look < LOOKS; look++)
				if (!FED_SANITIZED || look == (at + factor) % LOOKS)
					try_round(c, n, 1, (const size_t[4]){at, factor, 0, look});
}
END_TEST

static double bad_weight(const struct round *r, const bool *bad)
{
	double all = 0, sum = 0;

	for (size_t i = 0; i < r->n; i++) {
		all += r->u[i].weight;
		sum += bad[i] ? r->u[i].weight : 0;
	}
	return sum / all;
}

/* The geometric median is where the pulls balance, however far away some rows are. */
START_TEST(geometric_median_balances_far_rows)
{
	struct rule rule;
	bool bad[N_MOST];

	rule_open(&rule, "geometric-median", "", NULL, NULL);
	for (uint64_t key = 0; key < BALANCES; key++) {
		const size_t n = 3 + fed_random(1, key) % (N_MOST - 2),
					 f = fed_random(2, key) % ((n + 1) / 2);
		struct round r;

		round_make(&r, n, D);
		make_honest(&r, key % 2 ? SPREAD : WHOLE, key);
		damage(&r, f, fed_random(3, key) % n, fed_random(4, key) % FACTORS, key % 3, bad);
		for (size_t i = 0; i < n && key % 5 == 0; i++)
			r.u[i].weight = 1 + (double)(fed_random(6, i) % 4);
		rule_step(&rule, &r, got);
		const double slope = define_geometric_slope(&r, got);
		ck_assert_msg(bad_weight(&r, bad) >= 0.5 || slope < 1e-3,
		              "round %d, %zu of %zu far: slope %g", (int)key, f, n, slope);
		round_free(&r);
	}
	rule_close(&rule);
}
END_TEST

FED_SUITE(breakdown)
{
	Suite *suite = suite_create("breakdown");
	TCase *tests = tcase_create("breakdown");

	tcase_add_loop_test(tests, long_updates_change_little, 0, RULES);
	tcase_add_loop_test(tests, one_long_update_changes_little_in_any_place, 0, RULES);
	tcase_add_test(tests, geometric_median_balances_far_rows);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The robust aggregators against their definitions in plain loops, on many random rounds, and what
 * the definitions imply.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "rounds.h"
#include "support/suite.h"

enum { ROUNDS = FED_SANITIZED ? 200 : 1000, N_MOST = 60, DIM_MOST = 2000 };

static float got[DIM_MOST], again[DIM_MOST];
static double want[DIM_MOST];

/* Sizes of round k: half of them whole numbers with copies, few of them large. */
static void make_round(struct round *r, int k)
{
	const size_t n = 1 + fed_random(1, (uint64_t)k) % N_MOST;
	const size_t dim = 1 + fed_random(2, (uint64_t)k) % (k % 10 ? 60 : DIM_MOST);

	round_make(r, n, dim);
	if (k % 2)
		round_whole(r, (uint64_t)k);
	else
		round_random(r, (uint64_t)k);
}

static void assert_step(const struct round *r, double tolerance, int k, const char *what)
{
	for (size_t j = 0; j < r->dim; j++)
		ck_assert_msg(fabs((double)got[j] - want[j]) <= tolerance * fmax(1, fabs(want[j])),
		              "%s, round %d (%zu x %zu): number %zu is %.9g, not %.9g", what, k, r->n,
		              r->dim, j, (double)got[j], want[j]);
}

/* Definitions ------------------------------------------------------------ */

static void set(struct rule *rule, const char *key, size_t value)
{
	char text[32];
	struct fed_error err;

	snprintf(text, sizeof text, "%zu", value);
	fed_assert_ok(fed_fields_set(rule->main.instance.entry->head->fields, rule->main.instance.state,
	                             key, text, &err),
	              &err);
}

START_TEST(ranks_follow_the_definition)
{
	struct rule median, trimmed;
	struct round r;

	rule_open(&median, "median", "", NULL, NULL);
	rule_open(&trimmed, "trimmed-mean", "", NULL, NULL);
	for (int k = 0; k < ROUNDS; k++) {
		make_round(&r, k);
		const size_t f = fed_random(3, (uint64_t)k) % ((r.n + 1) / 2);
		rule_step(&median, &r, got);
		define_ranks(&r, (r.n - 1) / 2, r.n / 2, want);
		assert_step(&r, 1e-6, k, "median");
		set(&trimmed, "f", f);
		rule_step(&trimmed, &r, got);
		define_ranks(&r, f, r.n - 1 - f, want);
		assert_step(&r, 1e-6, k, "trimmed-mean");
		round_free(&r);
	}
	rule_close(&median);
	rule_close(&trimmed);
}
END_TEST

START_TEST(krum_follows_the_definition)
{
	struct rule krum, multi, bulyan;
	int doubtful = 0;
	struct round r;

	rule_open(&krum, "krum", "", NULL, NULL);
	rule_open(&multi, "multi-krum", "", NULL, NULL);
	rule_open(&bulyan, "bulyan", "", NULL, NULL);
	for (int k = 0; k < ROUNDS; k++) {
		make_round(&r, k);
		if (r.n >= 3) {
			const size_t f = fed_random(3, (uint64_t)k) % ((r.n - 1) / 2);
			const size_t m = 1 + fed_random(4, (uint64_t)k) % r.n;
			const size_t few = fed_random(5, (uint64_t)k) % ((r.n + 1) / 4);
			set(&krum, "f", f);
			rule_step(&krum, &r, got);
			if (define_krum(&r, f, 1, want) > 1e-4)
				assert_step(&r, 0, k, "krum");
			else
				doubtful++;
			set(&multi, "f", f);
			set(&multi, "m", m);
			rule_step(&multi, &r, got);
			if (define_krum(&r, f, m, want) > 1e-4)
				assert_step(&r, 1e-6, k, "multi-krum");
			else
				doubtful++;
			set(&bulyan, "f", few);
			rule_step(&bulyan, &r, got);
			if (define_bulyan(&r, few, want) > 1e-4)
				assert_step(&r, 1e-6, k, "bulyan");
			else
				doubtful++;
		}
		round_free(&r);
	}
	ck_assert_msg(doubtful < ROUNDS / 4, "%d rounds prove nothing", doubtful);
	rule_close(&krum);
	rule_close(&multi);
	rule_close(&bulyan);
}
END_TEST

START_TEST(geometric_median_lies_where_the_distances_are_least)
{
	struct rule rule;
	struct round r;

	rule_open(&rule, "geometric-median", "tolerance=1e-12 iterations=100000", NULL, NULL);
	for (int k = 0; k < ROUNDS; k++) {
		make_round(&r, k);
		for (size_t i = 0; i < r.n && k % 3; i++)
			r.u[i].weight = 1 + (double)(fed_random(6, i) % 4);
		rule_step(&rule, &r, got);
		const double slope = define_geometric_slope(&r, got);
		ck_assert_msg(slope < 2e-3, "round %d (%zu x %zu): slope %g", k, r.n, r.dim, slope);
		round_free(&r);
	}
	rule_close(&rule);
}
END_TEST

START_TEST(bgd_is_the_median_of_the_groups)
{
	struct rule coordinate, geometric;
	struct fed_trust trust[N_MOST];
	struct fed_error err;
	uint32_t group[N_MOST];
	struct round r, means;

	rule_open(&coordinate, "bgd", "median=coordinate", NULL, NULL);
	rule_open(&geometric, "bgd", "tolerance=1e-12 iterations=100000", NULL, NULL);
	for (int k = 0; k < ROUNDS; k++) {
		make_round(&r, k);
		r.seed = (uint64_t)k;
		const size_t groups = 1 + fed_random(7, (uint64_t)k) % r.n;
		define_groups(&r, groups, &means, group);
		set(&coordinate, "groups", groups);
		fed_assert_ok(rule_run(&coordinate, &r, NULL, got, NULL, trust, &err), &err);
		define_ranks(&means, (groups - 1) / 2, groups / 2, want);
		assert_step(&r, 1e-5, k, "bgd");
		for (size_t i = 0; i < r.n; i++)
			ck_assert_int_eq(trust[i].group, (int32_t)group[i]);
		set(&geometric, "groups", groups);
		rule_step(&geometric, &r, got);
		const double slope = define_geometric_slope(&means, got);
		ck_assert_msg(slope < 2e-3, "round %d: slope %g", k, slope);
		round_free(&means);
		round_free(&r);
	}
	rule_close(&coordinate);
	rule_close(&geometric);
}
END_TEST

START_TEST(bgd_of_one_group_is_the_mean_and_of_all_the_median)
{
	struct rule one, all, mean, median, middle, geometric;
	struct round r;

	rule_open(&one, "bgd", "groups=1", NULL, NULL);
	rule_open(&mean, "trimmed-mean", "f=0", NULL, NULL);
	rule_open(&all, "bgd", "", NULL, NULL);
	rule_open(&geometric, "geometric-median", "", NULL, NULL);
	rule_open(&middle, "bgd", "median=coordinate", NULL, NULL);
	rule_open(&median, "median", "", NULL, NULL);
	for (int k = 0; k < 50; k++) {
		make_round(&r, k);
		set(&all, "groups", r.n);
		set(&middle, "groups", r.n);
		struct rule *const pairs[][2] = {{&one, &mean}, {&all, &geometric}, {&middle, &median}};
		for (size_t p = 0; p < 3; p++) {
			if (p == 1 && (k % 2 || r.n < 3 || r.dim < 2))
				continue; /* there may be more than one median */
			rule_step(pairs[p][0], &r, got);
			rule_step(pairs[p][1], &r, again);
			for (size_t j = 0; j < r.dim; j++)
				ck_assert_float_eq_tol(got[j], again[j], p == 1 ? 2e-3f : 1e-6f);
		}
		round_free(&r);
	}
	rule_close(&one);
	rule_close(&all);
	rule_close(&mean);
	rule_close(&median);
	rule_close(&middle);
	rule_close(&geometric);
}
END_TEST

START_TEST(clipping_follows_the_definition)
{
	struct rule norm, fixed, center;
	static double from[DIM_MOST];
	struct round r;

	rule_open(&norm, "norm-clip", "", NULL, NULL);
	rule_open(&fixed, "norm-clip", "tau=1.5", NULL, NULL);
	for (int k = 0; k < ROUNDS; k++) {
		rule_open(&center, "centered-clip", k % 4 ? "iterations=2" : "tau=0.7", NULL, NULL);
		make_round(&r, k);
		rule_step(&norm, &r, got);
		define_norm_clip(&r, 0, want);
		assert_step(&r, 1e-5, k, "norm-clip");
		rule_step(&fixed, &r, got);
		define_norm_clip(&r, 1.5, want);
		assert_step(&r, 1e-5, k, "norm-clip tau");
		memset(from, 0, sizeof from);
		for (int t = 0; t < 2; t++) { /* the second round begins where the first one ended */
			rule_step(&center, &r, got);
			define_centered_clip(&r, k % 4 ? 0 : 0.7, k % 4 ? 2 : 3, from, want);
			assert_step(&r, 1e-4, k, "centered-clip");
			for (size_t j = 0; j < r.dim; j++)
				from[j] = (double)got[j];
		}
		round_free(&r);
		rule_close(&center);
	}
	rule_close(&norm);
	rule_close(&fixed);
}
END_TEST

START_TEST(pre_aggregations_follow_the_definition)
{
	struct round r, mixed;
	int doubtful = 0;

	for (int k = 0; k < 200; k++) {
		struct rule nnm, bucketing, krum;
		char settings[32];

		make_round(&r, k);
		const size_t f = fed_random(3, (uint64_t)k) % ((r.n + 1) / 2);
		const size_t s = 1 + fed_random(4, (uint64_t)k) % r.n;
		snprintf(settings, sizeof settings, "f=%zu", f);
		rule_open(&nnm, "median", "", "nnm", settings);
		rule_step(&nnm, &r, got);
		const double gap = define_nnm(&r, f, &mixed);
		define_ranks(&mixed, (r.n - 1) / 2, r.n / 2, want);
		if (gap > 1e-4)
			assert_step(&r, 1e-5, k, "nnm, median");
		else
			doubtful++;
		round_free(&mixed);
		rule_close(&nnm);

		snprintf(settings, sizeof settings, "s=%zu", s);
		rule_open(&bucketing, "median", "", "bucketing", settings);
		rule_step(&bucketing, &r, got);
		define_buckets(&r, s, &mixed);
		define_ranks(&mixed, (mixed.n - 1) / 2, mixed.n / 2, want);
		assert_step(&r, 1e-5, k, "bucketing, median");
		rule_close(&bucketing);

		if (mixed.n >= 3) {
			rule_open(&krum, "krum", "f=0", "bucketing", settings);
			rule_step(&krum, &r, got);
			if (define_krum(&mixed, 0, 1, want) > 1e-4)
				assert_step(&r, 1e-5, k, "bucketing, krum");
			rule_close(&krum);
		}
		round_free(&mixed);
		round_free(&r);
	}
	ck_assert_int_lt(doubtful, 100);
}
END_TEST

/* Properties ------------------------------------------------------------- */

static const struct property {
	const char *name, *settings, *pre;
	bool moves;       /* with all updates together */
	double tolerance; /* of what moved or was in another order */
} properties[] = {
	{"median", "", NULL, true, 1e-5},
	{"trimmed-mean", "f=2", NULL, true, 1e-5},
	{"krum", "f=3", NULL, true, 1e-5},
	{"multi-krum", "f=3", NULL, true, 1e-5},
	{"bulyan", "f=2", NULL, true, 1e-5},
	{"geometric-median", "", NULL, true, 2e-3},
	{"bgd", "groups=5", NULL, true, 2e-3},
	{"bgd", "groups=6 median=coordinate", NULL, true, 1e-5},
	{"centered-clip", "", NULL, false, 1e-5},
	{"norm-clip", "", NULL, false, 1e-5},
	{"krum", "f=3", "nnm", true, 1e-5},
	{"median", "", "bucketing", true, 1e-5},
	{"fedavg", "", "nnm", true, 1e-5},
};
enum { PROPERTIES = sizeof properties / sizeof *properties, N = 13, D = 50 };

static void open_property(struct rule *rule, int i)
{
	rule_open(rule, properties[i].name, properties[i].settings, properties[i].pre, "");
}

/* One step from a fresh state. */
static void fresh_step(int i, const struct round *r, float *out)
{
	struct rule rule;

	open_property(&rule, i);
	rule_step(&rule, r, out);
	rule_close(&rule);
}

START_TEST(order_place_and_scale_do_not_matter)
{
	const struct property *p = &properties[_i];
	struct round r, other;

	for (uint64_t key = 0; key < 20; key++) {
		round_make(&r, N, D);
		round_random(&r, key);
		fresh_step(_i, &r, got);
		round_make(&other, N, D);
		other.seed = r.seed;
		/* The same updates, the last one first. */
		for (size_t i = 0; i < N; i++) {
			memcpy(other.x + (N - 1 - i) * r.ld, r.x + i * r.ld, r.ld * sizeof *r.x);
			other.u[N - 1 - i].client = r.u[i].client;
		}
		fresh_step(_i, &other, again);
		for (size_t j = 0; j < D; j++)
			ck_assert_double_eq_tol((double)again[j], (double)got[j], p->tolerance);
		/* A power of two changes no digit. */
		for (size_t k = 0; k < N * r.ld; k++)
			other.x[k] = 4096 * r.x[k];
		for (size_t i = 0; i < N; i++)
			other.u[i].client = r.u[i].client;
		fresh_step(_i, &other, again);
		for (size_t j = 0; j < D; j++)
			ck_assert(again[j] == 4096 * got[j]);
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j < D; j++)
				other.x[i * r.ld + j] = r.x[i * r.ld + j] + (float)j - 7;
		fresh_step(_i, &other, again);
		for (size_t j = 0; j < D && p->moves; j++)
			ck_assert_double_eq_tol((double)again[j], (double)got[j] + (double)j - 7,
			                        p->tolerance * 10);
		round_free(&r);
		round_free(&other);
	}
}
END_TEST

/* Differences that are small beside what all updates share, and duplicates, are told apart. */
START_TEST(distances_survive_a_large_common_part)
{
	struct rule krum;
	struct round r;

	rule_open(&krum, "krum", "f=2", NULL, NULL);
	for (uint64_t key = 0; key < 20; key++) {
		round_make(&r, 11, 300);
		for (size_t i = 0; i < r.n; i++)
			for (size_t j = 0; j < r.dim; j++)
				r.x[i * r.ld + j] = 1000 + (float)(int)(fed_random(key, i * r.dim + j) % 5) / 128;
		rule_step(&krum, &r, got);
		define_krum(&r, 2, 1, want);
		assert_step(&r, 0, (int)key, "krum");
		round_free(&r);
	}
	rule_close(&krum);
}
END_TEST

START_TEST(threads_change_no_bit)
{
	struct fed_pool *pool;
	struct fed_error err;
	struct round r;

	fed_assert_ok(fed_pool_init(&pool, 3, 4, &err), &err);
	round_make(&r, N, 4000);
	round_random(&r, 5);
	for (int threads = 0; threads < 2; threads++) {
		struct rule rule;
		static float out[2][4096];

		open_property(&rule, _i);
		fed_assert_ok(rule_run(&rule, &r, threads ? pool : NULL, out[threads], NULL, NULL, &err),
		              &err);
		rule_close(&rule);
		if (threads)
			ck_assert_int_eq(memcmp(out[0], out[1], r.dim * sizeof **out), 0);
	}
	round_free(&r);
	fed_pool_free(pool);
}
END_TEST

/* Breakdown -------------------------------------------------------------- */

/* Of n updates the first f are at 1e30: all in one place, or each elsewhere. */
static void damage(struct round *r, size_t f, uint64_t key)
{
	for (size_t i = 0; i < f; i++)
		for (size_t j = 0; j < r->dim; j++) {
			const bool minus = key % 2 && fed_random(key, i * r->dim + j) % 2;
			r->x[i * r->ld + j] = minus ? -1e30f : 1e30f;
		}
}

static void assert_in_box(const struct round *r, size_t f, const char *what)
{
	for (size_t j = 0; j < r->dim; j++) {
		float lo = INFINITY, hi = -INFINITY;
		for (size_t i = f; i < r->n; i++) {
			lo = fminf(lo, r->x[i * r->ld + j]);
			hi = fmaxf(hi, r->x[i * r->ld + j]);
		}
		ck_assert_msg(got[j] >= lo - 1e-5f && got[j] <= hi + 1e-5f,
		              "%s, %zu of %zu bad: number %zu is %g, outside [%g, %g]", what, f, r->n, j,
		              (double)got[j], (double)lo, (double)hi);
	}
}

/* |z - c| <= 2 (n - f)/(n - 2f) max |d_i - c| over the honest d_i, for every c (Lopuhaa and
 * Rousseeuw 1991, Minsker 2015); here their mean. */
static void assert_in_ball(const struct round *r, size_t f, const char *what)
{
	double center[D] = {0}, far = 0, from = 0;

	for (size_t i = f; i < r->n; i++)
		for (size_t j = 0; j < r->dim; j++)
			center[j] += (double)r->x[i * r->ld + j] / (double)(r->n - f);
	for (size_t i = f; i < r->n; i++) {
		double sum = 0;
		for (size_t j = 0; j < r->dim; j++)
			sum += pow((double)r->x[i * r->ld + j] - center[j], 2);
		far = fmax(far, sqrt(sum));
	}
	for (size_t j = 0; j < r->dim; j++)
		from += pow((double)got[j] - center[j], 2);
	const double most = 2 * (double)(r->n - f) / (double)(r->n - 2 * f) * far;
	ck_assert_msg(sqrt(from) <= most + 1e-5, "%s, %zu of %zu bad: %g from the honest mean, over %g",
	              what, f, r->n, sqrt(from), most);
}

static const struct {
	const char *name, *settings;
	size_t from, per; /* stands f when n >= from + per f */
	bool set_f, ball;
} promises[] = {
	{"median", "", 1, 2, false, false}, {"trimmed-mean", "", 1, 2, true, false},
	{"krum", "", 3, 2, true, false},    {"multi-krum", "", 3, 2, true, false},
	{"bulyan", "", 3, 4, true, false},  {"geometric-median", "", 1, 2, false, true},
};

START_TEST(attackers_at_infinity_change_little)
{
	struct rule rule;
	struct round r;

	rule_open(&rule, promises[_i].name, promises[_i].settings, NULL, NULL);
	for (size_t n = 1; n <= 25; n++)
		for (size_t f = 0; n >= promises[_i].from + promises[_i].per * f; f++)
			for (uint64_t key = 0; key < 4; key++) {
				round_make(&r, n, 13);
				round_random(&r, n * 100 + f * 10 + key);
				damage(&r, f, key);
				if (promises[_i].set_f)
					set(&rule, "f", f);
				rule_step(&rule, &r, got);
				if (promises[_i].ball)
					assert_in_ball(&r, f, promises[_i].name);
				else
					assert_in_box(&r, f, promises[_i].name);
				round_free(&r);
			}
	rule_close(&rule);
}
END_TEST

START_TEST(bgd_stands_what_its_inequality_promises)
{
	struct fed_trust trust[25];
	struct fed_error err;
	struct rule rule;
	struct round r;

	rule_open(&rule, "bgd", "eps=0.1", NULL, NULL);
	for (size_t n = 5; n <= 25; n += 4)
		for (size_t q = 1; 2.2 * (double)q <= (double)n; q++)
			for (uint64_t key = 0; key < 4; key++) {
				round_make(&r, n, 13);
				round_random(&r, n * 100 + q * 10 + key);
				damage(&r, q, key);
				r.seed = key;
				set(&rule, "q", q);
				fed_assert_ok(rule_run(&rule, &r, NULL, got, NULL, trust, &err), &err);
				for (size_t j = 0; j < r.dim; j++)
					ck_assert_msg(fabs((double)got[j]) < 100, "%zu of %zu: %g", q, n,
					              (double)got[j]);
				for (size_t i = 0; i < q; i++)
					ck_assert(!trust[i].trusted);
				round_free(&r);
			}
	rule_close(&rule);
}
END_TEST

/* Rows and verdicts ------------------------------------------------------ */

/* science.md's check rows. */
START_TEST(three_rows_have_their_middle)
{
	static const char *const rules[][2] = {{"median", ""},           {"trimmed-mean", "f=1"},
	                                       {"geometric-median", ""}, {"bgd", "groups=1"},
	                                       {"bgd", "groups=3"},      {"multi-krum", "f=0 m=3"}};
	struct round r;

	round_make(&r, 3, 3);
	for (size_t k = 0; k < 9; k++)
		r.x[k / 3 * r.ld + k % 3] = (float)(k + 1);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		struct rule rule;
		rule_open(&rule, rules[i][0], rules[i][1], NULL, NULL);
		rule_step(&rule, &r, got);
		for (size_t j = 0; j < 3; j++)
			ck_assert_float_eq_tol(got[j], (float)(4 + j), 1e-6f);
		rule_close(&rule);
	}
	round_free(&r);
}
END_TEST

START_TEST(verdicts_tell_who_was_trusted)
{
	struct fed_verdict v[N];
	struct fed_trust trust[N];
	struct fed_error err;
	struct rule rule;
	struct round r;

	round_make(&r, N, 40);
	round_random(&r, 3);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < r.dim; j++)
			r.x[i * r.ld + j] = 50 + (float)i;
	for (int i = 0; i < PROPERTIES; i++) {
		const bool mean = strcmp(properties[i].name, "fedavg") == 0;
		open_property(&rule, i);
		fed_assert_ok(rule_run(&rule, &r, NULL, got, v, trust, &err), &err);
		for (size_t k = 0; k < 2 && !mean; k++)
			ck_assert_msg(!v[k].used || !trust[k].trusted, "%s trusts %zu", properties[i].name, k);
		rule_close(&rule);
	}
	round_free(&r);
}
END_TEST

struct attempt {
	struct rule rule;
	struct round r;
};

static int try_round(void *ctx, struct fed_error *err)
{
	struct attempt *a = ctx;

	return rule_run(&a->rule, &a->r, NULL, got, NULL, NULL, err);
}

START_TEST(survives_lack_of_memory)
{
	struct attempt a;
	struct fed_error err;

	round_make(&a.r, N, D);
	round_random(&a.r, 1);
	open_property(&a.rule, _i);
	fed_assert_ok(try_round(&a, &err), &err); /* the vectors' size is known from here on */
	ck_assert_uint_gt(fed_each_allocation(try_round, &a), 3);
	rule_close(&a.rule);
	round_free(&a.r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

FED_SUITE(robust)
{
	Suite *suite = suite_create("robust aggregators");
	TCase *tests = tcase_create("robust aggregators");
	const int n_promises = sizeof promises / sizeof *promises;

	tcase_add_test(tests, ranks_follow_the_definition);
	tcase_add_test(tests, krum_follows_the_definition);
	tcase_add_test(tests, geometric_median_lies_where_the_distances_are_least);
	tcase_add_test(tests, bgd_is_the_median_of_the_groups);
	tcase_add_test(tests, bgd_of_one_group_is_the_mean_and_of_all_the_median);
	tcase_add_test(tests, clipping_follows_the_definition);
	tcase_add_test(tests, pre_aggregations_follow_the_definition);
	tcase_add_loop_test(tests, order_place_and_scale_do_not_matter, 0, PROPERTIES);
	tcase_add_test(tests, distances_survive_a_large_common_part);
	tcase_add_loop_test(tests, threads_change_no_bit, 0, PROPERTIES);
	tcase_add_loop_test(tests, attackers_at_infinity_change_little, 0, n_promises);
	tcase_add_test(tests, bgd_stands_what_its_inequality_promises);
	tcase_add_test(tests, three_rows_have_their_middle);
	tcase_add_test(tests, verdicts_tell_who_was_trusted);
	tcase_add_loop_test(tests, survives_lack_of_memory, 0, PROPERTIES);
	suite_add_tcase(suite, tests);
	return suite;
}

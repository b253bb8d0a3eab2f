/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the robust aggregators refuse, with which words, and whom they must not trust.
 */
#include <string.h>

#include "rounds.h"
#include "support/suite.h"

enum { N = 13 };

static float got[64];

static const struct {
	const char *name, *settings, *pre, *pre_settings;
	size_t n;
	const char *says;
} refusals[] = {
	{"krum", "f=9", NULL, "", 20, "2f + 2 < n, but 2f + 2 = 20 (f = 9) and n = 20 updates"},
	{"krum", "", NULL, "", 2, "2f + 2 < n"},
	{"multi-krum", "f=3", NULL, "", 8, "2f + 2 < n, but 2f + 2 = 8 (f = 3) and n = 8 updates"},
	{"multi-krum", "f=1 m=8", NULL, "", 7, "m <= n, but m = 8 and n = 7"},
	{"bulyan", "f=2", NULL, "", 10, "n >= 4f + 3, but 4f + 3 = 11 (f = 2) and n = 10"},
	{"trimmed-mean", "f=5", NULL, "", 10, "2f < n, but 2f = 10 (f = 5) and n = 10 updates"},
	{"bgd", "groups=5", NULL, "", 4, "k = 5 groups and n = 4 updates; ask more"},
	{"bgd", "groups=5 q=3", NULL, "", 20, "2 (1 + eps) q = 6.6, k = 5 groups"},
	{"median", "", "nnm", "f=5", 10, "aggregator nnm: needs 2f < n"},
	{"krum", "f=2", "bucketing", "s=3", 12, "2f + 2 < n, but 2f + 2 = 6 (f = 2) and n = 4 updates"},
	{"median", "", "bucketing", "s=30", 12, "needs s <= n, but s = 30 and n = 12"},
};

START_TEST(preconditions_are_refused_with_the_inequality)
{
	struct fed_error err;
	struct rule rule;
	struct round r;

	rule_open(&rule, refusals[_i].name, refusals[_i].settings, refusals[_i].pre,
	          refusals[_i].pre_settings);
	round_make(&r, refusals[_i].n, 5);
	/* Before the round. */
	ck_assert_int_eq(rule_run(&rule, &r, NULL, got, NULL, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, refusals[_i].says), "%s", err.text);
	rule_close(&rule);
	round_free(&r);
}
END_TEST

/* In the round, when fewer answered than were asked. */
START_TEST(too_few_answers_stop_the_round)
{
	static const char *const rules[][2] = {{"krum", "f=3"},         {"multi-krum", "f=3"},
	                                       {"bulyan", "f=2"},       {"trimmed-mean", "f=4"},
	                                       {"bgd", "groups=9 q=4"}, {"median", "nnm"}};
	static const float zero[5];
	const struct fed_round round = {.dim = 5, .params = zero, .invited = 11, .population = 11};
	const bool pre = _i == 5;
	struct fed_aggregation a;
	struct fed_error err;
	struct rule rule;

	rule_open(&rule, rules[_i][0], pre ? "" : rules[_i][1], pre ? "nnm" : NULL, "f=4");
	fed_assert_ok(fed_instance_size(&rule.main.instance, 5, &err), &err);
	fed_assert_ok(fed_aggregation_begin(&a, &rule.main.instance, &round, 11, NULL, &err), &err);
	for (uint32_t i = 0; i < 8; i++)
		fed_assert_ok(
			fed_aggregation_add(
				&a, &(struct fed_update){.delta = zero, .base = zero, .weight = 1, .client = i},
				&err),
			&err);
	ck_assert_int_eq(fed_aggregation_finish(&a, got, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "needs "), "%s", err.text);
	fed_aggregation_release(&a);
	rule_close(&rule);
}
END_TEST

/* Most coordinates are 0 for all, as at dark pixels: everybody is in the middle there, and no rule
 * may take that for a reason to trust.  Where all of them are 0 all count the same. */
START_TEST(untouched_coordinates_prove_no_client_honest)
{
	static const char *const rules[][2] = {
		{"median", ""}, {"trimmed-mean", "f=2"}, {"bgd", "groups=13 median=coordinate"}};
	struct fed_trust trust[N];
	struct fed_verdict v[N];
	struct fed_error err;
	struct rule rule;
	struct round r;

	round_make(&r, N, 40);
	for (int empty = 0; empty < 2; empty++) {
		round_random(&r, 3);
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j < r.dim; j++)
				r.x[i * r.ld + j] = empty || j < 30 ? 0 : i == 4 ? 50 : r.x[i * r.ld + j];
		rule_open(&rule, rules[_i][0], rules[_i][1], NULL, NULL);
		fed_assert_ok(rule_run(&rule, &r, NULL, got, v, trust, &err), &err);
		ck_assert(trust[4].trusted == (bool)empty);
		for (size_t i = 0; empty && i < N; i++)
			ck_assert_float_eq_tol(v[i].weight, 1.0f / N, 1e-6f);
		rule_close(&rule);
	}
	round_free(&r);
}
END_TEST

FED_SUITE(robust_words)
{
	Suite *suite = suite_create("robust aggregators' words");
	TCase *tests = tcase_create("robust aggregators' words");
	const int n_refusals = sizeof refusals / sizeof *refusals;

	tcase_add_loop_test(tests, preconditions_are_refused_with_the_inequality, 0, n_refusals);
	tcase_add_loop_test(tests, too_few_answers_stop_the_round, 0, 6);
	tcase_add_loop_test(tests, untouched_coordinates_prove_no_client_honest, 0, 3);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shares, cuts and mixtures that the aggregators tell of a round, parsed from their lines,
 * against plain loops; and for all of them that the lines fit.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "told.h"

/* Clipping --------------------------------------------------------------- */

/* length [n]: what each update's length or distance is. */
static void check_cuts(const double *length, double tau)
{
	size_t cut = 0, lines = 0, who[MANY];

	told_near(told_number(told.text, "tau = "), tau);
	for (size_t i = 0; i < told.r.n; i++)
		cut += length[i] > tau * (1 + 1e-6);
	for (const char *s = told.text; (s = strstr(s, "    client ")) != NULL; lines++) {
		char *end;
		const size_t i = told_whose(s + 11, &end);

		told_near(told_number(s, "| = "), length[i]);
		told_near(told_number(s, "is cut to "), tau);
		told_near(told_number(s, "times "), tau / length[i]);
		s = end;
	}
	ck_assert_uint_eq(lines, cut);
	ck_assert_uint_eq(told_clients(told_behind(told.text, "as they are: clients"), who),
	                  told.r.n - cut);
}

START_TEST(what_norm_clip_cuts)
{
	double length[N], sorted[N];

	told_round(N, DIMENSION);
	told_play("norm-clip", _i ? "tau=3.5" : "tau=0", NULL, NULL);
	told_tell(false);
	for (size_t i = 0; i < N; i++)
		length[i] = sorted[i] = told_distance(i, NULL);
	qsort(sorted, N, sizeof *sorted, told_by_value);
	check_cuts(length, _i ? 3.5 : sorted[N / 2]);
	told_near(told_number(told.text, "|step| = "), told_step_length());
}
END_TEST

/* One pass from the origin cuts the lengths themselves; the next round begins at that step. */
START_TEST(what_centered_clip_cuts)
{
	double distance[N], sorted[N];
	float before[LONGEST] = {0};

	told_round(N, DIMENSION);
	told_play("centered-clip", "iterations=1", NULL, NULL);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < N; i++)
			distance[i] = sorted[i] = told_distance(i, before);
		qsort(sorted, N, sizeof *sorted, told_by_value);
		told_tell(false);
		check_cuts(distance, sorted[N / 2]);
		told_near(told_number(told.text, "which is "), told_step_length());
		memcpy(before, told.step, sizeof before);
		told_again();
	}
}
END_TEST

/* Means ------------------------------------------------------------------ */

START_TEST(shares_of_the_mean)
{
	static const char *const means[] = {"fedavg", "fedprox", "fedsgd"};
	double total = 0, last = INFINITY;
	int lines = 0;

	told_round(N, DIMENSION);
	told_play(means[_i], "", NULL, NULL);
	told_tell(false);
	for (size_t i = 0; i < N; i++)
		total += told.r.u[i].weight;
	told_near(told_number(told.text, "N = "), total);
	told_near(told_number(told.text, "|step| = "), told_step_length());
	for (const char *s = told.text; (s = strstr(s, "client ")) != NULL; lines++) {
		char *end;
		const size_t i = told_whose(s + 7, &end);
		const double part = told.r.u[i].weight / total, length = told_distance(i, NULL);
		const double moves = told_number(s, "n_i/N |d_i| = ");

		told_near(told_number(s, "n_i/N = "), told.r.u[i].weight);
		told_near(told_number(told_behind(s, "n_i/N = "), "/"), total);
		told_near(told_number(told_behind(s, "n_i/N = "), " = "), part);
		told_near(told_number(s, "|d_i| = "), length);
		told_near(moves, part * length);
		ck_assert_double_le(moves, last);
		last = moves;
		s = end;
	}
	ck_assert_int_eq(lines, 12);
	told_behind(told.text, "and 1 that");
}
END_TEST

enum function { POLYNOMIAL, HINGE, CONSTANT };

static double share_of(enum function f, double tau)
{
	switch (f) {
	case POLYNOMIAL:
		return 1 / sqrt(tau + 1);
	case HINGE:
		return tau <= 4 ? 1 : 1 / (10 * (tau - 4) + 1);
	default:
		return 1;
	}
}

/* One "client 7: s(3) = (3 + 1)^-0.5 = 0.5, a_t = 0.6 s = 0.3, at the end 0.2 of x". */
static void check_mixed_in(const char *s, enum function f, double alpha)
{
	char *end;
	const size_t i = told_whose(s, &end);
	const double share = share_of(f, told.r.u[i].staleness);
	const char *a = told_behind(s, ", a_t = "), *value = told_behind(s, ") = ");
	double after = alpha * share;

	told_near(told_number(s, "s("), told.r.u[i].staleness);
	for (const char *eq = value; (eq = strstr(eq, " = ")) != NULL && eq + 3 < a;)
		if (strncmp(eq - 5, ", a_t", 5) == 0)
			break;
		else
			value = eq += 3;
	told_near(strtod(value, NULL), share);
	told_near(strtod(a, NULL), alpha);
	told_near(told_number(a, " = "), alpha * share);
	for (size_t k = i + 1; k < told.r.n; k++)
		after *= 1 - alpha * share_of(f, told.r.u[k].staleness);
	told_near(told_number(s, "at the end "), after);
}

START_TEST(shares_of_fedasync)
{
	static const char *const settings[] = {"function=polynomial", "function=hinge",
	                                       "function=constant alpha=0.3"};
	const double alpha = _i == CONSTANT ? 0.3 : 0.6;
	double left = 1;
	int lines = 0;

	told_round(12, DIMENSION);
	told_play("fedasync", settings[_i], NULL, NULL);
	told_tell(false);
	for (size_t i = 0; i < 12; i++)
		left *= 1 - alpha * share_of((enum function)_i, told.r.u[i].staleness);
	told_near(told_number(told.text, "of the old x "), left);
	told_near(told_number(told.text, "|step| = "), told_step_length());
	for (const char *s = told.text; (s = strstr(s, "client ")) != NULL; s++, lines++)
		check_mixed_in(s + 7, (enum function)_i, alpha);
	ck_assert_int_eq(lines, 12);
}
END_TEST

START_TEST(shares_of_fedbuff)
{
	double sum = 0;
	int lines = 0;

	told_round(12, DIMENSION);
	told_play("fedbuff", "eta_g=0.5", NULL, NULL);
	told_tell(false);
	for (const char *s = told.text; (s = strstr(s, "client ")) != NULL; lines++) {
		char *end;
		const size_t i = told_whose(s + 7, &end);
		const double share = 1 / sqrt(1 + (double)told.r.u[i].staleness);

		told_near(told_number(s, "tau = "), told.r.u[i].staleness);
		told_near(told_number(told_behind(s, "1/sqrt("), " = "), share);
		told_near(told_number(s, "|d_i| = "), told_distance(i, NULL));
		sum += share;
		s = end;
	}
	ck_assert_int_eq(lines, 12);
	told_near(told_number(told.text, "step = "), 0.5);
	told_near(told_number(told.text, "sum to "), sum);
	told_near(told_number(told.text, "|step| = "), told_step_length());
}
END_TEST

/* Pre-aggregations -------------------------------------------------------------- */

/* The mean of the clients that are told is the mixture; in [n] counts those of each update. */
static void check_mixtures(const struct round *mixed, size_t *in)
{
	size_t who[MANY], k = 0;

	for (const char *s = told.text; (s = strstr(s, "    y_")) != NULL; s++, k++) {
		const size_t n = told_clients(told_behind(s, "of the d_i of clients"), who);

		ck_assert_uint_lt(k, mixed->n);
		told_near(told_number(s, "y_"), mixed->u[k].client);
		told_near(told_number(s, "1/"), (double)n);
		for (size_t m = 0; m < n; m++)
			in[who[m]]++;
		for (size_t j = 0; j < mixed->dim; j++) {
			double sum = 0;
			for (size_t m = 0; m < n; m++)
				sum += told_at(who[m], j) / (double)n;
			ck_assert_double_eq_tol(sum, (double)mixed->x[k * mixed->ld + j], 1e-5);
		}
	}
	ck_assert_uint_eq(k, mixed->n);
}

START_TEST(mixtures_of_the_nearest)
{
	size_t in[MANY] = {0}, k = 0;
	struct round mixed;

	told_round(11, DIMENSION);
	told_play("median", "", "nnm", "f=3");
	define_nnm(&told.r, 3, &mixed);
	told_tell(true);
	check_mixtures(&mixed, in);
	for (const char *s = told_behind(told.text, "of [client]:"); *s != '\n'; k++) {
		char *end;
		const size_t mixtures = strtoul(s, &end, 10);

		ck_assert_uint_eq(in[told_whose(end + 2, &end)], mixtures);
		s = end + 1 + (end[1] == ',');
	}
	ck_assert_uint_eq(k, 11);
	round_free(&mixed);
}
END_TEST

START_TEST(mixtures_of_buckets)
{
	size_t in[MANY] = {0};
	struct round mixed;

	told_round(11, DIMENSION);
	told_play("median", "", "bucketing", "s=4");
	define_buckets(&told.r, 4, &mixed);
	told_tell(true);
	check_mixtures(&mixed, in);
	for (size_t i = 0; i < 11; i++)
		ck_assert_uint_eq(in[i], 1);
	round_free(&mixed);
}
END_TEST

/* All of them ------------------------------------------------------------ */

static const struct {
	const char *name, *pre;
	size_t least; /* updates */
} tellers[] = {
	{"fedavg", NULL, 1},  {"fedprox", NULL, 1},      {"fedsgd", NULL, 1},
	{"fedbuff", NULL, 1}, {"fedasync", NULL, 1},     {"median", NULL, 1},
	{"bgd", NULL, 1},     {"trimmed-mean", NULL, 1}, {"geometric-median", NULL, 1},
	{"krum", NULL, 3},    {"multi-krum", NULL, 3},   {"bulyan", NULL, 3},
	{"krum", "nnm", 3},   {"krum", "bucketing", 5},  {"centered-clip", NULL, 1},
	{"fedavg", "nnm", 1}, {"norm-clip", NULL, 1},
};
enum { TELLERS = sizeof tellers / sizeof *tellers };

static void check_shape(bool pre_aggregation)
{
	size_t lines = 0;

	told_tell(pre_aggregation);
	ck_assert_uint_gt(told.raw.len, 0);
	for (const char *s = fed_text_str(&told.raw); *s; lines++) {
		const char *end = strchr(s, '\n');
		const bool cut = end - s > 3 && strncmp(end - 3, "...", 3) == 0 && end[-4] != ' ';

		ck_assert_msg(end - s <= 100 && !cut, "too long: %.*s", (int)(end - s), s);
		s = end + 1;
	}
	ck_assert_uint_le(lines, 30);
	ck_assert_ptr_null(strstr(told.text, "nan"));
}

START_TEST(few_and_many_updates_fit)
{
	for (int k = 0; k < 4; k++) {
		told_round(k % 2 ? MANY : tellers[_i].least, k % 2 ? LONGEST : 1);
		for (size_t j = 0; k >= 2 && j < told.r.n * told.r.ld; j++)
			told.r.x[j] = 0; /* no client learned anything */
		told_play(tellers[_i].name, "", tellers[_i].pre, "");
		check_shape(false);
		if (tellers[_i].pre)
			check_shape(true);
		told_close();
	}
}
END_TEST

/* For every k the k-th allocation fails. */
START_TEST(without_memory)
{
	struct fed_error err;

	told_round(N, DIMENSION);
	told_play(tellers[_i].name, "", tellers[_i].pre, "");
	const struct fed_telling t = told_telling();
	const int64_t before = fed__mem_live();
	for (uint64_t k = 1;; k++) {
		fed__mem_fail_at(k);
		int rc = fed_call_tell(&t, &err);
		if (rc == FED_OK && tellers[_i].pre)
			rc = fed_call_tell_pre_aggregation(&t, &err);
		fed__mem_fail_at(0);
		if (rc == FED_OK)
			break;
		ck_assert_msg(strstr(err.text, "memory") != NULL, "%s", err.text);
		fed_text_release(&told.raw);
		ck_assert_int_eq(fed__mem_live(), before);
	}
}
END_TEST

FED_SUITE(telling_shares)
{
	Suite *suite = suite_create("telling shares");
	TCase *tests = tcase_create("telling shares");

	tcase_add_checked_fixture(tests, NULL, told_close);
	tcase_add_loop_test(tests, what_norm_clip_cuts, 0, 2);
	tcase_add_test(tests, what_centered_clip_cuts);
	tcase_add_loop_test(tests, shares_of_the_mean, 0, 3);
	tcase_add_loop_test(tests, shares_of_fedasync, 0, 3);
	tcase_add_test(tests, shares_of_fedbuff);
	tcase_add_test(tests, mixtures_of_the_nearest);
	tcase_add_test(tests, mixtures_of_buckets);
	tcase_add_loop_test(tests, few_and_many_updates_fit, 0, TELLERS);
	tcase_add_loop_test(tests, without_memory, 0, TELLERS);
	suite_add_tcase(suite, tests);
	return suite;
}

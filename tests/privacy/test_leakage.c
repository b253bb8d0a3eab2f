/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a cut tells: distance correlation against other formulas and known values; AUC and labels by
 * hand; the measurements of a session, with noise, on any number of threads, without memory.
 */
#include "privacy/leakage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "session/small.h"

enum { N = 60 };

static void distances_of(const double *x, size_t n, size_t d, double *out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			double square = 0;

			for (size_t j = 0; j < d; j++)
				square += pow(x[i * d + j] - x[k * d + j], 2);
			out[i * n + k] = sqrt(square);
		}
}

static struct fed_correlation correlate(const double *x, size_t dx, const double *y, size_t dy)
{
	static double a[N * N], b[N * N];
	struct fed_correlation c;
	struct fed_error err;

	distances_of(x, N, dx, a);
	distances_of(y, N, dy, b);
	fed_assert_ok(fed__distance_correlation(a, b, N, &c, &err), &err);
	return c;
}

/* dCov^2 = E|x-x'||y-y'| + E|x-x'| E|y-y'| - 2 E|x-x'||y-y''| (remark 3 of the paper of 2007), all
 * n^3 triples of the last one. */
static double slow_covariance(const double *a, const double *b)
{
	double both = 0, of_a = 0, of_b = 0, apart = 0;

	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			both += a[i * N + k] * b[i * N + k];
			of_a += a[i * N + k];
			of_b += b[i * N + k];
			for (int l = 0; l < N; l++)
				apart += a[i * N + k] * b[i * N + l];
		}
	return both / (N * N) + of_a / (N * N) * of_b / (N * N) - 2 * apart / ((double)N * N * N);
}

/* The same without bias: products over distinct places only. */
static double slow_corrected(const double *a, const double *b)
{
	double both = 0, of_a = 0, of_b = 0, chain = 0;

	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			both += a[i * N + k] * b[i * N + k];
			of_a += a[i * N + k];
			of_b += b[i * N + k];
			for (int l = 0; l < N; l++)
				chain += a[i * N + k] * b[k * N + l];
		}
	return both + of_a * of_b / ((N - 1.0) * (N - 2)) - 2 * chain / (N - 2.0);
}

static void draw(uint64_t seed, double *x, size_t n)
{
	struct fed_stream r = fed_stream_open(seed, FED_FOR_OBSERVER, 0, 0);

	for (size_t i = 0; i < n; i++)
		x[i] = fed_stream_normal(&r);
}

START_TEST(correlation_is_that_of_the_slow_formulas)
{
	static double x[N * 3], y[N * 2], a[N * N], b[N * N];

	draw(1, x, N * 3);
	draw(2, y, N * 2);
	for (int i = 0; i < N; i++)
		y[2 * i] += 0.5 * _i * x[3 * i] * x[3 * i];
	distances_of(x, N, 3, a);
	distances_of(y, N, 2, b);

	const struct fed_correlation c = correlate(x, 3, y, 2);
	const double plain =
		slow_covariance(a, b) / sqrt(slow_covariance(a, a) * slow_covariance(b, b));
	const double corrected =
		slow_corrected(a, b) / sqrt(slow_corrected(a, a) * slow_corrected(b, b));
	ck_assert_double_eq_tol(c.plain, sqrt(plain), 1e-9);
	ck_assert_double_eq_tol(c.corrected, sqrt(fmax(0, corrected)), 1e-9);
}
END_TEST

START_TEST(moving_turning_scaling_changes_nothing)
{
	static double x[N * 2], y[N * 2];

	draw(3, x, N * 2);
	for (int i = 0; i < N; i++) {
		y[2 * i] = 7 - 3 * (0.6 * x[2 * i] - 0.8 * x[2 * i + 1]);
		y[2 * i + 1] = 1 + 3 * (0.8 * x[2 * i] + 0.6 * x[2 * i + 1]);
	}
	ck_assert_double_eq_tol(correlate(x, 2, y, 2).plain, 1, 1e-9);
	ck_assert_double_eq_tol(correlate(x, 2, y, 2).corrected, 1, 1e-9);
	/* in one dimension any line does, also one that falls */
	for (int i = 0; i < N; i++)
		y[i] = 2 - 5 * x[i];
	ck_assert_double_eq_tol(correlate(x, 1, y, 1).plain, 1, 1e-9);
}
END_TEST

/* Of independent vectors the plain one stays high where they are long, the corrected one does not.
 */
START_TEST(independent_vectors_tell_nothing)
{
	enum { TIMES = 40, LONG = 100 };
	static double x[N * LONG], y[N * LONG];
	double plain = 0, corrected = 0;

	for (uint64_t k = 0; k < TIMES; k++) {
		draw(10 + 2 * k, x, N * LONG);
		draw(11 + 2 * k, y, N * LONG);
		plain += correlate(x, LONG, y, LONG).plain / TIMES;
		corrected += pow(correlate(x, LONG, y, LONG).corrected, 2) / TIMES;
	}
	ck_assert_double_gt(plain, 0.6);
	ck_assert_double_lt(corrected, 0.05);

	static const double same[N];
	ck_assert_double_eq(correlate(x, 1, same, 1).plain, 0);
	ck_assert_double_eq(correlate(same, 1, same, 1).corrected, 0);
}
END_TEST

START_TEST(norms_tell_two_classes)
{
	const double norm[] = {1, 2, 3, 4, 4, 9};
	const int32_t split[] = {0, 0, 0, 1, 1, 1}, turned[] = {1, 1, 1, 0, 0, 0},
				  mixed[] = {0, 1, 0, 1, 0, 1}, one[] = {1, 1, 1, 1, 1, 1};

	ck_assert_double_eq(fed__norm_auc(norm, split, 6), 1);
	ck_assert_double_eq(fed__norm_auc(norm, turned, 6), 1);
	/* pairs (2,4,9) x (1,3,4): 2>1; 4>1, 4>3, 4=4; 9>1, 9>3, 9>4 */
	ck_assert_double_eq_tol(fed__norm_auc(norm, mixed, 6), 6.5 / 9, 1e-12);
	ck_assert(isnan(fed__norm_auc(norm, one, 6)));
}
END_TEST

START_TEST(directions_tell_labels)
{
	/* two known examples of each class, then three to tell: the last lies on the wrong side */
	const float v[] = {1, 0, 0, 2, 5, 0.1f, 0.1f, 3, 1, 0.5f, 0.5f, 1, -1, 0.2f, 0, 0};
	const int32_t label[] = {0, 1, 0, 1, 0, 1, 0, 1};
	struct fed_error err;
	double told;

	fed_assert_ok(fed__distinguishable_by_cosine(v, 8, 2, label, 3, &told, &err), &err);
	/* the zero vector is taken for the first class */
	ck_assert_double_eq(told, 2.0 / 4);
}
END_TEST

/* In a session ---------------------------------------------------------------------------- */

static void measure(struct fed_session *s, struct fed_leakage *leakage)
{
	struct fed_error err;

	fed_assert_ok(fed_leakage_measure(leakage, s, 0, 60, &err), &err);
}

static void assert_same(const struct fed_leakage *a, const struct fed_leakage *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_mem_eq(a->at, b->at, a->n * sizeof *a->at);
}

START_TEST(every_cut_is_measured)
{
	struct fed_session s;
	struct fed_leakage leakage;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=200 test=100;model mlp hidden=30");
	measure(&s, &leakage);
	ck_assert_uint_eq(leakage.n, s.parts.net.layers - 1);
	ck_assert_uint_eq(leakage.examples, 60);
	for (size_t i = 0; i < leakage.n; i++) {
		ck_assert_uint_eq(leakage.at[i].cut, i + 1);
		ck_assert_uint_eq(leakage.at[i].numbers, fed_shape_size(&s.parts.net.layer[i].out));
		ck_assert_double_gt(leakage.at[i].inputs.corrected, 0.3);
		ck_assert_double_gt(leakage.at[i].cosine_accuracy,
		                    0.9); /* at version 0 directions are the labels */
		ck_assert(isnan(leakage.at[i].norm_auc));
	}
	/* behind flatten the inputs cross themselves */
	ck_assert_double_eq_tol(leakage.at[0].inputs.plain, 1, 1e-6);
	ck_assert_double_lt(leakage.at[1].inputs.plain, 0.999);
	ck_assert_double_lt(leakage.guess, 0.4);
	fed_leakage_release(&leakage);
	fed__session_release(&s);
}
END_TEST

START_TEST(noise_drowns_the_inputs)
{
	static const char *const noise[] = {"0", "0.5", "2", "8", "32"};
	double plain = 2, corrected = 2;
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=200 test=100;model mlp hidden=30");
	for (size_t k = 0; k < sizeof noise / sizeof *noise; k++) {
		struct fed_error err;
		struct fed_leakage leakage;

		fed_assert_ok(fed_session_set(&s, "noise", noise[k], &err), &err);
		fed_assert_ok(fed_leakage_measure(&leakage, &s, 1, 100, &err), &err);
		ck_assert_uint_eq(leakage.n, 1);
		ck_assert_double_lt(leakage.at[0].inputs.plain, plain);
		ck_assert_double_lt(leakage.at[0].inputs.corrected, corrected);
		plain = leakage.at[0].inputs.plain;
		corrected = leakage.at[0].inputs.corrected;
		fed_leakage_release(&leakage);
	}
	ck_assert_double_lt(corrected, 0.3);
	fed__session_release(&s);
}
END_TEST

START_TEST(threads_change_nothing)
{
	struct fed_leakage leakage[3];

	for (int k = 0; k < 3; k++) {
		struct fed_session s;

		small_init(&s, NULL);
		small_do(&s, k == 0 ? "set threads 1" : k == 1 ? "set threads 2" : "set threads 7");
		small_do(&s, "dataset glyphs train=200 test=100;model lenet;set noise 0.1");
		measure(&s, &leakage[k]);
		fed__session_release(&s);
		assert_same(&leakage[0], &leakage[k]);
	}
	for (int k = 0; k < 3; k++)
		fed_leakage_release(&leakage[k]);
}
END_TEST

START_TEST(two_classes_regression_and_tokens)
{
	struct fed_session s;
	struct fed_leakage leakage;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs classes=2 spread=1;model mlp hidden=8;add 4 iid 100;round 5");
	measure(&s, &leakage);
	for (size_t i = 0; i < leakage.n; i++) {
		ck_assert_double_ge(leakage.at[i].norm_auc, 0.5);
		ck_assert_double_ge(leakage.at[i].cosine_accuracy, 0.5);
	}
	fed_leakage_release(&leakage);
	small_do(&s, "reset;dataset linear d=5;model mlp hidden=8");
	measure(&s, &leakage);
	ck_assert(isnan(leakage.at[0].cosine_accuracy) && isnan(leakage.at[0].norm_auc) &&
	          isnan(leakage.guess));
	ck_assert_double_eq_tol(leakage.at[0].inputs.plain, 1, 0.2);
	fed_leakage_release(&leakage);
	small_do(&s, "reset;dataset markov;model gru");
	measure(&s, &leakage);
	ck_assert_double_gt(leakage.at[0].inputs.corrected, 0.6);
	fed_leakage_release(&leakage);
	fed__session_release(&s);
}
END_TEST

/* Each party's share of the cut against its own columns: what is in the others' does not count. */
START_TEST(parties_are_measured_apart)
{
	struct fed_session s;
	struct fed_leakage leakage, whole;
	struct fed_error err;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=200 test=100;model mlp hidden=30,10 parts=0-83,84-783");
	fed_assert_ok(fed_leakage_measure(&whole, &s, 2, 60, &err), &err);
	ck_assert_uint_eq(whole.at[0].party, FED_NO_PARTY);
	small_do(&s, "scheme vertical;add 2 iid 100");
	measure(&s, &leakage);
	ck_assert_uint_eq(leakage.n, 2 * 2);
	for (uint32_t i = 0; i < leakage.n; i++) {
		ck_assert_uint_eq(leakage.at[i].cut, 2 + i / 2);
		ck_assert_uint_eq(leakage.at[i].party, i % 2);
		ck_assert_uint_eq(leakage.at[i].columns.first, i % 2 ? 84 : 0);
		ck_assert_uint_eq(leakage.at[i].columns.last, i % 2 ? 783 : 83);
		ck_assert_uint_eq(leakage.at[i].numbers, 15);
		ck_assert_double_gt(leakage.at[i].inputs.corrected, 0.3);
	}
	/* parameters of the second party alone: the first one's figures stay to the bit */
	const double first = leakage.at[0].inputs.plain, second = leakage.at[1].inputs.plain;
	ck_assert(first != second && first != whole.at[0].inputs.plain);
	const size_t own = (84 + 1) * 15, n = (700 + 1) * 15;
	float *params = (float *)fed_session_params(&s);
	for (size_t j = own; j < own + n; j++)
		params[j] *= j % 2 ? 3 : -1;
	fed_leakage_release(&leakage);
	measure(&s, &leakage);
	ck_assert_double_eq(leakage.at[0].inputs.plain, first);
	ck_assert(leakage.at[1].inputs.plain != second);
	fed_leakage_release(&leakage);
	fed_leakage_release(&whole);
	ck_assert_int_eq(fed_leakage_measure(&leakage, &s, 4, 60, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "cuts 2 to 3 of this model do"));
	ck_assert_int_eq(fed_leakage_measure(&leakage, &s, 1, 60, &err), FED_FAIL);
	fed__session_release(&s);
}
END_TEST

START_TEST(refusals_have_words)
{
	struct fed_session s;
	struct fed_leakage leakage;
	struct fed_error err;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=200 test=100;model mlp hidden=30");
	ck_assert_int_eq(fed_leakage_measure(&leakage, &s, 9, 60, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "no cut 9: this model has cuts 1 to 3"));
	small_do(&s, "dataset glyphs train=200 test=5");
	ck_assert_int_eq(fed_leakage_measure(&leakage, &s, 0, 60, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "5 test examples"));
	small_do(&s, "dataset glyphs train=200 test=50");
	fed_session_interrupt(&s);
	ck_assert_int_eq(fed_leakage_measure(&leakage, &s, 0, 60, &err), FED_REJECT);
	fed_leakage_release(&leakage);
	fed__session_release(&s);
}
END_TEST

static int try_leak(void *ctx, struct fed_error *err)
{
	struct fed_leakage leakage;

	const int rc = fed_leakage_measure(&leakage, ctx, 0, 20, err);
	fed_leakage_release(&leakage);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	struct fed_session s;
	struct fed_error err;

	small_init(&s, NULL);
	small_do(&s, "set threads 1;dataset blobs;model mlp hidden=4");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	ck_assert_uint_ge(fed_each_allocation(try_leak, &s), 20);
	fed__session_release(&s);
}
END_TEST

static void nothing_is_left(void)
{
	ck_assert_int_eq(fed__mem_live(), 0);
}

FED_SUITE(leakage)
{
	Suite *suite = suite_create("leak");
	TCase *tests = tcase_create("leak");

	tcase_add_checked_fixture(tests, NULL, nothing_is_left);
	tcase_add_loop_test(tests, correlation_is_that_of_the_slow_formulas, 0, 3);
	tcase_add_test(tests, moving_turning_scaling_changes_nothing);
	tcase_add_test(tests, independent_vectors_tell_nothing);
	tcase_add_test(tests, norms_tell_two_classes);
	tcase_add_test(tests, directions_tell_labels);
	tcase_add_test(tests, every_cut_is_measured);
	tcase_add_test(tests, noise_drowns_the_inputs);
	tcase_add_test(tests, threads_change_nothing);
	tcase_add_test(tests, two_classes_regression_and_tokens);
	tcase_add_test(tests, parties_are_measured_apart);
	tcase_add_test(tests, refusals_have_words);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

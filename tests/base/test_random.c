/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random streams: independent of each other, and distributed as they say.
 */
#include "base/random.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct fed_stream stream(uint64_t a)
{
	return fed_stream_open(1, FED_FOR_DATA, a, 0);
}

/* Published: the first numbers of SplitMix64 seeded with 1234567 (Rosetta Code). */
START_TEST(the_generator_is_splitmix64)
{
	static const uint64_t known[] = {6457827717110365317u, 3203168211198807973u,
	                                 9817491932198370423u, 4593380528125082431u,
	                                 16408922859458223821u};

	for (size_t k = 0; k < COUNT(known); k++)
		ck_assert_uint_eq(fed_random(1234567, k), known[k]);
}
END_TEST

START_TEST(every_part_of_the_name_matters)
{
	enum { N = 6 };
	uint64_t keys[N * N * N * N];
	size_t n = 0;

	for (uint64_t seed = 0; seed < N; seed++)
		for (int purpose = 1; purpose <= N; purpose++)
			for (uint64_t a = 0; a < N; a++)
				for (uint64_t b = 0; b < N; b++)
					keys[n++] = fed_stream_key(seed, (enum fed_purpose)purpose, a, b);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			ck_assert(keys[i] != keys[j]);
	struct fed_stream s = fed_stream_open(5, FED_FOR_WHO, 6, 7);
	ck_assert_uint_eq(fed_stream_u64(&s), fed_random(fed_stream_key(5, FED_FOR_WHO, 6, 7), 0));
}
END_TEST

/* Pearson's statistic of counts that should be equal, as standard deviations from its mean. */
static double excess(const unsigned *counts, size_t cells, double expected)
{
	double chi2 = 0;

	for (size_t i = 0; i < cells; i++)
		chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
	return (chi2 - (double)(cells - 1)) / sqrt(2.0 * (double)(cells - 1));
}

START_TEST(below_is_uniform)
{
	enum { CELLS = 37, DRAWS = 370000 };
	struct fed_stream s = stream(1);
	unsigned counts[CELLS] = {0};

	for (int i = 0; i < DRAWS; i++)
		counts[fed_stream_below(&s, CELLS)]++;
	ck_assert_double_lt(fabs(excess(counts, CELLS, DRAWS / CELLS)), 4);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(fed_stream_below(&s, 1), 0);
	/* Where a plain multiplication is off by a third: of [0, 3 * 2^30) each quarter of 2^32. */
	unsigned thirds[3] = {0};
	for (int i = 0; i < 300000; i++)
		thirds[fed_stream_below(&s, 3u << 30) >> 30]++;
	ck_assert_double_lt(fabs(excess(thirds, 3, 100000)), 4);
}
END_TEST

static void moments(double (*draw)(struct fed_stream *, double), double p, int n, double *mean,
                    double *variance)
{
	struct fed_stream s = stream((uint64_t)(p * 1000) + 17);
	double sum = 0, squares = 0;

	for (int i = 0; i < n; i++) {
		const double x = draw(&s, p);

		sum += x;
		squares += x * x;
	}
	*mean = sum / n;
	*variance = squares / n - *mean * *mean;
}

static double draw_real(struct fed_stream *s, double p)
{
	(void)p;
	const double x = fed_stream_real(s);
	ck_assert(x >= 0 && x < 1);
	return x;
}

static double draw_normal(struct fed_stream *s, double p)
{
	(void)p;
	return fed_stream_normal(s);
}

START_TEST(real_and_normal_have_their_moments)
{
	double mean, variance;

	moments(draw_real, 0, 400000, &mean, &variance);
	ck_assert_double_eq_tol(mean, 0.5, 0.003);
	ck_assert_double_eq_tol(variance, 1.0 / 12, 0.001);
	moments(draw_normal, 0, 400000, &mean, &variance);
	ck_assert_double_eq_tol(mean, 0, 0.008);
	ck_assert_double_eq_tol(variance, 1, 0.012);
}
END_TEST

/* Equally likely cells of the normal distribution, by its own function erfc. */
START_TEST(normal_fills_its_cells)
{
	enum { CELLS = 20, DRAWS = 200000 };
	struct fed_stream s = stream(2);
	unsigned counts[CELLS] = {0};

	for (int i = 0; i < DRAWS; i++) {
		const double share = 0.5 * erfc(-fed_stream_normal(&s) / sqrt(2));
		const int cell = (int)(share * CELLS);

		counts[cell < CELLS ? cell : CELLS - 1]++;
	}
	ck_assert_double_lt(fabs(excess(counts, CELLS, DRAWS / CELLS)), 4);
}
END_TEST

/* Mean and variance of gamma(shape) are both the shape. */
START_TEST(gamma_has_its_moments)
{
	static const double shapes[] = {0.01, 0.1, 0.5, 0.99, 1, 1.5, 10, 1000};
	const int n = 200000;

	for (size_t i = 0; i < COUNT(shapes); i++) {
		const double a = shapes[i];
		double mean, variance;

		moments(fed_stream_gamma, a, n, &mean, &variance);
		ck_assert_double_eq_tol(mean, a, 5 * sqrt(a / n));
		/* The variance of the sample variance: (mu4 - sigma^4) / n, mu4 = 3a^2 + 6a. */
		ck_assert_double_eq_tol(variance, a, 5 * sqrt((2 * a * a + 6 * a) / n));
	}
}
END_TEST

START_TEST(gamma_of_tiny_shapes_is_finite)
{
	static const double shapes[] = {1e-2, 1e-3, 1e-6, 1e-300};

	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct fed_stream s = stream(i);

		for (int k = 0; k < 10000; k++) {
			const double x = fed_stream_gamma(&s, shapes[i]);

			ck_assert(isfinite(x) && x >= 0);
		}
	}
}
END_TEST

START_TEST(shuffles_are_permutations_equally_likely)
{
	unsigned counts[24] = {0};
	struct fed_stream s = stream(3);

	for (int i = 0; i < 120000; i++) {
		uint32_t v[4] = {0, 1, 2, 3};
		unsigned seen = 0, rank = 0;

		fed_stream_shuffle(&s, v, 4);
		/* The rank of the permutation (Lehmer). */
		for (unsigned j = 0; j < 4; j++) {
			unsigned smaller = 0;

			seen |= 1u << v[j];
			for (unsigned k = j + 1; k < 4; k++)
				smaller += v[k] < v[j];
			rank = rank * (4 - j) + smaller;
		}
		ck_assert_uint_eq(seen, 15);
		counts[rank]++;
	}
	ck_assert_double_lt(fabs(excess(counts, 24, 5000)), 4);
	fed_stream_shuffle(&s, NULL, 0);
}
END_TEST

START_TEST(choices_are_subsets_equally_likely)
{
	unsigned counts[64] = {0}, dense[20];
	struct fed_stream s = stream(4);
	struct fed_error err;

	for (int i = 0; i < 100000; i++) {
		uint32_t v[3];

		fed_assert_ok(fed_stream_choose(&s, 6, 3, v, &err), &err);
		ck_assert(v[0] < v[1] && v[1] < v[2] && v[2] < 6);
		counts[1u << v[0] | 1u << v[1] | 1u << v[2]]++;
	}
	size_t n = 0;
	for (size_t i = 0; i < 64; i++)
		if (counts[i] > 0)
			dense[n++ % COUNT(dense)] = counts[i];
	ck_assert_uint_eq(n, 20);
	ck_assert_double_lt(fabs(excess(dense, 20, 5000)), 4);
}
END_TEST

START_TEST(choices_of_all_sizes)
{
	static const uint32_t cases[][2] = {{0, 0}, {5, 0}, {1, 1}, {1000, 1000}, {UINT32_MAX, 1000}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fed_stream s = stream(5);
		struct fed_error err;
		uint32_t v[1000];
		const uint32_t n = cases[i][0], k = cases[i][1];

		fed_assert_ok(fed_stream_choose(&s, n, k, v, &err), &err);
		for (uint32_t j = 0; j < k; j++)
			ck_assert(v[j] < n && (j == 0 || v[j - 1] < v[j]));
		ck_assert_int_eq(fed_stream_choose(&s, 5, 6, v, &err), FED_FAIL);
		ck_assert_str_eq(err.text, "cannot choose 6 of 5");
	}
}
END_TEST

static int choose(void *ctx, struct fed_error *err)
{
	uint32_t v[100];

	(void)ctx;
	struct fed_stream s = stream(6);
	return fed_stream_choose(&s, 1000000, 100, v, err);
}

START_TEST(no_memory)
{
	ck_assert_uint_eq(fed_each_allocation(choose, NULL), 1);
}
END_TEST

FED_SUITE(random)
{
	Suite *suite = suite_create("random");
	TCase *tests = tcase_create("random");

	tcase_add_test(tests, the_generator_is_splitmix64);
	tcase_add_test(tests, every_part_of_the_name_matters);
	tcase_add_test(tests, below_is_uniform);
	tcase_add_test(tests, real_and_normal_have_their_moments);
	tcase_add_test(tests, normal_fills_its_cells);
	tcase_add_test(tests, gamma_has_its_moments);
	tcase_add_test(tests, gamma_of_tiny_shapes_is_finite);
	tcase_add_test(tests, shuffles_are_permutations_equally_likely);
	tcase_add_test(tests, choices_are_subsets_equally_likely);
	tcase_add_test(tests, choices_of_all_sizes);
	tcase_add_test(tests, no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}

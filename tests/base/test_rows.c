/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loops over rows against plain ones, for every instruction set that this processor has.
 */
#include "base/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

enum { ROWS = 23, LD = 80, WIDTH = 64 };

static float *x; /* (ROWS, LD), aligned */
static const struct fed_rows_kernels *kernels;

static void fill(uint64_t key)
{
	for (size_t i = 0; i < (size_t)ROWS * LD; i++)
		x[i] = (float)(fed_random_real(key, i) - 0.5);
}

/* The isa of a test's loop index; false: this processor has it not. */
static bool choose(int isa)
{
	kernels = fed__rows_kernels_of((enum fed_isa)isa);
	return kernels;
}

static void setup(void)
{
	x = fed_alloc_floats((size_t)ROWS * LD);
	ck_assert_ptr_nonnull(x);
}

static void teardown(void)
{
	fed_free_floats(x);
	ck_assert_int_eq(fed__mem_live(), 0);
}

START_TEST(products_are_those_of_plain_loops)
{
	static double got[ROWS * ROWS];
	const float *row[ROWS];

	if (!choose(_i))
		return;
	for (size_t n = 1; n <= ROWS; n++) {
		fill(n);
		memmove(x, x + (n - 1) * LD, LD * sizeof *x); /* first and last are the same */
		for (size_t i = 0; i < n * n; i++)
			got[i] = 1;
		for (size_t i = 0; i < n; i++)
			row[i] = x + i * LD;
		kernels->gram(row, n, 3, WIDTH, got);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++) {
				double want = 1;
				for (size_t k = 0; j <= i && k < WIDTH; k++)
					want += (double)row[i][3 + k] * (double)row[j][3 + k];
				ck_assert_double_eq_tol(got[i * n + j], want, 1e-5);
			}
		/* Equal rows give equal bits, wherever they stand. */
		ck_assert(got[0] == got[n * n - 1] && got[0] == got[(n - 1) * n]);
	}
}
END_TEST

START_TEST(squares_and_sums_are_those_of_plain_loops)
{
	const float *row[ROWS];
	double w[ROWS], at_once[LD], one_by_one[LD];

	if (!choose(_i))
		return;
	fill(7);
	for (size_t i = 0; i < ROWS; i++) {
		row[i] = x + i * LD;
		w[i] = fed_random_real(8, i);
	}
	for (size_t width = 0; width < WIDTH; width++) {
		double difference = 0, length = 0;

		for (size_t k = 0; k < width; k++) {
			const double d = (double)x[k] - (double)x[LD + k];
			difference += d * d;
			length += (double)x[k] * (double)x[k];
		}
		ck_assert_double_eq_tol(kernels->square(x, x + LD, width), difference, 1e-12);
		ck_assert_double_eq_tol(kernels->square(x, NULL, width), length, 1e-12);
		memset(at_once, 0, sizeof at_once);
		memset(one_by_one, 0, sizeof one_by_one);
		kernels->weigh(at_once, row, w, ROWS, 3, width);
		for (size_t i = 0; i < ROWS; i++)
			kernels->weigh(one_by_one, &row[i], &w[i], 1, 3, width);
		ck_assert_int_eq(memcmp(at_once, one_by_one, sizeof at_once), 0);
		for (size_t k = 0; k < width; k++) {
			double want = 0;
			for (size_t i = 0; i < ROWS; i++)
				want += w[i] * (double)row[i][3 + k];
			ck_assert_double_eq_tol(at_once[k], want, 1e-12);
		}
	}
}
END_TEST

static int by_value(const void *a, const void *b)
{
	const float p = *(const float *)a, q = *(const float *)b;

	return (p > q) - (p < q);
}

/* Ranks lo .. hi of n rows in FED_ROWS_LINE columns, few different values. */
static void check_order(size_t n, size_t lo, size_t hi)
{
	static float block[ROWS * FED_ROWS_LINE] __attribute__((aligned(64)));
	float want[FED_ROWS_LINE][ROWS];
	struct fed_sorter sorter;
	struct fed_error err;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < FED_ROWS_LINE; k++) {
			want[k][i] = (float)(int)(fed_random(n, i * FED_ROWS_LINE + k) % 9) - 4;
			block[i * FED_ROWS_LINE + k] = want[k][i];
		}
	fed_assert_ok(fed_sorter_init(&sorter, n, lo, hi, &err), &err);
	kernels->sort(&sorter, block);
	fed_sorter_release(&sorter);
	for (size_t k = 0; k < FED_ROWS_LINE; k++) {
		qsort(want[k], n, sizeof(float), by_value);
		for (size_t r = 0; r < n; r++) {
			const float v = block[r * FED_ROWS_LINE + k];
			ck_assert(r < lo ? v <= want[k][lo] : r > hi ? v >= want[k][hi] : v == want[k][r]);
		}
	}
}

START_TEST(every_rank_is_in_its_place)
{
	if (!choose(_i))
		return;
	for (size_t n = 1; n <= ROWS; n++)
		for (size_t lo = 0; lo < n; lo++)
			for (size_t hi = lo; hi < n; hi++)
				check_order(n, lo, hi);
}
END_TEST

START_TEST(counts_what_lies_between)
{
	static const float lo[5] = {0, 1, -1, 2, 0}, hi[5] = {0, 2, 1, 3, 0};
	static const float v[5] = {-0.0f, 2, 1.5f, 2, 1};

	if (!choose(_i))
		return;
	ck_assert_uint_eq(kernels->within(v, lo, hi, 5), 3);
	ck_assert_uint_eq(kernels->within(v, lo, hi, 0), 0);
}
END_TEST

START_TEST(differences_and_bytes_are_those_of_plain_loops)
{
	uint8_t bytes[WIDTH + 3];
	float y[WIDTH + 3], out[WIDTH + 3];

	if (!choose(_i))
		return;
	fill(7);
	for (size_t k = 0; k < WIDTH + 3; k++) {
		bytes[k] = (uint8_t)(5 * k);
		y[k] = x[k + 1] * 3;
	}
	for (size_t n = 0; n <= WIDTH + 3; n++) {
		memcpy(out, x, n * sizeof *x);
		kernels->subtract(out, y, n);
		for (size_t k = 0; k < n; k++)
			ck_assert(out[k] == x[k] - y[k]);
		kernels->expand(bytes, 0.25f, -1, out, n); /* exact, fused or not */
		for (size_t k = 0; k < n; k++)
			ck_assert(out[k] == 0.25f * (float)bytes[k] - 1);
	}
}
END_TEST

START_TEST(finds_what_is_not_finite)
{
	const float wrong[] = {NAN, -NAN, INFINITY, -INFINITY};

	if (!choose(_i))
		return;
	fill(8);
	x[2] = 3.4e38f;
	x[3] = 1e-42f;
	for (size_t n = 0; n < WIDTH; n++) {
		ck_assert(kernels->finite(x, n));
		for (size_t k = 0; k < n; k++) {
			const float good = x[k];

			x[k] = wrong[(n + k) % 4];
			ck_assert(!kernels->finite(x, n));
			x[k] = good;
		}
	}
}
END_TEST

static int make_sorter(void *ctx, struct fed_error *err)
{
	struct fed_sorter sorter;

	(void)ctx;
	const int rc = fed_sorter_init(&sorter, ROWS, 3, 4, err);
	fed_sorter_release(&sorter);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	ck_assert_uint_eq(fed_each_allocation(make_sorter, NULL), 2);
}
END_TEST

FED_SUITE(rows)
{
	Suite *suite = suite_create("rows");
	TCase *tests = tcase_create("rows");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, products_are_those_of_plain_loops, 0, FED_ISA_AVX512 + 1);
	tcase_add_loop_test(tests, squares_and_sums_are_those_of_plain_loops, 0, FED_ISA_AVX512 + 1);
	tcase_add_loop_test(tests, every_rank_is_in_its_place, 0, FED_ISA_AVX512 + 1);
	tcase_add_loop_test(tests, counts_what_lies_between, 0, FED_ISA_AVX512 + 1);
	tcase_add_loop_test(tests, differences_and_bytes_are_those_of_plain_loops, 0,
	                    FED_ISA_AVX512 + 1);
	tcase_add_loop_test(tests, finds_what_is_not_finite, 0, FED_ISA_AVX512 + 1);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}

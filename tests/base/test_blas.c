/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Matrix products against plain loops in double, and the choice of OpenBLAS's kernels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "support/suite.h"

/* Uniform in [-1, 1), value j from number j of the stream `key`. */
static float *random_floats(size_t n, uint64_t key)
{
	float *v = fed_alloc_floats(n);

	for (size_t j = 0; j < n; j++)
		v[j] = (float)(2 * fed_random_real(key, j) - 1);
	return v;
}

static void assert_near(const float *got, const double *wanted, size_t n, const char *what)
{
	for (size_t j = 0; j < n; j++)
		ck_assert_msg(fabs((double)got[j] - wanted[j]) <= 4e-5 * (1 + fabs(wanted[j])),
		              "%s[%zu] is %.9g, should be %.9g", what, j, (double)got[j], wanted[j]);
}

/* With and without generated code: libxsmm stays away from plain C. */
static void set_isa(int i)
{
	setenv("FEDSH_ISA", fed_isa_name((enum fed_isa)i), 1);
}

START_TEST(products)
{
	static const int sizes[][3] = {{1, 1, 1},   {2, 3, 5},     {10, 200, 784}, {70, 65, 33},
	                               {1, 300, 2}, {129, 17, 64}, {600, 200, 300}};

	set_isa(_i);
	fed_blas_init();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		const int m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
		const size_t mn = (size_t)(m * n);
		float *a = random_floats((size_t)(m * k), 1), *b = random_floats((size_t)(k * n), 2);
		float *at = fed_alloc_floats((size_t)(m * k)), *bt = fed_alloc_floats((size_t)(k * n));
		float *c = fed_alloc_floats(mn), *scratch = fed_alloc_floats(fed_gemm_nt_scratch(n, k));
		double *wanted = fed_alloc_array(mn, sizeof *wanted);

		for (int r = 0; r < m; r++)
			for (int s = 0; s < k; s++) {
				at[s * m + r] = a[r * k + s];
				for (int q = 0; q < n; q++)
					wanted[r * n + q] += (double)a[r * k + s] * (double)b[s * n + q];
			}
		for (int s = 0; s < k; s++)
			for (int q = 0; q < n; q++)
				bt[q * k + s] = b[s * n + q];
		fed_gemm_nn(m, n, k, a, k, b, n, c, n);
		assert_near(c, wanted, mn, "nn");
		memset(c, 0, mn * sizeof *c);
		fed_gemm_tn(m, n, k, at, m, b, n, c, n);
		assert_near(c, wanted, mn, "tn");
		c[0] = NAN; /* nt writes, the others add */
		fed_gemm_nt(m, n, k, a, k, bt, k, c, n, scratch);
		assert_near(c, wanted, mn, "nt");
		fed_free_floats(a);
		fed_free_floats(b);
		fed_free_floats(at);
		fed_free_floats(bt);
		fed_free_floats(c);
		fed_free_floats(scratch);
		fed_free(wanted);
	}
}
END_TEST

START_TEST(users_choice_stands)
{
	setenv("OPENBLAS_CORETYPE", "Haswell", 1);
	ck_assert_ptr_null(fed_blas_better_core());
}
END_TEST

START_TEST(better_cores_are_of_this_processor)
{
	unsetenv("OPENBLAS_CORETYPE");
	const char *core = fed_blas_better_core();

	if (core) {
		ck_assert_int_ne(fed_cpu_isa(), FED_ISA_PLAIN);
		ck_assert_str_eq(core, fed_cpu_isa() == FED_ISA_AVX512 ? "SkylakeX" : "Haswell");
	}
}
END_TEST

START_TEST(versions_are_named)
{
	fed_blas_init();
	ck_assert_ptr_nonnull(strstr(fed_blas_describe(), "OpenBLAS "));
}
END_TEST

FED_SUITE(blas)
{
	Suite *suite = suite_create("blas");
	TCase *tests = tcase_create("blas");

	tcase_add_loop_test(tests, products, FED_ISA_PLAIN, FED_ISA_AVX512 + 1);
	tcase_add_test(tests, users_choice_stands);
	tcase_add_test(tests, better_cores_are_of_this_processor);
	tcase_add_test(tests, versions_are_named);
	suite_add_tcase(suite, tests);
	return suite;
}

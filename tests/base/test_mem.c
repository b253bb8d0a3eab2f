/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation: zeroed, aligned, counted, and failing on demand.
 */
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

static bool all_zero(const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		if (b[i] != 0)
			return false;
	return true;
}

START_TEST(blocks_are_zeroed_and_counted)
{
	const int64_t before = fed_mem_live();
	char *a = fed_alloc(1000), *b = fed_alloc_array(7, 11), *empty = fed_alloc(0);
	char *s = fed_strdup("glyphs");

	ck_assert(a && b && empty && s);
	ck_assert(all_zero(a, 1000) && all_zero(b, 77));
	ck_assert_str_eq(s, "glyphs");
	ck_assert_int_eq(fed_mem_live(), before + 4);
	fed_free(a);
	fed_free(b);
	fed_free(empty);
	fed_free(s);
	fed_free(NULL);
	ck_assert_int_eq(fed_mem_live(), before);
}
END_TEST

START_TEST(resize_keeps_and_zeroes)
{
	char *a = fed_resize(NULL, 0, 3);
	memcpy(a, "abc", 3);

	a = fed_resize(a, 3, 5000);
	ck_assert_mem_eq(a, "abc", 3);
	ck_assert(all_zero(a + 3, 4997));
	fed_mem_fail_at(1);
	ck_assert_ptr_null(fed_resize(a, 5000, 9000));
	ck_assert_mem_eq(a, "abc", 3);
	a = fed_resize(a, 5000, 2);
	ck_assert_mem_eq(a, "ab", 2);
	fed_free(a);
}
END_TEST

START_TEST(products_that_overflow_are_refused)
{
	ck_assert_ptr_null(fed_alloc_array(SIZE_MAX / 2, 3));
	ck_assert_ptr_null(fed_alloc_floats(SIZE_MAX / 4));
	ck_assert_ptr_null(fed_alloc_floats(SIZE_MAX));
}
END_TEST

START_TEST(floats_are_aligned_and_zeroed)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 199210, 1 << 20, 1663370};
	const int64_t before = fed_mem_live();

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		float *v = fed_alloc_floats(sizes[i]);

		ck_assert_ptr_nonnull(v);
		ck_assert_uint_eq((uintptr_t)v % 64, 0);
		ck_assert(all_zero(v, sizes[i] * sizeof *v));
		if (sizes[i] > 0)
			v[sizes[i] - 1] = 1;
		fed_free_floats(v);
	}
	ck_assert_int_eq(fed_mem_live(), before);
}
END_TEST

START_TEST(the_kth_allocation_fails_once)
{
	fed_mem_fail_at(3);
	void *a = fed_alloc(1);
	float *b = fed_alloc_floats(1);
	ck_assert(fed_mem_fail_ahead());
	ck_assert_ptr_null(fed_strdup("third"));
	ck_assert(!fed_mem_fail_ahead());
	void *d = fed_alloc(1);

	ck_assert(a && b && d);
	fed_free(a);
	fed_free_floats(b);
	fed_free(d);
}
END_TEST

START_TEST(the_error_says_how_much_for_what)
{
	struct fed_error err;

	ck_assert_int_eq(fed_fail_memory(&err, 4096, "the clients"), FED_FAIL);
	ck_assert_str_eq(err.text, "out of memory (4096 bytes for the clients)");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem");
	TCase *tests = tcase_create("mem");

	tcase_add_test(tests, blocks_are_zeroed_and_counted);
	tcase_add_test(tests, resize_keeps_and_zeroes);
	tcase_add_test(tests, products_that_overflow_are_refused);
	tcase_add_test(tests, floats_are_aligned_and_zeroed);
	tcase_add_test(tests, the_kth_allocation_fails_once);
	tcase_add_test(tests, the_error_says_how_much_for_what);
	suite_add_tcase(suite, tests);
	return fed_run_suite(suite);
}

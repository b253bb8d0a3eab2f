/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranges of columns as text.
 */
#include <string.h>

#include "base/ranges.h"
#include "support/suite.h"

START_TEST(what_is_read_is_printed)
{
	static const char *const texts[] = {
		"0-391,392-783", "7-7", "0-0,2-2,4-999999999",
		"0-1,2-3,4-5,6-7,8-9,10-11,12-13,14-15,16-17,18-19,20-21,22-23,24-25,26-27,28-29,30-31"};
	struct fed_error err = {""};
	char text[FED_RANGES_TEXT];
	struct fed_ranges r;

	fed_assert_ok(fed_ranges_parse(texts[_i], &r, &err), &err);
	fed_ranges_print(&r, text);
	ck_assert_str_eq(text, texts[_i]);
}
END_TEST

START_TEST(one_column_needs_no_dash)
{
	struct fed_error err = {""};
	struct fed_ranges r;

	fed_assert_ok(fed_ranges_parse("3,5-8", &r, &err), &err);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(fed_range_size(&r.range[0]), 1);
	ck_assert_uint_eq(r.range[0].first, 3);
	ck_assert_uint_eq(fed_range_size(&r.range[1]), 4);
}
END_TEST

START_TEST(the_longest_text_fits)
{
	char text[FED_RANGES_TEXT];
	struct fed_ranges r = {.n = FED_RANGES_MAX};

	for (uint32_t i = 0; i < r.n; i++)
		r.range[i] = (struct fed_range){999999990, 999999999};
	fed_ranges_print(&r, text);
	ck_assert_uint_lt(strlen(text), sizeof text);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "no list of ranges"},
		{"a", "no list of ranges"},
		{"1-", "no list of ranges"},
		{"1-2,", "no list of ranges"},
		{"1-2;3", "no list of ranges"},
		{"-1", "no list of ranges"},
		{"12345678901", "no list of ranges"},
		{"5-3", "ends before it begins"},
		{"0-3,3-5", "column 3 is in two ranges"},
		{"4-5,0-1", "ascending order"},
		{"0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32", "more than 16 ranges"},
	};
	struct fed_error err = {""};
	struct fed_ranges r;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ck_assert_int_eq(fed_ranges_parse(cases[i].text, &r, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, cases[i].why) != NULL, "%s: %s", cases[i].text, err.text);
	}
}
END_TEST

FED_SUITE(ranges)
{
	Suite *suite = suite_create("ranges");
	TCase *tests = tcase_create("ranges");

	tcase_add_loop_test(tests, what_is_read_is_printed, 0, 4);
	tcase_add_test(tests, one_column_needs_no_dash);
	tcase_add_test(tests, the_longest_text_fits);
	tcase_add_test(tests, what_is_wrong_is_named);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "support/suite.h"
#include "tui/theme_probe.h"

START_TEST(named_backgrounds)
{
	ck_assert(!fed_background_named(NULL));
	ck_assert(!fed_background_named("15"));
	ck_assert(!fed_background_named("15;0"));
	ck_assert(!fed_background_named("7;default;8"));
	ck_assert(fed_background_named("0;15"));
	ck_assert(fed_background_named("0;default;7"));
}
END_TEST

static const struct {
	const char *read, *left;
	bool light, last;
} cases[] = {
	{"\033]11;rgb:ffff/ffff/ffff\033\\\033[?1;2c", "", true, true},
	{"\033]11;rgb:ff/ff/80\a\033[?6c", "", true, true},
	{"\033]11;rgba:f/f/f/f\a\033[?6c", "", true, true},
	{"\033]11;rgb:0000/0000/ffff\033\\\033[?1;2c", "", false, true},
	{"\033[?1;2c", "", false, true},
	{"ab\033]11;rgb:ffff/ffff/ffff\033\\c\033[A\033[?1;2cd", "abc\033[Ad", true, true},
	{"\033]11;rgb:ffff/ffff", "\033]11;rgb:ffff/ffff", false, false},
	{"\033]11;rgb:zz/1/2\a\033[?1", "\033[?1", false, false},
	{"\033]11;rgb:ffff\a", "", false, false},
	{"", "", false, false},
};

START_TEST(answers_are_taken_out)
{
	char bytes[100];
	size_t n = strlen(cases[_i].read);
	bool light = false;

	memcpy(bytes, cases[_i].read, n);
	ck_assert(fed__background_answers(bytes, &n, &light) == cases[_i].last);
	ck_assert_uint_eq(n, strlen(cases[_i].left));
	ck_assert_mem_eq(bytes, cases[_i].left, n);
	ck_assert(light == cases[_i].light);
}
END_TEST

FED_SUITE(theme_probe)
{
	Suite *suite = suite_create("background");
	TCase *tests = tcase_create("answers");

	tcase_add_test(tests, named_backgrounds);
	tcase_add_loop_test(tests, answers_are_taken_out, 0, sizeof cases / sizeof *cases);
	suite_add_tcase(suite, tests);
	return suite;
}

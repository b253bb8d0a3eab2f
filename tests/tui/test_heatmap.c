/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Heat maps against golden text.
 */
#include "tui/widgets/heatmap.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

static const char *const rows[] = {"none", "alie"};
static const char *const columns[] = {"fedavg", "krum", "bgd:groups=5"};

START_TEST(shades_and_numbers)
{
	const double value[] = {0.9, 0.5, 0.0, NAN, 0.25, 1.0};
	const struct fed_heatmap h = {"accuracy", rows, columns, 2, 3, value, 0, 1};
	struct fed_text out = {0};
	struct fed_error err;

	ck_assert_int_eq(fed_heatmap_draw(&h, 40, false, false, &out, &err), FED_OK);
	ck_assert_str_eq(fed_text_str(&out), "accuracy\n"
	                                     "      fedavg            bgd:groups=5\n"
	                                     "               krum\n"
	                                     "none  # 90.0 # : 50.0 :   0.0\n"
	                                     "      ######## ::::::::\n"
	                                     "\n"
	                                     "alie     -     . 25.0 .  100.0 #\n"
	                                     "               ........ ########\n"
	                                     "\n");
	fed_text_release(&out);
}
END_TEST

START_TEST(too_narrow)
{
	const double value[6] = {0};
	const struct fed_heatmap h = {NULL, rows, columns, 2, 3, value, 0, 1};
	struct fed_text out = {0};
	struct fed_error err;

	ck_assert_int_eq(fed_heatmap_draw(&h, 14, true, true, &out, &err), FED_FAIL);
	ck_assert_int_eq(fed_heatmap_draw(&h, 15, true, false, &out, &err), FED_OK);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&out), "2 more columns do not fit"));
	fed_text_release(&out);
}
END_TEST

FED_SUITE(heatmap)
{
	Suite *s = suite_create("heat");
	TCase *c = tcase_create("heat");

	tcase_add_test(c, shades_and_numbers);
	tcase_add_test(c, too_narrow);
	suite_add_tcase(s, c);
	return s;
}

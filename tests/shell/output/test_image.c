/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pictures as text: shades of ASCII, of blocks, half blocks in colour; smaller on narrow screens.
 */
#include "shell/output/image.h"

#include <string.h>

#include "support/suite.h"

static void assert_drawn(const struct fed_image_file *p, size_t n, struct fed_screen screen,
                         const char *expected)
{
	struct fed_text out = {0};

	fed__images_text(p, n, &screen, &out);
	ck_assert_str_eq(fed_text_str(&out), expected);
	fed_text_release(&out);
}

/* Two rows of pixels a line: black over black, black over white, white over white. */
static const float steps[] = {0, 0, 1, 0, 1, 1};
static const struct fed_image_file grey = {"a", steps, {.rank = 2, .dim = {2, 3}}, 0, 1};

START_TEST(shades_without_colour)
{
	assert_drawn(&grey, 1, (struct fed_screen){.columns = 80}, "  a   \n   =@ \n");
	assert_drawn(&grey, 1, (struct fed_screen){.columns = 80, .utf8 = true}, "  a   \n   ▒█ \n");
}
END_TEST

START_TEST(half_blocks_in_colour)
{
	const float rgb[] = {1, 0, 0, 0, 0, 1};
	const struct fed_image_file colours = {"b", rgb, {.rank = 3, .dim = {2, 1, 3}}, 0, 1};
	const struct fed_screen screen = {.columns = 80, .utf8 = true, .color = true};

	assert_drawn(&grey, 1, screen,
	             "  a   \n  \033[38;5;16;48;5;16m▀\033[38;5;16;48;5;231m▀"
	             "\033[38;5;231;48;5;231m▀\033[0m \n");
	assert_drawn(&colours, 1, screen, "  b \n  \033[38;5;196;48;5;21m▀\033[0m \n");
}
END_TEST

/* 0.5 of 255 is rounded up; two pixels of one colour each, and a title in letters of two columns.
 */
START_TEST(true_colours_and_wide_titles)
{
	const float rgb[] = {1, 0, 0.5f, 0, 0, 1};
	const struct fed_image_file p[] = {{"日本 3", rgb, {.rank = 3, .dim = {2, 1, 3}}, 0, 1},
	                                   {"cat", rgb, {.rank = 3, .dim = {2, 1, 3}}, 0, 1}};
	const struct fed_screen screen = {
		.columns = 80, .utf8 = true, .color = true, .true_color = true};
	struct fed_text out = {0};

	assert_drawn(p, 1, screen, "    \n  \033[38;2;255;0;128;48;2;0;0;255m▀\033[0m \n");
	fed__image_row_text(p, 2, 4, &screen, &out);
	ck_assert_str_eq(fed_text_str(&out), "  日本 3   cat    \n"
	                                     "  \033[38;2;255;0;128;48;2;0;0;255m▀\033[0m      "
	                                     "  \033[38;2;255;0;128;48;2;0;0;255m▀\033[0m      \n");
	fed_text_release(&out);
}
END_TEST

START_TEST(beside_one_another_and_out_of_range)
{
	const float wild[] = {-5, 7, 0.5f, -1, 1.5f, 0.5f};
	const struct fed_image_file two[] = {grey, {"long title", wild, grey.shape, 0, 1}};

	assert_drawn(two, 2, (struct fed_screen){.columns = 80}, "  a     lon \n   =@    @= \n");
}
END_TEST

START_TEST(smaller_on_a_narrow_screen)
{
	float x[16 * 16];
	struct fed_text out = {0};
	const struct fed_image_file p = {"c", x, {.rank = 3, .dim = {16, 16, 1}}, 0, 1};

	for (int i = 0; i < 256; i++)
		x[i] = i % 16 < 8;
	fed__images_text(&p, 1, &(struct fed_screen){.columns = 12}, &out);
	/* two pixels for a column, four for a row */
	ck_assert_str_eq(fed_text_str(&out),
	                 "  c        \n  @@@@     \n  @@@@     \n  @@@@     \n  @@@@     \n");
	fed_text_release(&out);
}
END_TEST

FED_SUITE(image)
{
	Suite *suite = suite_create("picture");
	TCase *tests = tcase_create("picture");

	tcase_add_test(tests, shades_without_colour);
	tcase_add_test(tests, half_blocks_in_colour);
	tcase_add_test(tests, true_colours_and_wide_titles);
	tcase_add_test(tests, beside_one_another_and_out_of_range);
	tcase_add_test(tests, smaller_on_a_narrow_screen);
	suite_add_tcase(suite, tests);
	return suite;
}

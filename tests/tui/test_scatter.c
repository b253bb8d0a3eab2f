/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scatter charts against golden text.
 */
#include "tui/widgets/scatter.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

static const double x[] = {-1, 1, 1, -1, NAN}, y[] = {-1, -1, 1, 1, 0};
static const double bad_x[] = {0, 9}, bad_y[] = {0, INFINITY};

static void draw(const struct fed_scatter *s, int columns, int rows, struct fed_text *out)
{
	struct fed_error err = {""};

	ck_assert_msg(fed__scatter_draw(s, columns, rows, false, out, &err) == FED_OK, "%s", err.text);
}

START_TEST(a_square_is_a_square)
{
	const struct fed_scatter_group groups[] = {
		{"honest", 0x25cb, 'o', FED_COLOR_GREEN, x, y, 5},
		{"Byzantine", 0x00d7, 'x', FED_COLOR_RED, bad_x, bad_y, 2},
		{"nobody", 'n', 'n', FED_COLOR_RED, NULL, NULL, 0},
	};
	const struct fed_scatter s = {.title = "updates", .group = groups, .n = 3, .utf8 = false};
	struct fed_text out = {0};

	draw(&s, 24, 10, &out);
	ck_assert_str_eq(fed_text_str(&out), "updates\n"
	                                     "+----------------------+\n"
	                                     "|                      |\n"
	                                     "|       o       o      |\n"
	                                     "|                      |\n"
	                                     "|           x          |\n"
	                                     "|                      |\n"
	                                     "|       o       o      |\n"
	                                     "+----------------------+\n"
	                                     "o honest  x Byzantine\n");
	fed_text_release(&out);
}
END_TEST

/* Letters in one cell are both read, also in the corner of the frame. */
START_TEST(letters_that_coincide)
{
	static const double at[] = {0.01}, same[] = {0}, left[] = {-9};
	const struct fed_scatter_group groups[] = {
		{"clients", 'o', 'o', 0, same, same, 1},
		{"mean", 'M', 'M', 0, same, same, 1, .letter = true},
		{"median", 'D', 'D', 0, at, same, 1, .letter = true},
		{"step", 'S', 'S', 0, same, at, 1, .letter = true},
		{"left", 'L', 'L', 0, left, same, 1, .letter = true},
	};
	const struct fed_scatter s = {.group = groups, .n = 5, .reach_x = 9, .reach_y = 2};
	struct fed_text out = {0};

	draw(&s, 60, 9, &out);
	ck_assert_msg(strstr(out.s, "SMD") != NULL, "%s", out.s);
	ck_assert_msg(strchr(out.s, 'L') != NULL, "%s", out.s);
	fed_text_release(&out);
}
END_TEST

/* Points beyond the frame are at its rim, in their direction, with the distance from the middle. */
START_TEST(far_points_are_at_the_rim)
{
	static const double far_x[] = {103, 3, 4}, far_y[] = {0, -100, 0}, mean_x[] = {50},
						mean_y[] = {0};
	static const uint32_t ids[] = {7, 8, 9};
	const struct fed_scatter_group groups[] = {
		{"Byzantine", 'x', 'x', 0, far_x, far_y, 3, .id = ids, .rim = true},
		{"mean", 'M', 'M', 0, mean_x, mean_y, 1, .letter = true, .rim = true},
		{"before", '.', '.', 0, far_x, far_y, 2},
	};
	const struct fed_scatter s = {
		.group = groups, .n = 3, .reach_x = 5, .reach_y = 2, .x = 3, .utf8 = false};
	struct fed_text out = {0};

	draw(&s, 40, 11, &out);
	ck_assert_str_eq(fed_text_str(&out), "+--------------------------------------+\n"
	                                     "|                                      |\n"
	                                     "|                                      |\n"
	                                     "|                                      |\n"
	                                     "|                                      |\n"
	                                     "|                      x9       7(100)x|\n"
	                                     "|                                 (47)M|\n"
	                                     "|                                      |\n"
	                                     "|                   x8(100)            |\n"
	                                     "+--------------------------------------+\n"
	                                     "(d) at the rim: d away  x Byzantine\n");
	fed_text_release(&out);
}
END_TEST

/* One point, none, huge and tiny ones: something is drawn, nothing is outside. */
START_TEST(odd_points)
{
	static const double one[] = {5}, far[] = {1e308, -1e308}, near[] = {1e-310, 0};
	const struct fed_scatter_group groups[] = {
		{"one", 'a', 'a', 0, one, one, 1},
		{"far", 'b', 'b', 0, far, far, 2},
		{"near", 'c', 'c', 0, near, near, 2},
	};

	for (size_t k = 0; k < 3; k++)
		for (int columns = FED_SCATTER_COLUMNS; columns < 100; columns += 13)
			for (int rows = FED_SCATTER_ROWS; rows < 40; rows += 9) {
				const struct fed_scatter s = {.group = &groups[k], .n = 1, .utf8 = true};
				struct fed_text out = {0};

				draw(&s, columns, rows, &out);
				ck_assert_ptr_nonnull(strchr(out.s, groups[k].ascii));
				fed_text_release(&out);
			}
}
END_TEST

START_TEST(too_small)
{
	const struct fed_scatter s = {.n = 0};
	struct fed_text out = {0};
	struct fed_error err;

	ck_assert_int_eq(fed__scatter_draw(&s, FED_SCATTER_COLUMNS - 1, 20, false, &out, &err),
	                 FED_FAIL);
	ck_assert_int_eq(fed__scatter_draw(&s, 80, FED_SCATTER_ROWS - 1, false, &out, &err), FED_FAIL);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

FED_SUITE(scatter)
{
	Suite *s = suite_create("scatter");
	TCase *c = tcase_create("scatter");

	tcase_add_test(c, a_square_is_a_square);
	tcase_add_test(c, letters_that_coincide);
	tcase_add_test(c, far_points_are_at_the_rim);
	tcase_add_test(c, odd_points);
	tcase_add_test(c, too_small);
	suite_add_tcase(s, c);
	return s;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/test_theme.c - contrast of the looks, also as colour-blind people see them; their escapes. */
#include "tui/widgets/theme.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "tui/widgets/svg.h"

static double linear(uint32_t rgb, int shift)
{
	const double c = (rgb >> shift & 0xFF) / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Contrast ratio of WCAG 2.1. */
static double contrast(uint32_t a, uint32_t b)
{
	double l[2];

	for (int k = 0; k < 2; k++) {
		const uint32_t c = k ? b : a;
		l[k] = 0.2126 * linear(c, 16) + 0.7152 * linear(c, 8) + 0.0722 * linear(c, 0) + 0.05;
	}
	return fmax(l[0], l[1]) / fmin(l[0], l[1]);
}

START_TEST(colours_are_read_on_their_background)
{
	for (enum fed_look look = FED_LOOK_DARK; look < FED_LOOKS; look++)
		for (enum fed_color color = FED_COLOR_PLAIN; color <= FED_COLOR_GREY; color++) {
			const double least = look >= FED_LOOK_CONTRAST_DARK ? 7 : 4.5;
			const double is = contrast(fed__look_rgb(look, color), fed__look_paper(look));

			ck_assert_msg(is >= least, "look %d, colour %d: %.2f", look, color, is);
		}
}
END_TEST

/* Colours that mean something differ without red or without green cones, too: the projections of
 * Vienot, Brettel and Mollon (1999), on linear light. */
START_TEST(colours_differ_for_the_colour_blind)
{
	static const double blind[2][3][3] = {
		{{0.11238, 0.88762, 0}, {0.11238, 0.88762, 0}, {0.00401, -0.00401, 1}},
		{{0.29275, 0.70725, 0}, {0.29275, 0.70725, 0}, {-0.02234, 0.02234, 1}},
	};

	for (enum fed_look look = FED_LOOK_DARK; look < FED_LOOKS; look++)
		for (int k = 0; k < 2; k++)
			for (enum fed_color a = FED_COLOR_RED; a <= FED_COLOR_CYAN; a++)
				for (enum fed_color b = a + 1; b <= FED_COLOR_CYAN; b++) {
					double apart = 0;

					for (int i = 0; i < 3; i++) {
						double x = 0;
						for (int j = 0; j < 3; j++)
							x += blind[k][i][j] * (linear(fed__look_rgb(look, a), 16 - 8 * j) -
							                       linear(fed__look_rgb(look, b), 16 - 8 * j));
						apart += x * x;
					}
					ck_assert_msg(sqrt(apart) > 0.04, "look %d, colours %d and %d: %.3f", look, a,
					              b, sqrt(apart));
				}
}
END_TEST

START_TEST(a_theme_and_a_background_give_a_look)
{
	ck_assert_int_eq(fed_look_of(FED_THEME_AUTO, false), FED_LOOK_DARK);
	ck_assert_int_eq(fed_look_of(FED_THEME_AUTO, true), FED_LOOK_LIGHT);
	ck_assert_int_eq(fed_look_of(FED_THEME_DARK, true), FED_LOOK_DARK);
	ck_assert_int_eq(fed_look_of(FED_THEME_LIGHT, false), FED_LOOK_LIGHT);
	ck_assert_int_eq(fed_look_of(FED_THEME_HIGH_CONTRAST, true), FED_LOOK_CONTRAST_LIGHT);
	ck_assert_int_eq(fed_look_of(FED_THEME_HIGH_CONTRAST, false), FED_LOOK_CONTRAST_DARK);
	ck_assert_int_eq(fed_look_of(FED_THEME_TERMINAL, true), FED_LOOK_TERMINAL);
}
END_TEST

static void draw(struct fed_text *out, enum fed_palette palette)
{
	struct fed_canvas canvas;
	struct fed_error err;

	fed_assert_ok(fed__canvas_init(&canvas, 3, 1, &err), &err);
	fed__canvas_put(&canvas, 0, 0, 'x', (struct fed_style){.color = FED_COLOR_RED});
	fed__canvas_text(&canvas, out, true, palette);
	fed_text_clear(out);
	fed__canvas_text(&canvas, out, true, palette);
	fed__canvas_release(&canvas);
}

START_TEST(escapes_are_those_of_the_look)
{
	static const struct {
		enum fed_palette depth;
		enum fed_look look;
		const char *text;
	} rows[] = {
		{FED_PALETTE_NONE, FED_LOOK_CONTRAST_DARK, "x\n"},
		{FED_PALETTE_8, FED_LOOK_TERMINAL, "\033[0;31mx\033[0m\n"},
		{FED_PALETTE_8, FED_LOOK_LIGHT, "\033[0;31mx\033[0m\n"},
		{FED_PALETTE_TRUE, FED_LOOK_TERMINAL, "\033[0;31mx\033[0m\n"},
		{FED_PALETTE_TRUE, FED_LOOK_CONTRAST_LIGHT, "\033[0;38;2;138;0;24mx\033[0m\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_text text = {0};

		draw(&text, fed_palette_with(rows[i].depth, rows[i].look));
		ck_assert_str_eq(fed_text_str(&text), rows[i].text);
		fed_text_release(&text);
	}
}
END_TEST

START_TEST(a_file_has_the_background_of_its_look)
{
	struct fed_canvas canvas;
	struct fed_error err;
	struct fed_text text = {0};

	fed_assert_ok(fed__canvas_init(&canvas, 3, 1, &err), &err);
	fed__canvas_svg(&canvas, &text, FED_LOOK_CONTRAST_DARK);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&text), "fill=\"#000000\""));
	fed_text_clear(&text);
	fed__canvas_svg(&canvas, &text, FED_LOOK_TERMINAL);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&text), "fill=\"#ffffff\""));
	fed_text_release(&text);
	fed__canvas_release(&canvas);
}
END_TEST

FED_SUITE(theme)
{
	Suite *suite = suite_create("theme");
	TCase *tests = tcase_create("theme");

	tcase_add_test(tests, colours_are_read_on_their_background);
	tcase_add_test(tests, colours_differ_for_the_colour_blind);
	tcase_add_test(tests, a_theme_and_a_background_give_a_look);
	tcase_add_test(tests, escapes_are_those_of_the_look);
	tcase_add_test(tests, a_file_has_the_background_of_its_look);
	suite_add_tcase(suite, tests);
	return suite;
}

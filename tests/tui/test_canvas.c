/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing on cells, compared as text. */
#include "tui/widgets/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

static const struct fed_style plain = {0};

static struct fed_canvas make(int columns, int rows)
{
	struct fed_canvas canvas;
	struct fed_error err;
	fed_assert_ok(fed__canvas_init(&canvas, columns, rows, &err), &err);
	return canvas;
}

static void expect(const struct fed_canvas *canvas, bool utf8, bool color, const char *text)
{
	struct fed_text out = {0};
	fed__canvas_text(canvas, &out, utf8, color);
	ck_assert(!out.failed);
	ck_assert_str_eq(fed_text_str(&out), text);
	fed_text_release(&out);
}

START_TEST(text_is_clipped_on_every_side)
{
	static const struct {
		int column, row;
		const char *text;
		int end;
		const char *shown;
	} cases[] = {
		{0, 0, "abc", 3, "abc\n\n"},
		{3, 1, "abc", 6, "\n   ab\n"},
		{-2, 0, "abc", 1, "c\n\n"},
		{0, 2, "abc", 3, "\n\n"},
		{0, -1, "abc", 3, "\n\n"},
		{5, 0, "abc", 8, "\n\n"},
		{0, 0, "", 0, "\n\n"},
		{0, 0, "a\033[31m", 6, "a\xEF\xBF\xBD[31\n\n"},
		{0, 0, "a\xFF\xC3", 3, "a\xEF\xBF\xBD\xEF\xBF\xBD\n\n"},
		{0, 0, "\xE4\xB8\xAD\xE6\x96\x87", 4, "\xE4\xB8\xAD\xE6\x96\x87\n\n"},
		/* Only one cell is left for the wide one. */
		{4, 0, "\xE4\xB8\xADx", 7, "\n\n"},
		{-1, 0, "\xE4\xB8\xADx", 2, " x\n\n"},
		{0, 0, "e\xCC\x81x", 2, "éx\n\n"},
		{0, 0, "\u0301ex", 2, "ex\n\n"},
		{0, 0, "x\u0301y", 2, "xy\n\n"}, /* no character of both */
		{0, 0, "\u1112\u1161\u11ab!", 3, "한!\n\n"},
		{0, 0, "\u2764\uFE0F!", 2, "\u2764!\n\n"},
		/* A woman with a laptop: the two of them, as every terminal draws them. */
		{0, 0, "\U0001F469\u200D\U0001F4BB!", 5, "\U0001F469\U0001F4BB!\n\n"},
		{0, 0, "\xF0\x9F\x98\x80", 2, "\xF0\x9F\x98\x80\n\n"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fed_canvas canvas = make(5, 2);
		ck_assert_int_eq(
			fed__canvas_write(&canvas, cases[i].column, cases[i].row, cases[i].text, plain),
			cases[i].end);
		expect(&canvas, true, false, cases[i].shown);
		fed__canvas_release(&canvas);
	}
}
END_TEST

START_TEST(half_of_a_wide_character_never_stays)
{
	struct fed_canvas canvas = make(6, 1);
	fed__canvas_write(&canvas, 0, 0, "\xE4\xB8\xAD\xE6\x96\x87", plain);
	fed__canvas_put(&canvas, 1, 0, 'x', plain);
	fed__canvas_put(&canvas, 2, 0, 'y', plain);
	expect(&canvas, true, false, " xy\n");
	fed__canvas_write(&canvas, 0, 0, "\xE4\xB8\xAD\xE6\x96\x87", plain);
	fed__canvas_write(&canvas, 1, 0, "\xE6\x96\x87", plain);
	expect(&canvas, true, false, " \xE6\x96\x87\n");
	expect(&canvas, false, false, " __\n");
	fed__canvas_release(&canvas);
}
END_TEST

START_TEST(boxes_have_corners)
{
	struct fed_canvas canvas = make(8, 4);
	fed__canvas_box(&canvas, 1, 0, 5, 3, plain);
	expect(&canvas, true, false, " ┌───┐\n │   │\n └───┘\n\n");
	expect(&canvas, false, false, " +---+\n |   |\n +---+\n\n");
	fed__canvas_box(&canvas, 4, 1, 9, 9, plain);
	expect(&canvas, false, false, " +---+\n |  +---\n +--|+\n    |\n");
	fed__canvas_release(&canvas);
}
END_TEST

/* Each dot of a cell has its own bit, and dots add up. */
START_TEST(dots_make_braille)
{
	const struct fed_pen dots = {.style = plain};
	struct fed_canvas canvas = make(2, 1);

	for (int y = -1; y <= 4; y++)
		fed__canvas_mark(&canvas, 0, y, dots);
	expect(&canvas, true, false, "⡇\n");
	fed__canvas_mark(&canvas, 1, 3, dots);
	fed__canvas_mark(&canvas, 3, 0, dots);
	fed__canvas_mark(&canvas, 4, 0, dots);
	fed__canvas_mark(&canvas, -1, 0, dots);
	expect(&canvas, true, false, "⣇⠈\n");
	expect(&canvas, false, false, "::\n");
	fed__canvas_release(&canvas);
}
END_TEST

/* A line covers both ends, has no gap, and is the same from either end up to ties. */
START_TEST(lines_are_connected)
{
	for (int k = 0; k < 64; k++) {
		const int x1 = k % 8, y1 = k / 8;
		struct fed_canvas canvas = make(8, 8);
		fed__canvas_line(&canvas, 3, 4, x1, y1, (struct fed_pen){.glyph = '#'});
		int marks = 0;
		for (int i = 0; i < 64; i++)
			marks += canvas.cell[i].code == '#';
		const int dx = abs(x1 - 3), dy = abs(y1 - 4);
		ck_assert_int_eq(marks, 1 + (dx > dy ? dx : dy));
		ck_assert_uint_eq(canvas.cell[4 * 8 + 3].code, '#');
		ck_assert_uint_eq(canvas.cell[y1 * 8 + x1].code, '#');
		fed__canvas_release(&canvas);
	}
}
END_TEST

START_TEST(colours_change_only_where_they_must)
{
	const struct fed_style red = {.color = FED_COLOR_RED}, loud = {FED_COLOR_GREY, true};
	struct fed_canvas canvas = make(8, 2);

	fed__canvas_write(&canvas, 0, 0, "ab", red);
	fed__canvas_write(&canvas, 3, 0, "c", red);
	fed__canvas_write(&canvas, 4, 0, "d", plain);
	fed__canvas_write(&canvas, 0, 1, "e", loud);
	expect(&canvas, true, true,
	       "\033[0;31mab c\033[0md\n"
	       "\033[0;1;90me\033[0m\n");
	expect(&canvas, true, false, "ab cd\ne\n");
	fed__canvas_clear(&canvas);
	expect(&canvas, true, true, "\n\n");
	fed__canvas_release(&canvas);
}
END_TEST

START_TEST(sizes_are_checked)
{
	static const int bad[][2] = {{0, 1}, {1, 0}, {-1, 5}, {FED_CANVAS_MAX + 1, 1}, {1, 1 << 30}};
	struct fed_canvas canvas;
	struct fed_error err;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(fed__canvas_init(&canvas, bad[i][0], bad[i][1], &err), FED_FAIL);
		ck_assert_ptr_nonnull(strstr(err.text, "4096"));
	}
	fed__mem_fail_at(1);
	ck_assert_int_eq(fed__canvas_init(&canvas, 80, 24, &err), FED_FAIL);
	fed__mem_fail_at(0);
	ck_assert_ptr_nonnull(strstr(err.text, "memory"));
}
END_TEST

FED_SUITE(canvas)
{
	Suite *suite = suite_create("canvas");
	TCase *tests = tcase_create("canvas");
	tcase_add_test(tests, text_is_clipped_on_every_side);
	tcase_add_test(tests, half_of_a_wide_character_never_stays);
	tcase_add_test(tests, boxes_have_corners);
	tcase_add_test(tests, dots_make_braille);
	tcase_add_test(tests, lines_are_connected);
	tcase_add_test(tests, colours_change_only_where_they_must);
	tcase_add_test(tests, sizes_are_checked);
	suite_add_tcase(suite, tests);
	return suite;
}

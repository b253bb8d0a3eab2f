/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands print, over the view: text with escapes, the pane and its keys. */
#include <string.h>

#include "support/suite.h"
#include "tui/pane.h"
#include "tui/widgets/styled_text.h"
#include "tui/widgets/tint.h"

static struct fed_canvas canvas;
static struct fed_text text;

static void set_up(void)
{
	struct fed_error err;

	fed_assert_ok(fed__canvas_init(&canvas, 40, 6, &err), &err);
}

static void tear_down(void)
{
	fed__canvas_release(&canvas);
	fed_text_release(&text);
}

/* What a canvas wrote with its styles is read back as the same cells. */
START_TEST(styles_are_read_back)
{
	struct fed_canvas again = {0};
	struct fed_error err;

	for (int i = 0; i < FED_COLOR_GREY + 1; i++)
		fed__canvas_put(&canvas, i, 0, (uint32_t)('a' + i),
		                (struct fed_style){.color = (uint8_t)i, .bold = i % 2});
	fed__canvas_write(&canvas, 10, 0, "漢字 plain", (struct fed_style){0});
	fed__canvas_put(&canvas, 22, 0, 0x2580,
	                (struct fed_style){.ink = fed__tint(0, 3), .paper = fed__tint(1, 5)});
	fed__canvas_put(&canvas, 23, 0, 'x', (struct fed_style){.color = FED_COLOR_RED});
	fed__canvas_text(&canvas, &text, true, FED_PALETTE_TRUE);
	text.s[strcspn(text.s, "\n")] = 0;
	fed_assert_ok(fed__canvas_init(&again, 40, 6, &err), &err);
	ck_assert_int_eq(fed__styled_write(&again, 0, 0, text.s, 0, (struct fed_style){0}), 24);
	for (int i = 0; i < 24; i++) {
		const struct fed_cell *a = &canvas.cell[i], *b = &again.cell[i];

		ck_assert_uint_eq(a->code, b->code);
		if (a->code == ' ' || a->code == 0)
			continue;
		ck_assert_uint_eq(a->style.color, b->style.color);
		ck_assert_uint_eq(a->style.ink, b->style.ink);
		ck_assert_uint_eq(a->style.paper, b->style.paper);
		ck_assert_int_eq(a->style.bold, b->style.bold);
	}
	fed__canvas_release(&again);
}
END_TEST

START_TEST(escapes_are_left_out)
{
	static const struct {
		const char *styled, *plain;
	} rows[] = {
		{"plain", "plain"},
		{"\033[1mbold\033[0m on", "bold on"},
		{"\033[38;5;12;48;5;1mx", "x"},
		{"\033[mx", "x"},
		{"\033[2Kx", "\033[2Kx"},
		{"\033", "\033"},
		{"a\033[1", "a\033[1"},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fed_text_clear(&text);
		fed__styled_plain(&text, rows[i].styled);
		ck_assert_str_eq(fed_text_str(&text), rows[i].plain);
	}
	fed__styled_write(&canvas, 0, 0, "\033[31m0123456789\033[0m", 8, (struct fed_style){0});
	ck_assert_uint_eq(canvas.cell[0].code, '8');
	ck_assert_uint_eq(canvas.cell[0].style.color, FED_COLOR_RED);
	/* No part of an escape is shown, however odd it is. */
	fed__canvas_clear(&canvas);
	ck_assert_int_eq(fed__styled_write(&canvas, 0, 0, "\033[38;2;1;2m\033[38m\033[;;;mz", 0,
	                                   (struct fed_style){0}),
	                 1);
}
END_TEST

static const char *look(struct fed_pane *p)
{
	fed__pane_paint(p, &canvas);
	fed_text_clear(&text);
	fed__canvas_text(&canvas, &text, false, FED_PALETTE_NONE);
	return fed_text_str(&text);
}

static void add(struct fed_pane *p, int first, int last, uint64_t event)
{
	char line[32];

	for (int i = first; i <= last; i++) {
		snprintf(line, sizeof line, "line %d", i);
		fed__pane_add(p, line, event);
	}
}

START_TEST(two_lines_are_a_reply)
{
	struct fed_pane p = {0};

	fed__pane_begin(&p, "restart", true, 7);
	fed__pane_add(&p, "restarted", 7);
	fed__pane_add(&p, "the run is kept", 7);
	fed__pane_reply(&p, &text);
	ck_assert_str_eq(fed_text_str(&text), "restarted; the run is kept");
	fed__pane_release(&p);
}
END_TEST

START_TEST(a_pane_scrolls)
{
	struct fed_pane p = {0};

	fed__pane_begin(&p, "explain fedavg", true, 7);
	ck_assert(!fed__pane_add(&p, "line 1", 7)); /* one line or two are no pane */
	ck_assert(!fed__pane_add(&p, "  line 2", 7));
	ck_assert(!p.open);
	fed__pane_reply(&p, &text);
	ck_assert_str_eq(fed_text_str(&text), "line 1 line 2"); /* a line that was wrapped */
	ck_assert(fed__pane_add(&p, "line 3", 7));
	add(&p, 4, 9, 7);
	ck_assert_ptr_nonnull(strstr(look(&p), "lines 1 to 5 of 9: arrows  esc close\nline 1\n"));
	ck_assert(fed__pane_has_more(&p, 6));
	ck_assert(fed__pane_press(&p, FED_KEY_DOWN, 6));
	ck_assert_ptr_nonnull(strstr(look(&p), "\n  line 2\n"));
	ck_assert(fed__pane_press(&p, FED_KEY_PAGE_DOWN, 6));
	ck_assert_ptr_nonnull(strstr(look(&p), "\nline 9\n"));
	ck_assert(!fed__pane_has_more(&p, 6));
	ck_assert(fed__pane_press(&p, FED_KEY_HOME, 6));
	ck_assert_ptr_nonnull(strstr(look(&p), "\nline 1\n"));
	ck_assert(!fed__pane_press(&p, '2', 6));
	ck_assert(fed__pane_press(&p, FED_KEY_ESCAPE, 6));
	ck_assert(!p.open);
	add(&p, 10, 12, 7); /* what is closed stays so */
	ck_assert(!p.open);
	fed__pane_release(&p);
}
END_TEST

START_TEST(a_pane_makes_way)
{
	struct fed_pane p = {0};

	fed__pane_begin(&p, "plot", true, 7);
	add(&p, 1, 3, 7);
	fed__pane_begin(&p, "expect", true, 7);
	add(&p, 1, 1, 7); /* one line more takes no place */
	ck_assert(p.open);
	ck_assert_str_eq(fed_text_str(&p.head), "plot");
	fed__pane_follow(&p, 7);
	ck_assert(p.open);
	fed__pane_follow(&p, 8); /* rounds run: the view is to be seen */
	ck_assert(!p.open);
	/* What a command prints while it makes events is shown by the view. */
	fed__pane_begin(&p, "step 8", true, 8);
	add(&p, 1, 8, 9);
	ck_assert(!p.open);
	/* What was typed stays, whatever runs, until the next. */
	fed__pane_begin(&p, "status", false, 9);
	add(&p, 1, 4, 9);
	fed__pane_follow(&p, 12);
	ck_assert(p.open);
	fed__pane_begin(&p, "round", false, 12);
	ck_assert(!p.open);
	/* An error that is too wide is wrapped, and stays. */
	fed__pane_tell(&p, "error: one two three four five six seven eight", 40);
	fed__pane_follow(&p, 13);
	ck_assert_ptr_nonnull(
		strstr(look(&p), "\nerror: one two three four five six seven\n  eight\n"));
	fed__pane_release(&p);
}
END_TEST

FED_SUITE(pane)
{
	Suite *suite = suite_create("pane");
	TCase *tests = tcase_create("pane");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, styles_are_read_back);
	tcase_add_test(tests, escapes_are_left_out);
	tcase_add_test(tests, two_lines_are_a_reply);
	tcase_add_test(tests, a_pane_scrolls);
	tcase_add_test(tests, a_pane_makes_way);
	suite_add_tcase(suite, tests);
	return suite;
}

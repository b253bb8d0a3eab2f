/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text cut to its place, sentences over rows, columns that fit. */
#include "tui/views/cells.h"

#include <string.h>

#include "support/suite.h"

static struct fed_canvas canvas;
static struct fed_text seen;

static void make(int columns, int rows)
{
	struct fed_error err = {""};

	fed__canvas_release(&canvas);
	fed_assert_ok(fed__canvas_init(&canvas, columns, rows, &err), &err);
}

static const char *look(void)
{
	fed_text_clear(&seen);
	fed__canvas_text(&canvas, &seen, true, false);
	return fed_text_str(&seen);
}

static const struct {
	int columns;
	bool right;
	const char *text, *seen;
} cuts[] = {
	{8, false, "loss", "|loss    |\n"},
	{8, true, "loss", "|    loss|\n"},
	{4, false, "loss", "|loss|\n"},
	{3, false, "loss", "|lo~|\n"},
	{1, false, "loss", "|~|\n"},
	{6, false, "한국어", "|한국어|\n"},
	{5, false, "한국어", "|한국~|\n"},
	{4, false, "한국어", "|한~ |\n"},
	{2, true, "한국어", "|~ |\n"},
	{3, false, "\033[1mx", "|\uFFFD[~|\n"},
	{3, false, "a\xFF\xFF\xFF", "|a\uFFFD~|\n"},
};

START_TEST(text_stays_in_its_place)
{
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		make(cuts[i].columns + 2, 1);
		fed__canvas_put(&canvas, 0, 0, '|', (struct fed_style){0});
		fed__canvas_put(&canvas, cuts[i].columns + 1, 0, '|', (struct fed_style){0});
		fed__canvas_fit(&canvas, 1, 0, cuts[i].columns, cuts[i].right, cuts[i].text,
		                (struct fed_style){0});
		ck_assert_str_eq(look(), cuts[i].seen);
	}
	fed__canvas_fit(&canvas, 1, 0, 0, false, "nothing", (struct fed_style){0});
	fed__canvas_fit(&canvas, 1, 0, -3, true, "nothing", (struct fed_style){0});
}
END_TEST

START_TEST(sentences_are_broken_at_spaces)
{
	make(12, 4);
	fed__cells_say(&canvas, 0, "no rounds yet: `round 5` makes some", (struct fed_style){0});
	ck_assert_str_eq(look(), "no rounds\nyet: `round\n5` makes\nsome\n");
	make(12, 2); /* the last row is cut */
	fed__cells_say(&canvas, 0, "no rounds yet: `round 5` makes some", (struct fed_style){0});
	ck_assert_str_eq(look(), "no rounds\nyet: `round~\n");
	make(4, 3); /* a word may be longer than a row */
	fed__cells_say(&canvas, 0, "abcdefgh 한국어", (struct fed_style){0});
	ck_assert_str_eq(look(), "abcd\nefgh\n한~\n");
	for (int columns = 1; columns < 40; columns++) {
		make(columns, 6);
		fed__cells_say(&canvas, columns % 3, "한 국어 an open round works where they were",
		               (struct fed_style){0});
	}
}
END_TEST

/* Places are inside, apart, and in order; those left out rank behind all that are in and
 * would not have fitted. */
START_TEST(columns_fit)
{
	static const struct fed_column columns[] = {
		{"client", 7, 0, true},           {"a", 5, 3}, {"hidden", 9, -1}, {"b", 5, 1}, {"c", 5, 2},
		{"rest", 6, 4, .stretchy = true},
	};

	for (int right = 1; right < 60; right++) {
		struct fed_columns c;
		int end = 2;

		fed__columns_fit(&c, columns, 6, 2, right);
		ck_assert_int_lt(c.at[2], 0);
		ck_assert(right <= 2 || c.at[0] == 2);
		for (size_t k = 0; k < 6; k++) {
			if (c.at[k] < 0)
				continue;
			ck_assert_int_ge(c.at[k], end);
			end = c.at[k] + c.width[k] + 2;
			ck_assert(right <= 2 || c.at[k] + c.width[k] <= right);
			for (size_t other = 0; other < 6; other++) /* all are about as wide */
				ck_assert(c.at[other] >= 0 || columns[other].rank < 0 ||
				          columns[other].rank > columns[k].rank || columns[other].width > 5);
		}
		if (right >= 2 + 7 + 5 + 5 + 5 + 6 + 8)
			ck_assert_int_eq(c.at[5] + c.width[5], right); /* takes what is left */
	}
}
END_TEST

START_TEST(rows_are_kept_in_sight)
{
	for (uint32_t n = 0; n < 12; n++)
		for (uint32_t rows = 1; rows < 8; rows++)
			for (uint32_t at = 0; at < n; at++)
				for (uint32_t before = 0; before < 15; before++) {
					uint32_t top = before;

					fed__scroll_to(&top, at, rows, n);
					ck_assert(at >= top && at < top + rows);
					ck_assert(top == 0 || top + rows <= n);
				}
}
END_TEST

static void release(void)
{
	fed__canvas_release(&canvas);
	fed_text_release(&seen);
}

FED_SUITE(cells)
{
	Suite *suite = suite_create("cells");
	TCase *tests = tcase_create("cells");

	tcase_add_checked_fixture(tests, NULL, release);
	tcase_add_test(tests, text_stays_in_its_place);
	tcase_add_test(tests, sentences_are_broken_at_spaces);
	tcase_add_test(tests, columns_fit);
	tcase_add_test(tests, rows_are_kept_in_sight);
	suite_add_tcase(suite, tests);
	return suite;
}

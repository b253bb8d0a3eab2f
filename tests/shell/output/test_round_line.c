/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_round_line.c - the lines of rounds have the same columns, one below the other.
 */
#include <string.h>

#include "shell/lab.h"
#include "support/suite.h"

static struct shell_lab lab;

static void set_up(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
}

static int column_of(const char *line, size_t n, const char *word)
{
	const char *at = memmem(line, n, word, strlen(word));

	return at ? (int)(at - line) : -1;
}

/* Check the lines of rounds from `first` on; returns how many there are. */
static int check_columns(const char *text, int first, const char *const *word, size_t words)
{
	int at[8], seen = 0, lines = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text != 0) {
		const size_t n = strcspn(text, "\n");

		if (strncmp(text, "round ", 6) != 0 || ++seen < first)
			continue;
		for (size_t k = 0; k < words; k++) {
			const int column = column_of(text, n, word[k]);

			ck_assert_msg(lines == 0 || column == at[k], "%s is in column %d, not %d, of\n%.*s",
			              word[k], column, at[k], (int)n, text);
			at[k] = column;
		}
		lines++;
	}
	return lines;
}

/* Losses and times that end in zeros, rounds of one digit and of two, clients that are lost: a
 * column only grows, with the first value that needs it. */
START_TEST(lines_have_the_same_columns)
{
	static const char *const words[] = {"accuracy", "loss",  "train loss", "clients",
	                                    "of 6",     "clock", "B"};
	const char *text;

	lab.shell.screen.width = 0;
	shell_lab_reply(
		&lab,
		"dataset blobs train=300 test=50; add-client 6 samples=20 device=phone link=4g; "
		"inject offline 1 at=2 for=200",
		FED_EXIT_OK);
	text = shell_lab_reply(&lab, "round 40", FED_EXIT_OK);
	ck_assert_int_eq(check_columns(text, 4, words, 7), 37);
	text = shell_lab_reply(&lab, "heal; round 3", FED_EXIT_OK); /* all 6 again */
	ck_assert_int_eq(check_columns(text, 1, (const char *const[]){"loss", "clients 6", "clock"}, 3),
	                 3);
	assert_shows(text, "clients 6       clock ");
	/* another run begins with narrow columns */
	text = shell_lab_reply(&lab, "restart; round 12", FED_EXIT_OK);
	ck_assert_int_eq(check_columns(text, 1, (const char *const[]){"loss", "clients 6", "clock"}, 3),
	                 12);
	assert_shows(text, "clients 6  clock ");
}
END_TEST

/* The same parts on each line: what does not fit once does not come back. */
START_TEST(narrow_lines_have_the_same_parts)
{
	const char *text;

	lab.shell.screen.width = 64;
	shell_lab_reply(
		&lab,
		"dataset blobs train=300 test=50; add-client 6 samples=20 device=phone link=4g; "
		"inject offline 1 at=1 for=2; inject offline 1 at=6 for=2",
		FED_EXIT_OK);
	text = shell_lab_reply(&lab, "round 12", FED_EXIT_OK);
	ck_assert_int_eq(
		check_columns(text, 2, (const char *const[]){"loss", "clients", "clock", "B"}, 4), 11);
	assert_lacks(text, "train loss");
}
END_TEST

FED_SUITE(round_line)
{
	Suite *suite = suite_create("round_line");
	TCase *tests = tcase_create("round_line");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, lines_have_the_same_columns);
	tcase_add_test(tests, narrow_lines_have_the_same_parts);
	suite_add_tcase(suite, tests);
	return suite;
}

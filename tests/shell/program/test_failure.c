/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_failure.c - carets under the word that is wrong; `why`. */
#include <stdlib.h>
#include <string.h>

#include "shell/lab.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

#define FEDSH FED_BUILD_DIR "/fedsh"

static struct fed_temp temp;
static struct program_run run;

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("LC_ALL", "C.UTF-8", 1);
}

static void tear_down(void)
{
	unsetenv("COLUMNS");
	fed_temp_remove(&temp);
}

/* Run the program on these lines as standard input, in so many columns. */
static void feed(const char *columns, const char *lines)
{
	static const char *const none[] = {NULL};

	setenv("COLUMNS", columns, 1);
	program_run(&run, FEDSH, temp.dir, none, lines, strlen(lines));
}

static const struct {
	const char *lines, *columns, *shown;
} wrong[] = {
	{"round xyz\n", "80", "  round xyz\n        ^~~\n"},
	{"rond 3\n", "80", "  rond 3\n  ^~~~\n"},
	{"aggregator fedagv\n", "80", "  aggregator fedagv\n             ^~~~~~\n"},
	{"set lr 5000\n", "80", "  set lr 5000\n         ^~~~\n"},
	{"add-client\n", "80", "  add-client \n             ^\n"},
	{"round 'a\n", "80", "  round 'a\n        ^~\n"},
	{"dataset blobs \\\n train=200 \\\n bogus=1\n", "80", "stdin:3: dataset: no parameter bogus"},
	{"alias go \"show lr; rond\"; go\n", "80", "  rond\n  ^~~~\n"},
	/* wide letters before the word, and a line that is cut on both sides */
	{"add-client 1 device=한국어한국어한국어한국어 bogus=2 samples=3 reuse\n", "40",
     "  ...한국어한국어한국어 bogus=2 sampl...\n                        ^~~~~~~\n"},
};

START_TEST(a_caret_stands_under_the_word)
{
	feed(wrong[_i].columns, wrong[_i].lines);
	assert_shows(run.err, wrong[_i].shown);
}
END_TEST

START_TEST(without_a_width_there_is_no_caret)
{
	feed("0", "round xyz\n");
	assert_shows(run.err, "stdin:1: round: xyz is not");
	assert_lacks(run.err, "^");
}
END_TEST

START_TEST(why_shows_the_error_again)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_BUILD_DIR "/plugins");
	assert_shows(shell_lab_reply(&lab, "why", FED_EXIT_OK), "no command has failed");
	shell_lab_reply(&lab, "round xyz", FED_EXIT_USAGE);
	const char *said = shell_lab_reply(&lab, "why", FED_EXIT_OK);
	assert_shows(said, "round: xyz is not");
	assert_shows(said, "  round xyz\n        ^~~\n");
	assert_shows(said, "usage: round");
	shell_lab_reply(&lab, "set lr 0.2", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "why", FED_EXIT_OK), "round: xyz is not");
	shell_lab_reply(&lab, "aggregator fedagv", FED_EXIT_USAGE);
	said = shell_lab_reply(&lab, "why", FED_EXIT_OK);
	assert_shows(said, "^~~~~~");
	assert_shows(said, "one of: bgd, ");
	shell_lab_reply(&lab, "add-client 5 samples=x", FED_EXIT_USAGE);
	assert_shows(shell_lab_reply(&lab, "why", FED_EXIT_OK), "allowed: ");
	shell_lab_reply(&lab, "rond", FED_EXIT_USAGE);
	assert_shows(shell_lab_reply(&lab, "why", FED_EXIT_OK), "`help` lists the commands");
	shell_lab_close(&lab);
}
END_TEST

/* What failed within a script that ran to its end is over when the next command fails. */
START_TEST(errors_are_those_of_their_command)
{
	fed_temp_write(&temp, "a.fedsh", "show lr\nalias x show\n", 21);
	feed("80", "source a.fedsh; export\n");
	assert_shows(run.err, "  export \n         ^\n");
}
END_TEST

START_TEST(the_line_of_a_model_file_is_shown)
{
	static const char lines[] = "relu\n\tconv filtrs=3\n";

	fed_temp_write(&temp, "a.fed-model", lines, sizeof lines - 1);
	feed("80", "dataset blobs train=40 test=8\nmodel a.fed-model\n");
	assert_shows(run.err, "a.fed-model:2:7: no parameter filtrs");
	assert_shows(run.err, "  conv filtrs=3\n       ^~~~~~~~\n");
	assert_lacks(run.err, "  model a.fed-model");
}
END_TEST

START_TEST(the_prompt_shows_it_too)
{
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("set lr abc\r");
	terminal_wait("  set lr abc");
	terminal_wait("         ^~~");
	terminal_wait("fedsh> ");
	terminal_type("why\r");
	terminal_wait("usage: set");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

FED_SUITE(failure)
{
	Suite *suite = suite_create("failure");
	TCase *tests = tcase_create("failure");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_caret_stands_under_the_word, 0,
	                    (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(tests, without_a_width_there_is_no_caret);
	tcase_add_test(tests, why_shows_the_error_again);
	tcase_add_test(tests, errors_are_those_of_their_command);
	tcase_add_test(tests, the_line_of_a_model_file_is_shown);
	tcase_add_test(tests, the_prompt_shows_it_too);
	suite_add_tcase(suite, tests);
	return suite;
}

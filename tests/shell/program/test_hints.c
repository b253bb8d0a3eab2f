/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_hints.c - what the command that is being typed takes next: hints and `?`. */
#include <stdlib.h>
#include <string.h>

#include "shell/lab.h"
#include "shell/language/complete.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("NO_COLOR", "", 1); /* colours */
}

static void tear_down(void)
{
	unsetenv("NO_COLOR");
	fed_temp_remove(&temp);
}

static const struct {
	const char *line, *hint;
} lines[] = {
	{"", ""},
	{"round", ""},
	{"round ", "[N]"},
	{"rou ", "[N]"},
	{"round 3", ""},
	{"round 3 ", ""},
	{"add-client ", "N [PARTITION] [KEY=VALUE ...]"},
	{"add-client 3 ", "[PARTITION] [KEY=VALUE ...]"},
	{"add-client x ", ""},
	{"add-client 3 samples=", "a whole number from 1"},
	{"add-client 3 bogus=", ""},
	{"show lr; round ", "[N]"},
	{"show lr;", ""},
	{"round # ", ""},
	{"show 'a ", ""},
	{"xyzzy ", ""},
	{"status ", ""},
};

START_TEST(a_hint_is_what_comes_next)
{
	struct fed_text hint = {0};
	struct shell_lab lab;

	shell_lab_open(&lab, FED_BUILD_DIR "/plugins");
	fed__next_hint(&lab.shell, lines[_i].line, strlen(lines[_i].line), &hint);
	ck_assert_str_eq(fed_text_str(&hint), lines[_i].hint);
	fed_text_release(&hint);
	shell_lab_close(&lab);
}
END_TEST

START_TEST(hints_stand_behind_the_cursor)
{
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("round ");
	terminal_wait("\033[2m[N]\033[0m\033[3D"); /* the cursor stays */
	terminal_type("\025");                     /* the line is given up: the hint goes first */
	terminal_wait("\033[K");
	terminal_type("add-client ");
	terminal_wait("\033[2mN [PARTITION] [KEY=VALUE ...]\033[0m\033[29D");
	terminal_type("\003");
	terminal_wait("\033[K");
	terminal_wait("fedsh> ");
	/* A paste is one line, not many keys, and is bracketed as before. */
	terminal_type("\033[200~show lr\nshow batch\033[201~\r");
	terminal_wait("lr = 0.1");
	terminal_wait("batch = ");
	terminal_wait("fedsh> ");
	/* No hint where it would reach beyond the row. */
	terminal_type("alias aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	              "aaaaaaaaaaaaaaaaaaaaaa ");
	terminal_type("\003");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

START_TEST(no_hints_without_colour)
{
	if (_i)
		setenv("NO_COLOR", "1", 1);
	terminal_begin(_i ? "xterm" : "dumb", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("round 0\r");
	terminal_wait("give a whole number");
	assert_lacks(terminal_seen(), "[N]");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

START_TEST(a_question_mark_asks_at_once)
{
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("round ?");
	terminal_wait("n: number of rounds");
	terminal_wait("fedsh> ");
	terminal_wait("round ");
	terminal_type("\r"); /* asks once more, and makes no round */
	terminal_wait("round [N]");
	terminal_wait("examples");
	terminal_wait("fedsh> ");
	terminal_type("aggregator ?");
	terminal_wait("one of: bgd");
	terminal_wait("aggregator ");
	terminal_type("fedadam\r");
	terminal_wait("fedsh> ");
	terminal_type("alias a 'b?' \r"); /* a letter elsewhere */
	terminal_wait("fedsh> ");
	terminal_type("alias\r");
	terminal_wait("a = b?");
	terminal_wait("fedsh> ");
	terminal_type("?\r");
	terminal_wait("`help COMMAND` shows");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

FED_SUITE(hints)
{
	Suite *suite = suite_create("hints");
	TCase *tests = tcase_create("hints");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_hint_is_what_comes_next, 0, (int)(sizeof lines / sizeof *lines));
	tcase_add_test(tests, hints_stand_behind_the_cursor);
	tcase_add_loop_test(tests, no_hints_without_colour, 0, 2);
	tcase_add_test(tests, a_question_mark_asks_at_once);
	suite_add_tcase(suite, tests);
	return suite;
}

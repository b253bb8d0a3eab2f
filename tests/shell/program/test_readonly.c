/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_readonly.c - what `set readonly on` refuses; commands that are repeated. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/lab.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

#define FEDSH FED_BUILD_DIR "/fedsh"

static struct fed_temp temp;
static struct program_run run;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void feed(const char *option, const char *lines)
{
	const char *const arguments[] = {"--no-color", option, NULL};

	program_run(&run, FEDSH, temp.dir, arguments, lines, strlen(lines));
}

static const char *const refused[] = {
	"save made",
	"export made.csv",
	"record made",
	"load made.so",
	"new-plugin aggregator made",
	"build made",
	"status > made",
	"status >> made",
	"status | cat > made",
	"updates save=made",
	"plot accuracy to=made.svg",
	"updates map to=made.pdf",
	"clients all to=made.png",
	"report made.html",
	"tensorboard made",
	"alias x \"save made\"; x",
	"every n=1 1s status > made",
};

START_TEST(readonly_refuses_to_write_and_to_load)
{
	char lines[200];

	snprintf(lines, sizeof lines, "set readonly on\n%s\n", refused[_i]);
	feed(NULL, lines);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, "is refused: readonly is on");
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
	snprintf(lines, sizeof lines, "%s\n", refused[_i]);
	feed("--readonly", lines);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
}
END_TEST

START_TEST(readonly_stays_on)
{
	feed("--readonly", "reset\ndataset blobs train=100 test=20\nadd-client 2 samples=20\nround\n"
	                   "clients\nset readonly off\n");
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, "stdin:6: set: readonly stays on until the program ends");
}
END_TEST

START_TEST(a_looking_command_is_repeated)
{
	feed(NULL, "every n=3 100ms status\nshow lr\n");
	ck_assert_int_eq(run.code, 0);
	const char *at = run.out;
	int n = 0;
	while ((at = strstr(at, "dataset"))) {
		at++;
		n++;
	}
	ck_assert_int_eq(n % 3, 0);
	ck_assert_int_gt(n, 0);
}
END_TEST

static const struct {
	const char *line, *error;
} wrong[] = {
	{"every 1s round", "repeats commands that look (`help look`), and round is none"},
	{"every 1s save x", "and save is none"},
	{"every 1s every 1s status", "and every is none"},
	{"every 1s 'status; round'", "repeats one command"},
	{"every fast status", "fast is no time"},
	{"every 0 status", "0 is no time"},
	{"every 1s xyzzy", "no command xyzzy"},
	{"every 1s", "command is missing"},
};

START_TEST(only_looking_commands_are_repeated)
{
	feed(NULL, wrong[_i].line);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, wrong[_i].error);
}
END_TEST

START_TEST(an_interrupt_ends_the_repetition)
{
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("every 200ms status\r");
	terminal_wait("dataset");
	terminal_wait("dataset");
	terminal_type("\003");
	terminal_wait("fedsh> ");
	terminal_type("show lr\r");
	terminal_wait("lr = 0.1");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

FED_SUITE(readonly)
{
	Suite *suite = suite_create("readonly");
	TCase *tests = tcase_create("readonly");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, readonly_refuses_to_write_and_to_load, 0,
	                    (int)(sizeof refused / sizeof *refused));
	tcase_add_test(tests, readonly_stays_on);
	tcase_add_test(tests, a_looking_command_is_repeated);
	tcase_add_loop_test(tests, only_looking_commands_are_repeated, 0,
	                    (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(tests, an_interrupt_ends_the_repetition);
	suite_add_tcase(suite, tests);
	return suite;
}

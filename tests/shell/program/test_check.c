/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_check.c - lines that the next one continues; scripts checked without running
 * them. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
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

/* Run the program on these lines as standard input. */
static void feed(const char *option, const char *lines)
{
	const char *const arguments[] = {option, NULL};

	program_run(&run, FEDSH, temp.dir, arguments, lines, strlen(lines));
}

static const struct {
	const char *line;
	bool continues;
} ends[] = {
	{"a", false},      {"", false},        {"a \\", true},         {"\\", true},
	{"a \\\r", true},  {"a \\\\", false},  {"# said \\", false},   {"a; b \\", true},
	{"a 'b\\", false}, {"a \"b\\", false}, {"a # b; c \\", false}, {"a#b\\", true},
};

START_TEST(a_backslash_at_the_end_continues)
{
	ck_assert_int_eq(fed__line_continues(ends[_i].line, strlen(ends[_i].line)), ends[_i].continues);
}
END_TEST

START_TEST(continued_lines_are_joined)
{
	struct fed_text line = {0};
	static const char text[] = "a \\\n   b\\\n\tc\nd\\\r\ne";

	fed__line_join(&line, text, strlen(text));
	ck_assert_str_eq(fed_text_str(&line), "a b c\nd e");
	fed_text_release(&line);
}
END_TEST

START_TEST(scripts_continue_lines)
{
	feed("--no-color",
	     "dataset blobs \\\n  train=200 \\\n  test=20\nset lr \\\n0.3; show lr\nfoo\n");
	assert_shows(run.out, "200 training and 20 test examples");
	assert_shows(run.out, "lr = 0.3");
	assert_shows(run.err, "stdin:6: no command foo");
	feed("--no-color", "show lr \\");
	assert_shows(run.err, "nothing follows the backslash");
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
}
END_TEST

START_TEST(what_was_continued_is_replayed)
{
	feed("--no-color", "record a.fedsh\ndataset blobs \\\n train=200\nset lr=0.3 \\\nbatch=7\n"
	                   "record stop\nreplay a.fedsh\nshow batch\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "batch = 7");
}
END_TEST

START_TEST(lines_are_continued_at_the_prompt)
{
	struct fed_text lines = {0};
	struct fed_error err;
	char history[300];

	terminal_begin(_i ? "dumb" : "xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("set lr \\\r");
	terminal_wait("> ");
	terminal_type("  0.25\r");
	terminal_wait("fedsh> ");
	terminal_type("show lr\r");
	terminal_wait("lr = 0.25");
	terminal_wait("fedsh> ");
	terminal_type("set lr \\\r");
	terminal_wait("> ");
	terminal_type("\003"); /* Ctrl-C drops the lines before, too */
	terminal_wait("fedsh> ");
	terminal_type("show lr\r");
	terminal_wait("lr = 0.25");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
	if (_i)
		return; /* without readline there is no history */
	snprintf(history, sizeof history, "%s/.local/state/fedsh/history", temp.dir);
	fed_assert_ok(fed_file_read(history, 1000, &lines, &err), &err);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&lines), "set lr 0.25\n"));
	fed_text_release(&lines);
}
END_TEST

START_TEST(a_brace_goes_on_at_the_prompt)
{
	terminal_begin(_i ? "dumb" : "xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("study s {\r");
	terminal_wait("> ");
	terminal_type("seed = 1\r");
	terminal_wait("> ");
	terminal_type("\003"); /* Ctrl-C drops the lines before, too */
	terminal_wait("fedsh> ");
	terminal_type("dataset blobs train=200; add-client 2\r");
	terminal_wait("left in the pool");
	terminal_wait("fedsh> ");
	terminal_type("study s {\r");
	terminal_wait("> ");
	terminal_type(_i ? "  aggregator = fedavg, median\r" : "  aggrega\tfedavg, med\t\r");
	terminal_wait("> ");
	terminal_type("  seed = 1..2\r");
	terminal_wait("> ");
	terminal_type("} rounds=1\r");
	terminal_wait("4 of 4 runs");
	terminal_wait("fedsh> ");
	terminal_type("study s\r");
	terminal_wait("{ aggregator = fedavg, median; seed = 1, 2 }");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

START_TEST(a_check_tells_all_errors_and_runs_nothing)
{
	feed("-n", "dataset blobs train=200\nalias go \"round 5; record made.fedsh\"\ngo\nrond 3\n"
	           "round \\\n many\nadd-client 5 noniid bogus=1\nround 'a\naggregator fedagv\n"
	           "rou 3\nround ?\n");
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, "stdin:4: no command rond; did you mean round?");
	assert_shows(run.err, "stdin:5: round: ");
	assert_shows(run.err, "stdin:7: add-client: no parameter bogus");
	assert_shows(run.err, "stdin:8: the quote ' at column 7 has no end");
	assert_shows(run.err, "stdin:9: aggregator: no aggregator fedagv; did you mean fedavg?");
	assert_shows(run.err, "stdin:10: no command rou; scripts spell it out: round");
	assert_shows(run.out, "6 errors");
	assert_lacks(run.out, "training");
	ck_assert_int_ne(access(fed_temp_file(&temp, "made.fedsh"), F_OK), 0);
}
END_TEST

/* Scripts that a script reads are checked in their place: their aliases and plugins count behind.
 */
START_TEST(a_check_goes_into_scripts)
{
	static const char outer[] = "source inner.fedsh\ngo\nsource inner.fedsh\nrond\nsource later\n";
	static const char inner[] = "alias go \"round 2\"\nround many\n";
	static const char *const arguments[] = {"-n", "outer.fedsh", NULL};
	static const char *const endless[] = {"-n", "endless.fedsh", NULL};

	fed_temp_write(&temp, "outer.fedsh", outer, sizeof outer - 1);
	fed_temp_write(&temp, "inner.fedsh", inner, sizeof inner - 1);
	fed_temp_write(&temp, "endless.fedsh", "source endless.fedsh\n", 21);
	program_run(&run, FEDSH, temp.dir, arguments, "", 0);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, "inner.fedsh:2: round: ");
	assert_shows(run.err, "outer.fedsh:4: no command rond");
	assert_lacks(run.err, "no command go");
	assert_shows(run.out, "3 errors");
	assert_shows(run.out, "1 script that is read is not there now");
	program_run(&run, FEDSH, temp.dir, endless, "", 0);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, "scripts inside scripts, more than ");
}
END_TEST

START_TEST(a_check_says_what_it_cannot_know)
{
	static const char *const missing[] = {"-n", "missing.fedsh", NULL};
	static const char *const commands[] = {"-n", "-c", "round 3; expect accuracy>0.5", NULL};

	feed("-n", "load mine.so\naggregator mine > a.txt\nclients | cat; remove-client 9\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "4 commands checked, 0 errors");
	assert_shows(run.out, "1 name is not known before");
	assert_shows(run.out, "Only a run tells");
	program_run(&run, FEDSH, temp.dir, missing, "", 0);
	ck_assert_int_eq(run.code, FED_EXIT_IO);
	program_run(&run, FEDSH, temp.dir, commands, "", 0);
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "2 commands checked");
}
END_TEST

FED_SUITE(check)
{
	Suite *suite = suite_create("check");
	TCase *tests = tcase_create("check");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_backslash_at_the_end_continues, 0,
	                    (int)(sizeof ends / sizeof *ends));
	tcase_add_test(tests, continued_lines_are_joined);
	tcase_add_test(tests, scripts_continue_lines);
	tcase_add_test(tests, what_was_continued_is_replayed);
	tcase_add_loop_test(tests, lines_are_continued_at_the_prompt, 0, 2);
#ifdef FED_HAVE_SQLITE
	tcase_add_loop_test(tests, a_brace_goes_on_at_the_prompt, 0, 2);
#endif
	tcase_add_test(tests, a_check_tells_all_errors_and_runs_nothing);
	tcase_add_test(tests, a_check_says_what_it_cannot_know);
	tcase_add_test(tests, a_check_goes_into_scripts);
	suite_add_tcase(suite, tests);
	return suite;
}

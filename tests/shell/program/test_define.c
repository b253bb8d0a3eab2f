/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_define.c - groups of lines with parameters; the configuration; names in any
 * script. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
	setenv("HOME", temp.dir, 1);
	unsetenv("XDG_CONFIG_HOME");
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

START_TEST(a_group_runs_with_its_arguments)
{
	feed(NULL, "define go\n  set lr $1 # the rate\n  set \\\n  batch=$2; show batch\nend\n"
	           "go 0.25 7\nshow lr\ndefine all\nset $*\nend\nall lr=0.5 batch=9\nshow lr\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "batch = 7");
	assert_shows(run.out, "lr = 0.25");
	assert_shows(run.out, "lr = 0.5");
}
END_TEST

START_TEST(what_a_group_runs_is_recorded)
{
	struct fed_text lines = {0};
	struct fed_error err;

	feed(NULL, "record a.fedsh\ndefine 가나\ndataset $1 train=200 test=20\nset lr=$2\nend\n"
	           "가나 blobs 0.25\nrecord stop\nreplay a.fedsh\nshow lr\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "lr = 0.25");
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "a.fedsh"), 1000, &lines, &err), &err);
	ck_assert_ptr_nonnull(
		strstr(fed_text_str(&lines), "\ndataset blobs train=200 test=20\nset lr"));
	ck_assert_ptr_null(strstr(fed_text_str(&lines), "가나"));
	fed_text_release(&lines);
}
END_TEST

static const struct {
	const char *lines, *error;
} wrong[] = {
	{"define a\nshow $1\nend\na\n", "stdin:4: a: takes 1 argument, not 0"},
	{"define a\nshow lr\nend\na b c\n", "stdin:4: a: takes 0 arguments, not 2"},
	{"define a\nshow $2 $*\nend\na b\n", "a: takes at least 2 arguments, not 1"},
	{"define a\nshow lr\ndefine b\nend\n", "stdin:3: define a: a group cannot define another"},
	{"define a\nshow lr\n", "stdin:2: define a: has no `end`"},
	{"define a\nend\n", "there is nothing between it and `end`"},
	{"define round\nend\n", "round is a command and cannot be a group"},
	{"define end\nend\n", "end ends a group and cannot be a group"},
	{"define a/b\n", "a/b: a group has letters, digits, - and _"},
	{"define a\na\nend\na\n", "aliases inside aliases, more than 16 deep"},
	{"define a\nshow lr\nrond\nend\nshow lr\na\n", "stdin:6: no command rond"},
	{"end\n", "no command end"},
};

START_TEST(a_wrong_group_is_refused)
{
	feed(NULL, wrong[_i].lines);
	ck_assert_int_ne(run.code, 0);
	assert_shows(run.err, wrong[_i].error);
	feed("-n", wrong[_i].lines);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
}
END_TEST

START_TEST(groups_are_listed_and_removed)
{
	static const char *const unended[] = {"-c", "define a; show lr", NULL};

	feed(NULL, "define a\nshow lr\nend\ndefine\nalias\ndefine a; end\ndefine\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "define a\n  show lr\nend\n");
	assert_shows(run.out, "no groups");
	program_run(&run, FEDSH, temp.dir, unended, "", 0);
	ck_assert_int_eq(run.code, FED_EXIT_USAGE);
	assert_shows(run.err, "define a: has no `end`");
}
END_TEST

START_TEST(names_are_of_any_script)
{
	feed(NULL, "alias 보기 show lr\n보기\nalias été \"show batch\"\nété\nalias\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "보기 = show lr");
	assert_shows(run.out, "batch = ");
	feed(NULL, "dataset blobs train=100 test=20\nadd-client 2 samples=20\nround\nkeep 첫-실험\n"
	           "restart\nround\nexpect accuracy>=첫-실험.accuracy\nkeep\n");
	ck_assert_int_eq(run.code, 0);
	assert_shows(run.out, "첫-실험");
	feed(NULL, "alias \"a b\" show\n");
	assert_shows(run.err, "a b: an alias has letters");
}
END_TEST

static void configure(const char *text)
{
	char path[300];

	snprintf(path, sizeof path, "%s/.config", temp.dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/.config/fedsh", temp.dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	fed_temp_write(&temp, ".config/fedsh/config", text, strlen(text));
}

START_TEST(the_configuration_is_read_at_the_prompt)
{
	configure("# mine\nalias sl show lr\nround 3\nset lr 0.7\nset echo off\n"
	          "define two\n  show lr\n  show $1\nend\n");
	terminal_begin(_i ? "dumb" : "xterm", temp.dir);
	terminal_wait("config:3: round: is not for the configuration");
	terminal_wait("config:4: set: the configuration holds only settings of");
	terminal_wait("fedsh> ");
	terminal_type("sl\r");
	terminal_wait("lr = 0.1");
	terminal_wait("fedsh> ");
	terminal_type("two batch\r");
	terminal_wait("batch = ");
	terminal_wait("fedsh> ");
	terminal_type("show echo\r");
	terminal_wait("echo = off");
	terminal_wait("fedsh> ");
	terminal_type("define x\r");
	terminal_wait("define x> ");
	terminal_type("\003"); /* drops it */
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

START_TEST(scripts_read_it_only_when_asked)
{
	static const char *const none[] = {NULL}, *const given[] = {"--config", "mine", NULL};
	static const char lines[] = "sl\n";

	configure("alias sl show lr\n");
	program_run(&run, FEDSH, temp.dir, none, lines, strlen(lines));
	assert_shows(run.err, "no command sl");
	fed_temp_write(&temp, "mine", "alias sl show lr\nsave x\n", 24);
	program_run(&run, FEDSH, temp.dir, given, lines, strlen(lines));
	assert_shows(run.err, "mine:2: save: is not for the configuration");
	assert_shows(run.out, "lr = 0.1");
	ck_assert_int_eq(run.code, 0);
}
END_TEST

FED_SUITE(define)
{
	Suite *suite = suite_create("define");
	TCase *tests = tcase_create("define");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_group_runs_with_its_arguments);
	tcase_add_test(tests, what_a_group_runs_is_recorded);
	tcase_add_loop_test(tests, a_wrong_group_is_refused, 0, (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(tests, groups_are_listed_and_removed);
	tcase_add_test(tests, names_are_of_any_script);
	tcase_add_loop_test(tests, the_configuration_is_read_at_the_prompt, 0, 2);
	tcase_add_test(tests, scripts_read_it_only_when_asked);
	suite_add_tcase(suite, tests);
	return suite;
}

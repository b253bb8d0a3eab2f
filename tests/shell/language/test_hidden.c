/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_hidden.c - commands that a lesson hides; lessons over a session, and their
 * undo. */
#include <stdlib.h>
#include <string.h>

#include "shell/lab.h"
#include "shell/language/complete.h"
#include "shell/script/lessons.h"
#include "support/suite.h"

static struct shell_lab lab;
static struct fed_temp temp;

static void add(const char *name, const char *lines)
{
	fed_temp_write(&temp, name, lines, strlen(lines));
}

static void set_up(void)
{
	fed_temp_make(&temp);
	add("01-hides.fedsh", "# Lesson 1: hides\n#\nset hide inject,heal\ndataset blobs\nadd-client 2 "
	                      "samples=20\ninject nan 0 at=9\n");
	add("02-shows.fedsh", "# Lesson 2: shows\n#\ndataset blobs\n");
	add("mine.fedsh", "inject nan 1\n");
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	fed__lessons_read(&lab.shell.lessons, temp.dir);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}

static size_t candidates(const char *typed)
{
	struct fed_candidates found;

	fed__complete(&lab.shell, typed, strlen(typed), &found);
	const size_t n = found.n;
	fed__candidates_release(&found);
	return n;
}

START_TEST(a_lesson_hides_commands_and_uses_them)
{
	struct fed_text line = {0};

	ck_assert_uint_eq(candidates("inje"), 1);
	shell_lab_reply(&lab, "lesson 1", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "faults", FED_EXIT_OK), "nan");
	assert_shows(shell_lab_reply(&lab, "inject nan 1", FED_EXIT_USAGE),
	             "inject: is hidden in this lesson; `help` lists the commands that it is about");
	fed_text_add(&line, "source %s/mine.fedsh", temp.dir);
	ck_assert_int_ne(shell_lab_run(&lab, fed_text_str(&line)), FED_EXIT_OK);
	ck_assert_int_ne(shell_lab_run(&lab, "alias x inject; x nan 1"), FED_EXIT_OK);
	ck_assert_ptr_null(strstr(shell_lab_reply(&lab, "help", FED_EXIT_OK), "\n  inject "));
	assert_lacks(shell_lab_reply(&lab, "help faults", FED_EXIT_OK), "inject FAULT");
	ck_assert_uint_eq(candidates("inje"), 0);
	ck_assert_uint_eq(candidates("stat"), 1);
	shell_lab_reply(&lab, "lesson 2", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "help faults", FED_EXIT_OK), "inject FAULT");
	fed_text_release(&line);
}
END_TEST

START_TEST(what_is_hidden_is_shown_again)
{
	shell_lab_reply(&lab, "set hide inject", FED_EXIT_OK);
	ck_assert_int_ne(shell_lab_run(&lab, "inject"), FED_EXIT_OK);
	shell_lab_reply(&lab, "set hide none", FED_EXIT_OK);
	shell_lab_reply(&lab, "inject", FED_EXIT_USAGE);
	assert_lacks(shell_lab_said(&lab),
	             "is hidden in this lesson; `help` lists the commands that it "
	             "is about, `set hide none` shows all\nerror: inject: is");
	assert_shows(shell_lab_reply(&lab, "set hide injekt", FED_EXIT_USAGE), "did you mean inject");
	assert_shows(shell_lab_reply(&lab, "set hide quit", FED_EXIT_USAGE), "cannot be hidden");
	shell_lab_reply(&lab, "set hide inject; set readonly on", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "set hide none", FED_EXIT_USAGE), "stays as it is");
	unsetenv("LESSSECURE");
}
END_TEST

/* A run is put aside, and comes back; what was only composed is not given up. */
START_TEST(a_lesson_puts_a_run_aside)
{
	shell_lab_reply(&lab, "dataset blobs train=200 test=20; add-client 3 samples=20", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "lesson 2", FED_EXIT_FAILED), "would be lost");
	shell_lab_reply(&lab, "round 2", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "lesson 2", FED_EXIT_OK), "is put aside for lesson 2");
	assert_shows(shell_lab_said(&lab), "`undo` goes back to it");
	shell_lab_reply(&lab, "undo", FED_EXIT_OK);
	shell_lab_reply(&lab, "expect round==2", FED_EXIT_OK);
}
END_TEST

/* `log` and `timeline` are as they were, also in an open round, which goes on as it would have. */
START_TEST(undo_brings_the_log_back)
{
	static const char *const looks[] = {"log 100 kind=all", "timeline", "client 0"};
	struct fed_text before[3] = {{0}, {0}, {0}}, after = {0};

	shell_lab_reply(&lab,
	                "dataset blobs train=200 test=20; model softmax; add-client 3 samples=20 "
	                "device=phone link=4g; round 2; step 3",
	                FED_EXIT_OK);
	for (int k = 0; k < 3; k++)
		fed_text_add(&before[k], "%s", shell_lab_reply(&lab, looks[k], FED_EXIT_OK));
	shell_lab_reply(&lab, "reset; dataset moons; add-client 2; round 3", FED_EXIT_OK);
	shell_lab_reply(&lab, "undo 4", FED_EXIT_OK);
	for (int k = 0; k < 3; k++)
		ck_assert_str_eq(shell_lab_reply(&lab, looks[k], FED_EXIT_OK), fed_text_str(&before[k]));
	shell_lab_reply(&lab, "redo", FED_EXIT_OK); /* forward, and back again */
	assert_shows(shell_lab_reply(&lab, "log 3", FED_EXIT_OK), "version 3");
	shell_lab_reply(&lab, "undo 4; continue", FED_EXIT_OK);
	fed_text_add(&after, "%s", shell_lab_reply(&lab, "log 100 kind=all", FED_EXIT_OK));
	ck_assert_int_eq(strncmp(fed_text_str(&after), fed_text_str(&before[0]), before[0].len - 1), 0);
	assert_shows(after.s, "version 3");
	for (int k = 0; k < 3; k++)
		fed_text_release(&before[k]);
	fed_text_release(&after);
}
END_TEST

FED_SUITE(hidden)
{
	Suite *suite = suite_create("hidden");
	TCase *tests = tcase_create("hidden");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_lesson_hides_commands_and_uses_them);
	tcase_add_test(tests, what_is_hidden_is_shown_again);
	tcase_add_test(tests, a_lesson_puts_a_run_aside);
	tcase_add_test(tests, undo_brings_the_log_back);
	suite_add_tcase(suite, tests);
	return suite;
}

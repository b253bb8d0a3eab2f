/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch/test_lesson.c - scripts that are played at a terminal: captions, steps, output, pasted
 * lines. */
#include <stdio.h>
#include <string.h>

#include "support/suite.h"
#include "watch/emulator.h"

static struct fed_temp temp;

#define COMPOSE "dataset blobs train=600 test=100\nmodel softmax\nadd-client 10 samples=50\n"

static const char lesson[] =
	"# SPDX-License-Identifier: GPL-3.0-or-later\n"
	"#\n"
	"# Lesson 1: words\n"
	"#\n"
	"# The first caption of this lesson has a paragraph of several lines, which are filled\n"
	"# anew.\n"
	"\n"
	"reset\n"
	"set lr 0.5   # short: set lr 0.25\n" COMPOSE
	"# --- 1. Rounds ------------------------------------------------------------\n"
	"# Three of them.\n"
	"round 3\n"
	"expect round==3\n"
	"plot accuracy\n"
	"# What a curve!\n";

static void set_up(void)
{
	fed_temp_make(&temp);
	fed_temp_write(&temp, "lesson.fedsh", lesson, sizeof lesson - 1);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void begin(const char *const *arguments, int rows)
{
	emulator_begin(&(struct emulated){.term = "xterm-256color",
	                                  .folder = temp.dir,
	                                  .argument = arguments,
	                                  .columns = 60,
	                                  .rows = rows,
	                                  .ascii = true});
}

START_TEST(the_shell_shows_a_script)
{
	static const char *const arguments[] = {"-c", "set echo off; source lesson.fedsh; set echo on",
	                                        "lesson.fedsh", NULL};
	static const char *const shown = "echo = on\n"
									 "\n"
									 "Lesson 1: words\n"
									 "\n"
									 "| The first caption of this lesson has a paragraph of\n"
									 "| several lines, which are filled anew.\n"
									 "\n"
									 "fedsh> reset\n"
									 "session reset\n"
									 "the run of 3 versions is kept; `undo` goes back to it\n"
									 "fedsh> set lr 0.5\n"
									 "lr = 0.5\n"
									 "fedsh> dataset blobs train=600 test=100\n";

	begin(arguments, 90);
	emulator_wait("| What a curve!");
	ck_assert_msg(emulator_shows(shown), "%s", emulator_screen());
	ck_assert(emulator_shows("\n\n1. Rounds\n\n| Three of them.\n\nfedsh> round 3\n"));
	ck_assert(emulator_shows("fedsh> expect round==3\n[ok] holds: round 3 == 3\n"));
	ck_assert(!emulator_shows("short:"));
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

START_TEST(nothing_happens_until_a_key)
{
	static const char *const arguments[] = {"--step", "--short", "lesson.fedsh", NULL};

	begin(arguments, 24);
	emulator_wait("fedsh> reset  (a key: go on, a: all, q: stop)");
	emulator_wait_silent();
	ck_assert(!emulator_shows("session reset"));
	emulator_type(" ");
	emulator_wait("fedsh> reset\nsession reset\nfedsh> set lr 0.25  (a key");
	emulator_type("\033[B"); /* an arrow is one key */
	emulator_wait("fedsh> set lr 0.25\nlr = 0.25\nfedsh> dataset blobs train=600 test=100");
	emulator_wait_silent();
	ck_assert(!emulator_shows("model softmax"));
	emulator_type("a");
	emulator_wait("| What a curve!");
	ck_assert_int_eq(emulator_end(), 0);
	begin(arguments, 24);
	emulator_wait("fedsh> reset  (a key: go on");
	emulator_type("q");
	ck_assert_int_eq(emulator_end(), 130);
}
END_TEST

/* The caption, the command, the rounds, what it printed: one key after the other. */
START_TEST(the_watch_waits_for_keys)
{
	static const char *const arguments[] = {"--watch", "--step",       "--pace",
	                                        "0",       "lesson.fedsh", NULL};
	static const char *const commands[] = {"> reset", "> set lr 0.5", "> dataset", "> model",
	                                       "> add-client"};

	begin(arguments, 24);
	emulator_wait("-- Lesson 1: words -----");
	emulator_wait(
		" The first caption of this lesson has a paragraph of\n several lines, which are");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		emulator_wait(commands[i]);
		emulator_wait("space next");
		emulator_wait_silent();
		emulator_type(i % 2 ? "\r" : " ");
	}
	emulator_wait("1. Rounds");
	emulator_wait(" Three of them.");
	emulator_wait("> round 3");
	emulator_wait("space next");
	ck_assert(emulator_shows("version 0 "));
	emulator_type(" ");
	emulator_wait("version 3 ");
	emulator_wait("> expect round==3");
	emulator_type(" ");
	emulator_wait("[ok] holds: round 3 == 3\n > plot accuracy");
	emulator_type(" ");
	emulator_wait("esc close"); /* the curve, over the view */
	emulator_wait("What a curve!");
	emulator_wait("ready"); /* nothing follows */
	ck_assert(!emulator_shows("round 3 is made"));
	emulator_type("q"); /* closes it, and leaves nothing */
	emulator_wait("round 3 is made");
	emulator_type("\033");
	emulator_wait_gone("What a curve!");
	emulator_type("q");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
}
END_TEST

/* Without steps a caption stays for as long as one reads; typed commands and Ctrl-C do not wait. */
START_TEST(captions_go_on_by_themselves)
{
	static const char *const arguments[] = {"--watch", "--pace", "20", "lesson.fedsh", NULL};

	begin(arguments, 24);
	emulator_wait("What a curve!");
	emulator_wait("ready");
	emulator_type(":set step on; source lesson.fedsh\r");
	emulator_wait("> reset\n");
	emulator_wait("space next");
	emulator_type(":clients 0-5\r");
	emulator_wait("> clients 0-5 ");
	emulator_wait("space next");
	emulator_type("\033");
	emulator_wait_gone("> clients 0-5 ");
	ck_assert(emulator_shows("> reset\n"));
	emulator_type(":set step off; set lr 0.125\r"); /* what is shown still waits for its key */
	emulator_wait("lr = 0.125");
	emulator_type("\033");
	emulator_type(" ");
	emulator_wait("What a curve!");
	emulator_wait("ready");
	emulator_type("q"); /* the curve */
	emulator_wait("round 3 is made");
	emulator_type("q");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

START_TEST(pasted_lines_run_one_by_one)
{
	begin(NULL, 24);
	emulator_wait("fedsh>");
	emulator_type("\033[200~fedsh> set lr 0.5\rlr = 0.5\rfedsh> show lr\r\033[201~\r");
	emulator_wait("fedsh> set lr 0.5\nlr = 0.5\nfedsh> show lr\nlr = 0.5\n1 line without a prompt");
	emulator_type("\033[A"); /* the history has its commands alone */
	emulator_wait("fedsh> show lr\n");
	emulator_type("\025quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

/* The lessons of the build tree. */
START_TEST(lessons_from_the_prompt)
{
	begin(NULL, 24);
	emulator_wait("fedsh>");
	emulator_type("lesson 1\t\t");
	emulator_wait("10  11");
	emulator_type("\025lesson\r");
	emulator_wait("   1  learning where the data is");
	emulator_type("set step on; lesson 1\r");
	emulator_wait("Lesson 1: learning where the data is");
	emulator_wait("fedsh> reset  (a key");
	emulator_type("q");
	emulator_wait_gone("(a key");
	emulator_type("set lr 0.5; lesson 1\r");
	emulator_wait("lesson 1` does without");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

FED_SUITE(lesson)
{
	Suite *suite = suite_create("lesson");
	TCase *tests = tcase_create("lesson");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_shell_shows_a_script);
	tcase_add_test(tests, nothing_happens_until_a_key);
	tcase_add_test(tests, the_watch_waits_for_keys);
	tcase_add_test(tests, captions_go_on_by_themselves);
	tcase_add_test(tests, pasted_lines_run_one_by_one);
	tcase_add_test(tests, lessons_from_the_prompt);
	suite_add_tcase(suite, tests);
	return suite;
}

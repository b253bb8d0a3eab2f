/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/script/test_caption.c - captions of scripts, what is pasted at a prompt, and the list of
 * lessons.
 */
#include <string.h>

#include "shell/lab.h"
#include "shell/script/caption.h"
#include "shell/script/lessons.h"
#include "shell/script/prompt.h"
#include "shell/script/typed.h"
#include "support/suite.h"

/* What a script shows: "T title", "H heading", "C caption", "> command", a line each. */
static void put_shown(struct fed_text *out, struct fed_caption *c, const char *command)
{
	if (c->titled)
		fed_text_add(out, "T %s\n", fed_text_str(&c->title));
	if (c->headed)
		fed_text_add(out, "H %s\n", fed_text_str(&c->heading));
	if (c->text.len)
		fed_text_add(out, "C %s\n", fed_text_str(&c->text));
	if (command) {
		fed_text_add(out, "> ");
		fed__caption_command(out, command);
		fed_text_add(out, "\n");
	}
	fed__caption_clear(c);
}

static void shows(const char *script, const char *wanted)
{
	struct fed_caption c = {0};
	struct fed_text out = {0};
	char copy[2048], *rest = copy;

	snprintf(copy, sizeof copy, "%s", script);
	for (char *line; (line = strsep(&rest, "\n"));) {
		enum fed_caption_line kind;

		while ((kind = fed__caption_take(&c, line)) == FED_CAPTION_FULL)
			put_shown(&out, &c, NULL);
		if (kind == FED_CAPTION_COMMAND)
			put_shown(&out, &c, line);
	}
	put_shown(&out, &c, NULL);
	ck_assert_str_eq(fed_text_str(&out), wanted);
	fed_text_release(&out);
	fed__caption_release(&c);
}

START_TEST(comments_become_captions)
{
	shows("# SPDX-License-Identifier: X\n#\n# Lesson 1: a title\n#\n# Two lines\n# of "
	      "words.\n\nreset\n",
	      "T Lesson 1: a title\nC Two lines of words.\n> reset\n");
	shows("#!/usr/bin/env fedsh\n# A first comment is no title.\nreset\n",
	      "C A first comment is no title.\n> reset\n");
	shows("# --- 1. A part ------\n# Its words.\nround 3   # short: round 1\n",
	      "H 1. A part\nC Its words.\n> round 3\n");
	shows("# words\n# -----\n# ----\n#=====\nround # of three\n", "C words\n> round # of three\n");
	shows("# one\n\n# two\n\n\nround\n# three\n", "C one\nC two\n> round\nC three\n");
	shows("# one\n#\n# two\nround\n", "T one\nC two\n> round\n");
	shows("round\n# one\n#\n# two\n", "> round\nC one\nC two\n");
	shows("# a list:\n# - one\n# - two\n#   of it\nround\n",
	      "C a list:\n- one\n- two\n  of it\n> round\n");
	shows("   \t\n", "");
	shows("# a\r\n# b\r\n\r\nround\r\n", "C a b\n> round\n");
	shows("# words behind\n# --- a heading ---\n# its own\n",
	      "C words behind\nH a heading\nC its own\n");
}
END_TEST

START_TEST(prompts_are_known)
{
	static const struct {
		const char *line;
		size_t size;
	} rows[] = {
		{"fedsh> round", 6},
		{"fedsh>", 6},
		{"  fedsh> round", 8},
		{"fedsh(round 13)> step", 16},
		{"fedsh", 0},
		{"fedsh>x", 0},
		{"fedsh round", 0},
		{"fedsh(round 13", 0},
		{"fedsh(round 1x)> ", 0},
		{"fedsh(round 1)", 0},
		{"refedsh> round", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_uint_eq(fed__prompt_size(rows[i].line, strlen(rows[i].line)), rows[i].size);
}
END_TEST

static struct shell_lab lab;

static const char *type(const char *text, enum fed_exit wanted)
{
	const size_t before = strlen(shell_lab_said(&lab));

	ck_assert_int_eq(fed__shell_typed(&lab.shell, text, strlen(text)), wanted);
	return shell_lab_said(&lab) + before;
}

START_TEST(what_is_pasted_runs)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_str_eq(type("fedsh> set lr 0.5", FED_EXIT_OK), "lr = 0.5\n");
	ck_assert_str_eq(type("set lr 0.25\n", FED_EXIT_OK), "lr = 0.25\n");
	/* Each line is echoed before what it prints. */
	ck_assert_str_eq(type("set lr 0.5\n\n  set seed 3\n", FED_EXIT_OK),
	                 "fedsh> set lr 0.5\nlr = 0.5\nfedsh> set seed 3\nseed = 3\n");
	/* A transcript: lines without a prompt are output. */
	ck_assert_str_eq(
		type("\nfedsh> set lr 0.5\nlr = 0.5\nfedsh> show seed\nseed = 3\n", FED_EXIT_OK),
		"fedsh> set lr 0.5\nlr = 0.5\nfedsh> show seed\nseed = 3\n"
		"2 lines without a prompt taken for output, not run\n");
	/* The first failure ends it. */
	const char *said = type("show lr\nnonsense\nshow seed\nshow lr\n", FED_EXIT_USAGE);
	assert_shows(said, "fedsh> nonsense\nerror: no command nonsense");
	assert_shows(said, "2 lines behind it not run\n");
	assert_lacks(said, "seed = 3");
	shell_lab_close(&lab);
}
END_TEST

START_TEST(settings_of_the_shell)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	lab.shell.own.echo = true;
	assert_shows(shell_lab_reply(&lab, "set echo off", FED_EXIT_OK), "echo = off\n");
	ck_assert_int_eq(lab.shell.own.echo, 0);
	assert_shows(shell_lab_reply(&lab, "show echo", FED_EXIT_OK), "echo = off\n");
	assert_shows(shell_lab_reply(&lab, "show", FED_EXIT_OK), "shell\n  echo");
	/* They are no part of the session. */
	ck_assert_uint_eq(lab.shell.journal.len, 0);
	shell_lab_reply(&lab, "set echo maybe", FED_EXIT_USAGE);
	shell_lab_reply(&lab, "set echo on lr 0.5", FED_EXIT_USAGE);
	shell_lab_reply(&lab, "set echo=on lr=0.5", FED_EXIT_USAGE);
	ck_assert_int_eq(lab.shell.own.echo, 0);
	shell_lab_close(&lab);
}
END_TEST

/* A lesson played where something was done is refused; what it leaves may be replaced. */
START_TEST(lessons_replace_no_work)
{
	struct fed_temp temp;
	static const char first[] = "# Lesson 1: one\n#\n# Words.\nreset\nset lr 0.5\n";

	fed_temp_make(&temp);
	fed_temp_write(&temp, "01-one.fedsh", first, sizeof first - 1);
	fed_temp_write(&temp, "10-ten.fedsh", "reset\nnonsense\n", 15);
	fed_temp_write(&temp, "notes.fedsh", "", 0);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_reply(&lab, "lesson 1", FED_EXIT_USAGE);
	fed__lessons_read(&lab.shell.lessons, temp.dir);
	ck_assert_uint_eq(lab.shell.lessons.n, 2);
	assert_shows(shell_lab_reply(&lab, "lesson", FED_EXIT_OK), "   1  one\n  10  10-ten.fedsh\n");
	assert_shows(shell_lab_reply(&lab, "help", FED_EXIT_OK), "`lesson` lists 2 lessons");
	shell_lab_reply(&lab, "set seed 3", FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "lesson 1", FED_EXIT_FAILED), "`reset; lesson 1`");
	assert_shows(shell_lab_reply(&lab, "show seed", FED_EXIT_OK), "seed = 3\n");
	assert_shows(shell_lab_reply(&lab, "reset; lesson 01", FED_EXIT_OK), "lr = 0.5\n");
	assert_shows(shell_lab_reply(&lab, "lesson one", FED_EXIT_OK), "lr = 0.5\n");
	assert_shows(shell_lab_reply(&lab, "lesson ten", FED_EXIT_USAGE), "no command nonsense");
	shell_lab_reply(&lab, "lesson 01-one.fedsh; set seed 4", FED_EXIT_OK);
	shell_lab_reply(&lab, "lesson 1", FED_EXIT_FAILED);
	assert_shows(shell_lab_reply(&lab, "lesson 2", FED_EXIT_USAGE), "there are 1 to 10");
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(conditions_that_hold_show_numbers)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_reply(&lab, "dataset blobs; add-client 4 samples=50; round 2; keep two; round",
	                FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "expect round>2", FED_EXIT_OK), "[ok] holds: round 3 > 2\n");
	assert_shows(shell_lab_reply(&lab, "expect round>=2*two.round-1.5 and loss>0", FED_EXIT_OK),
	             "round 3 >= 2.5 (2*two.round-1.5) and loss ");
	assert_shows(shell_lab_reply(&lab, "expect round==4 or loss!=nan", FED_EXIT_OK), " != nan\n");
	/* As many digits as show that they differ. */
	const char *said = shell_lab_reply(&lab, "expect loss<loss+0.0000001", FED_EXIT_OK);
	double a = 0, b = 0;
	ck_assert_int_eq(sscanf(strstr(said, "holds:"), "holds: loss %lf < %lf", &a, &b), 2);
	ck_assert(a < b);
	assert_shows(shell_lab_reply(&lab, "expect round==4", FED_EXIT_FAILED), "round = 3");
	shell_lab_close(&lab);
}
END_TEST

FED_SUITE(caption)
{
	Suite *suite = suite_create("caption");
	TCase *tests = tcase_create("caption");

	tcase_add_test(tests, comments_become_captions);
	tcase_add_test(tests, prompts_are_known);
	tcase_add_test(tests, what_is_pasted_runs);
	tcase_add_test(tests, settings_of_the_shell);
	tcase_add_test(tests, lessons_replace_no_work);
	tcase_add_test(tests, conditions_that_hold_show_numbers);
	suite_add_tcase(suite, tests);
	return suite;
}

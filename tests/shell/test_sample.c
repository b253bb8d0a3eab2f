/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_sample.c - what `sample` shows of pictures, tables and texts, and what it refuses. */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "support/suite.h"

static struct shell_lab lab;
static struct fed_temp temp;

static void open_world(void)
{
	fed_temp_make(&temp);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void close_world(void)
{
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

START_TEST(pictures_in_rows_of_four)
{
	said("dataset glyphs train=300 test=100; add-client 3 noniid samples=40", FED_EXIT_OK);
	const char *drawn = said("sample", FED_EXIT_OK);
	assert_shows(drawn, "dataset glyphs: 8 of 300 training examples\n");
	ck_assert_uint_eq(lines_of(drawn), 1 + 2 * (1 + 7)); /* titles and 28 rows, four to a line */
	drawn = said("sample 1 n=1", FED_EXIT_OK);
	assert_shows(drawn, "client 1: 1 of 40 examples\n");
	ck_assert_uint_eq(lines_of(drawn), 1 + 1 + 14); /* alone it is as large as it is */
	drawn = said("sample part=test class=7 n=2", FED_EXIT_OK);
	assert_shows(drawn, "2 of 100 test examples, of class 7\n");
	assert_shows(drawn, "  7 #");
}
END_TEST

START_TEST(rows_of_a_table)
{
	static const char table[] =
		"who,size,kind\nann,1.5,cat\nbob,2.5,dog\nann,3.5,cat\nbob,4.5,dog\n";
	char line[300];

	snprintf(line, sizeof line, "dataset %s client=who standardise=no test=0.001",
	         fed_temp_write(&temp, "t.csv", table, sizeof table - 1));
	said(line, FED_EXIT_OK);
	const char *shown = said("sample class=cat", FED_EXIT_OK);
	assert_shows(shown, "example  class  size");
	assert_shows(shown, "cat");
	assert_lacks(shown, "dog");
	assert_shows(said("sample class=cta", FED_EXIT_USAGE), "no class cta (did you mean cat?)");
	shown = said("sample --csv", FED_EXIT_OK);
	assert_shows(shown, "example,class,size\n");
	assert_lacks(shown, "training examples");
	shown = said("sample class=cat n=1 --json", FED_EXIT_OK);
	assert_shows(shown, "\"class\":\"cat\",\"size\":");
}
END_TEST

START_TEST(wide_tables_and_texts)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog, and the dog sleeps. ";
	char line[300], long_text[4 * sizeof text] = "";

	said("dataset synthetic", FED_EXIT_OK);
	assert_shows(said("sample n=2", FED_EXIT_OK), "the first 12 of 60 features\n");
	for (int i = 0; i < 4; i++)
		strcat(long_text, text);
	snprintf(line, sizeof line, "dataset text %s window=10",
	         fed_temp_write(&temp, "t.txt", long_text, strlen(long_text)));
	said(line, FED_EXIT_OK);
	const char *shown = said("sample n=3", FED_EXIT_OK);
	ck_assert_uint_eq(lines_of(shown), 4);
	assert_shows(shown, " -> ");
}
END_TEST

/* What a poisoned client trains on is shown beside what it had. */
START_TEST(what_the_client_is_told)
{
	said("dataset glyphs train=300 test=100; model softmax; add-client 3 samples=40; inject "
	     "byzantine 1 attack=label-flip",
	     FED_EXIT_OK);
	const char *shown = said("sample 1 n=20 -w", FED_EXIT_OK);
	assert_shows(shown, "it sees poisoned by label-flip\n");
	assert_shows(shown, ", told ");
	assert_lacks(said("sample 0 n=20", FED_EXIT_OK), ", told ");
}
END_TEST

START_TEST(what_is_refused)
{
	assert_shows(said("sample", FED_EXIT_USAGE), "`dataset glyphs` chooses one");
	said("dataset glyphs train=300 test=100; add-client 3 samples=40", FED_EXIT_OK);
	assert_shows(said("sample 7", FED_EXIT_USAGE), "7");
	assert_shows(said("sample 0-1", FED_EXIT_USAGE), "0-1 are 2 clients; choose one");
	assert_shows(said("sample 1 part=test", FED_EXIT_USAGE), "leave out part=test");
	assert_shows(said("sample class=owl", FED_EXIT_USAGE), "no class owl");
	assert_shows(said("sample class=10", FED_EXIT_USAGE), "there are 10 (`dataset` lists them)");
	assert_shows(said("sample n=0", FED_EXIT_USAGE), "n");
	assert_shows(said("sample n=101", FED_EXIT_USAGE), "100");
}
END_TEST

FED_SUITE(sample)
{
	Suite *suite = suite_create("sample");
	TCase *tests = tcase_create("sample");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, pictures_in_rows_of_four);
	tcase_add_test(tests, rows_of_a_table);
	tcase_add_test(tests, wide_tables_and_texts);
	tcase_add_test(tests, what_the_client_is_told);
	tcase_add_test(tests, what_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}

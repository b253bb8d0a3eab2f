/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Advice in errors and notes of readers: each argument that a message names is followed, and works.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/load.h"
#include "support/suite.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static int load(struct fed_dataset **data, const char *file, const char *args,
                struct fed_error *err)
{
	char all[700];
	const size_t n = strlen(file);

	if (n < 4 || strcmp(file + n - 4, ".txt") != 0)
		return load_by_words(data, fed_temp_file(&temp, file), args, err);
	snprintf(all, sizeof all, "path=%s %s", fed_temp_file(&temp, file), args);
	return load_by_words(data, "text", all, err);
}

/* Errors ---------------------------------------------------------------------------------- */

#define LONG "the king said to the fool that nothing comes of nothing, speak again; "
#define ROWS "4,5,0\n7,8,1\n1,3,0\n2,9,1\n"

#define LEAF_OF(counts)                                                                 \
	"{\"users\": [\"a\"], \"num_samples\": " counts ", \"user_data\": {\"a\": {\"x\": " \
	"[[1, 2, 3, 4], [5, 6, 7, 8], [1, 1, 1, 1], [2, 2, 2, 2]], \"y\": [0, 1, 2, 1]}}}"

/* A file that is refused with `args`; each of the advices is in the error, and makes it readable.
 * An advice with a blank is told in two places, "missing=? mean=a". */
static const struct {
	const char *file, *text, *args, *advice[3];
} errors[] = {
	{"t.csv", "a,b,y\n,2,0\n" ROWS, "", {"missing=empty", "missing=empty mean=a"}},
	{"t.csv", "a,b,y\n1,2,\n" ROWS, "", {"missing=empty"}},
	{"t.csv", "a,b,y\n?,2,0\n" ROWS, "", {"missing=?", "missing=? mean=a"}},
	{"t.csv", "nan,2,0\n" ROWS, "", {"missing=nan", "missing=nan mean=1"}},
	{"t.csv", "a,b,y\n4,5,nan\n" ROWS, "", {"missing=nan"}},
	{"t.csv", "a,b,y\n4,5,N/A\n" ROWS, "", {"missing=N/A", "task=classes"}},
	{"t.csv", "a,b,y\nred,2,0\n" ROWS, "", {"drop=a", "encode=a"}},
	{"t.csv", "2,a b,y\nred,2,0\n" ROWS, "header=yes", {"drop=1", "encode=1"}},
	{"t.csv", "a;b;y\n1,5;2;0\n4;5;1\n7;8;0\n", "decimal=point", {"decimal=comma"}},
	{"t.csv", "a;b;y\n1.5;2;0\n4;5;1\n7;8;0\n", "decimal=comma", {"decimal=point"}},
	{"t.csv", "a,b,y\n4,?,1\n?,8,0\n3,?,0\n", "missing=?", {"mean=all"}},
	{"t.csv", "a,w,y\n1,,0\n4,x,1\n7,z,0\n", "encode=w", {"missing=empty"}},
	{"t.csv", "a,w,y\n1,,0\n4,x,1\n7,z,0\n", "client=w", {"missing=empty"}},
	{"a.txt",
     LONG LONG "caf\xe9",
     "encoding=utf-8 window=9",
     {"encoding=auto", "encoding=windows-1252"}},
	{"a.txt", "too short for a window", "", {"window=5"}},
	{"a.txt", LONG, "window=9 speakers=yes", {"speakers=no"}},
	{"t.json", LEAF_OF("[2]"), "test=0.5", {"unchecked=yes"}},
	{"t.json", LEAF_OF("[4]"), "test=0.5 shape=3x3", {"shape=4"}},
	{"t.json", LEAF_OF("[4]"), "test=0.5 classes=2", {"classes=3", "classes=0"}},
};

/* args without the keys that the advice gives. */
static void merge(char *out, size_t size, const char *args, const char *advice)
{
	char copy[256], *rest = copy, *word;
	size_t n = (size_t)snprintf(out, size, "%s", advice);

	snprintf(copy, sizeof copy, "%s", args);
	while ((word = strsep(&rest, " "))) {
		char key[64];

		snprintf(key, sizeof key, "%.*s=", (int)strcspn(word, "="), word);
		if (*word && !strstr(advice, key))
			n += (size_t)snprintf(out + n, size - n, " %s", word);
	}
}

/* Whether each word of the advice is in the text; a window is told as a number of characters. */
static bool is_told(const char *text, const char *advice)
{
	char copy[256], *rest = copy, *word;
	bool told = true;

	snprintf(copy, sizeof copy, "%s", advice);
	while ((word = strsep(&rest, " ")))
		told = told &&
		       (strstr(text, word) || (!strncmp(word, "window=", 7) && strstr(text, "window=")) ||
		        (!strcmp(word, "speakers=no") && strstr(text, "leave out speakers")));
	return told;
}

START_TEST(errors_advise_what_works)
{
	for (int k = 0; k < 3 && errors[_i].advice[k]; k++) {
		struct fed_dataset *data = NULL;
		struct fed_error err = {{0}};
		char args[400];

		fed_temp_write(&temp, errors[_i].file, errors[_i].text, strlen(errors[_i].text));
		ck_assert_int_ne(load(&data, errors[_i].file, errors[_i].args, &err), FED_OK);
		ck_assert_msg(is_told(err.text, errors[_i].advice[k]), "%s: %s", errors[_i].advice[k],
		              err.text);
		merge(args, sizeof args, errors[_i].args, errors[_i].advice[k]);
		fed_assert_ok(load(&data, errors[_i].file, args, &err), &err);
		fed_dataset_free(data);
	}
}
END_TEST

START_TEST(utf_16_without_a_mark_is_advised)
{
	char wide[2 * sizeof LONG * 2] = {0};
	struct fed_dataset *data = NULL;
	struct fed_error err;

	for (int big = 0; big < 2; big++) {
		for (size_t i = 0; i < sizeof LONG - 1; i++)
			wide[2 * i + (size_t)big] = LONG[i], wide[2 * i + !big] = 0;
		fed_temp_write(&temp, "a.txt", wide, 2 * (sizeof LONG - 1));
		ck_assert_int_eq(load(&data, "a.txt", "window=9", &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, big ? "encoding=utf-16be" : "encoding=utf-16le"), "%s",
		              err.text);
		fed_assert_ok(load(&data, "a.txt",
		                   big ? "window=9 encoding=utf-16be" : "window=9 encoding=utf-16le", &err),
		              &err);
		ck_assert_str_eq(data->class_name[data->label[0]], "s"); /* the king |said */
		fed_dataset_free(data);
	}
}
END_TEST

/* A file that is no table is refused with the command that reads it, if one does. */
START_TEST(a_text_is_named_by_its_command)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	char words[400];

	fed_temp_write(&temp, "lear.md", LONG LONG, 2 * (sizeof LONG - 1));
	ck_assert_int_eq(load(&data, "lear.md", "", &err), FED_REJECT);
	const char *advice = strstr(err.text, "`dataset text ");
	ck_assert_msg(advice != NULL, "%s", err.text);
	snprintf(words, sizeof words, "window=9 path=%.*s",
	         (int)strcspn(advice + strlen("`dataset text "), "`"),
	         advice + strlen("`dataset text "));
	fed_assert_ok(load_by_words(&data, "text", words, &err), &err);
	fed_dataset_free(data);
	fed_temp_write(&temp, "lear act 1.md", LONG LONG, 2 * (sizeof LONG - 1));
	ck_assert_int_eq(load(&data, "lear act 1.md", "", &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "lear act 1.md\"`"), "%s", err.text);
	fed_temp_write(&temp, "lear.png", "\x89PNG\r\n\x1a\n\0\0", 10);
	ck_assert_int_eq(load(&data, "lear.png", "", &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "name the folder"), "%s", err.text);
	fed_temp_write(&temp, "lear.gif", "GIF89a\0\0\1\2", 10);
	ck_assert_int_eq(load(&data, "lear.gif", "", &err), FED_REJECT);
	ck_assert_msg(!strstr(err.text, "dataset text") && strstr(err.text, "nor a text"), "%s",
	              err.text);
}
END_TEST

/* Notes ----------------------------------------------------------------------------------- */

/* A file that is read, a subject that is noted, and what overrules it: that has another effect. */
static const struct {
	const char *text, *args, *subject, *overrule;
	const char *file; /* or NULL: t.csv */
} guesses[] = {
	{"a,b,y\n" ROWS, "", "header", "header=no encode=all"},
	{"3,5,0\n" ROWS, "", "header", "header=yes"},
	{"a,b,y\n" ROWS, "", "task", "task=regression"},
	{"a,b,y\n1,2,.5\n3,4,1\n5,6,0\n", "", "task", "task=classes"},
	{"a,b,y\n" ROWS, "", "label", "label=a"},
	{"a,b,y\n" ROWS, "", "scaling", "standardise=no"},
	{",a,y\n0,3,0\n1,7,1\n2,5,1\n", "", "column 1", "drop=none"},
	{",a,y\n9,3,0\n5,7,1\n2,5,1\n", "", "column 1", "drop=1"},
	{"a,b,y\n" ROWS "?,1,0\n", "missing=?", "missing values", "missing=? mean=a"},
	{"a;b;y\n1,5;2;0\n4;5;1\n7;8;0\n", "", "decimals", "decimal=point encode=a"},
	{"a;b;y\n1;2;0\n4;5;1\n7;8;0\n", "", "separator", "separator=semicolon"},
	{LEAF_OF("[4]"), "test=0.5", "classes", "classes=5 test=0.5", "t.json"},
	{LEAF_OF("[4]"), "test=0.3", "test part", "test=0.8", "t.json"},
};

START_TEST(guesses_are_overruled)
{
	struct fed_dataset *data = NULL, *other = NULL;
	struct fed_error err;
	const char *const file = guesses[_i].file ? guesses[_i].file : "t.csv";
	char key[64];

	fed_temp_write(&temp, file, guesses[_i].text, strlen(guesses[_i].text));
	fed_assert_ok(load(&data, file, guesses[_i].args, &err), &err);
	const struct fed_note *note = note_on(data, guesses[_i].subject);
	ck_assert_msg(note != NULL, "%s", guesses[_i].subject);
	ck_assert_int_eq(note->level, FED_NOTE_TOLD);
	ck_assert_ptr_nonnull(note->overrule);
	snprintf(key, sizeof key, "%.*s", (int)strcspn(guesses[_i].overrule, "="),
	         guesses[_i].overrule);
	ck_assert_msg(strstr(note->overrule, key), "%s: %s", key, note->overrule);
	fed_assert_ok(load(&other, file, guesses[_i].overrule, &err), &err);
	const struct fed_note *now = note_on(other, guesses[_i].subject);
	const bool same = strstr(guesses[_i].overrule, "separator=") != NULL;
	ck_assert(same ? data->fingerprint == other->fingerprint
	               : data->fingerprint != other->fingerprint);
	/* what was told is no guess any more */
	ck_assert(!now || now->level != FED_NOTE_TOLD || strcmp(now->found, note->found) != 0);
	fed_dataset_free(data);
	fed_dataset_free(other);
}
END_TEST

START_TEST(one_line_tells_all_guesses)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	struct fed_text line = {0};

	fed_temp_write(&temp, "t.csv", "a,b,y\n" ROWS, strlen("a,b,y\n" ROWS));
	fed_assert_ok(load(&data, "t.csv", "test=0.25", &err), &err);
	fed_notes_line(&data->notes, &line);
	ck_assert_str_eq(fed_text_str(&line),
	                 "header: the first row (header=no); label: y, the last column (label=COLUMN); "
	                 "task: 2 classes: 0, 1 (task=regression); scaling: 2 columns to mean 0, "
	                 "variance 1 (standardise=no)");
	fed_text_clear(&line);
	fed_dataset_free(data);
	fed_assert_ok(load(&data, "t.csv", "header=yes label=y task=classes standardise=no", &err),
	              &err);
	fed_notes_line(&data->notes, &line);
	ck_assert_str_eq(fed_text_str(&line), "");
	fed_text_release(&line);
	fed_dataset_free(data);
}
END_TEST

FED_SUITE(advice)
{
	Suite *suite = suite_create("advice");
	TCase *tests = tcase_create("advice");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, errors_advise_what_works, 0, sizeof errors / sizeof *errors);
	tcase_add_test(tests, utf_16_without_a_mark_is_advised);
	tcase_add_test(tests, a_text_is_named_by_its_command);
	tcase_add_loop_test(tests, guesses_are_overruled, 0, sizeof guesses / sizeof *guesses);
	tcase_add_test(tests, one_line_tells_all_guesses);
	suite_add_tcase(suite, tests);
	return suite;
}

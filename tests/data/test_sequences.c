/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts and Markov users: windows, vocabularies, owners, and files that are none.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "data/dataset.h"
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

static int load_file(struct fed_dataset **data, const char *text, size_t len, const char *args,
                     struct fed_error *err)
{
	char all[1024];

	snprintf(all, sizeof all, "path=%s %s", fed_temp_write(&temp, "a.txt", text, len), args);
	return load_by_words(data, "text", all, err);
}

static struct fed_dataset *load(const char *name, const char *args)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(load_by_words(&data, name, args, &err), &err);
	ck_assert(data->tokens);
	ck_assert_uint_eq(data->shape.rank, 1);
	return data;
}

static struct fed_dataset *load_text(const char *text, const char *args)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(load_file(&data, text, strlen(text), args, &err), &err);
	return data;
}

/* Texts ---------------------------------------------------------------------- */

START_TEST(windows_and_what_follows)
{
	/* 12 characters: 8 for training, 4 for the test */
	struct fed_dataset *data = load_text("abcabdabcabd", "window=3 stride=2 test=0.4");
	static const char *const wanted[] = {"abca", "cabd", "bdab", "cabd"};

	ck_assert_uint_eq(data->classes, 4);
	ck_assert_uint_eq(data->train, 3);
	ck_assert_uint_eq(data->test, 1);
	ck_assert_uint_eq(data->owners, 1);
	for (uint32_t i = 0; i < 4; i++) {
		float x[3];
		int32_t label;

		fed_dataset_gather(data, &i, 1, NULL, x, &label, NULL);
		for (int j = 0; j < 3; j++)
			ck_assert_str_eq(data->class_name[(int)x[j]], ((char[]){wanted[i][j], 0}));
		ck_assert_str_eq(data->class_name[label], ((char[]){wanted[i][3], 0}));
	}
	fed_dataset_free(data);
}
END_TEST

START_TEST(bytes_become_characters)
{
	/* a byte-order mark, CR LF, a word of UTF-8, a Latin-1 byte and a control character */
	static const char text[] = "\xef\xbb\xbf\xc3\xa9t\r\n\xe9\1t\xc3\xa9";
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(load_file(&data, text, sizeof text - 1, "window=1 stride=1", &err), &err);
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_str_eq(data->class_name[0], "newline");
	ck_assert_str_eq(data->class_name[1], "t");
	ck_assert_str_eq(data->class_name[2], "\xc3\xa9");
	fed_dataset_free(data);
}
END_TEST

START_TEST(rare_characters_share_a_token)
{
	char text[600];
	size_t n = 0;

	for (unsigned c = 0; c < 100; c++) /* U+0100 .. U+0163, all but the last four twice */
		for (unsigned k = 0; k < (c < 96 ? 2u : 1u); k++) {
			text[n++] = (char)(0xc4 | c >> 6);
			text[n++] = (char)(0x80 | (c & 0x3f));
		}
	text[n] = 0;
	struct fed_dataset *data = load_text(text, "window=2 stride=1 vocabulary=96");
	ck_assert_uint_eq(data->classes, 97);
	ck_assert_str_eq(data->class_name[96], "other");
	ck_assert_str_eq(data->class_name[0], "\xc4\x80");
	ck_assert_int_eq(data->label[data->train + data->test - 1], 96);
	fed_dataset_free(data);
}
END_TEST

#define SPEECH "Now is the winter of our discontent.\n"
static const char play[] = "THE TRAGEDY\n\nACT I.\n\nFirst Citizen:\n" SPEECH "\nHAMLET.\n" SPEECH
						   "Words: words.\n\nFirst Citizen:\n" SPEECH "\nHAMLET. Words.\n" SPEECH
						   "SCENE II.\nEnter GHOST.\nGHOST.\nHm.\n";

START_TEST(speakers_own_their_speeches)
{
	struct fed_dataset *data = load_text(play, "window=5 stride=1 speakers=yes test=0.2");
	uint32_t of[2] = {0};

	ck_assert_uint_eq(data->owners, 2); /* the ghost says too little */
	for (uint32_t i = 0; i < data->train; i++)
		of[data->owner[i]]++;
	/* 2 x 37 characters, 14 of them for the test; Hamlet: 37 + 14 + 7 + 37 and two more lines */
	ck_assert_uint_eq(of[0], 74 - 14 - 5);
	ck_assert_uint_gt(of[1], of[0]);
	fed_dataset_free(data);
	data = load_text(play, "window=5 stride=1 test=0.2");
	ck_assert_uint_eq(data->owners, 1);
	fed_dataset_free(data);
}
END_TEST

START_TEST(files_and_folders)
{
	char args[700];
	size_t n = 0;

	static const char *const names[] = {"b.txt", "a.txt", "c.md"};
	n = (size_t)snprintf(args, sizeof args, "window=5 path=");
	for (int i = 0; i < 3; i++)
		n += (size_t)snprintf(args + n, sizeof args - n, "%s%s", i ? "," : "",
		                      fed_temp_write(&temp, names[i], play, sizeof play - 1));
	struct fed_dataset *data = load("text", args);
	ck_assert_uint_eq(data->owners, 3);
	fed_dataset_free(data);
	snprintf(args, sizeof args, "window=5 path=%s", temp.dir);
	data = load("text", args);
	ck_assert_uint_eq(data->owners, 2);
	fed_dataset_free(data);
}
END_TEST

static const struct {
	const char *text, *args, *words;
} refused[] = {
	{"", "", "is empty"},
	{"too short", "", "has 9 characters; windows of 40 for training and test need at least 82"},
	{"aaaaaaaaaaaaaaaaaaaa", "window=3", "one distinct character"},
	{SPEECH SPEECH, "window=3 speakers=yes", "no line is the name of a speaker"},
	{SPEECH, "window=0", "window"},
};

START_TEST(texts_that_are_refused)
{
	struct fed_dataset *data = NULL;
	struct fed_error err = {{0}};

	ck_assert_int_ne(
		load_file(&data, refused[_i].text, strlen(refused[_i].text), refused[_i].args, &err),
		FED_OK);
	ck_assert_msg(strstr(err.text, refused[_i].words), "%s", err.text);
}
END_TEST

START_TEST(paths_that_are_refused)
{
	struct fed_dataset *data = NULL;
	struct fed_error err = {{0}};
	char args[400];

	ck_assert_int_eq(load_by_words(&data, "text", "", &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "needs a text: "));
	snprintf(args, sizeof args, "path=%s", temp.dir);
	ck_assert_int_eq(load_by_words(&data, "text", args, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "has no .txt file"));
	ck_assert_int_eq(mkfifo(fed_temp_file(&temp, "pipe.txt"), 0600), 0);
	ck_assert_int_eq(load_by_words(&data, "text", args, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is a pipe"));
	ck_assert_int_eq(load_by_words(&data, "text", "path=/nowhere.txt", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
	ck_assert_int_eq(load_by_words(&data, "text", "path=a.txt,,b.txt", &err), FED_FAIL);
}
END_TEST

/* Markov ----------------------------------------------------------------------- */

/* Share of user k's training examples (window 1) whose label is the one that is most frequent
 * after its token in all users' examples. */
static double agreement(const struct fed_dataset *data)
{
	uint32_t all[8][8] = {{0}}, of[8][8], agree = 0;
	uint32_t i = 0;

	for (uint32_t e = 0; e < data->train; e++)
		all[data->bytes[e]][data->label[e]]++;
	for (uint32_t k = 0; k < data->owners; k++) {
		memset(of, 0, sizeof of);
		for (; i < data->train && data->owner[i] == k; i++)
			of[data->bytes[i]][data->label[i]]++;
		for (int a = 0; a < 8; a++) {
			int top = 0, own = 0;

			for (int b = 1; b < 8; b++) {
				top = all[a][b] > all[a][top] ? b : top;
				own = of[a][b] > of[a][own] ? b : own;
			}
			agree += top == own;
		}
	}
	return agree / (8.0 * data->owners);
}

START_TEST(users_have_habits)
{
	struct fed_dataset *alike = load("markov", "users=20 length=4000 alphabet=8 window=1 habits=0");
	struct fed_dataset *odd = load("markov", "users=20 length=4000 alphabet=8 window=1 habits=1");

	ck_assert_uint_eq(alike->owners, 20);
	ck_assert_uint_eq(alike->classes, 8);
	ck_assert_double_gt(agreement(alike), 0.75);
	ck_assert_double_lt(agreement(odd), 0.5);
	fed_dataset_free(alike);
	fed_dataset_free(odd);
}
END_TEST

START_TEST(markov_is_of_the_seed)
{
	static const char args[] = "users=5 length=50 order=2 window=4 alphabet=64";
	struct fed_dataset *a = load("markov", args), *b = load("markov", args);
	struct fed_dataset *more = load("markov", "users=6 length=50 order=2 window=4 alphabet=64");

	ck_assert(a->fingerprint == b->fingerprint);
	ck_assert_uint_eq(more->train, a->train / 5 * 6);
	ck_assert_mem_eq(more->bytes, a->bytes, (size_t)a->train * 4);
	ck_assert_uint_eq(a->test % 5, 0);
	fed_dataset_free(a);
	fed_dataset_free(b);
	fed_dataset_free(more);
}
END_TEST

START_TEST(markov_needs_length)
{
	struct fed_dataset *data = NULL;
	struct fed_error err = {{0}};

	ck_assert_int_eq(load_by_words(&data, "markov", "length=20 window=10", &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "at least 22 are needed"));
}
END_TEST

/* Memory ------------------------------------------------------------------------ */

static int load_and_free(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data = NULL;
	const char *args = ctx;
	const int rc =
		load_by_words(&data, strncmp(args, "path", 4) == 0 ? "text" : "markov", args, err);

	fed_dataset_free(data);
	return rc;
}

START_TEST(memory_may_run_out)
{
	char args[400], markov[] = "users=3 length=40";

	ck_assert_uint_gt(fed_each_allocation(load_and_free, markov), 5);
	snprintf(args, sizeof args, "path=%s window=5 speakers=yes",
	         fed_temp_write(&temp, "p.txt", play, sizeof play - 1));
	ck_assert_uint_gt(fed_each_allocation(load_and_free, args), 10);
}
END_TEST

FED_SUITE(sequences)
{
	Suite *suite = suite_create("sequences");
	TCase *tests = tcase_create("sequences");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, windows_and_what_follows);
	tcase_add_test(tests, bytes_become_characters);
	tcase_add_test(tests, rare_characters_share_a_token);
	tcase_add_test(tests, speakers_own_their_speeches);
	tcase_add_test(tests, files_and_folders);
	tcase_add_loop_test(tests, texts_that_are_refused, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, paths_that_are_refused);
	tcase_add_test(tests, users_have_habits);
	tcase_add_test(tests, markov_is_of_the_seed);
	tcase_add_test(tests, markov_needs_length);
	tcase_add_test(tests, memory_may_run_out);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts as people have them: encodings, names of files, speakers of any script, vocabularies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
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

static int try_bytes(struct fed_dataset **data, const char *text, size_t len, const char *args,
                     struct fed_error *err)
{
	char all[700];

	snprintf(all, sizeof all, "path=%s %s", fed_temp_write(&temp, "a.txt", text, len), args);
	return load_by_words(data, "text", all, err);
}

static struct fed_dataset *load_bytes(const char *text, size_t len, const char *args)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(try_bytes(&data, text, len, args, &err), &err);
	return data;
}

static struct fed_dataset *load(const char *text, const char *args)
{
	return load_bytes(text, strlen(text), args);
}

static bool has_class(const struct fed_dataset *data, const char *name)
{
	for (uint32_t k = 0; k < data->classes; k++)
		if (!strcmp(data->class_name[k], name))
			return true;
	return false;
}

/* Encodings ------------------------------------------------------------------------------- */

/* The same text in four encodings is the same dataset. */
START_TEST(one_text_in_many_encodings)
{
	static const char utf8[] = "It didn\xe2\x80\x99t move \xe2\x80\x94 caf\xc3\xa9.";
	static const char windows[] = "It didn\x92t move \x97 caf\xe9.";
	struct fed_dataset *plain = load(utf8, "window=3"), *data;
	char wide[2][200];

	ck_assert(has_class(plain, "\xe2\x80\x99"));
	ck_assert_ptr_null(note_on(plain, "encoding"));
	data = load(windows, "window=3");
	ck_assert(data->fingerprint == plain->fingerprint);
	ck_assert_str_eq(found_of(data, "encoding"), "windows-1252");
	ck_assert_int_eq(note_on(data, "encoding")->level, FED_NOTE_TOLD);
	fed_dataset_free(data);
	data = load(windows, "window=3 encoding=windows-1252");
	ck_assert(data->fingerprint == plain->fingerprint);
	fed_dataset_free(data);
	for (int big = 0; big < 2; big++) {
		size_t n = 0;

		for (const char *s = utf8; *s;) {
			uint32_t code = 0;

			if (n == 0)
				code = 0xfeff;
			else
				s += fed_utf8_next(s, strlen(s), &code);
			wide[big][n + !big] = (char)(code >> 8);
			wide[big][n + (size_t)big] = (char)code;
			n += 2;
		}
		data = load_bytes(wide[big], n, "window=3");
		ck_assert(data->fingerprint == plain->fingerprint);
		ck_assert_str_eq(found_of(data, "encoding"),
		                 big ? "utf-16be, by its mark" : "utf-16le, by its mark");
		fed_dataset_free(data);
	}
	fed_dataset_free(plain);
}
END_TEST

START_TEST(surrogates_are_one_character)
{
	/* U+1F30A twice, a lone surrogate, an x */
	static const char wave[] = "\xff\xfe\x3c\xd8\x0a\xdf\x3c\xd8\x0a\xdf\x3c\xd8x\0x\0x\0";
	struct fed_dataset *data = load_bytes(wave, sizeof wave - 1, "window=1 stride=1");

	ck_assert(has_class(data, "\xf0\x9f\x8c\x8a"));
	ck_assert(has_class(data, "\xef\xbf\xbd"));
	ck_assert_uint_eq(data->classes, 3);
	fed_dataset_free(data);
}
END_TEST

static const struct {
	const char *bytes;
	size_t n;
	const char *args, *says;
} no_texts[] = {
	{"PK\3\4\0\0\0\0zip", 11, "", "a.txt: is not a text: byte 4 is 0"},
	{"\1\2\3\4\5\6words and words", 21, "", "is not a text: 6 of 21 bytes are control characters"},
	{"\xff\xfe"
     "a\0b",
     5, "", "is not UTF-16: it has 5 bytes, an odd number"},
	{"\xff\xfe"
     "a\0\0\0c\0",
     8, "", "is not a text: of its UTF-8 byte 1 is 0"},
	{"\xff\xfe", 2, "", "a.txt: is empty but for a byte-order mark"},
	{"\xef\xbb\xbf", 3, "", "a.txt: is empty but for a byte-order mark"},
	{"caf\xe9", 4, "encoding=utf-8", "is not UTF-8: it has 1 invalid byte"},
};

START_TEST(what_is_no_text_is_refused)
{
	struct fed_dataset *data = NULL;
	struct fed_error err = {{0}};
	char args[64];

	snprintf(args, sizeof args, "window=1 %s", no_texts[_i].args);
	ck_assert_int_eq(try_bytes(&data, no_texts[_i].bytes, no_texts[_i].n, args, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, no_texts[_i].says), "%s", err.text);
}
END_TEST

/* Files ----------------------------------------------------------------------------------- */

#define WORDS "the king and the fool on the heath in the storm\n"

START_TEST(names_with_commas_and_capitals)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	char args[700];

	/* all of it is a name, or a backslash protects the comma */
	snprintf(args, sizeof args, "window=5 path=%s",
	         fed_temp_write(&temp, "Lear,act1.txt", WORDS, sizeof WORDS - 1));
	fed_assert_ok(load_by_words(&data, "text", args, &err), &err);
	ck_assert_uint_eq(data->owners, 1);
	ck_assert_str_eq(data->owner_name[0], "Lear,act1.txt");
	fed_dataset_free(data);
	fed_temp_write(&temp, "b.txt", WORDS, sizeof WORDS - 1);
	snprintf(args, sizeof args, "window=5 path=%s/Lear\\,act1.txt,%s/b.txt", temp.dir, temp.dir);
	fed_assert_ok(load_by_words(&data, "text", args, &err), &err);
	ck_assert_uint_eq(data->owners, 2);
	fed_dataset_free(data);
	/* a folder: any case, not what macOS leaves, no folders */
	fed_temp_write(&temp, "C.TXT", WORDS, sizeof WORDS - 1);
	fed_temp_write(&temp, "._C.TXT", "\0\5\26\7", 4);
	ck_assert_int_eq(mkdir(fed_temp_file(&temp, "d.txt"), 0700), 0);
	snprintf(args, sizeof args, "window=5 path=%s", temp.dir);
	fed_assert_ok(load_by_words(&data, "text", args, &err), &err);
	ck_assert_uint_eq(data->owners, 3);
	fed_dataset_free(data);
	ck_assert_int_eq(rmdir(fed_temp_file(&temp, "d.txt")), 0);
}
END_TEST

START_TEST(short_files_are_told)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	char args[700];

	fed_temp_write(&temp, "a.txt", WORDS, sizeof WORDS - 1);
	fed_temp_write(&temp, "b.txt", "short", 5);
	snprintf(args, sizeof args, "window=5 path=%s", temp.dir);
	fed_assert_ok(load_by_words(&data, "text", args, &err), &err);
	ck_assert_str_eq(found_of(data, "files"),
	                 "1 of 2 have less than 12 characters and were left out");
	fed_dataset_free(data);
}
END_TEST

/* Speakers -------------------------------------------------------------------------------- */

/* Each line is followed by a speech; how many speakers there are. */
static const struct {
	const char *lines[4];
	uint32_t speakers;
	const char *first;
} plays[] = {
	{{"\xc3\x85SA.", "MR. X.", "MR. Y."}, 3, "\xc3\x85SA"},
	{{"\xc3\x85SA.", "MR. X", "MR. Y"}, 3, "\xc3\x85SA"},
	{{"\xc3\x85SA. Words.", "MR. X. I say so.", "MR. Y. We do."}, 3, "\xc3\x85SA"},
	{{"MR. X. Words.", "MR. J. SMITH. I do.", "MR. J. JONES. Words.", "DR. J. K. LEE: Words."},
     4,
     "MR. X"},
	{{"MRS. SMITH:", "MR. SMITH:", "MRS. SMITH:"}, 2, "MRS. SMITH"},
	{{"J. R. EWING. Words.", "BOBBY. Words."}, 2, "J. R. EWING"},
	{{"D\xe2\x80\x99"
      "ARTAGNAN.",
      "ATHOS."},
     2,
     "D\xe2\x80\x99"
     "ARTAGNAN"},
	{{"\xd0\x93\xd0\x90\xd0\x9c\xd0\x9b\xd0\x95\xd0\xa2.",
      "\xd0\x9e\xd0\xa4\xd0\x95\xd0\x9b\xd0\x98\xd0\xaf."},
     2,
     "\xd0\x93\xd0\x90\xd0\x9c\xd0\x9b\xd0\x95\xd0\xa2"},    /* Hamlet and Ophelia in Russian */
	{{"\xd0\xb3\xd0\xb0\xd0\xbc.", "HAMLET."}, 1, "HAMLET"}, /* small letters are no name */
	{{"\xe7\x94\xb2\xef\xbc\x9a", "\xe4\xb9\x99:"}, 2, "\xe7\x94\xb2"}, /* A and B in Chinese */
	{{"\xe7\x94\xb2.", "HAMLET."}, 1, "HAMLET"}, /* without a colon: no name */
	{{"ACTOR.", "SCENE II.", "ACT I."}, 1, "ACTOR"},
	{{"First Citizen:", "Second Citizen:"}, 2, "First Citizen"},
};

START_TEST(speakers_of_any_script)
{
	struct fed_text play = {0};

	fed_text_add(&play, "a title\nof two lines\n\n");
	for (int k = 0; k < 4 && plays[_i].lines[k]; k++)
		fed_text_add(&play, "%s\nwords and more words are spoken here.\n\n", plays[_i].lines[k]);
	struct fed_dataset *data = load(fed_text_str(&play), "window=4 speakers=yes");

	ck_assert_uint_eq(data->owners, plays[_i].speakers);
	ck_assert_str_eq(data->owner_name[0], plays[_i].first);
	ck_assert_ptr_nonnull(strstr(found_of(data, "speakers"), "lines before the first speech"));
	fed_dataset_free(data);
	fed_text_release(&play);
}
END_TEST

/* Vocabulary ------------------------------------------------------------------------------ */

/* n characters from U+4E00 on, in a text of `length` drawn evenly. */
static void put_even(struct fed_text *out, uint32_t n, int length)
{
	for (int i = 0; i < length; i++)
		fed_text_put_code(out, 0x4e00 + (uint32_t)(fed_random(5, (uint64_t)i) % n));
}

START_TEST(the_vocabulary_follows_the_data)
{
	static const struct {
		uint32_t characters;
		const char *args;
		uint32_t classes; /* about */
		int level;        /* of the note */
	} cases[] = {
		{90, "", 90, FED_NOTE_LISTED},
		{150, "", 150, FED_NOTE_TOLD},
		{150, "vocabulary=96", 97, FED_NOTE_WARNING},
		{2500, "", 256, FED_NOTE_WARNING},
		{150, "vocabulary=20", 21, FED_NOTE_WARNING},
		{150, "vocabulary=255", 150, FED_NOTE_LISTED},
		{2500, "bytes=yes", 67, FED_NOTE_LISTED},
	};

	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct fed_text text = {0};
		char args[64];

		put_even(&text, cases[k].characters, 6000);
		snprintf(args, sizeof args, "window=4 %s", cases[k].args);
		struct fed_dataset *data = load(fed_text_str(&text), args);
		ck_assert_int_le(abs((int)data->classes - (int)cases[k].classes), k == 1   ? 3
		                                                                  : k == 6 ? 60
		                                                                           : 0);
		ck_assert_msg(note_on(data, "vocabulary")->level == (enum fed_note_level)cases[k].level,
		              "%zu: %s", k, found_of(data, "vocabulary"));
		for (uint32_t i = 0; i < data->train + data->test; i++)
			ck_assert(data->label[i] >= 0 && (uint32_t)data->label[i] < data->classes);
		fed_dataset_free(data);
		fed_text_release(&text);
	}
}
END_TEST

/* Followed, the advice of the warning leaves nothing outside. */
START_TEST(bytes_leave_nothing_out)
{
	struct fed_text text = {0};

	put_even(&text, 2500, 3000);
	struct fed_dataset *data = load(fed_text_str(&text), "window=4");
	ck_assert_ptr_nonnull(strstr(note_on(data, "vocabulary")->overrule, "bytes"));
	ck_assert_ptr_nonnull(strstr(found_of(data, "vocabulary"), "% of the text is outside the 255"));
	fed_dataset_free(data);
	data = load(fed_text_str(&text), "window=4 bytes=yes");
	ck_assert(!has_class(data, "other"));
	ck_assert(has_class(data, "byte e4"));
	ck_assert_uint_gt(data->train, 2 * 3000u / 3);
	fed_dataset_free(data);
	fed_text_release(&text);
}
END_TEST

FED_SUITE(texts)
{
	Suite *suite = suite_create("texts");
	TCase *tests = tcase_create("texts");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, one_text_in_many_encodings);
	tcase_add_test(tests, surrogates_are_one_character);
	tcase_add_loop_test(tests, what_is_no_text_is_refused, 0, sizeof no_texts / sizeof *no_texts);
	tcase_add_test(tests, names_with_commas_and_capitals);
	tcase_add_test(tests, short_files_are_told);
	tcase_add_loop_test(tests, speakers_of_any_script, 0, sizeof plays / sizeof *plays);
	tcase_add_test(tests, the_vocabulary_follows_the_data);
	tcase_add_test(tests, bytes_leave_nothing_out);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_line.c - text to words: quotes, comments, separators, what has no end. */
#include <stdlib.h>
#include <string.h>

#include "shell/language/line.h"
#include "support/suite.h"

/* All commands of the text: words in [], commands apart by |; or the error. */
static void spell(const char *text, size_t len, char *out, size_t size)
{
	struct fed_words words = {0};
	struct fed_text all = {0};
	struct fed_error err;

	while (len) {
		size_t used;

		if (fed__words_split(&words, text, len, &used, &err)) {
			fed_text_add(&all, "!%s", err.text);
			break;
		}
		for (size_t i = 0; i < words.n; i++)
			fed_text_add(&all, "[%s]", fed__words_at(&words, i));
		ck_assert_uint_gt(used, 0);
		ck_assert_uint_le(used, len);
		text += used;
		len -= used;
		if (len)
			fed_text_add(&all, "|");
	}
	snprintf(out, size, "%s", fed_text_str(&all));
	fed_text_release(&all);
	fed__words_release(&words);
}

static const struct {
	const char *text, *words;
} lines[] = {
	{"", ""},
	{"   \t ", ""},
	{"round", "[round]"},
	{"  round  5 ", "[round][5]"},
	{"round 5; status", "[round][5]|[status]"},
	{"a;b;;c", "[a]|[b]||[c]"},
	{"a\nb", "[a]|[b]"},
	{"a\r\nb\r\n", "[a]|[b]"},
	{"# all comment", ""},
	{"a # rest; more\nb", "[a]|[b]"},
	{"a#b", "[a#b]"},
	{"x 'a b;c#d'", "[x][a b;c#d]"},
	{"x \"a \\\"b\\\" \\\\ \\n\"", "[x][a \"b\" \\ \\n]"},
	{"x a\\ b", "[x][a b]"},
	{"x 'it''s'", "[x][its]"},
	{"x ''", "[x][]"},
	{"label=\"a b\"c", "[label=a bc]"},
	{"a { b = 1; c='2' # d } e; f", "[a][{ b = 1; c='2' # d }][e]|[f]"},
	{"a {b {c}; d}e", "[a][{b {c}; d}e]"},
	{"a {b \\\n; c}", "[a][{b  ; c}]"},
	{"a b{c; d}", "[a][b{c]|[d}]"},
	{"a {b; c", "!the brace { at column 3 has no end"},
	{"a {b\n}", "[a][{b }]"},
	{"a 'b", "!the quote ' at column 3 has no end"},
	{"abc; \"d", "[abc]|!the quote \" at column 2 has no end"},
	{"a 'b\nc'", "!the quote ' at column 3 has no end"},
	{"a \\", "!nothing follows the backslash at column 3"},
	{"a \\\n b\\\nc\nd", "[a][b][c]|[d]"},
	{"\xff\xfe", "[\xff\xfe]"},
	{"\u00a0a\u00a0b;\u202fc\u2007", "[a][b]|[c]"},
	{"a '\u00a0' \\\u00a0 é\u0161", "[a][\u00a0][\u00a0][é\u0161]"},
	{"a\xc2", "[a\xc2]"},
};

START_TEST(words_are_cut)
{
	char got[256];

	spell(lines[_i].text, strlen(lines[_i].text), got, sizeof got);
	ck_assert_str_eq(got, lines[_i].words);
}
END_TEST

static void reads_back(const struct fed_text *spelled, const char *word)
{
	struct fed_words back = {0};
	struct fed_error err;
	size_t used;

	fed_assert_ok(fed__words_split(&back, spelled->s, spelled->len, &used, &err), &err);
	ck_assert_uint_eq(back.n, 1);
	ck_assert_str_eq(fed__words_at(&back, 0), word);
	fed__words_release(&back);
}

START_TEST(a_group_goes_on_behind_a_backslash)
{
	ck_assert(fed__line_continues("a {b; \\", 7));
	ck_assert(fed__line_continues("a {b}; c \\", 10));
	ck_assert(fed__line_continues("a {b; c", 7));
	ck_assert(fed__line_continues("a {\nb; c", 8));
	ck_assert(!fed__line_continues("a {\nb; c}", 9));
	ck_assert(!fed__line_continues("a '{b", 5));
	ck_assert(!fed__line_continues("a b{", 4)); /* no group: it begins no word */
	ck_assert(!fed__line_continues("# {b \\", 6));
}
END_TEST

/* The ends of a group's lines separate, unless something does already; the same in the history. */
START_TEST(a_group_may_be_several_lines)
{
	static const char *const rows[][2] = {
		{"{a\nb}", "{a; b}"},
		{"{\n\ta = 1,\n\t    2 ;\n\n\tb = 3\r\n}", "{ a = 1, 2 ; b = 3 }"},
		{"{ # all\n a = 1 # one } more\n # none\n}", "{ a = 1 }"},
		{"{a = 1\n, 2\n| 3\n= 4}", "{a = 1 , 2 | 3 = 4}"},
		{"{a \\\n b}", "{a   b}"},
		{"{a {\n b\n}\n}", "{a { b } }"},
		{"{a#b}", "{a#b}"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_text line = {0}, joined = {0}, wanted = {0};
		struct fed_words words = {0};
		struct fed_error err;
		size_t used;

		fed_text_add(&line, "study x %s n=3; y\nz", rows[i][0]);
		fed_assert_ok(fed__words_split(&words, line.s, line.len, &used, &err), &err);
		ck_assert_uint_eq(words.n, 4);
		struct fed_text got = {0}; /* blanks as one */
		for (const char *c = fed__words_at(&words, 2); *c; c++)
			if (*c != ' ' || c[1] != ' ')
				fed_text_put(&got, c, 1);
		if (i != 4)
			ck_assert_str_eq(fed_text_str(&got), rows[i][1]);
		ck_assert_str_eq(fed__words_at(&words, 3), "n=3");
		fed_text_add(&wanted, "study x %s n=3; y\nz", fed__words_at(&words, 2));
		fed__line_join(&joined, line.s, line.len);
		if (i != 4)
			ck_assert_str_eq(fed_text_str(&joined), wanted.s);
		ck_assert_ptr_null(memchr(joined.s, '\n', joined.len - 2));
		fed__words_release(&words);
		fed_text_release(&line);
		fed_text_release(&joined);
		fed_text_release(&wanted);
		fed_text_release(&got);
	}
}
END_TEST

START_TEST(quoted_words_read_back)
{
	static const char *const words[] = {"plain",       "",    "a b", "a;b",     "#x",
	                                    "it's \"so\"", "\\",  "é",   "a\tb",    "a\u00a0b",
	                                    "{learn",      "a{b", "{a}", "{ a; b }"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct fed_text text = {0};

		fed__word_quote(&text, words[i]);
		reads_back(&text, words[i]);
		for (const char *quote = "\"'"; *quote; quote++) {
			fed_text_clear(&text);
			fed__word_spell(&text, words[i], *quote, true);
			reads_back(&text, words[i]);
		}
		fed_text_clear(&text);
		fed__word_spell(&text, words[i], 0, true);
		if (*words[i])
			reads_back(&text, words[i]);
		fed_text_release(&text);
	}
}
END_TEST

START_TEST(too_many_words_are_refused)
{
	const size_t len = 2 * (FED_WORDS_MAX + 1);
	char *text = malloc(len);
	struct fed_words words = {0};
	struct fed_error err;
	size_t used;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? ' ' : 'a';
	ck_assert_int_eq(fed__words_split(&words, text, len, &used, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "4096 words"));
	fed__words_release(&words);
	free(text);
}
END_TEST

static int split_something(void *ctx, struct fed_error *err)
{
	static const char text[] = "a b c d e f g h i j k l m n o p q r s t 'u v'";
	struct fed_words words = {0};
	size_t used;

	(void)ctx;
	const int rc = fed__words_split(&words, text, strlen(text), &used, err);
	fed__words_release(&words);
	return rc;
}

START_TEST(allocations_may_fail)
{
	ck_assert_uint_gt(fed_each_allocation(split_something, NULL), 1);
}
END_TEST

FED_SUITE(line)
{
	Suite *suite = suite_create("line");
	TCase *tests = tcase_create("line");

	tcase_add_loop_test(tests, words_are_cut, 0, (int)(sizeof lines / sizeof *lines));
	tcase_add_test(tests, a_group_goes_on_behind_a_backslash);
	tcase_add_test(tests, a_group_may_be_several_lines);
	tcase_add_test(tests, quoted_words_read_back);
	tcase_add_test(tests, too_many_words_are_refused);
	tcase_add_test(tests, allocations_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

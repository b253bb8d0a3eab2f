/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Strings, numbers, names, and what a terminal may be sent.
 */
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

START_TEST(text_grows)
{
	struct fed_text t = {0};

	ck_assert_str_eq(fed_text_str(&t), "");
	for (int i = 0; i < 1000; i++)
		fed_text_add(&t, "%d,", i % 10);
	ck_assert_uint_eq(t.len, 2000);
	ck_assert_int_eq(strncmp(t.s + 1980, "0,1,2,3,4,5,6,7,8,9,", 21), 0);
	fed_text_clear(&t);
	ck_assert_str_eq(fed_text_str(&t), "");
	fed_text_add(&t, "%0500d", 7); /* longer than any buffer on the stack */
	ck_assert_uint_eq(t.len, 500);
	ck_assert_int_eq(t.s[499], '7');
	fed_text_put(&t, "a\0b", 3);
	ck_assert_uint_eq(t.len, 503);
	fed_text_release(&t);
	ck_assert(t.s == NULL && t.len == 0);
}
END_TEST

START_TEST(text_without_memory_stays_as_it_was)
{
	struct fed_text t = {0};

	fed_text_add(&t, "kept");
	fed__mem_fail_at(1);
	fed_text_add(&t, "%0500d", 7);
	ck_assert(t.failed);
	fed_text_add(&t, "!");
	ck_assert_str_eq(fed_text_str(&t), "kept");
	fed_text_release(&t);
}
END_TEST

START_TEST(cleaning)
{
	static const struct {
		const char *in, *utf8, *ascii;
	} rows[] = {
		{"plain\n\ttext", "plain\n\ttext", "plain\n\ttext"},
		{"\033[2J\007", "\uFFFD[2J\uFFFD", "?[2J?"},
		{"\x7f", "\uFFFD", "?"},
		{"한국어 ok", "한국어 ok", "______ ok"},
		{"Zürich", "Zürich", "Zurich"},
		{"\xc2\x9b"
	     "31m",
	     "\uFFFD31m", "?31m"},                         /* C1's own escape */
		{"a\xc3", "a\uFFFD", "a?"},                    /* cut in the middle */
		{"\xc0\xaf", "\uFFFD\uFFFD", "??"},            /* overlong */
		{"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD", "???"}, /* a surrogate */
		{"\u202egnp.exe", "\uFFFDgnp.exe", "?gnp.exe"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fed_text t = {0};

		fed_text_put_clean(&t, rows[i].in, strlen(rows[i].in), true);
		ck_assert_str_eq(fed_text_str(&t), rows[i].utf8);
		fed_text_clear(&t);
		fed_text_put_clean(&t, rows[i].in, strlen(rows[i].in), false);
		ck_assert_str_eq(fed_text_str(&t), rows[i].ascii);
		fed_text_release(&t);
	}
}
END_TEST

START_TEST(what_is_shown_is_short_and_harmless)
{
	char *large = malloc(1 << 20);

	ck_assert_str_eq(fed_show("10x").s, "10x");
	ck_assert_str_eq(fed_show("a\nb\033c").s, "a?b?c");
	memset(large, 'y', (1 << 20) - 1);
	large[(1 << 20) - 1] = '\0';
	const struct fed_shown shown = fed_show(large);
	ck_assert_uint_lt(strlen(shown.s), sizeof shown.s);
	ck_assert_str_eq(shown.s + strlen(shown.s) - 4, "y...");
	/* Never half a character. */
	for (size_t n = 80; n < 120; n++) {
		char s[256];
		uint32_t code;

		memset(s, 'x', n);
		snprintf(s + n, sizeof s - n, "ü€ü€ü€ü€ü€");
		const struct fed_shown cut = fed_show(s);
		for (const char *c = cut.s; *c;) {
			const size_t bytes = fed_utf8_next(c, strlen(c), &code);

			ck_assert_uint_gt(bytes, 0);
			c += bytes;
		}
	}
	free(large);
}
END_TEST

START_TEST(json_strings)
{
	static const char *const rows[][2] = {
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"line\nnext\t\r", "\"line\\nnext\\t\\u000d\""},
		{"\x01\x7f", "\"\\u0001\\u007f\""},
		{"é\xff", "\"é\uFFFD\""},
		{"", "\"\""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fed_text t = {0};

		fed_text_json_string(&t, rows[i][0]);
		ck_assert_str_eq(fed_text_str(&t), rows[i][1]);
		fed_text_release(&t);
	}
}
END_TEST

START_TEST(numbers_for_people)
{
	static const struct {
		void (*put)(struct fed_text *, double);
		double x;
		const char *text;
	} rows[] = {
		{fed_text_count, 0, "0"},
		{fed_text_count, 999, "999"},
		{fed_text_count, 1000, "1,000"},
		{fed_text_count, 12345678, "12,345,678"},
		{fed_text_count, -1234.4, "-1,234"},
		{fed_text_count, -0.2, "0"},
		{fed_text_count, NAN, "nan"},
		{fed_text_bytes, 0, "0 B"},
		{fed_text_bytes, 999, "999 B"},
		{fed_text_bytes, 1000, "1.0 kB"},
		{fed_text_bytes, 1.7e6, "1.7 MB"},
		{fed_text_bytes, 999999, "1.0 MB"},
		{fed_text_bytes, 123456789, "123 MB"},
		{fed_text_bytes, 4e21, "4000 EB"},
		{fed_text_bytes, INFINITY, "inf B"},
		{fed_text_seconds, 0, "0 s"},
		{fed_text_seconds, 12e-6, "12 us"},
		{fed_text_seconds, 0.0345, "34.5 ms"},
		{fed_text_seconds, 0.99951, "1 s"},
		{fed_text_seconds, 1.25, "1.25 s"},
		{fed_text_seconds, 59.96, "1 min 0 s"},
		{fed_text_seconds, 192, "3 min 12 s"},
		{fed_text_seconds, 3599.7, "1 h 0 min"},
		{fed_text_seconds, 18180, "5 h 3 min"},
		{fed_text_seconds, 86399, "1 d 0 h"},
		{fed_text_seconds, 187200, "2 d 4 h"},
		{fed_text_seconds, -2, "-2 s"},
		{fed_text_clock, 0, "0 s"},
		{fed_text_clock, 12e-6, "12.0 us"},
		{fed_text_clock, 0.358, "358 ms"},
		{fed_text_clock, 0.99951, "1.00 s"},
		{fed_text_clock, 59.9, "59.9 s"},
		{fed_text_clock, 192, "3 min 12 s"},
		{fed__text_real, 0.1, "0.1"},
		{fed__text_real, 1e6, "1000000"},
		{fed__text_real, 1e300, "1e300"},
		{fed__text_real, 1.5e-7, "1.5e-7"},
		{fed__text_real, -0.0, "-0"},
		{fed__text_real, INFINITY, "inf"},
		{fed_text_json_number, NAN, "null"},
		{fed_text_json_number, -INFINITY, "null"},
		{fed_text_json_number, 1.0 / 3, "0.3333333333333333"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fed_text t = {0};

		rows[i].put(&t, rows[i].x);
		ck_assert_str_eq(fed_text_str(&t), rows[i].text);
		fed_text_release(&t);
	}
	ck_assert_str_eq(fed_digits(0.365, 4).s, "0.3650");
	ck_assert_str_eq(fed_digits(1234, 4).s, "1234");
	ck_assert_str_eq(fed_digits(-12.5, 4).s, "-12.50");
	ck_assert_str_eq(fed_digits(1e-6, 4).s, "1.000e-06");
	ck_assert_str_eq(fed_digits(NAN, 4).s, "-");
	ck_assert_str_eq(fed_digits(INFINITY, 4).s, "inf");
	struct fed_text t = {0};
	fed_text_si(&t, 4.5e9, "FLOP");
	fed_text_si(&t, 0.25, "");
	ck_assert_str_eq(fed_text_str(&t), "4.5 GFLOP0.25 ");
	fed_text_release(&t);
}
END_TEST

/* Any double that is printed reads back to the same bits. */
START_TEST(reals_survive)
{
	struct fed_stream s = fed_stream_open(1, FED_FOR_DATA, 0, 0);
	struct fed_text t = {0};

	for (int i = 0; i < 20000; i++) {
		const uint64_t bits = fed_stream_u64(&s);
		double x, back;

		memcpy(&x, &bits, sizeof x);
		if (isnan(x))
			continue;
		fed_text_clear(&t);
		fed__text_real(&t, x);
		ck_assert_msg(fed_parse_real(t.s, &back), "%s", t.s);
		ck_assert_mem_eq(&x, &back, sizeof x);
	}
	fed_text_release(&t);
}
END_TEST

START_TEST(integers_are_read)
{
	static const struct {
		const char *text;
		bool ok;
		long long value;
	} rows[] = {
		{"0", true, 0},
		{"-17", true, -17},
		{"+5", true, 5},
		{"007", true, 7},
		{"1e6", true, 1000000},
		{"1E+6", true, 1000000},
		{"10k", true, 10000},
		{"2M", true, 2000000},
		{"1.5k", true, 1500},
		{"2.50e1", true, 25},
		{"1200e-2", true, 12},
		{"0e99999", true, 0},
		{"1.000000000000000000000000", true, 1},
		{"9223372036854775807", true, 9223372036854775807LL},
		{"-9223372036854775808", true, -9223372036854775807LL - 1},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"99999999999999999999999", false, 0},
		{"1e30", false, 0},
		{"1e19", false, 0},
		{"1e9999999999", false, 0},
		{"1.5", false, 0},
		{"1e-1", false, 0},
		{"1.2345k", false, 0},
		{"10x", false, 0},
		{"10kk", false, 0},
		{"1e6k", false, 0},
		{"", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"-", false, 0},
		{".", false, 0},
		{"k", false, 0},
		{"e5", false, 0},
		{"1e", false, 0},
		{"1.2.3", false, 0},
		{"0x10", false, 0},
		{"nan", false, 0},
		{"--1", false, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		long long n = 42;

		ck_assert_msg(fed_parse_int(rows[i].text, &n) == rows[i].ok, "%s", rows[i].text);
		ck_assert_msg(n == (rows[i].ok ? rows[i].value : 42), "%s", rows[i].text);
	}
}
END_TEST

START_TEST(reals_are_read)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{"0.1", true},       {"-1e-3", true},  {".5", true},     {"5.", true},   {"inf", true},
		{"-inf", true},      {"1e-400", true}, {"1e400", false}, {"nan", false}, {"", false},
		{" 1", false},       {"1 ", false},    {"0x1p3", false}, {"1,5", false}, {"1e", false},
		{"infinity", false}, {"--1", false},   {"+-1", false},   {"1-2", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		double x = 42;

		ck_assert_msg(fed_parse_real(rows[i].text, &x) == rows[i].ok, "%s", rows[i].text);
		ck_assert_msg(rows[i].ok ? x == strtod(rows[i].text, NULL) : x == 42, "%s", rows[i].text);
	}
}
END_TEST

START_TEST(widths)
{
	ck_assert_int_eq(fed_text_width("plain"), 5);
	ck_assert_int_eq(fed_text_width("Zürich"), 6);
	ck_assert_int_eq(fed_text_width("e\u0301"), 1);
	ck_assert_int_eq(fed_text_width("漢字"), 4);
	ck_assert_int_eq(fed_text_width("한글"), 4);
	ck_assert_int_eq(fed_text_width("\u1112\u1161\u11ab\u1100\u1173\u11af"), 4); /* its letters */
	ck_assert_int_eq(fed_text_width("नमस्ते"), 4); /* the virama and the sign e take no column */
	ck_assert_int_eq(fed_text_width("का"), 2);   /* the sign aa takes one */
	ck_assert_int_eq(fed_text_width("\u05e9\u05b8\u05c1"), 1);
	ck_assert_int_eq(fed_text_width("\U0001F600"), 2);
	ck_assert_int_eq(fed_text_width("\U0001F3FB"), 2);
	ck_assert_int_eq(fed_text_width("\U00020000\U0003FFFF"),
	                 3); /* a letter, and a code without one */
	ck_assert_int_eq(fed_text_width("⣿▁█─"), 4);
	ck_assert_int_eq(fed_text_width("\xff\xfe"), 2);
	ck_assert_int_eq(fed_text_width(""), 0);
	ck_assert_int_eq(fed_text_width("a\n\033\u202e"), 4); /* each shown by a sign */
	ck_assert_uint_eq(fed_utf8_compose('e', 0x301), 0xe9);
	ck_assert_uint_eq(fed_utf8_compose(0xd558, 0x11ab), 0xd55c);
	ck_assert_uint_eq(fed_utf8_compose('x', 0x301), 0);
	ck_assert_uint_eq(fed_utf8_compose('x', 'y'), 0);
}
END_TEST

static const char *command(const void *ctx, size_t i)
{
	static const char *const names[] = {"add-client", "aggregator", "fedavg", "fedavgm",
	                                    "set",        "round",      "model",  NULL};
	(void)ctx;
	return names[i];
}

START_TEST(nearest_names)
{
	static const struct {
		const char *typed, *name;
	} rows[] = {
		{"add-clent", "add-client"},
		{"add_client", "add-client"},
		{"addclient", "add-client"},
		{"FedAvg", "fedavg"},
		{"fedagv", "fedavg"},
		{"fedavgn", "fedavg"},
		{"agg", "aggregator"},
		{"ronud", "round"},
		{"mdoel", "model"},
		{"xyz", NULL},
		{"", NULL},
		{"x", NULL},
		{"completely-else", NULL},
	};
	char large[5000];

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *near = fed_nearest(rows[i].typed, command, NULL);

		ck_assert_msg(rows[i].name ? near && strcmp(near, rows[i].name) == 0 : !near, "%s: %s",
		              rows[i].typed, near ? near : "none");
	}
	memset(large, 'a', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	ck_assert_ptr_null(fed_nearest(large, command, NULL));
	ck_assert(fed_same_name("a-b_c", "a_b-c") && !fed_same_name("a", "a-") &&
	          !fed_same_name("A", "a"));
}
END_TEST

START_TEST(counts_in_place)
{
	char longest[100];

	ck_assert_str_eq(fed_count(1234567).s, "1,234,567");
	ck_assert_str_eq(fed_count(-1000).s, "-1,000");
	ck_assert_str_eq(fed_count(-0.2).s, "0");
	/* What has no room is cut. */
	snprintf(longest, sizeof longest, "%s", fed_count(1e300).s);
	ck_assert_uint_ge(strlen(longest), 90);
}
END_TEST

/* Lists with commas, and with names that have some. */
START_TEST(lists_part_and_join)
{
	static const char *const items[] = {"a", "b,c", "d\\", "", "e f"};
	char typed[] = "a,b\\,c,d\\\\,,e f", *rest = typed, *item;
	struct fed_text joined = {0};
	size_t n = 0;

	while ((item = fed_list_next(&rest))) {
		ck_assert_uint_lt(n, 5);
		ck_assert_str_eq(item, items[n++]);
	}
	ck_assert_uint_eq(n, 5);
	fed_list_put(&joined, "b,c");
	fed_list_put(&joined, "d\\");
	ck_assert_str_eq(fed_text_str(&joined), "b\\,c,d\\\\");
	fed_text_release(&joined);
}
END_TEST

START_TEST(letters_have_cases_or_none)
{
	ck_assert_int_eq(fed_utf8_letter('A'), FED_LETTER_UPPER);
	ck_assert_int_eq(fed_utf8_letter(0xe5), FED_LETTER_LOWER);  /* a with a ring */
	ck_assert_int_eq(fed_utf8_letter(0x413), FED_LETTER_UPPER); /* Cyrillic */
	ck_assert_int_eq(fed_utf8_letter(0x7532), FED_LETTER_CASELESS);
	ck_assert_int_eq(fed_utf8_letter(0x301), FED_LETTER_MARK);
	ck_assert_int_eq(fed_utf8_letter('-'), FED_LETTER_NONE);
	ck_assert_int_eq(fed_utf8_letter('1'), FED_LETTER_NONE);
}
END_TEST

FED_SUITE(text)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_add_test(tests, text_grows);
	tcase_add_test(tests, text_without_memory_stays_as_it_was);
	tcase_add_test(tests, cleaning);
	tcase_add_test(tests, what_is_shown_is_short_and_harmless);
	tcase_add_test(tests, json_strings);
	tcase_add_test(tests, numbers_for_people);
	tcase_add_test(tests, reals_survive);
	tcase_add_test(tests, integers_are_read);
	tcase_add_test(tests, reals_are_read);
	tcase_add_test(tests, widths);
	tcase_add_test(tests, nearest_names);
	tcase_add_test(tests, counts_in_place);
	tcase_add_test(tests, lists_part_and_join);
	tcase_add_test(tests, letters_have_cases_or_none);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_width.c - what commands print fits the screen, and no word is broken: every
 * example of every command in a fresh session, at several widths, as UTF-8 and as ASCII. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "shell/lab.h"
#include "shell/output/print.h"
#include "base/wrap.h"
#include "support/suite.h"

static const int widths[] = {60, 80, 100, 120};
#define WIDTHS (FED_SANITIZED ? 1 : sizeof widths / sizeof *widths)

/* Wrapping ---------------------------------------------------------------------- */

static void check_width(const char *text, int width, const char *line)
{
	while (*text) {
		const size_t n = strcspn(text, "\n");
		struct fed_text one = {0};

		fed_text_put(&one, text, n);
		ck_assert_msg(fed_text_width(fed_text_str(&one)) <= width,
		              "%s prints a line of %d columns on a screen of %d:\n%s", line,
		              fed_text_width(fed_text_str(&one)), width, fed_text_str(&one));
		fed_text_release(&one);
		text += n + (text[n] != 0);
	}
}

/* Words in the same order, whatever is between them. */
static void check_same_words(const char *a, const char *b, int width)
{
	for (;;) {
		a += strspn(a, " \n");
		b += strspn(b, " \n");
		const size_t n = strcspn(a, " \n");

		ck_assert_msg(n == strcspn(b, " \n") && memcmp(a, b, n) == 0,
		              "in %d columns \"%s\" became \"%s\"", width, a, b);
		if (!n)
			return;
		a += n;
		b += n;
	}
}

START_TEST(words_stay_whole)
{
	static const char *const words[] = {"a",    "round", "accuracy", "81.20", "학습률",
	                                    "café", "(B)",   "per",      "client"};
	struct fed_stream random = fed_stream_open((uint64_t)_i, FED_FOR_OBSERVER, 0, 0);
	const int width = 12 + (int)fed_stream_below(&random, 60), hang = _i % 5;
	struct fed_text line = {0}, wrapped = {0}, filled = {0};

	fed_text_add(&line, "%*s", _i % 3, "");
	for (int i = 0; i < 40; i++)
		fed_text_add(&line, "%s%*s", words[fed_stream_below(&random, 9)],
		             1 + (int)fed_stream_below(&random, 3), "");
	fed_wrap_line(&wrapped, fed_text_str(&line), line.len, width, hang);
	check_width(fed_text_str(&wrapped), width, "wrap");
	check_same_words(fed_text_str(&line), fed_text_str(&wrapped), width);
	for (size_t i = 7; i < line.len; i += 31) /* paragraphs and lines of their own */
		if (line.s[i] == ' ')
			line.s[i] = '\n';
	fed_wrap_prose(&filled, fed_text_str(&line), width);
	check_width(fed_text_str(&filled), width, "prose");
	check_same_words(fed_text_str(&line), fed_text_str(&filled), width);
	fed_text_release(&line);
	fed_text_release(&wrapped);
	fed_text_release(&filled);
}
END_TEST

static void assert_wraps(const char *line, int width, int hang, const char *wanted)
{
	struct fed_text out = {0};

	fed_wrap_line(&out, line, strlen(line), width, hang);
	ck_assert_str_eq(fed_text_str(&out), wanted);
	fed_text_release(&out);
}

START_TEST(lines_wrap_at_blanks)
{
	assert_wraps("one two three", 0, 2, "one two three");
	assert_wraps("one two three", 13, 2, "one two three");
	assert_wraps("one two three", 12, 2, "one two\n  three");
	assert_wraps("  one two three", 9, 4, "  one two\n    three");
	assert_wraps("\033[1mone\033[0m two", 7, 0, "\033[1mone\033[0m two");
	assert_wraps("/usr/lib/fedsh/plugins/mine.so", 16, 0, "/usr/lib/fedsh/\nplugins/mine.so");
	assert_wraps("abcdefghijklm", 5, 0, "abcde\nfghij\nklm");
	assert_wraps("학습률은 0.1", 8, 0, "학습률은\n0.1");
}
END_TEST

START_TEST(prose_is_filled_anew)
{
	static const char text[] = "A paragraph of two\nlines.\n\n  x = y\n  z = w\n\nThe end.\n";
	struct fed_text out = {0};

	fed_wrap_prose(&out, text, 18);
	ck_assert_str_eq(fed_text_str(&out), text); /* it fits */
	fed_text_clear(&out);
	fed_wrap_prose(&out, text, 15);
	ck_assert_str_eq(fed_text_str(&out),
	                 "A paragraph of\ntwo lines.\n\n  x = y\n  z = w\n\nThe end.\n");
	fed_text_release(&out);
}
END_TEST

/* Commands ---------------------------------------------------------------------- */

/* A word without its punctuation; false: it has digits, which times have, or is drawn. */
static bool is_word(const char **s, size_t *n)
{
	bool letter = false;

	while (*n && strchr("(`\"[", **s))
		++*s, --*n;
	while (*n && strchr(")`\"],;:.", (*s)[*n - 1]))
		--*n;
	for (size_t i = 0; i < *n; i++) {
		if (isdigit((unsigned char)(*s)[i]) || !isascii((unsigned char)(*s)[i]))
			return false;
		letter |= isalpha((unsigned char)(*s)[i]) != 0;
	}
	return letter;
}

static bool has_word(const char *text, const char *word, size_t len)
{
	while (*text) {
		const size_t whole = strcspn(text, " \n");
		const char *s = text;
		size_t n = whole;

		if (is_word(&s, &n) && n == len && memcmp(s, word, n) == 0)
			return true;
		text += whole + (text[whole] != 0);
	}
	return false;
}

/* Every word of the narrow text is one of the wide one: none was broken. */
static void check_words(const char *narrow, const char *wide, int width, const char *line)
{
	static const char units[] = "s ms us min kB MB and"; /* of what differs from time to time */
	static const char left_out[] = "  left out: ", ends[] = "all\n";

	while (*narrow) {
		if (strncmp(narrow, left_out, strlen(left_out)) == 0) { /* names of columns */
			narrow = strstr(narrow, ends);
			ck_assert_ptr_nonnull(narrow);
			narrow += strlen(ends);
			continue;
		}
		const size_t whole = strcspn(narrow, " \n");
		const char *s = narrow;
		size_t n = whole;

		if (is_word(&s, &n))
			ck_assert_msg(has_word(wide, s, n) || has_word(units, s, n),
			              "%s breaks a word in %d columns: \"%.*s\" is not in\n%s", line, width,
			              (int)n, s, wide);
		narrow += whole + (narrow[whole] != 0);
	}
}

/* The last command of a line. */
static const char *last_of(const char *line)
{
	const char *end = strrchr(line, ';');

	return end ? end + 1 + strspn(end + 1, " ") : line;
}

static void set_screen(struct shell_lab *lab, int width, bool utf8)
{
	lab->shell.screen.width = lab->shell.screen.errors_width = width;
	lab->shell.screen.columns = width ? width : 80;
	lab->shell.screen.utf8 = utf8;
}

/* What is printed; freed by the caller. */
static char *printed(struct shell_lab *lab, const char *line)
{
	return strdup(shell_lab_reply(lab, line, FED_EXIT_OK));
}

/* The letters of a drawing are no words. */
static bool draws_in_letters(const char *line)
{
	return strncmp(line, "plane", 5) == 0;
}

/* A command that looks is run again and again in one session; the second time some have nothing to
 * do (`record stop`) and say so. */
static void look(struct shell_lab *lab, const char *line, const char *wide)
{
	for (size_t k = 0; k < 2 * WIDTHS; k++) {
		const int width = widths[k / 2];

		set_screen(lab, width, k % 2 == 0);
		const size_t before = strlen(shell_lab_said(lab));
		const bool ran = shell_lab_run(lab, line) == FED_EXIT_OK;
		const char *narrow = shell_lab_said(lab) + before;
		check_width(narrow, width, line);
		if (ran && lab->shell.screen.utf8 && !draws_in_letters(line))
			check_words(narrow, wide, width, line);
	}
}

/* One that changes something needs a fresh session each time. */
static void change(const char *example, const char *wide)
{
	for (size_t k = 0; k < (FED_SANITIZED ? 1 : 2); k++) {
		struct shell_lab lab;

		shell_lab_open(&lab, FED_PLUGIN_DIR);
		lab.shell.include = fed_strdup(FED_BUILD_DIR "/include");
		set_screen(&lab, widths[k], k == 0);
		char *narrow = printed(&lab, example);
		check_width(narrow, widths[k], example);
		if (k == 0)
			check_words(narrow, wide, widths[k], example);
		free(narrow);
		shell_lab_close(&lab);
	}
}

/* It starts compilers, or is the work of seconds: once is enough. */
static bool takes_long(const char *example)
{
	return strstr(example, "build") || strstr(example, "new-plugin") ||
	       strstr(example, "reconstruct") || strstr(example, "add-client 1000") ||
	       strstr(example, "scans") || strstr(example, "fashion");
}

static void walk(const struct fed_command *command, const char *example)
{
	const bool looks = !(command->flags & (FED_COMMAND_CHANGES | FED_COMMAND_RUNS));
	struct fed_temp temp;
	struct shell_lab lab;

	fed_temp_make(&temp);
	ck_assert_int_eq(chdir(temp.dir), 0);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	lab.shell.include = fed_strdup(FED_BUILD_DIR "/include");
	set_screen(&lab, takes_long(example) ? widths[0] : 0, true);
	char *wide = printed(&lab, example);
	if (takes_long(example))
		check_width(wide, widths[0], example);
	else if (looks && !lab.shell.quit)
		look(&lab, last_of(example), wide);
	else if (!looks)
		change(example, wide);
	free(wide);
	shell_lab_close(&lab);
	ck_assert_int_eq(chdir("/"), 0);
	fed_temp_remove(&temp);
}

START_TEST(commands_fit_the_screen)
{
	const struct fed_command *command = fed__command_at(&shell_lab_table, (size_t)_i, NULL);

	if (strcmp(command->name, "verify") == 0)
		return; /* it runs the program, whose kernels differ */
	if (strcmp(command->name, "share") == 0)
		return; /* a line to be copied whole */
	if (FED_SANITIZED && _i % 12)
		return; /* test_examples runs them all there */
	for (const char *const *example = command->examples; *example; example++)
		walk(command, *example);
}
END_TEST

/* Names that `explain` knows, and the pages of `help`. */
START_TEST(pages_fit_the_screen)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	for (size_t i = 0;; i++) {
		const char *name = fed__hint_name(&lab.shell, "explain", i);
		char line[128];

		if (!name)
			break;
		snprintf(line, sizeof line, "explain %s", name);
		set_screen(&lab, 0, true);
		char *wide = printed(&lab, line);
		for (size_t k = 0; k < 2; k++) {
			set_screen(&lab, widths[k], k == 0);
			char *narrow = printed(&lab, line);
			check_width(narrow, widths[k], line);
			check_words(narrow, wide, widths[k], line);
			free(narrow);
		}
		free(wide);
	}
	shell_lab_close(&lab);
}
END_TEST

/* Errors too. */
START_TEST(errors_fit_the_screen)
{
	static const char *const lines[] = {
		"xyzzy",          "add-client 5 samples=9 link=5x", "set client 2", "info fedagv", "round",
		"dataset nosuch", "run until accuracy>>1"};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct shell_lab lab;

		shell_lab_open(&lab, FED_PLUGIN_DIR);
		set_screen(&lab, widths[0], true);
		shell_lab_run(&lab, lines[i]);
		assert_shows(shell_lab_said(&lab), "error: ");
		check_width(shell_lab_said(&lab), widths[0], lines[i]);
		shell_lab_close(&lab);
	}
}
END_TEST

/* A path as a word of prose is broken before its column is left out. */
START_TEST(long_words_of_prose_are_broken)
{
	static const struct fed_table_column columns[] = {
		{.title = "member"}, {.title = "does", .kind = FED_CELL_PROSE, .rank = 1}};
	struct fed_table table = {.name = "room", .column = columns, .columns = 2};
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	set_screen(&lab, 40, true);
	fed__table_cell(&table, "Eve");
	fed__table_cell(&table, "no file is called /data/eve/pictures/of/everything/in.csv");
	fed__table_print(&lab.shell, &table);
	fed__print_flush(&lab.shell);
	ck_assert_ptr_null(strstr(shell_lab_said(&lab), "left out"));
	assert_shows(shell_lab_said(&lab), "/in.csv");
	check_width(shell_lab_said(&lab), 40, "room");
	shell_lab_close(&lab);
}
END_TEST

/* The least important columns go first, prose wraps in its own, and a line says what is missing. */
START_TEST(columns_go_by_importance)
{
	static const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "device", .rank = 2},
		{.title = "loss", .kind = FED_CELL_NUMBER},
		{.title = "what it did", .kind = FED_CELL_PROSE, .rank = 1},
	};
	static const struct {
		int width;
		const char *wanted;
	} cases[] = {
		{0, "  client  device    loss  what it did\n"
	        "       3  phone   0.5123  trained and sent its update to the server\n"},
		{52, "  client  device    loss  what it did\n"
	         "       3  phone   0.5123  trained and sent its\n"
	         "                          update to the server\n"},
		{40, "  client    loss  what it did\n"
	         "       3  0.5123  trained and sent its\n"
	         "                  update to the server\n"
	         "  left out: device; -w or a wider window\n"
	         "    shows all\n"},
		{30, "  client    loss\n"
	         "       3  0.5123\n"
	         "  left out: device, what it\n"
	         "    did; -w or a wider window\n"
	         "    shows all\n"},
	};

	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct fed_table table = {.name = "clients", .column = columns, .columns = 4};
		struct shell_lab lab;

		shell_lab_open(&lab, FED_PLUGIN_DIR);
		set_screen(&lab, cases[k].width, true);
		fed__table_integer(&table, 3);
		fed__table_cell(&table, "phone");
		fed__table_real(&table, 0.5123, "%.4g");
		fed__table_cell(&table, "trained and sent its update to the server");
		fed__table_print(&lab.shell, &table);
		fed__print_flush(&lab.shell);
		ck_assert_str_eq(shell_lab_said(&lab), cases[k].wanted);
		shell_lab_close(&lab);
	}
}
END_TEST

/* A round is one line, and what the defence did another. */
START_TEST(a_round_is_a_line)
{
	struct shell_lab lab;

	shell_lab_open(&lab, FED_PLUGIN_DIR);
	shell_lab_reply(&lab,
	                "dataset blobs; add-client 8 samples=50 link=4g; aggregator multi-krum f=1; "
	                "inject byzantine 2 attack=sign-flip scale=9",
	                FED_EXIT_OK);
	for (size_t k = 0; k < WIDTHS; k++) {
		set_screen(&lab, widths[k], true);
		const char *said = shell_lab_reply(&lab, "round", FED_EXIT_OK);
		const char *round = strstr(said, "round ");

		ck_assert_ptr_nonnull(round);
		assert_shows(round, "accuracy");
		const char *defence = strchr(round, '\n') + 1;
		ck_assert_msg(strncmp(defence, "            defence: found 1 of 1 attacker;", 42) == 0,
		              "%s", said);
	}
	shell_lab_reply(&lab, "aggregator multi-krum f=2", FED_EXIT_OK); /* blames an honest one */
	for (size_t k = 0; k < WIDTHS; k++) {
		set_screen(&lab, widths[k], true);
		const char *said = shell_lab_reply(&lab, "round", FED_EXIT_OK);
		const char *defence = strstr(said, "defence: found 1 of 1 attacker, blamed 1 honest");

		ck_assert_msg(defence && strcspn(defence, "\n") + 1 == strlen(defence), "%s", said);
		ck_assert_int_eq(strstr(defence, "; step off by ") != NULL, widths[k] >= 100);
		ck_assert_int_eq(strstr(defence, "off by ") != NULL, widths[k] >= 80);
	}
	shell_lab_close(&lab);
}
END_TEST

FED_SUITE(width)
{
	Suite *suite = suite_create("width");
	TCase *tests = tcase_create("width");
	int n = 0;

	while (fed__command_at(&shell_lab_table, (size_t)n, NULL))
		n++;
	tcase_add_loop_test(tests, words_stay_whole, 0, 200);
	tcase_add_test(tests, lines_wrap_at_blanks);
	tcase_add_test(tests, prose_is_filled_anew);
	tcase_add_loop_test(tests, commands_fit_the_screen, 0, n);
	tcase_add_test(tests, pages_fit_the_screen);
	tcase_add_test(tests, errors_fit_the_screen);
	tcase_add_test(tests, long_words_of_prose_are_broken);
	tcase_add_test(tests, columns_go_by_importance);
	tcase_add_test(tests, a_round_is_a_line);
	suite_add_tcase(suite, tests);
	return suite;
}

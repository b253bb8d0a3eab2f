/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds as a table with their composition. */
#include "report/tidy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void note(struct fed_composition_log *log, uint64_t version, const char *text)
{
	struct fed_error err;

	fed_assert_ok(fed_composition_log_note(log, version, text, &err), &err);
}

/* Five rounds, whose losses are 0.5, 1, ... */
static struct fed_history rounds(void)
{
	struct fed_history h = {0};
	struct fed_error err;

	for (int i = 1; i <= 5; i++) {
		const struct fed_record r = {
			.round = i, .test_loss = i == 3 ? NAN : 0.5 * i, .lr = 0.1 / i};

		fed_assert_ok(fed_history_add(&h, &r, &err), &err);
	}
	return h;
}

static void write_table(const struct fed_history *h, const struct fed_composition_log *log,
                        bool json, struct fed_text *out)
{
	const char *path = fed_temp_file(&temp, "t");
	struct fed_file_writer file;
	struct fed_error err;

	fed_assert_ok(fed_file_open(&file, path, &err), &err);
	fed_assert_ok(fed__tidy_write(json, h, log, &file, &err), &err);
	fed_assert_ok(fed_file_commit(&file, &err), &err);
	fed_text_clear(out);
	fed_assert_ok(fed_file_read(path, 1 << 20, out, &err), &err);
	fed_text_put(out, "", 1);
}

/* Cell `column` of line `row` (0: names) of a CSV file, by RFC 4180. */
static const char *cell(const char *csv, size_t row, size_t column)
{
	static char text[200];
	size_t n = 0;

	for (; row; row--) {
		bool quoted = false;

		for (; *csv != '\n' || quoted; csv++)
			quoted ^= *csv == '"';
		csv++;
	}
	for (;; csv++, column--) {
		for (n = 0; *csv != ',' && *csv != '\n'; csv++) {
			if (*csv != '"') {
				text[n++] = *csv;
				continue;
			}
			for (csv++; *csv != '"' || csv[1] == '"'; csv++) {
				csv += *csv == '"';
				text[n++] = *csv;
			}
		}
		text[n] = '\0';
		if (!column || *csv == '\n')
			return column ? "(none)" : text;
	}
}

static size_t column_of(const char *csv, const char *name)
{
	size_t k = 0;

	while (strcmp(cell(csv, 0, k), name) != 0) {
		ck_assert_msg(strcmp(cell(csv, 0, k), "(none)") != 0, "no column %s", name);
		k++;
	}
	return k;
}

START_TEST(each_row_has_the_composition_of_its_version)
{
	struct fed_history h = rounds();
	struct fed_composition_log log = {0};
	struct fed_text csv = {0};

	note(&log, 1, "aggregator=fedavg\nlr=0.1\nmodel.hidden=8,8\n");
	note(&log, 3, "aggregator=krum\naggregator.f=2\nlr=0.1\nmodel.hidden=a \"b\"\n");
	note(&log, 4, "aggregator=krum\naggregator.f=2\nlr=0.1\nmodel.hidden=a \"b\"\n"); /* the same */
	write_table(&h, &log, false, &csv);
	for (size_t i = 1; i <= 5; i++) {
		ck_assert_double_eq(atof(cell(csv.s, i, column_of(csv.s, "round"))), (double)i);
		ck_assert_str_eq(cell(csv.s, i, column_of(csv.s, "aggregator")), i < 3 ? "fedavg" : "krum");
		ck_assert_str_eq(cell(csv.s, i, column_of(csv.s, "aggregator.f")), i < 3 ? "" : "2");
		ck_assert_str_eq(cell(csv.s, i, column_of(csv.s, "model.hidden")),
		                 i < 3 ? "8,8" : "a \"b\"");
		ck_assert_str_eq(cell(csv.s, i, column_of(csv.s, "composition_since")), i < 3 ? "1" : "3");
		ck_assert_str_eq(cell(csv.s, i, column_of(csv.s, "setting.lr")), "0.1");
		ck_assert_double_eq(atof(cell(csv.s, i, column_of(csv.s, "lr"))), 0.1 / (double)i);
	}
	ck_assert_str_eq(cell(csv.s, 3, column_of(csv.s, "test_loss")), "");
	write_table(&h, NULL, false, &csv);
	ck_assert_ptr_null(strstr(csv.s, "composition_since"));
	fed_composition_log_release(&log);
	fed_history_release(&h);
	fed_text_release(&csv);
}
END_TEST

START_TEST(json_lines_have_the_same)
{
	struct fed_history h = rounds();
	struct fed_composition_log log = {0};
	struct fed_text json = {0};
	size_t lines = 0;

	note(&log, 2, "aggregator=a \"b\"\nlr=0.1\nseed=7\n");
	write_table(&h, &log, true, &json);
	for (const char *at = json.s; *at; at = strchr(at, '\n') + 1, lines++) {
		ck_assert_int_eq(*at, '{');
		ck_assert_ptr_nonnull(strstr(at, "\"aggregator\":\"a \\\"b\\\"\",\"setting.lr\":0.1,"));
		ck_assert_ptr_nonnull(strstr(at, "\"seed\":7}\n"));
	}
	ck_assert_uint_eq(lines, 5);
	ck_assert_ptr_nonnull(strstr(json.s, "\"test_loss\":null"));
	fed_composition_log_release(&log);
	fed_history_release(&h);
	fed_text_release(&json);
}
END_TEST

/* A run that goes back forgets what came after. */
START_TEST(versions_that_are_made_again_replace_others)
{
	struct fed_composition_log log = {0};

	ck_assert_ptr_null(fed__composition_log_at(&log, 1));
	for (uint64_t v = 1; v <= 20; v++)
		note(&log, v, v % 2 ? "a=1\n" : "a=2\n");
	note(&log, 6, "a=1\n");
	ck_assert_uint_eq(log.n, 5); /* that of version 5 goes on */
	ck_assert_str_eq(fed__composition_log_at(&log, 4)->text, "a=2\n");
	ck_assert_uint_eq(fed__composition_log_at(&log, 9)->from, 5);
	note(&log, 1, "a=3\n");
	ck_assert_uint_eq(log.n, 1);
	ck_assert_str_eq(fed__composition_log_at(&log, 100)->text, "a=3\n");
	fed_composition_log_release(&log);
}
END_TEST

static int try_note(void *ctx, struct fed_error *err)
{
	struct fed_composition_log log = {0};
	int rc = FED_OK;

	(void)ctx;
	for (uint64_t v = 1; rc == FED_OK && v < 10; v++)
		rc = fed_composition_log_note(&log, v, v % 2 ? "a=1\n" : "a=2\n", err);
	fed_composition_log_release(&log);
	return rc;
}

START_TEST(any_allocation_may_fail)
{
	ck_assert_uint_gt(fed_each_allocation(try_note, NULL), 9);
}
END_TEST

FED_SUITE(tidy)
{
	Suite *suite = suite_create("tidy");
	TCase *tests = tcase_create("tidy");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, each_row_has_the_composition_of_its_version);
	tcase_add_test(tests, json_lines_have_the_same);
	tcase_add_test(tests, versions_that_are_made_again_replace_others);
	tcase_add_test(tests, any_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

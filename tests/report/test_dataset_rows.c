/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of a dataset: what was found, and that loading tells the guesses of it once.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report/dataset_rows.h"
#include "session/small.h"
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

static void put_row(void *ctx, const char *subject, const char *found, const char *overrule)
{
	fed_text_add(ctx, "%s: %s%s%s\n", subject, found, overrule ? " | " : "",
	             overrule ? overrule : "");
}

static void expect_rows(const struct fed_dataset *data, const char *rows)
{
	struct fed_text text = {0};
	struct fed_error err;

	fed_assert_ok(fed_dataset_rows(data, put_row, &text, &err), &err);
	ck_assert_str_eq(fed_text_str(&text), rows);
	fed_text_release(&text);
}

static struct fed_dataset *load(const char *name, const struct fed_assign *assign, size_t n)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(fed_dataset_load(&data, name, assign, n, &(struct fed_generation){1}, &err),
	              &err);
	return data;
}

START_TEST(a_table_of_a_table)
{
	static const struct fed_assign args[] = {{"client", "who"}, {"test", "0.25"}};
	struct fed_text text = {0};

	fed_text_add(&text, "who;a;b;y\n");
	for (int i = 0; i < 8; i++)
		fed_text_add(&text, "%s;%d,5;7;%s\n", i < 4 ? "ann" : "bob", i, i % 2 ? "yes" : "no");
	struct fed_dataset *data = load(fed_temp_write(&temp, "t.csv", text.s, text.len), args, 2);
	char rows[600], counts[2][64];
	uint32_t of[2] = {0}, yes = 0;

	for (uint32_t i = 0; i < data->train; i++) {
		of[data->owner[i]]++;
		yes += (uint32_t)data->label[i];
	}
	snprintf(counts[0], sizeof counts[0], "no (%u), yes (%u)", 6 - yes, yes);
	snprintf(counts[1], sizeof counts[1], "ann (%u), bob (%u)", of[0], of[1]);
	snprintf(rows, sizeof rows,
	         "examples: 6 training, 2 test\neach: 2 features: a, b\nclasses: 2: %s\nusers: 2: %s\n"
	         "separator: semicolon | separator=\ndecimals: behind a comma | decimal=point\n"
	         "header: the first row | header=no\nlabel: y, the last column | label=COLUMN\n"
	         "clients: by who\ntask: 2 classes: no, yes\n"
	         "scaling: 1 column to mean 0, variance 1; b is constant and became 0 | "
	         "standardise=no\n",
	         counts[0], counts[1]);
	expect_rows(data, rows);
	fed_dataset_free(data);
	fed_text_release(&text);
}
END_TEST

START_TEST(generated_ones_and_regressions)
{
	static const struct fed_assign few[] = {{"train", "20"}, {"test", "5"}};
	struct fed_dataset *data = load("glyphs", few, 2);
	struct fed_text text = {0};
	struct fed_error err;

	fed_assert_ok(fed_dataset_rows(data, put_row, &text, &err), &err);
	ck_assert_msg(!strncmp(text.s, "examples: 20 training, 5 test\neach: ", 36), "%s", text.s);
	ck_assert_ptr_nonnull(
		strstr(text.s, " pixels\nvalues: bytes, 0 to 255 as 0 to 1\nclasses: 10: "));
	fed_dataset_free(data);
	fed_text_clear(&text);
	data = load(fed_temp_write(&temp, "t.csv", "1,1.5\n2,-2\n3,8\n4,2.5\n", 21), NULL, 0);
	fed_assert_ok(fed_dataset_rows(data, put_row, &text, &err), &err);
	ck_assert_msg(strstr(text.s, "targets: 1, in training from "), "%s", text.s);
	ck_assert_ptr_nonnull(
		strstr(text.s, "task: regression, labels have fractions | task=classes\n"));
	fed_dataset_free(data);
	fed_text_release(&text);
}
END_TEST

START_TEST(loading_tells_the_guesses_once)
{
	static struct heard heard;
	struct fed_session s;
	struct fed_error err;

	heard = (struct heard){.len = 0};
	fed_temp_write(&temp, "t.csv", "a,y\n1,no\n2,NA\n3,no\n4,yes\n", 25);
	small_init(&s, &heard);
	for (int i = 0; i < 2; i++) /* the second time nothing is loaded */
		fed_assert_ok(fed_session_dataset(&s, fed_temp_file(&temp, "t.csv"), NULL, 0, &err), &err);
	ck_assert_uint_eq(heard.count[FED_EVENT_NOTICE], 1);
	ck_assert_uint_eq(heard.count[FED_EVENT_WARNING], 1);
	ck_assert_msg(
		strstr(heard.text, "dataset t.csv: header: the first row (header=no); label: y, the last"),
		"%s", heard.text);
	ck_assert_msg(strstr(heard.text, "classes: 1 label often stands for a missing value, the first "
	                                 "is NA in line 3 (missing=NA)"),
	              "%s", heard.text);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(dataset_rows)
{
	Suite *suite = suite_create("dataset_rows");
	TCase *tests = tcase_create("dataset_rows");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_table_of_a_table);
	tcase_add_test(tests, generated_ones_and_regressions);
	tcase_add_test(tests, loading_tells_the_guesses_once);
	suite_add_tcase(suite, tests);
	return suite;
}

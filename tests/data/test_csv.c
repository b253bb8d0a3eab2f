/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables: what is understood, what is refused and where the error points.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int load_text(struct fed_dataset **data, const char *text, const char *args,
                     struct fed_error *err)
{
	return load_by_words(data, fed_temp_write(&temp, "t.csv", text, strlen(text)), args, err);
}

static struct fed_dataset *load(const char *text, const char *args)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(load_text(&data, text, args, &err), &err);
	return data;
}

/* Rows come out in an order of the seed: find the one whose first feature is x. */
static uint32_t row_of(const struct fed_dataset *data, float x)
{
	for (uint32_t i = 0; i < data->train + data->test; i++)
		if (data->values[i * data->shape.dim[0]] == x)
			return i;
	ck_abort_msg("no row begins with %g", x);
	return 0;
}

static const char *class_of(const struct fed_dataset *data, float x)
{
	return data->class_name[data->label[row_of(data, x)]];
}

/* Understood -------------------------------------------------------------------------------- */

static const char *const same_table[] = {
	"a,b,y\n1,10,no\n2,20,yes\n3,30,no\n4,40,maybe\n5,50,no\n",
	"\xef\xbb\xbf\x61,b,y\r\n1,10,no\r\n2,20,yes\r\n3,30,no\r\n4,40,maybe\r\n5,50,no",
	"\n\na , b,y\n\n 1,10 ,no\n2,\t20,yes\n3,30,\"no\"\n\"4\" ,4e1,maybe\n5.0,+50,no\n\n",
	"1,10,no\n2,20,yes\n3,30,no\n4,40,maybe\n5,50,no\n",
};

START_TEST(one_table_in_many_spellings)
{
	struct fed_dataset *data = load(same_table[_i], "standardise=no");

	ck_assert_uint_eq(data->train, 4);
	ck_assert_uint_eq(data->test, 1);
	ck_assert_uint_eq(data->shape.rank, 1);
	ck_assert_uint_eq(data->shape.dim[0], 2);
	ck_assert_uint_eq(data->classes, 3);
	/* classes in sorted order */
	ck_assert_str_eq(data->class_name[0], "maybe");
	ck_assert_str_eq(data->class_name[1], "no");
	ck_assert_str_eq(data->class_name[2], "yes");
	ck_assert_str_eq(class_of(data, 1), "no");
	ck_assert_str_eq(class_of(data, 2), "yes");
	ck_assert_str_eq(class_of(data, 4), "maybe");
	for (int x = 1; x <= 5; x++)
		ck_assert_float_eq(data->values[row_of(data, (float)x) * 2 + 1], (float)(10 * x));
	ck_assert_str_eq(data->name, "t.csv");
	fed_dataset_free(data);
}
END_TEST

START_TEST(quotes_hold_anything)
{
	struct fed_dataset *data = load(
		"x,\"the \"\"label\"\"\"\n1,\"a, b\"\n2,\"two\nlines\"\n3,\"\"\"\"\n", "standardise=no");

	ck_assert_str_eq(class_of(data, 1), "a, b");
	ck_assert_str_eq(class_of(data, 2), "two?lines");
	ck_assert_str_eq(class_of(data, 3), "\"");
	fed_dataset_free(data);
}
END_TEST

static const struct {
	const char *label;
	float first; /* feature of the only row whose label is 7 */
} label_columns[] = {{"label=y", 2}, {"label=3", 2}, {"label=-1", 2}, {"", 2},
                     {"label=x", 8}, {"label=1", 8}, {"label=-3", 8}, {"label=z", 3}};

START_TEST(the_label_is_any_column)
{
	char args[64];

	snprintf(args, sizeof args, "standardise=no %s", label_columns[_i].label);
	struct fed_dataset *data = load("x,z,y\n2,1,7\n7,8,9\n3,7,1\n", args);

	ck_assert_str_eq(class_of(data, label_columns[_i].first), "7");
	fed_dataset_free(data);
}
END_TEST

START_TEST(other_separators)
{
	struct fed_dataset *data = load("1;2;a,b\n3;4;c\n", "separator=semicolon standardise=no");

	ck_assert_str_eq(class_of(data, 1), "a,b");
	fed_dataset_free(data);
	data = load("1\t2\ta\n3\t4\tc\n", "separator=tab standardise=no");
	ck_assert_str_eq(class_of(data, 3), "c");
	fed_dataset_free(data);
}
END_TEST

START_TEST(a_header_may_be_numbers)
{
	struct fed_dataset *data = load("1,2,3\n4,5,6\n7,8,9\n", "header=yes standardise=no");

	ck_assert_uint_eq(data->train + data->test, 2);
	fed_dataset_free(data);
	data = load("1,2,3\n4,5,6\n7,8,9\n", "header=auto standardise=no");
	ck_assert_uint_eq(data->train + data->test, 3);
	fed_dataset_free(data);
}
END_TEST

START_TEST(numbers_are_classes_or_targets)
{
	/* whole numbers: classes in numeric order */
	struct fed_dataset *data = load("1,10\n2,9\n3,-1\n4,9\n", "standardise=no");

	ck_assert_uint_eq(data->classes, 3);
	ck_assert_str_eq(data->class_name[0], "-1");
	ck_assert_str_eq(data->class_name[1], "9");
	ck_assert_str_eq(data->class_name[2], "10");
	fed_dataset_free(data);

	/* one fraction makes a regression, as does the user */
	static const char *const texts[] = {"1,10\n2,9.5\n3,-1\n", "1,10\n2,9\n3,-1\n"};
	for (int k = 0; k < 2; k++) {
		data = load(texts[k], k ? "standardise=no task=regression" : "standardise=no");
		ck_assert_uint_eq(data->classes, 0);
		ck_assert_uint_eq(data->outputs, 1);
		ck_assert_ptr_null(data->label);
		ck_assert_float_eq(data->target[row_of(data, 1)], 10);
		fed_dataset_free(data);
	}
	data = load(texts[0], "standardise=no task=classes");
	ck_assert_uint_eq(data->classes, 3);
	fed_dataset_free(data);
}
END_TEST

static char *many_labels(int n, const char *form)
{
	char *text = malloc((size_t)n * 24 + 1), *at = text;

	for (int i = 0; i < n; i++) {
		at += sprintf(at, "%d,", i);
		at += sprintf(at, form, i); /* NOLINT: forms of the two callers below */
		*at++ = '\n';
	}
	*at = '\0';
	return text;
}

START_TEST(many_labels_are_no_classes)
{
	struct fed_dataset *data;
	struct fed_error err;
	char *text = many_labels(1001, "%d");

	data = load(text, "");
	ck_assert_uint_eq(data->classes, 0);
	fed_dataset_free(data);
	data = load(text, "task=classes");
	ck_assert_uint_eq(data->classes, 1001);
	fed_dataset_free(data);
	free(text);
	text = many_labels(10001, "name%d");
	ck_assert_int_eq(load_text(&data, text, "", &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "10001 different"));
	free(text);
}
END_TEST

START_TEST(features_are_standardised_by_the_training_part)
{
	char text[4096], *at = text;

	for (int i = 0; i < 40; i++)
		at += sprintf(at, "%d,7.1,%d,%d\n", i * i, 1000000 + i % 3, i % 2);
	struct fed_dataset *data = load(text, "test=0.25");

	ck_assert_uint_eq(data->train, 30);
	for (int k = 0; k < 3; k++) {
		double sum = 0, squares = 0;

		for (uint32_t i = 0; i < data->train; i++) {
			sum += data->values[i * 3 + k];
			squares += data->values[i * 3 + k] * data->values[i * 3 + k];
		}
		ck_assert_double_eq_tol(sum / 30, 0, 1e-5);
		ck_assert_double_eq_tol(squares / 30, k == 1 ? 0 : 1, 1e-4);
	}
	for (uint32_t i = 0; i < 40; i++)
		ck_assert_float_eq(data->values[i * 3 + 1], 0);
	fed_dataset_free(data);
}
END_TEST

START_TEST(the_seed_parts_the_rows)
{
	char *text = many_labels(200, "%d");
	struct fed_dataset *a = load(text, "test=0.3 task=regression standardise=no"), *b;
	struct fed_error err;
	bool seen[200] = {false};

	ck_assert_uint_eq(a->test, 60);
	for (int i = 0; i < 200; i++)
		seen[(int)a->target[i]] = true;
	for (int i = 0; i < 200; i++)
		ck_assert(seen[i]);
	b = load(text, "test=0.3 task=regression standardise=no");
	ck_assert(a->fingerprint == b->fingerprint);
	fed_dataset_free(b);
	const struct fed_assign assign[] = {
		{"test", "0.3"}, {"task", "regression"}, {"standardise", "no"}};
	fed_assert_ok(fed_dataset_load(&b, fed_temp_file(&temp, "t.csv"), assign, 3,
	                               &(struct fed_generation){2}, &err),
	              &err);
	ck_assert(a->fingerprint != b->fingerprint);
	fed_dataset_free(a);
	fed_dataset_free(b);
	free(text);
}
END_TEST

/* Refused ------------------------------------------------------------------------------------- */

static const struct {
	const char *text, *args, *says;
} refused[] = {
	{"", "", "t.csv: is empty"},
	{"\n\r\n  \n", "", "has no rows"},
	{"1,2\n", "", "has 1 of the 2 rows"},
	{"a,y\n1,2\n", "", "has 1 of the 2 rows"},
	{"1\n2\n", "", "t.csv:1: has 1 column"},
	{"1,2,3\n4,5,6\n7,8\n", "", "t.csv:3:3: the row has 2 cells, the first one has 3"},
	{"1,2,3\n4,5,6,x\n", "", "t.csv:2:7: the row has 4 cells"},
	{"1.5,2,a\n1,5,2,b\n", "",
     "t.csv:2:7: the row has 4 cells, the first one has 3 (a decimal comma"},
	{"1,2,3\n4,nan,6\n", "", "t.csv:2:3: nan is not a finite number"},
	{"1,2,3\n4,inf,6\n", "", "t.csv:2:3: inf is not"},
	{"1,2,3\n4,1e39,6\n", "", "t.csv:2:3: 1e39 is not"},
	{"1,2,3\n4,,6\n", "", "t.csv:2:3: the cell is empty"},
	{"1,2,3\n4,5,\n", "", "t.csv:2:5: the label is empty"},
	{"1,2,3\n4,5,NaN\n", "", "t.csv:2:5: the label NaN is not a finite number"},
	{"1,2,3\n4,5,-inf\n", "", "t.csv:2:5: the label -inf is not a finite number"},
	{"1,2,3\n4,\x1b[31m,6\n", "", "t.csv:2:3: ?[31m is not"},
	{"a,b,y\n1,2,3\n4,five,6\n", "", "t.csv:3:3: five is not"},
	{"a,b,kind\n1,2,3\n4,5,6\n", "label=knid", "no column is called knid (did you mean kind?)"},
	{"a,b,y\n1,2,3\n4,5,6\n", "label=4", "label=4; the file has 3 columns"},
	{"a,b,y\n1,2,3\n4,5,6\n", "label=0", "label=0"},
	{"a,b,y\n1,2,3\n4,5,6\n", "label=-4", "label=-4"},
	{"a,b,y\n1,2,3\n4,5,6\n", "label=y header=no", "header=no"},
	{"1,2,x\n4,5,6\n", "task=regression header=no", "t.csv:1:5: the label x is not a number"},
	{"1,2,\"x\n4,5,6\n", "", "t.csv:1:5: a quote is opened and never closed"},
	{"1,2,\"x\"z\n4,5,6\n", "", "t.csv:1:8: text follows a closing quote"},
	{"1,2\n3,4\n", "labl=2", "label"},
	{"1,2\n3,4\n", "test=1", "test"},
};

START_TEST(refusals_point_at_the_cell)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	ck_assert_int_ne(load_text(&data, refused[_i].text, refused[_i].args, &err), FED_OK);
	ck_assert_msg(strstr(err.text, refused[_i].says), "%s: %s", refused[_i].says, err.text);
	ck_assert_ptr_null(data);
}
END_TEST

START_TEST(a_zero_byte_is_no_text)
{
	struct fed_dataset *data;
	struct fed_error err;
	const char *path = fed_temp_write(&temp, "t.csv", "1,2\n3\0,4\n", 9);

	ck_assert_int_eq(fed_dataset_load(&data, path, NULL, 0, &(struct fed_generation){1}, &err),
	                 FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "byte 5 is 0"));
}
END_TEST

/* Whatever the bytes: a dataset or an error, in bounds. */
START_TEST(noise_is_survived)
{
	static const char alphabet[] = "1,2.\"\r\n\n,a -\t;\xef\xbb\xbf";
	uint64_t k = 0;

	for (int round = 0; round < 2000; round++) {
		char text[64];
		struct fed_dataset *data;
		struct fed_error err;
		const size_t n = fed_random(7, k++) % (sizeof text - 1);

		for (size_t i = 0; i < n; i++)
			text[i] = alphabet[fed_random(7, k++) % (sizeof alphabet - 1)];
		text[n] = '\0';
		if (load_text(&data, text, "", &err) == FED_OK)
			fed_dataset_free(data);
	}
}
END_TEST

static int try_load(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data;

	if (load_text(&data, ctx, "", err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	static char classes[] = "a,b,y\n1,2,no\n2,3,yes\n4,1,no\n";
	static char numbers[] = "1,2,.5\n2,3,1.5\n4,1,2\n";
	char *many = many_labels(600, "%d");

	ck_assert_uint_gt(fed_each_allocation(try_load, classes), 10);
	ck_assert_uint_gt(fed_each_allocation(try_load, numbers), 8);
	ck_assert_uint_gt(fed_each_allocation(try_load, many), 12);
	free(many);
}
END_TEST

FED_SUITE(csv)
{
	Suite *suite = suite_create("csv");
	TCase *tests = tcase_create("csv");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, one_table_in_many_spellings, 0,
	                    sizeof same_table / sizeof *same_table);
	tcase_add_test(tests, quotes_hold_anything);
	tcase_add_loop_test(tests, the_label_is_any_column, 0,
	                    sizeof label_columns / sizeof *label_columns);
	tcase_add_test(tests, other_separators);
	tcase_add_test(tests, a_header_may_be_numbers);
	tcase_add_test(tests, numbers_are_classes_or_targets);
	tcase_add_test(tests, many_labels_are_no_classes);
	tcase_add_test(tests, features_are_standardised_by_the_training_part);
	tcase_add_test(tests, the_seed_parts_the_rows);
	tcase_add_loop_test(tests, refusals_point_at_the_cell, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, a_zero_byte_is_no_text);
	tcase_add_test(tests, noise_is_survived);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables as people have them: clients, texts, missing values, forms of file, numbers too large for
 * floats.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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

static struct fed_dataset *load_file(const char *name, const char *text, size_t len,
                                     const char *args)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_temp_write(&temp, name, text, len);
	fed_assert_ok(load_by_words(&data, fed_temp_file(&temp, name), args, &err), &err);
	return data;
}

static struct fed_dataset *load(const char *text, const char *args)
{
	return load_file("t.csv", text, strlen(text), args);
}

static void refuse(const char *text, const char *args, const char *says)
{
	struct fed_dataset *data = NULL;
	struct fed_error err = {{0}};

	fed_temp_write(&temp, "t.csv", text, strlen(text));
	ck_assert_int_ne(load_by_words(&data, fed_temp_file(&temp, "t.csv"), args, &err), FED_OK);
	ck_assert_msg(strstr(err.text, says), "%s: %s", says, err.text);
}

/* Rows come out in an order of the seed: find the one whose feature k is x. */
static const float *row_with(const struct fed_dataset *data, uint32_t k, float x, uint32_t *id)
{
	const size_t d = data->shape.dim[0];

	for (uint32_t i = 0; i < data->train + data->test; i++)
		if (data->values[i * d + k] == x) {
			*id = i;
			return data->values + i * d;
		}
	ck_abort_msg("no row has %g", (double)x);
	return NULL;
}

static const char *label_with(const struct fed_dataset *data, float x)
{
	uint32_t i;

	row_with(data, 0, x, &i);
	return data->class_name[data->label[i]];
}

/* Forms of file ----------------------------------------------------------------------------- */

#define LINES(eol, s) \
	"a" s "b" s "y" eol "1" s "2.5" s "no" eol "3" s "4.5" s "yes" eol "5" s "6" s "no" eol

static const struct {
	const char *name, *text, *args;
} forms[] = {
	{"t.csv", LINES("\n", ","), ""},
	{"t.csv", LINES("\r\n", ";"), ""},
	{"t.csv", LINES("\r", ","), ""},
	{"t.tsv", LINES("\n", "\t"), ""},
	{"t.tsv", LINES("\n", ","), ""},
	{"t.data", LINES("\n", " "), ""},
	{"t.data", "  1   2.5\tno \n3 4.5 yes\n\n 5  6    no\n", "separator=space"},
	{"t.csv", LINES("\n", "|"), ""},
	{"t.csv", "sep=;\r\n" LINES("\r\n", ";"), ""},
	{"t.csv", "sep=,\n" LINES("\n", ";"), "separator=semicolon"},
	{"t.csv", "a;b;y\n1;2,5;no\n3;4,5;yes\n5;6;no\n", ""},
	{"t.csv", "a;b;y\n1;2,5;no\n3;4,5;yes\n5;6;no\n", "decimal=, separator=semicolon"},
	{"t.csv", "a,b,y\n1,\"2,5\",no\n3,\"4,5\",yes\n5,6,no\n", "decimal=comma"},
	{"t.csv", "1,2.5,no,\n3,4.5,yes,\n5,6,no,\n", ""},
	{"t.csv", "a,b,y,\n1,2.5,no,\n3,4.5,yes,\n5,6,no,\n", ""},
	{"t.csv", ",a,b,y\n0,1,2.5,no\n1,3,4.5,yes\n2,5,6,no\n", ""},
	{"table", LINES("\n", ","), ""},
};

START_TEST(one_table_in_many_forms)
{
	char args[128];

	snprintf(args, sizeof args, "standardise=no %s", forms[_i].args);
	struct fed_dataset *data =
		load_file(forms[_i].name, forms[_i].text, strlen(forms[_i].text), args);

	ck_assert_uint_eq(data->train + data->test, 3);
	ck_assert_uint_eq(data->shape.dim[0], 2);
	ck_assert_uint_eq(data->classes, 2);
	for (int k = 0; k < 3; k++) {
		uint32_t i;
		const float *row = row_with(data, 0, (float)(1 + 2 * k), &i);

		ck_assert_float_eq(row[1], k == 0 ? 2.5f : k == 1 ? 4.5f : 6);
		ck_assert_str_eq(data->class_name[data->label[i]], k == 1 ? "yes" : "no");
	}
	fed_dataset_free(data);
}
END_TEST

START_TEST(a_compressed_table)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	gzFile gz = gzopen(fed_temp_file(&temp, "t.csv.gz"), "wb");

	gzputs(gz, LINES("\n", ","));
	ck_assert_int_eq(gzclose(gz), Z_OK);
	fed_assert_ok(load_by_words(&data, fed_temp_file(&temp, "t.csv.gz"), "standardise=no", &err),
	              &err);
	ck_assert_str_eq(label_with(data, 3), "yes");
	fed_dataset_free(data);
}
END_TEST

START_TEST(utf_16_as_windows_writes_it)
{
	static const char plain[] = "a\tb\ty\r\n1\t2\tja\r\n3\t4\tnein\r\n5\t6\tja\r\n";
	char wide[2 + 2 * sizeof plain] = "\xff\xfe";
	size_t n = 2;

	for (size_t i = 0; i < sizeof plain - 1; i++, n += 2)
		wide[n] = plain[i], wide[n + 1] = 0;
	struct fed_dataset *data = load_file("t.csv", wide, n, "standardise=no");

	ck_assert_str_eq(label_with(data, 3), "nein");
	ck_assert_str_eq(found_of(data, "encoding"), "utf-16le, by its mark");
	fed_dataset_free(data);
}
END_TEST

/* Header ------------------------------------------------------------------------------------ */

static const struct {
	const char *text, *args;
	uint32_t rows;
} headers[] = {
	{"2019,2020,grade\n1,2,0\n3,4,1\n5,6,0\n", "", 3},
	{"0,1,label\n1,2,0\n3,4,1\n5,6,0\n", "", 3},
	{"a,b,c\n1,2,x\n3,4,y\n", "", 2},
	{"1,2,x\n3,4,y\n5,6,x\n", "", 3},
	{"colour,size\nred,big\nblue,small\nred,small\n", "encode=1", 3},
	{"red,big\nblue,small\nred,small\n", "encode=1", 3},
	{"1,2,3\n4,5,6\n7,8,9\n", "", 3},
	{"1,2,3\n4,5,6\n7,8,9\n", "header=yes", 2},
	{"1,2,3\n4,5,6\n7,8,9\n", "label=3", 3},
};

START_TEST(headers_are_found)
{
	struct fed_dataset *data = load(headers[_i].text, headers[_i].args);

	ck_assert_uint_eq(data->train + data->test, headers[_i].rows);
	ck_assert_str_eq(found_of(data, "header"), headers[_i].rows == 3 &&
	                                                   headers[_i].text[0] != '2' &&
	                                                   !strstr(headers[_i].text, "label") &&
	                                                   !strstr(headers[_i].text, "colour")
	                                               ? "none"
	                                               : "the first row");
	fed_dataset_free(data);
}
END_TEST

/* Columns ----------------------------------------------------------------------------------- */

static const char shop[] = "id,who,price,colour,y\n"
						   "7,ann,1,red,0\n8,bob,2,blue,1\n9,ann,3,red,0\n6,10,4,green,1\n"
						   "5,bob,5,blue,0\n4,9,6,red,1\n";

START_TEST(clients_own_their_rows)
{
	struct fed_dataset *data = load(shop, "client=who drop=id,colour standardise=no test=0.2");
	static const char *const names[] = {"10", "9", "ann", "bob"}; /* not all numbers: by bytes */
	static const char *const of[] = {"", "ann", "bob", "ann", "10", "bob", "9"};

	ck_assert_uint_eq(data->shape.dim[0], 1);
	ck_assert_uint_eq(data->owners, 4);
	for (int k = 0; k < 4; k++)
		ck_assert_str_eq(data->owner_name[k], names[k]);
	for (uint32_t i = 0; i < data->train; i++)
		ck_assert_str_eq(data->owner_name[data->owner[i]], of[(int)data->values[i]]);
	ck_assert_str_eq(found_of(data, "clients"), "by who");
	ck_assert_str_eq(found_of(data, "dropped"), "id, colour");
	ck_assert_str_eq(data->input_name[0], "price");
	fed_dataset_free(data);
	data = load("1,10,0\n2,9,1\n3,10,1\n", "client=2");
	ck_assert_str_eq(data->owner_name[0], "9"); /* numbers: in their order */
	fed_dataset_free(data);
}
END_TEST

static const char *const encodings[] = {"encode=colour", "encode=4", "encode=-2", "encode=all"};

START_TEST(texts_become_features)
{
	char args[64];

	snprintf(args, sizeof args, "drop=id,who standardise=no %s", encodings[_i]);
	struct fed_dataset *data = load(shop, args);
	static const char *const names[] = {"price", "colour=blue", "colour=green", "colour=red"};
	static const int place[] = {0, 3, 1, 3, 2, 1, 3};

	ck_assert_uint_eq(data->shape.dim[0], 4);
	for (int k = 0; k < 4; k++)
		ck_assert_str_eq(data->input_name[k], names[k]);
	for (int price = 1; price <= 6; price++) {
		uint32_t i;
		const float *row = row_with(data, 0, (float)price, &i);

		for (int k = 1; k < 4; k++)
			ck_assert_float_eq(row[k], k == place[price]);
	}
	fed_dataset_free(data);
}
END_TEST

/* In a list a backslash protects a comma; load_by_words parts at blanks, so the name has none. */
START_TEST(names_with_commas)
{
	struct fed_dataset *data =
		load("\"a,b\",c,d,y\n1,2,7,0\n3,4,8,1\n5,6,9,1\n", "standardise=no drop=a\\,b,d");

	ck_assert_uint_eq(data->shape.dim[0], 1);
	ck_assert_str_eq(label_with(data, 2), "0");
	ck_assert_str_eq(found_of(data, "dropped"), "column 1, a,b, d");
	fed_dataset_free(data);
}
END_TEST

static const struct {
	const char *args, *says;
} bad_columns[] = {
	{"client=absent", "no column is called absent"},
	{"drop=id,9", "drop=9; the file has 5 columns"},
	{"drop=y label=y", "label= names y, which is dropped already"},
	{"client=who encode=who,colour", "encode= names who, which is the clients' column already"},
	{"mean=y drop=id,who,colour", "mean= names y, which is the label already"},
	{"drop=id,who,price,colour", "no column is left for the features"},
	{"drop=1,2,3,4,5", "no column is left for the label"},
	{"encode=all header=no label=who", "is a name, but header=no"},
	{"drop=id,who encode=colour decimal=dot", "decimal=dot: must be one of auto, point, comma"},
};

START_TEST(columns_that_are_refused)
{
	refuse(shop, bad_columns[_i].args, bad_columns[_i].says);
}
END_TEST

START_TEST(too_many_texts_are_not_encoded)
{
	char *text = malloc(40000), *at = text;

	for (int i = 0; i < 1001; i++)
		at += sprintf(at, "t%d,%d,%d\n", i, i, i % 2);
	refuse(text, "encode=1", "column 1 has 1001 different texts to encode; at most 1000");
	free(text);
}
END_TEST

/* Row numbers without a name are no feature, unless the user says so. */
START_TEST(row_numbers_are_left_out)
{
	struct fed_dataset *data = load(",a,y\n0,3,0\n1,7,1\n2,5,1\n", "standardise=no");

	ck_assert_uint_eq(data->shape.dim[0], 1);
	ck_assert_str_eq(data->input_name[0], "a");
	fed_dataset_free(data);
	data = load(",a,y\n0,3,0\n1,7,1\n2,5,1\n", "drop=none");
	ck_assert_uint_eq(data->shape.dim[0], 2);
	fed_dataset_free(data);
	data = load(",a,y\n5,3,0\n1,7,1\n2,5,1\n", "");
	ck_assert_uint_eq(data->shape.dim[0], 2);
	ck_assert_str_eq(found_of(data, "column 1"), "nameless, was taken for a feature");
	fed_dataset_free(data);
}
END_TEST

/* A separator at the end of each row makes no column, as long as nothing follows it. */
START_TEST(an_empty_column_stays_empty)
{
	struct fed_text text = {0};

	for (int i = 0; i < 150; i++)
		fed_text_add(&text, "%d,%d,\n", i, i % 2);
	struct fed_dataset *data = load(fed_text_str(&text), "");
	ck_assert_uint_eq(data->shape.dim[0], 1);
	fed_dataset_free(data);
	fed_text_add(&text, "7,1,late\n");
	refuse(fed_text_str(&text), "",
	       "t.csv:151:5: column 3 was empty in the rows before and holds late; drop=3");
	data = load(fed_text_str(&text), "drop=3");
	ck_assert_uint_eq(data->train + data->test, 151);
	fed_dataset_free(data);
	fed_text_release(&text);
}
END_TEST

/* Missing values ---------------------------------------------------------------------------- */

START_TEST(rows_with_missing_values_are_left_out)
{
	static const char text[] = "a,b,y\n1,2,0\n2,NA,1\n3,4,?\n4,5,1\n,6,0\n6,NA,0\n7,8,1\n";
	struct fed_dataset *data = load(text, "missing=NA,?,empty standardise=no");

	ck_assert_uint_eq(data->train + data->test, 3);
	ck_assert_str_eq(found_of(data, "missing values"),
	                 "4 of 7 rows left out, the first in line 3 for b");
	fed_dataset_free(data);
	data = load(text, "missing=usual standardise=no");
	ck_assert_uint_eq(data->train + data->test, 3);
	fed_dataset_free(data);
	refuse(text, "missing=NA,?", "t.csv:6:1: the cell is empty");
	refuse("a,y\n?,0\n1,0\n?,1\n", "missing=?", "2 were left out for missing values (mean=all");
}
END_TEST

START_TEST(missing_values_become_means)
{
	char text[2000], *at = text;

	at += sprintf(at, "a,b,w,y\n");
	for (int i = 0; i < 40; i++)
		at += i % 5 ? sprintf(at, "%d,%d,%s,%d\n", i, i * i, i % 2 ? "x" : "z", i % 3)
		            : sprintf(at, "%d,?,?,%d\n", i, i % 3);
	struct fed_dataset *data = load(text, "missing=? mean=b,w encode=w standardise=no");
	double sum = 0, share = 0;
	int n = 0;

	ck_assert_uint_eq(data->train + data->test, 40);
	ck_assert_str_eq(found_of(data, "means"),
	                 "16 missing cells became the mean of the training part");
	for (uint32_t i = 0; i < data->train; i++) {
		const float *row = data->values + 4 * (size_t)i;

		if ((int)row[0] % 5) {
			sum += (double)row[1];
			share += (double)row[2];
			n++;
		}
	}
	for (int i = 0; i < 40; i += 5) {
		uint32_t id;
		const float *row = row_with(data, 0, (float)i, &id);

		ck_assert_float_eq(row[1], (float)(sum / n));
		ck_assert_float_eq(row[2], (float)(share / n));
		ck_assert_float_eq_tol(row[2] + row[3], 1, 1e-6f);
	}
	fed_dataset_free(data);
	/* scaled, the mean is 0 */
	data = load(text, "missing=? mean=b,w encode=w");
	int zeros = 0;
	for (uint32_t i = 0; i < 40; i++)
		zeros += fabsf(data->values[4 * (size_t)i + 1]) < 1e-6f;
	ck_assert_int_eq(zeros, 8);
	fed_dataset_free(data);
}
END_TEST

/* A mark of a missing value makes no class among numbers, and is told among texts. */
START_TEST(missing_labels_are_no_classes)
{
	static const char *const marks[] = {"NA", "?", "null", "None", "-", "N/A", "n/a"};
	char text[200], says[100];

	for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
		snprintf(text, sizeof text, "a,y\n1,0\n2,1\n3,%s\n4,2\n", marks[k]);
		snprintf(says, sizeof says, "t.csv:4:3: the label %s is not a number, as 3 others are",
		         marks[k]);
		refuse(text, "", says);
		snprintf(text, sizeof text, "a,y\n1,no\n2,yes\n3,%s\n4,no\n", marks[k]);
		struct fed_dataset *data = load(text, "");
		ck_assert_uint_eq(data->classes, 3);
		ck_assert_int_eq(note_on(data, "classes")->level, FED_NOTE_WARNING);
		fed_dataset_free(data);
	}
	struct fed_dataset *data = load("a,y\n1,0\n2,one\n3,1\n", "");
	ck_assert_str_eq(found_of(data, "classes"),
	                 "2 labels are numbers and 1 is not, the first of these is one in line 3");
	fed_dataset_free(data);
}
END_TEST

/* Numbers ----------------------------------------------------------------------------------- */

/* Seconds since 1970 and the same counted from 0 are the same features. */
START_TEST(large_numbers_keep_their_differences)
{
	char near[6000], far[6000], *a = near, *b = far;

	for (int i = 0; i < 120; i++) {
		a += sprintf(a, "%d,%d,%d\n", i / 2, i * i % 7, i >= 60);
		b += sprintf(b, "%d,%d,%d\n", 1700000000 + i / 2, i * i % 7, i >= 60);
	}
	struct fed_dataset *x = load(near, "header=no"), *y = load(far, "header=no");

	for (size_t i = 0; i < 240; i++)
		ck_assert_float_eq_tol(x->values[i], y->values[i], 1e-5f);
	ck_assert_ptr_null(note_on(y, "nothing"));
	fed_dataset_free(y);
	y = load(far, "header=no standardise=no");
	ck_assert_int_eq(note_on(y, "scaling")->level, FED_NOTE_WARNING);
	fed_dataset_free(x);
	fed_dataset_free(y);
}
END_TEST

/* Columns that floats hold are rounded to floats before they are scaled, as in the first version:
 * saved sessions load the same bits. */
START_TEST(plain_columns_keep_their_bits)
{
	enum { N = 50 };
	char text[4000], *at = text;
	float column[2][N];

	for (int i = 0; i < N; i++) {
		const double u = fed_random_real(3, (uint64_t)i),
					 v = 1000 * fed_random_real(4, (uint64_t)i);

		at += sprintf(at, "%d,%.4f,%.2f,%d\n", i, u, v, i % 2);
	}
	struct fed_dataset *raw = load(text, "standardise=no"), *scaled = load(text, "");
	for (int k = 0; k < 2; k++) {
		double sum = 0, squares = 0;

		for (uint32_t i = 0; i < N; i++)
			column[k][i] = raw->values[3 * i + 1 + (uint32_t)k];
		for (uint32_t i = 0; i < raw->train; i++)
			sum += (double)column[k][i];
		const double mean = sum / raw->train;
		for (uint32_t i = 0; i < raw->train; i++)
			squares += (column[k][i] - mean) * (column[k][i] - mean);
		const double scale = 1 / sqrt(squares / raw->train);
		for (uint32_t i = 0; i < N; i++)
			ck_assert(scaled->values[3 * i + 1 + (uint32_t)k] ==
			          (float)((column[k][i] - mean) * scale));
	}
	fed_dataset_free(raw);
	fed_dataset_free(scaled);
}
END_TEST

/* Memory ------------------------------------------------------------------------------------ */

static int try_load(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data;

	if (load_by_words(&data, fed_temp_file(&temp, "t.csv"), ctx, err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	static char args[] = "client=who drop=id encode=colour missing=5 mean=price";

	fed_temp_write(&temp, "t.csv", shop, sizeof shop - 1);
	ck_assert_uint_gt(fed_each_allocation(try_load, args), 40);
}
END_TEST

FED_SUITE(table)
{
	Suite *suite = suite_create("table");
	TCase *tests = tcase_create("table");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, one_table_in_many_forms, 0, sizeof forms / sizeof *forms);
	tcase_add_test(tests, a_compressed_table);
	tcase_add_test(tests, utf_16_as_windows_writes_it);
	tcase_add_loop_test(tests, headers_are_found, 0, sizeof headers / sizeof *headers);
	tcase_add_test(tests, clients_own_their_rows);
	tcase_add_loop_test(tests, texts_become_features, 0, sizeof encodings / sizeof *encodings);
	tcase_add_test(tests, names_with_commas);
	tcase_add_loop_test(tests, columns_that_are_refused, 0,
	                    sizeof bad_columns / sizeof *bad_columns);
	tcase_add_test(tests, too_many_texts_are_not_encoded);
	tcase_add_test(tests, row_numbers_are_left_out);
	tcase_add_test(tests, an_empty_column_stays_empty);
	tcase_add_test(tests, rows_with_missing_values_are_left_out);
	tcase_add_test(tests, missing_values_become_means);
	tcase_add_test(tests, missing_labels_are_no_classes);
	tcase_add_test(tests, large_numbers_keep_their_differences);
	tcase_add_test(tests, plain_columns_keep_their_bits);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

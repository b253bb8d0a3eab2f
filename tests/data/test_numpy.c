/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NumPy's arrays and archives: headers as numpy.save() writes them, meaning, and damage.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "data/load.h"
#include "support/suite.h"

static struct fed_temp temp;
static struct fed_dataset *data;
static struct fed_error err;
static struct fed_text zip, directory; /* an archive while it is made */
static unsigned entries;

static void set_up(void)
{
	fed_temp_make(&temp);
	data = NULL;
	entries = 0;
}

static void tear_down(void)
{
	fed_dataset_free(data);
	fed_text_release(&zip);
	fed_text_release(&directory);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static int load(const char *file, const char *args)
{
	fed_dataset_free(data);
	data = NULL;
	memset(&err, 0, sizeof err);
	return load_by_words(&data, fed_temp_file(&temp, file), args, &err);
}

/* Files ----------------------------------------------------------------------------------- */

/* The header of numpy.save(): blanks up to a multiple of 64 bytes, and a line end. */
static void put_header(struct fed_text *out, int version, const char *descr, bool fortran,
                       const char *shape)
{
	struct fed_text dictionary = {0};
	const size_t before = version > 1 ? 12 : 10;

	fed_text_add(&dictionary, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr,
	             fortran ? "True" : "False", shape);
	while ((before + dictionary.len + 1) % 64)
		fed_text_put(&dictionary, " ", 1);
	fed_text_put(&dictionary, "\n", 1);
	const char head[] = {(char)0x93,
	                     'N',
	                     'U',
	                     'M',
	                     'P',
	                     'Y',
	                     (char)version,
	                     0,
	                     (char)dictionary.len,
	                     (char)(dictionary.len >> 8),
	                     0,
	                     0};
	fed_text_put(out, head, before);
	fed_text_put(out, dictionary.s, dictionary.len);
	fed_text_release(&dictionary);
}

static uint64_t bits_of(const char *kind, double x)
{
	static const uint16_t halves[] = {0,      0x3c00, 0x4000, 0x4200, 0x4400,
	                                  0x4500, 0x4600, 0x4700, 0x4800};
	const float narrow = (float)x;
	uint64_t bits = 0;

	if (!strcmp(kind, "f8"))
		memcpy(&bits, &x, sizeof x);
	else if (!strcmp(kind, "f4"))
		memcpy(&bits, &narrow, sizeof narrow);
	else if (!strcmp(kind, "f2"))
		bits = halves[(int)x];
	else
		bits = (uint64_t)(int64_t)x;
	return bits;
}

static void put_numbers(struct fed_text *out, const char *descr, const double *x, size_t n)
{
	const size_t size = (size_t)(descr[2] - '0');

	for (size_t i = 0; i < n; i++) {
		const uint64_t bits = bits_of(descr + 1, x[i]);

		for (size_t k = 0; k < size; k++)
			fed_text_put(out, &(char){(char)(bits >> 8 * (*descr == '>' ? size - 1 - k : k))}, 1);
	}
}

static void put_array(struct fed_text *out, const char *descr, const char *shape, const double *x,
                      size_t n)
{
	put_header(out, 1, descr, false, shape);
	put_numbers(out, descr, x, n);
}

static void write_array(const char *file, const char *descr, const char *shape, const double *x,
                        size_t n)
{
	struct fed_text array = {0};

	put_array(&array, descr, shape, x, n);
	fed_temp_write(&temp, file, array.s, array.len);
	fed_text_release(&array);
}

static void put_little(struct fed_text *out, uint64_t x, int bytes)
{
	for (; bytes--; x >>= 8)
		fed_text_put(out, &(char){(char)x}, 1);
}

/* Add NAME.npy to the archive, stored. */
static void zip_add(const char *name, const struct fed_text *array)
{
	struct fed_text common = {0};
	const size_t at = zip.len, n = strlen(name) + 4;

	put_little(&common, 20, 2);
	put_little(&common, 0, 4);
	put_little(&common, 0x210000, 4); /* the first of January 1980 */
	put_little(&common, fed_crc32(0, array->s, array->len), 4);
	put_little(&common, array->len, 4);
	put_little(&common, array->len, 4);
	put_little(&common, n, 2);
	put_little(&common, 0, 2);
	fed_text_put(&zip, "PK\3\4", 4);
	fed_text_put(&zip, common.s, common.len);
	fed_text_add(&zip, "%s.npy", name);
	fed_text_put(&zip, array->s, array->len);
	fed_text_put(&directory, "PK\1\2\24\0", 6);
	fed_text_put(&directory, common.s, common.len);
	put_little(&directory, 0, 10);
	put_little(&directory, at, 4);
	fed_text_add(&directory, "%s.npy", name);
	entries++;
	fed_text_release(&common);
}

static void zip_array(const char *name, const char *descr, const char *shape, const double *x,
                      size_t n)
{
	struct fed_text array = {0};

	put_array(&array, descr, shape, x, n);
	zip_add(name, &array);
	fed_text_release(&array);
}

static void zip_write(const char *file)
{
	const size_t at = zip.len;

	fed_text_put(&zip, directory.s, directory.len);
	fed_text_put(&zip, "PK\5\6\0\0\0\0", 8);
	put_little(&zip, entries, 2);
	put_little(&zip, entries, 2);
	put_little(&zip, directory.len, 4);
	put_little(&zip, at, 4);
	put_little(&zip, 0, 2);
	ck_assert(!zip.failed && !directory.failed);
	fed_temp_write(&temp, file, zip.s, zip.len);
	fed_text_clear(&zip);
	fed_text_clear(&directory);
	entries = 0;
}

/* Types, orders, versions --------------------------------------------------------------------- */

static const double eight[] = {1, 2, 3, 4, 5, 6, 7, 8}, by_columns[] = {1, 3, 5, 7, 2, 4, 6, 8};
static const double four[] = {0, 1, 2, 3};

/* Row i is (2 i + 1, 2 i + 2), its label i, whatever the order. */
static void check_rows(bool flags)
{
	ck_assert_uint_eq(data->train + data->test, 4);
	for (uint32_t id = 0; id < 4; id++) {
		float x[2];
		int32_t label;

		fed_dataset_gather(data, &id, 1, NULL, x, &label, NULL);
		ck_assert(x[0] == (float)(flags ? 1 : 2 * label + 1));
		ck_assert(x[1] == (float)(flags ? 1 : 2 * label + 2));
	}
}

static const struct {
	const char *descr, *shape;
	int version;
	bool fortran;
} forms[] = {
	{"|u1", "(4, 2)", 1, false},   {"|i1", "(4, 2)", 1, false},  {"|b1", "(4, 2)", 1, false},
	{"<u2", "(4, 2)", 1, false},   {">u2", "(4, 2)", 1, false},  {"<i2", "(4, 2)", 1, false},
	{">i2", "(4, 2)", 1, true},    {"<u4", "(4, 2)", 2, false},  {">u4", "(4, 2)", 1, false},
	{"<i4", "(4, 2)", 1, true},    {">i4", "(4, 2)", 1, false},  {"<u8", "(4, 2)", 1, false},
	{"<i8", "(4L, 2L)", 1, false}, {">i8", "(4L, 2L)", 1, true}, {"<f2", "(4, 2)", 1, false},
	{">f2", "(4, 2)", 1, false},   {"<f4", "(4, 2)", 3, false},  {">f4", "(4, 2)", 1, true},
	{"<f8", "(4, 2)", 1, true},    {">f8", "(4, 2)", 2, false},
};

START_TEST(numbers_of_all_types_are_read)
{
	struct fed_text array = {0};

	put_header(&array, forms[_i].version, forms[_i].descr, forms[_i].fortran, forms[_i].shape);
	put_numbers(&array, forms[_i].descr, forms[_i].fortran ? by_columns : eight, 8);
	fed_temp_write(&temp, "a.npy", array.s, array.len);
	write_array("b.npy", "<i8", "(4,)", four, 4);
	fed_assert_ok(load("a.npy", "labels=b.npy test=0.25 scale=1"), &err);
	check_rows(strstr(forms[_i].descr, "b1") != NULL);
	/* cut off anywhere it is refused */
	fed_temp_write(&temp, "a.npy", array.s, array.len - 1);
	ck_assert_int_eq(load("a.npy", "labels=b.npy"), FED_FAIL);
	fed_temp_write(&temp, "a.npy", array.s, 20);
	ck_assert_int_eq(load("a.npy", "labels=b.npy"), FED_FAIL);
	fed_text_release(&array);
}
END_TEST

/* Meaning --------------------------------------------------------------------------------- */

START_TEST(keras_archives_have_four_arrays)
{
	double x[12], y[3] = {2, 0, 1};

	for (int i = 0; i < 12; i++)
		x[i] = 20 * i;
	zip_array("x_test", "|u1", "(1, 2, 2)", x, 4);
	zip_array("x_train", "|u1", "(3, 2, 2)", x, 12);
	zip_array("y_train", "|u1", "(3,)", y, 3);
	zip_array("y_test", "|u1", "(1,)", y, 1);
	zip_array("val_images", "|u1", "(1,)", y, 1);
	zip_write("mnist.npz");
	fed_assert_ok(load("mnist.npz", ""), &err);
	ck_assert_uint_eq(data->train, 3);
	ck_assert_uint_eq(data->test, 1);
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_uint_eq(data->shape.dim[1], 2);
	ck_assert_uint_eq(data->shape.dim[2], 1);
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_ptr_nonnull(data->bytes);
	ck_assert(data->scale == 1.0f / 255);
	ck_assert_uint_eq(data->bytes[11], 220);
	ck_assert_uint_eq(data->bytes[13], 20);
	ck_assert_int_eq(data->label[0], 2);
	ck_assert_str_eq(found_of(data, "left out"), "val_images");
	ck_assert_int_eq(note_on(data, "arrays")->level, FED_NOTE_LISTED);
	const uint64_t fingerprint = data->fingerprint;
	/* the same numbers as pictures in a wider type are the same dataset */
	zip_array("x_train", "<i8", "(3, 2, 2)", x, 12);
	zip_array("y_train", "<f4", "(3, 1)", y, 3);
	zip_array("X_Test", "<f8", "(1, 2, 2)", x, 4);
	zip_array("test_labels", "<u2", "(1,)", y, 1);
	zip_write("mnist.npz");
	fed_assert_ok(load("mnist.npz", ""), &err);
	ck_assert_uint_eq(data->fingerprint, fingerprint);
	fed_assert_ok(load("mnist.npz", "scale=10 test-inputs=none"), &err);
	ck_assert(data->scale == 0.1f);
	ck_assert_uint_eq(data->train, 2);
}
END_TEST

START_TEST(channels_come_first_or_last)
{
	double x[2 * 3 * 2 * 4];

	for (int i = 0; i < 48; i++)
		x[i] = i / 64.0;
	write_array("y.npy", "<i4", "(2,)", four, 2);
	write_array("x.npy", "<f4", "(2, 3, 2, 4)", x, 48);
	fed_assert_ok(load("", "test=0.5"), &err);
	ck_assert_uint_eq(data->shape.dim[0], 2);
	ck_assert_uint_eq(data->shape.dim[1], 4);
	ck_assert_uint_eq(data->shape.dim[2], 3);
	ck_assert_str_eq(found_of(data, "channels"), "first, 3 of 2x4");
	for (int id = 0; id < 2; id++)
		for (int i = 0; i < 8; i++)
			for (int c = 0; c < 3; c++)
				ck_assert(data->values[id * 24 + i * 3 + c] ==
				          (float)x[data->label[id] * 24 + c * 8 + i]);
	fed_assert_ok(load("", "test=0.5 order=hwc"), &err);
	ck_assert_uint_eq(data->shape.dim[2], 4);
	for (int i = 0; i < 24; i++)
		ck_assert(data->values[i] == (float)x[data->label[0] * 24 + i]);
}
END_TEST

START_TEST(rows_become_pictures)
{
	write_array("y.npy", "<i4", "(2,)", four, 2);
	write_array("x.npy", "<u2", "(2, 4)", eight, 8);
	fed_assert_ok(load("", "shape=2x2"), &err);
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_ptr_nonnull(data->bytes); /* pictures of whole numbers */
	ck_assert_int_eq(load("", "shape=3x2"), FED_REJECT);
	ck_assert_msg(strstr(err.text, "shape=4"), "%s", err.text);
	static const char *const none[] = {"shape=x",
	                                   "shape=4x",
	                                   "shape=0x4",
	                                   "shape=1x1x4x1",
	                                   "shape=-2x-2",
	                                   "shape=2y2",
	                                   "shape=99999999999999999999"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert_int_eq(load("", none[i]), FED_REJECT);
	fed_assert_ok(load("", "shape=4"), &err);
	ck_assert_uint_eq(data->shape.rank, 1);
	write_array("x.npy", "<u2", "(2, 2, 2)", eight, 8);
	ck_assert_int_eq(load("", "shape=2x2"), FED_REJECT);
	ck_assert_msg(strstr(err.text, "leave shape= out"), "%s", err.text);
}
END_TEST

START_TEST(labels_are_classes_or_targets)
{
	static const struct {
		const char *descr, *shape;
		double x[8];
		uint32_t classes, outputs;
		const char *task;
	} labels[] = {
		{"<i8", "(4,)", {0, 2, 1, 2}, 3, 3, "3 classes, whole numbers 0 to 2"},
		{"<f8", "(4, 1)", {0, 2, 1, 2}, 3, 3, "3 classes, whole numbers in floats, 0 to 2"},
		{"<f4", "(4,)", {0.5, 2, 1, 2}, 0, 1, "regression, from 0.5 to 2"},
		{"<f4", "(4, 2)", {0, 1, 1, 0, 1, 0, 0, 1}, 2, 2, "2 classes, one-hot"},
		{"|b1", "(4, 2)", {0, 1, 1, 0, 1, 0, 0, 1}, 2, 2, "2 classes, one-hot"},
		{"<f4", "(4, 2)", {0, 1, 1, 1, 1, 0, 0, 1}, 0, 2, "regression with 2 targets"},
		{"<i2", "(4,)", {-1, 1, 1, -1}, 2, 2, "2 classes, the different numbers from -1 to 1"},
		{"<i4", "(4,)", {1000, 7, 7, 30}, 3, 3, "3 classes, the different numbers from 7 to 1000"},
		{"|b1", "(4,)", {0, 1, 1, 0}, 2, 2, "2 classes, whole numbers 0 to 1"},
	};

	write_array("x.npy", "<f4", "(4, 2)", eight, 8);
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		write_array("y.npy", labels[i].descr, labels[i].shape, labels[i].x,
		            strchr(labels[i].shape, '2') ? 8 : 4);
		fed_assert_ok(load("", ""), &err);
		ck_assert_str_eq(found_of(data, "task"), labels[i].task);
		ck_assert_uint_eq(data->classes, labels[i].classes);
		ck_assert_uint_eq(data->outputs, labels[i].outputs);
		for (uint32_t id = 0; id < 4; id++) {
			const int row = (int)(data->values[2 * id] / 2);
			const double *const x = labels[i].x;

			if (!labels[i].classes)
				ck_assert(data->target[id * labels[i].outputs] == x[row * labels[i].outputs]);
			else if (strstr(labels[i].task, "one-hot"))
				ck_assert(x[2 * row + data->label[id]] == 1);
			else if (strstr(labels[i].task, "different"))
				ck_assert_int_eq(atoi(data->class_name[data->label[id]]), (int)x[row]);
			else
				ck_assert(data->label[id] == (int)x[row]);
		}
		fed_assert_ok(load("", "task=regression"), &err);
		ck_assert_uint_eq(data->classes, 0);
	}
}
END_TEST

START_TEST(texts_name_classes_and_clients)
{
	static const char bytes[] = "dog\0\0\0cat\0\0\0el\xc3\xa9\0\0dog\0\0";
	static const uint32_t wide[] = {'b', 0, 'a', 0xe9, 'b', 0, 0x1f30a, 0};
	struct fed_text array = {0};

	write_array("x.npy", "<f4", "(4, 2)", eight, 8);
	put_header(&array, 1, "|S6", false, "(4,)");
	fed_text_put(&array, bytes, 24);
	fed_temp_write(&temp, "y.npy", array.s, array.len);
	fed_text_clear(&array);
	put_header(&array, 1, "<U2", false, "(4,)");
	for (int i = 0; i < 8; i++)
		put_little(&array, wide[i], 4);
	fed_temp_write(&temp, "client.npy", array.s, array.len);
	fed_text_release(&array);
	fed_assert_ok(load("", ""), &err);
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_str_eq(data->class_name[0], "cat");
	ck_assert_str_eq(data->class_name[1], "dog");
	ck_assert_str_eq(data->class_name[2], "el\xc3\xa9");
	ck_assert_uint_eq(data->owners, 3);
	ck_assert_str_eq(data->owner_name[0], "a\xc3\xa9");
	ck_assert_str_eq(data->owner_name[2], "\xf0\x9f\x8c\x8a");
	for (uint32_t id = 0; id < data->train; id++) {
		const int row = (int)(data->values[2 * id] / 2);

		ck_assert_uint_eq(data->owner[id], row == 1 ? 0 : row == 3 ? 2 : 1);
		ck_assert_int_eq(data->label[id], row == 1 ? 0 : row == 2 ? 2 : 1);
	}
	fed_assert_ok(load("", "client=none"), &err);
	ck_assert_uint_eq(data->owners, 0);
	write_array("client.npy", "<i8", "(4,)", (double[]){10, 9, 10, 10}, 4);
	fed_assert_ok(load("", ""), &err);
	ck_assert_str_eq(data->owner_name[0], "9");
}
END_TEST

START_TEST(tokens_are_said_to_be_some)
{
	write_array("x.npy", "<i8", "(4, 2)", eight, 8);
	write_array("y.npy", "<i8", "(4,)", eight, 4);
	fed_assert_ok(load("", "task=tokens"), &err);
	ck_assert(data->tokens);
	ck_assert_uint_eq(data->classes, 9);
	ck_assert(data->scale == 1);
	fed_assert_ok(load("", ""), &err);
	ck_assert(!data->tokens);
	ck_assert_ptr_nonnull(data->values);
}
END_TEST

/* Damage ---------------------------------------------------------------------------------- */

static const struct {
	const char *x_descr, *x_shape;
	double x[8];
	size_t x_n;
	const char *y_descr, *y_shape;
	double y[8];
	size_t y_n;
	const char *args, *why;
	const char *mended; /* arguments that the message names, with which it is read */
} wrong[] = {
	{"<f4", "(4, 2)", {1, 2, 3, 4, 5, 6, 7, NAN}, 8, "<i4", "(4,)", {0}, 4, "", "x[3, 1] is nan"},
	{"<f8", "(4, 2)", {1, 2, 1e39}, 8, "<i4", "(4,)", {0}, 4, "", "x[1, 0] is 1e+39"},
	{"<f8",
     "(4, 2)",
     {1},
     8,
     "<f4",
     "(4,)",
     {0, INFINITY},
     4,
     "",
     "y[1] is inf, which is no label"},
	{"<f8", "(4, 2)", {1}, 8, "<f4", "(3,)", {0}, 3, "", "y has 3 labels for 4 examples"},
	{"<f8", "(4, 2)", {1}, 8, "<f4", "(1, 2, 2)", {0}, 4, "", "y has 3 dimensions; labels are"},
	{"<f8", "(1, 1, 1, 2, 4)", {1}, 8, "<f4", "(4,)", {0}, 4, "", "x has 5 dimensions; examples"},
	{"<f8", "()", {1}, 1, "<f4", "(4,)", {0}, 4, "", "x has no examples"},
	{"<f8", "(0, 4)", {1}, 0, "<f4", "(4,)", {0}, 4, "", "x has no examples"},
	{"|O8", "(4, 2)", {1}, 0, "<f4", "(4,)", {0}, 4, "", "a pickle, which is never read; save"},
	{"<c8", "(4, 1)", {1}, 4, "<f4", "(4,)", {0}, 4, "", "has dtype <c8; whole numbers"},
	{"<f8", "(4, 2)", {1}, 7, "<f4", "(4,)", {0}, 4, "", "which its shape does not take"},
	{"<f8",
     "(4, 2)",
     {1},
     8,
     "<f4",
     "(4, 2)",
     {0, 1, 1, 1},
     8,
     "task=classes",
     "not one 1 among 0s; say task=regression",
     "task=regression"},
	{"<f8",
     "(4, 2)",
     {1},
     8,
     "<f4",
     "(4,)",
     {0},
     4,
     "labels=z",
     "no array z; say labels=NAME; it has x, y",
     "labels=y"},
	{"<f8",
     "(4, 2)",
     {1},
     8,
     "<f4",
     "(4,)",
     {0},
     4,
     "test-inputs=x",
     "say test-labels=NAME",
     "test-inputs=x test-labels=y"},
	{"<f8",
     "(4, 2)",
     {1.5},
     8,
     "<f4",
     "(4,)",
     {0},
     4,
     "task=tokens",
     "tokens are whole numbers",
     " "},
	{"<f8", "(4, 2)", {1}, 8, "<f4", "(4,)", {300}, 4, "task=tokens", "label 300 of row 0"},
	{"<f8",
     "(4, 2)",
     {1},
     8,
     "<f4",
     "(4,)",
     {0},
     4,
     "client=x",
     "x has 8 owners for 4 training",
     "client=none"},
};

START_TEST(damage_is_named)
{
	write_array("x.npy", wrong[_i].x_descr, wrong[_i].x_shape, wrong[_i].x, wrong[_i].x_n);
	write_array("y.npy", wrong[_i].y_descr, wrong[_i].y_shape, wrong[_i].y, wrong[_i].y_n);
	ck_assert_int_ne(load("", wrong[_i].args), FED_OK);
	ck_assert_msg(strstr(err.text, wrong[_i].why), "%s", err.text);
	if (wrong[_i].mended)
		fed_assert_ok(load("", wrong[_i].mended), &err);
}
END_TEST

START_TEST(what_lies_beside_is_not_read)
{
	struct fed_text array = {0};

	zip_array("foo", "<f4", "(4, 2)", eight, 8);
	zip_array("bar", "<f4", "(4,)", four, 4);
	put_header(&array, 1, "|O", false, "(4,)");
	zip_add("objects", &array);
	zip_write("a.npz");
	fed_text_release(&array);
	ck_assert_int_eq(load("a.npz", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "say inputs=NAME; it has foo, bar, objects"), "%s", err.text);
	fed_assert_ok(load("a.npz", "inputs=foo labels=bar"), &err);
	check_rows(false);
	/* an array may have several roles */
	fed_assert_ok(load("a.npz", "inputs=foo labels=bar client=bar test-inputs=foo test-labels=bar"),
	              &err);
	ck_assert_uint_eq(data->owners, 4);
	ck_assert_uint_eq(data->test, 4);
	ck_assert_int_eq(load("a.npz", "inputs=foo labels=objects"), FED_FAIL);
	ck_assert_msg(strstr(err.text, "Python objects"), "%s", err.text);
	fed_temp_write(&temp, "b.npz", "PK\3\4 and no more", 16);
	ck_assert_int_eq(load("b.npz", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "is not a ZIP archive, or is damaged"), "%s", err.text);
	write_array("a.npy", "<f4", "(4, 2)", eight, 8);
	ck_assert_int_eq(load("a.npy", ""), FED_REJECT);
	ck_assert_msg(strstr(err.text, "say labels=FILE.npy"), "%s", err.text);
	fed_temp_write(&temp, "a.npy", "no array", 8);
	ck_assert_int_eq(load("a.npy", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "is no file of a NumPy array"), "%s", err.text);
}
END_TEST

START_TEST(memory_that_ends_is_told)
{
	zip_array("x", "<f4", "(4, 2)", eight, 8);
	zip_array("y", "<f4", "(4,)", four, 4);
	zip_array("client", "<f4", "(4,)", four, 4);
	zip_write("a.npz");
	for (uint64_t k = 1;; k++) {
		fed__mem_fail_at(k);
		const int rc = load("a.npz", "");
		const bool ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		if (ahead) {
			fed_assert_ok(rc, &err);
			break;
		}
		if (rc == FED_OK)
			check_rows(false);
	}
}
END_TEST

FED_SUITE(numpy)
{
	Suite *suite = suite_create("numpy");
	TCase *tests = tcase_create("numpy");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, numbers_of_all_types_are_read, 0, sizeof forms / sizeof *forms);
	tcase_add_test(tests, keras_archives_have_four_arrays);
	tcase_add_test(tests, channels_come_first_or_last);
	tcase_add_test(tests, rows_become_pictures);
	tcase_add_test(tests, labels_are_classes_or_targets);
	tcase_add_test(tests, texts_name_classes_and_clients);
	tcase_add_test(tests, tokens_are_said_to_be_some);
	tcase_add_loop_test(tests, damage_is_named, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tests, what_lies_beside_is_not_read);
	tcase_add_test(tests, memory_that_ends_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datasets in the form of another one: classes, columns, texts by name; scaling; what does not fit
 * is told in one sentence, and its advice works.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/data_form.h"
#include "data/load.h"
#include "support/pictures.h"
#include "support/suite.h"

static struct fed_temp temp;
static struct fed_data_form form; /* the server's */

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_data_form_release(&form);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static void put_text(const char *name, const char *text)
{
	fed_temp_write(&temp, name, text, strlen(text));
}

/* Load a file or folder of the temporary folder, in the form if there is one. */
static int try_load(struct fed_dataset **data, const char *name, const char *args, bool by_form,
                    struct fed_error *err)
{
	struct fed_assign assign[8];
	char words[400], path[300], *at = words, *word;
	size_t n = 0;

	snprintf(path, sizeof path, "%s", fed_temp_file(&temp, name));
	snprintf(words, sizeof words, "%s", args);
	if (strstr(name, ".txt")) {
		assign[n++] = (struct fed_assign){"path", path};
		name = "text";
	}
	while ((word = strsep(&at, " "))) {
		if (!*word)
			continue;
		assign[n].key = strsep(&word, "=");
		assign[n++].value = word;
	}
	const struct fed_generation making = {.seed = 1, .form = by_form ? &form : NULL};
	return fed_dataset_load(data, strcmp(name, "text") ? path : name, assign, n, &making, err);
}

/* Make the form that of the server's dataset. */
static void serve(const char *name, const char *args)
{
	struct fed_dataset *data;
	struct fed_error err;

	fed_assert_ok(try_load(&data, name, args, false, &err), &err);
	fed_assert_ok(fed__data_form_of(&form, data, &err), &err);
	fed_dataset_free(data);
}

static struct fed_dataset *join(const char *name, const char *args)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	fed_assert_ok(try_load(&data, name, args, true, &err), &err);
	return data;
}

/* It is refused, in one sentence with these words; with the advice it fits. */
static void assert_refused(const char *name, const char *args, const char *words)
{
	struct fed_dataset *data = NULL;
	struct fed_error err = {""};

	ck_assert_int_eq(try_load(&data, name, args, true, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, words), "%s: %s", words, err.text);
	ck_assert_msg(!strstr(err.text, ". ") && strlen(err.text) < sizeof err.text - 1, "%s",
	              err.text);
}

/* Tables ---------------------------------------------------------------------------------- */

static const char server_table[] = "age,colour,height,pet\n"
								   "10,red,150,cat\n20,blue,160,dog\n30,red,170,owl\n"
								   "40,green,180,cat\n50,blue,190,dog\n60,red,145,owl\n"
								   "15,green,155,cat\n25,red,165,dog\n35,blue,175,owl\n";
static const char member_table[] = "pet,height,colour,age\n"
								   "dog,180,blue,70\ncat,181,blue,72\ndog,182,red,74\n"
								   "cat,183,blue,76\ndog,184,red,78\n";

/* The number of the table behind input i of example e. */
static double number(const struct fed_dataset *data, uint32_t e, uint32_t i)
{
	const struct fed_scaling *s = &form.scaling[i];

	return data->values[e * fed_shape_size(&data->shape) + i] / s->factor + s->mean;
}

/* Columns and classes come in another order, one class and one text do not occur: each row is in
 * the dataset with the server's numbers for everything. */
START_TEST(table_in_another_order)
{
	static const double ages[] = {70, 72, 74, 76, 78};
	uint32_t seen = 0;

	put_text("server.csv", server_table);
	put_text("member.csv", member_table);
	serve("server.csv", "encode=colour");
	struct fed_dataset *data = join("member.csv", "label=pet encode=colour");
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_uint_eq(fed_shape_size(&data->shape), 5);
	ck_assert_str_eq(data->input_name[0], "age");
	ck_assert_str_eq(data->input_name[2], "colour=green");
	ck_assert_str_eq(data->class_name[2], "owl");
	for (uint32_t e = 0; e < data->train + data->test; e++) {
		const float *x = data->values + e * 5;
		uint32_t k = 0;

		while (k < 5 && fabs(number(data, e, 0) - ages[k]) > 1e-3)
			k++;
		ck_assert_uint_lt(k, 5);
		ck_assert(!(seen >> k & 1));
		seen |= 1u << k;
		ck_assert_float_eq(x[1], k == 2 || k == 4 ? 0 : 1); /* blue */
		ck_assert_float_eq(x[2], 0);                        /* green */
		ck_assert_float_eq(x[3], k == 2 || k == 4 ? 1 : 0); /* red */
		ck_assert_double_eq_tol(number(data, e, 4), 180 + k, 1e-3);
		ck_assert_int_eq(data->label[e], k % 2 ? 0 : 1);
	}
	ck_assert_uint_eq(seen, 31);
	fed_dataset_free(data);
}
END_TEST

/* The server's own table keeps its bits. */
START_TEST(same_table_is_the_same)
{
	struct fed_dataset *alone = NULL, *data;
	struct fed_error err;

	put_text("server.csv", server_table);
	serve("server.csv", "encode=colour");
	fed_assert_ok(try_load(&alone, "server.csv", "encode=colour", false, &err), &err);
	data = join("server.csv", "encode=colour");
	ck_assert_uint_eq(data->fingerprint, alone->fingerprint);
	fed_dataset_free(alone);
	fed_dataset_free(data);
}
END_TEST

START_TEST(tables_that_do_not_fit)
{
	static const char owl_only[] = "age,colour,height,pet\n1,red,2,fox\n2,red,3,cat\n3,red,4,cat\n";

	put_text("server.csv", server_table);
	serve("server.csv", "encode=colour");
	put_text("fox.csv", owl_only);
	assert_refused("fox.csv", "encode=colour",
	               "the label fox in fox.csv is none of the server's, which are cat, dog and owl");
	put_text("few.csv", "age,colour,pet\n1,red,cat\n2,red,dog\n3,blue,cat\n");
	assert_refused("few.csv", "encode=colour", "has no column height");
	put_text("more.csv",
	         "age,colour,height,shoe,pet\n1,red,2,3,cat\n2,red,3,4,dog\n3,red,4,5,cat\n");
	assert_refused("more.csv", "encode=colour", "drop=shoe leaves it out");
	fed_dataset_free(join("more.csv", "encode=colour drop=shoe"));
	put_text("mauve.csv", "age,colour,height,pet\n1,mauve,2,cat\n2,red,3,dog\n3,red,4,cat\n");
	assert_refused("mauve.csv", "encode=colour", "missing=mauve leaves such rows out");
	struct fed_dataset *data = join("mauve.csv", "encode=colour missing=mauve");
	ck_assert_uint_eq(data->train + data->test, 2);
	fed_dataset_free(data);
	put_text("codes.csv", "age,colour,height,pet\n1,7,2,cat\n2,8,3,dog\n3,9,4,cat\n");
	assert_refused("codes.csv", "", "encode=colour makes it so");
	put_text("target.csv", "age,colour,height,pet\n1,red,2,0.5\n2,red,3,1.5\n3,red,4,2.5\n");
	assert_refused("target.csv", "encode=colour",
	               "are targets of a regression, and the server's "
	               "are classes; task=classes makes them so");
}
END_TEST

/* Whole numbers are classes by themselves; the server's targets have fractions. */
START_TEST(targets_by_advice)
{
	put_text("server.csv", "a,b,y\n1,2,0.5\n2,3,1.5\n3,4,2.5\n4,1,3.5\n");
	put_text("member.csv", "a,b,y\n1,2,5\n2,3,1\n3,4,2\n");
	serve("server.csv", "");
	assert_refused("member.csv", "", "task=regression makes them so");
	struct fed_dataset *data = join("member.csv", "task=regression");
	ck_assert_ptr_nonnull(data->target);
	fed_dataset_free(data);
}
END_TEST

/* Without names the order of columns counts. */
START_TEST(tables_without_names)
{
	put_text("server.csv", "1,10,0\n2,30,1\n3,20,0\n5,40,1\n");
	put_text("member.csv", "7,70,1\n9,90,1\n8,80,1\n");
	serve("server.csv", "");
	struct fed_dataset *data = join("member.csv", "");
	ck_assert_uint_eq(data->classes, 2);
	for (uint32_t e = 0; e < 3; e++) {
		ck_assert_double_eq_tol(10 * number(data, e, 0), number(data, e, 1), 1e-3);
		ck_assert_int_eq(data->label[e], 1);
	}
	fed_dataset_free(data);
	put_text("wide.csv", "7,70,3,1\n9,90,4,1\n8,80,5,0\n");
	assert_refused("wide.csv", "", "column 3");
}
END_TEST

/* A column that is constant here, or there. */
START_TEST(constant_columns)
{
	put_text("server.csv", "a,b,y\n1,5,x\n2,5,z\n3,5,x\n5,5,z\n");
	put_text("member.csv", "a,b,y\n4,6,x\n4,7,z\n4,8,x\n");
	serve("server.csv", "");
	struct fed_dataset *data = join("member.csv", "");
	for (uint32_t e = 0; e < 3; e++) {
		ck_assert_double_eq_tol(number(data, e, 0), 4, 1e-3);
		ck_assert_float_eq(data->values[2 * e + 1], 0);
	}
	fed_dataset_free(data);
}
END_TEST

/* Pictures ----------------------------------------------------------------------------------- */

static void put_png(const char *name, uint32_t side, uint8_t channels, uint8_t value)
{
	static uint8_t rows[64 * 64 * 3], file[sizeof rows + 4096];
	const struct picture_png p = {
		.height = side, .width = side, .depth = 8, .type = channels == 1 ? 0 : 2, .rows = rows};

	for (size_t i = 0; i < (size_t)side * side * channels; i++)
		rows[i] = (uint8_t)(value + i % 3);
	fed_temp_write(&temp, name, file, picture_png(file, &p));
}

static void put_folder(const char *folder, const char *const *class, uint32_t side,
                       uint8_t channels)
{
	char name[100];

	for (uint8_t c = 0; class[c]; c++)
		for (uint8_t i = 0; i < 3; i++) {
			snprintf(name, sizeof name, "%s/%s/%u.png", folder, class[c], i);
			put_png(name, side, channels, (uint8_t)(20 * (class[c][0] - 'a') + i));
		}
}

/* Folders of other classes in another order, of another size and with colours. */
START_TEST(folders_of_pictures)
{
	static const char *const there[] = {"bird", "cat", "dog", NULL};
	static const char *const here[] = {"dog", "cat", NULL};
	static const char *const strange[] = {"cat", "dgo", NULL};

	put_folder("server", there, 6, 1);
	put_folder("member", here, 6, 1);
	put_folder("large", here, 8, 3);
	put_folder("strange", strange, 6, 1);
	serve("server", "");
	struct fed_dataset *data = join("member", "");
	ck_assert_uint_eq(data->classes, 3);
	for (uint32_t e = 0; e < data->train + data->test; e++) {
		const uint8_t first = data->bytes[36 * e]; /* by the class's name */

		ck_assert_int_eq(data->label[e], first < 60 ? 1 : 2);
	}
	fed_dataset_free(data);
	assert_refused("large", "", "size=6x6 colour=grey makes them fit");
	data = join("large", "size=6x6 colour=grey");
	ck_assert_uint_eq(data->shape.dim[2], 1);
	fed_dataset_free(data);
	assert_refused("strange", "",
	               "the label dgo in strange is none of the server's, which are bird, "
	               "cat and dog; rename it to dog");
}
END_TEST

static void put_idx(const char *folder, uint8_t side, uint8_t classes)
{
	uint8_t images[4000] = {0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, side, 0, 0, 0, side};
	uint8_t labels[100] = {0, 0, 8, 1, 0, 0, 0, 12};
	char name[100];

	for (uint8_t i = 0; i < 12; i++)
		labels[8 + i] = i % classes;
	for (int part = 0; part < 2; part++) {
		snprintf(name, sizeof name, "%s/%s-images-idx3-ubyte", folder, part ? "t10k" : "train");
		fed_temp_write(&temp, name, images, 16u + 12u * side * side);
		snprintf(name, sizeof name, "%s/%s-labels-idx1-ubyte", folder, part ? "t10k" : "train");
		fed_temp_write(&temp, name, labels, 20);
	}
}

/* Numbered classes are the server's in order; more of them do not fit, nor do other sizes. */
START_TEST(numbered_classes)
{
	put_idx("server", 5, 4);
	put_idx("member", 5, 3);
	put_idx("many", 5, 6);
	put_idx("large", 7, 4);
	serve("server", "");
	struct fed_dataset *data = join("member", "");
	ck_assert_uint_eq(data->classes, form.classes);
	ck_assert_int_eq(data->label[5], 2);
	fed_dataset_free(data);
	if (form.classes < 6)
		assert_refused("many", "", "which are the numbers 0 to 3");
	assert_refused("large", "", "are of shape 7x7x1, and the server's are of 5x5x1");
}
END_TEST

/* Text --------------------------------------------------------------------------------------- */

static void put_long_text(const char *name, const char *text)
{
	char all[3000] = "";

	while (strlen(all) + strlen(text) < 1000)
		strcat(all, text);
	put_text(name, all);
}

/* "hell": the first example's characters, with _ for those whose names are words. */
static void first_window(const struct fed_dataset *data, char out[5])
{
	const uint32_t id = 0;
	float x[4];

	fed_dataset_gather(data, &id, 1, NULL, x, NULL, NULL);
	for (int i = 0; i < 4; i++) {
		const char *name = data->class_name[(uint32_t)x[i]];

		out[i] = name[1] ? '_' : name[0];
	}
	out[4] = 0;
}

/* A text is read with the server's vocabulary: a token is the same character at both. */
START_TEST(text_by_the_vocabulary)
{
	put_long_text("server.txt", "the quick brown fox jumps over the lazy dog. ");
	put_long_text("member.txt", "hello world ");
	put_long_text("strange.txt", "hello w\xc3\xb6rld ");
	serve("server.txt", "window=4");
	struct fed_dataset *data = join("member.txt", "window=4 stride=1");
	char window[5];
	first_window(data, window);
	ck_assert_ptr_nonnull(strstr("hello_world_hello_world_", window));
	fed_dataset_free(data);
	assert_refused("member.txt", "window=7", "window=4 makes them fit");
	assert_refused("strange.txt", "window=4", "the character \xc3\xb6 is none of the 28");
	fed_data_form_release(&form);
	serve("server.txt", "window=4 vocabulary=20"); /* which makes a class of the others */
	data = join("strange.txt", "window=4");
	ck_assert_str_eq(data->class_name[data->classes - 1], "other");
	fed_dataset_free(data);
}
END_TEST

/* Memory -------------------------------------------------------------------------------------- */

static int load_once(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data = NULL;
	const int rc = try_load(&data, "member.csv", "label=pet encode=colour", true, err);

	(void)ctx;
	if (rc == FED_OK)
		fed_dataset_free(data);
	return rc;
}

START_TEST(memory_fails)
{
	put_text("server.csv", server_table);
	put_text("member.csv", member_table);
	serve("server.csv", "encode=colour");
	ck_assert_uint_gt(fed_each_allocation(load_once, NULL), 10);
}
END_TEST

FED_SUITE(data_form)
{
	Suite *suite = suite_create("data_form");
	TCase *tests = tcase_create("data_form");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, table_in_another_order);
	tcase_add_test(tests, same_table_is_the_same);
	tcase_add_test(tests, tables_that_do_not_fit);
	tcase_add_test(tests, targets_by_advice);
	tcase_add_test(tests, tables_without_names);
	tcase_add_test(tests, constant_columns);
	tcase_add_test(tests, folders_of_pictures);
	tcase_add_test(tests, numbered_classes);
	tcase_add_test(tests, text_by_the_vocabulary);
	tcase_add_test(tests, memory_fails);
	suite_add_tcase(suite, tests);
	return suite;
}

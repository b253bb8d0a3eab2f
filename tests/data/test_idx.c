/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Folders of IDX files, whole and damaged in every way that faults.md knows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "data/dataset.h"
#include "data/load.h"
#include "support/suite.h"

enum { TRAIN = 30, TEST = 12, ROWS = 4, COLUMNS = 5, CELLS = ROWS * COLUMNS };

static struct fed_temp temp;

/* The pixel c of example i, test examples after the training ones. */
static uint8_t pixel(uint32_t i, uint32_t c)
{
	return (uint8_t)(i * 31 + c * 7);
}

static int32_t label(uint32_t i)
{
	return (int32_t)(i * 3 % 10);
}

static size_t put_u32(unsigned char *to, uint32_t x)
{
	for (int k = 0; k < 4; k++)
		to[k] = (unsigned char)(x >> (24 - 8 * k));
	return 4;
}

/* A file in memory, to be damaged before it is written. */
struct file {
	char name[64];
	unsigned char bytes[1024];
	size_t n;
};

static struct file images(const char *name, uint32_t first, uint32_t n)
{
	struct file f = {0};

	snprintf(f.name, sizeof f.name, "%s", name);
	f.n += put_u32(f.bytes, 0x803);
	f.n += put_u32(f.bytes + f.n, n);
	f.n += put_u32(f.bytes + f.n, ROWS);
	f.n += put_u32(f.bytes + f.n, COLUMNS);
	for (uint32_t i = 0; i < n * CELLS; i++)
		f.bytes[f.n++] = pixel(first + i / CELLS, i % CELLS);
	return f;
}

static struct file labels(const char *name, uint32_t first, uint32_t n)
{
	struct file f = {0};

	snprintf(f.name, sizeof f.name, "%s", name);
	f.n += put_u32(f.bytes, 0x801);
	f.n += put_u32(f.bytes + f.n, n);
	for (uint32_t i = 0; i < n; i++)
		f.bytes[f.n++] = (unsigned char)label(first + i);
	return f;
}

/* Plain, or compressed when its name says so. */
static void write_file(const struct file *f)
{
	if (!strstr(f->name, ".gz")) {
		fed_temp_write(&temp, f->name, f->bytes, f->n);
		return;
	}
	gzFile gz = gzopen(fed_temp_file(&temp, f->name), "wb");

	ck_assert_int_eq(gzwrite(gz, f->bytes, (unsigned)f->n), (int)f->n);
	ck_assert_int_eq(gzclose(gz), Z_OK);
}

/* All four, their names with this before and this behind. */
static void write_quartet(const char *before, const char *test, const char *behind)
{
	char name[64];

	snprintf(name, sizeof name, "%strain-images-idx3-ubyte%s", before, behind);
	struct file f = images(name, 0, TRAIN);
	write_file(&f);
	snprintf(name, sizeof name, "%strain-labels-idx1-ubyte%s", before, behind);
	f = labels(name, 0, TRAIN);
	write_file(&f);
	snprintf(name, sizeof name, "%s%s-images-idx3-ubyte%s", before, test, behind);
	f = images(name, TRAIN, TEST);
	write_file(&f);
	snprintf(name, sizeof name, "%s%s-labels-idx1-ubyte%s", before, test, behind);
	f = labels(name, TRAIN, TEST);
	write_file(&f);
}

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static int load_with(struct fed_dataset **data, const char *key, const char *value,
                     struct fed_error *err)
{
	const struct fed_assign assign = {key, value};

	return fed_dataset_load(data, temp.dir, &assign, key ? 1 : 0, &(struct fed_generation){1}, err);
}

static void assert_contents(const struct fed_dataset *data, uint32_t train, uint32_t test)
{
	ck_assert_uint_eq(data->train, train);
	ck_assert_uint_eq(data->test, test);
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_uint_eq(data->shape.dim[0], ROWS);
	ck_assert_uint_eq(data->shape.dim[1], COLUMNS);
	ck_assert_uint_eq(data->shape.dim[2], 1);
	ck_assert_uint_eq(data->classes, 10);
	for (uint32_t i = 0; i < train + test; i++) {
		const uint32_t source = i < train ? i : TRAIN + i - train;

		ck_assert_int_eq(data->label[i], label(source));
		for (uint32_t c = 0; c < CELLS; c++)
			ck_assert_uint_eq(data->bytes[i * CELLS + c], pixel(source, c));
	}
}

/* Whole folders ----------------------------------------------------------------------------- */

static const struct {
	const char *before, *test, *behind;
} spellings[] = {
	{"", "t10k", ""},
	{"", "test", ".gz"},
	{"emnist-letters-", "test", ".gz"},
	{"x.", "t10k", ""},
};

START_TEST(every_spelling_is_read)
{
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet(spellings[_i].before, spellings[_i].test, spellings[_i].behind);
	fed_assert_ok(load_with(&data, "transpose", "no", &err), &err);
	assert_contents(data, TRAIN, TEST);
	fed_dataset_free(data);
}
END_TEST

START_TEST(dots_stand_for_dashes)
{
	struct fed_dataset *data;
	struct fed_error err;
	struct file f = images("train-images.idx3-ubyte", 0, TRAIN);

	write_file(&f);
	f = labels("train-labels.idx1-ubyte", 0, TRAIN);
	write_file(&f);
	f = images("t10k-images.idx3-ubyte", TRAIN, TEST);
	write_file(&f);
	f = labels("t10k-labels.idx1-ubyte", TRAIN, TEST);
	write_file(&f);
	fed_assert_ok(load_with(&data, NULL, NULL, &err), &err);
	assert_contents(data, TRAIN, TEST);
	fed_dataset_free(data);
}
END_TEST

START_TEST(limits_take_the_first)
{
	const struct fed_assign assign[] = {{"train", "9"}, {"test", "1000"}};
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet("", "t10k", ".gz");
	fed_assert_ok(fed_dataset_load(&data, temp.dir, assign, 2, &(struct fed_generation){1}, &err),
	              &err);
	assert_contents(data, 9, TEST);
	fed_dataset_free(data);
}
END_TEST

/* Each of several sets can be chosen, as the error says. */
START_TEST(several_sets_need_a_prefix)
{
	static const char *const sets[] = {"", "kmnist-", "kmnist-2-", "x."};
	static const char *const choices[] = {"none", "kmnist", "kmnist-2", "x"};
	struct fed_dataset *data;
	struct fed_error err;

	for (int i = 0; i < 4; i++) {
		char name[64];

		write_quartet(sets[i], "test", ".gz");
		snprintf(name, sizeof name, "%strain-labels-idx1-ubyte.gz", sets[i]);
		struct file f = labels(name, 0, TRAIN);
		f.bytes[8] = (unsigned char)i;
		write_file(&f);
	}
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_REJECT);
	for (int i = 0; i < 4; i++) {
		char advice[64];

		snprintf(advice, sizeof advice, "prefix=%s", choices[i]);
		ck_assert_msg(strstr(err.text, advice), "%s: %s", advice, err.text);
	}
	for (int i = 0; i < 4; i++) {
		fed_assert_ok(load_with(&data, "prefix", choices[i], &err), &err);
		ck_assert_int_eq(data->label[0], i);
		fed_dataset_free(data);
	}
	ck_assert_int_eq(load_with(&data, "prefix", "k", &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "prefix=kmnist-2"));
	ck_assert_int_eq(load_with(&data, "prefix", "y", &err), FED_REJECT);
	/* one of two is whole: it is taken, and told */
	unlink(fed_temp_file(&temp, "train-images-idx3-ubyte.gz"));
	unlink(fed_temp_file(&temp, "x.test-labels-idx1-ubyte.gz"));
	unlink(fed_temp_file(&temp, "kmnist-2-test-labels-idx1-ubyte.gz"));
	fed_assert_ok(load_with(&data, NULL, NULL, &err), &err);
	ck_assert_str_eq(found_of(data, "data set"), "kmnist, the only one of 4 with four files");
	fed_dataset_free(data);
}
END_TEST

/* A widespread archive of MNIST holds each file beside a folder of its name, or in one. */
START_TEST(folders_of_the_files_names)
{
	static const char *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
	                                    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet("", "t10k", "");
	for (int i = 0; i < 4; i++) {
		char from[300], to[320];

		snprintf(from, sizeof from, "%s", fed_temp_file(&temp, names[i]));
		snprintf(to, sizeof to, "%s.tmp", from);
		ck_assert_int_eq(rename(from, to), 0);
		ck_assert_int_eq(mkdir(from, 0700), 0);
		strcat(from, "/");
		strcat(from, names[i]);
		ck_assert_int_eq(rename(to, from), 0);
	}
	fed_temp_write(&temp, "._train-images-idx3-ubyte", "macOS", 5);
	fed_assert_ok(load_with(&data, NULL, NULL, &err), &err);
	assert_contents(data, TRAIN, TEST);
	fed_dataset_free(data);
	/* files with dots beside the folders come first */
	struct file f = labels("train-labels.idx1-ubyte", 0, TRAIN);
	f.bytes[8] = 7;
	write_file(&f);
	fed_assert_ok(load_with(&data, NULL, NULL, &err), &err);
	ck_assert_int_eq(data->label[0], 7);
	fed_dataset_free(data);
}
END_TEST

START_TEST(a_folder_below_is_named)
{
	struct fed_dataset *data;
	struct fed_error err;
	char raw[300];
	const struct fed_temp top = temp;

	strcat(temp.dir, "/MNIST");
	ck_assert_int_eq(mkdir(temp.dir, 0700), 0);
	strcat(temp.dir, "/raw");
	ck_assert_int_eq(mkdir(temp.dir, 0700), 0);
	snprintf(raw, sizeof raw, "%s", temp.dir);
	write_quartet("", "t10k", "");
	temp = top;
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, raw), "%s", err.text);
	fed_assert_ok(fed_dataset_load(&data, raw, NULL, 0, &(struct fed_generation){1}, &err), &err);
	assert_contents(data, TRAIN, TEST);
	fed_dataset_free(data);
}
END_TEST

START_TEST(emnist_is_turned)
{
	static const struct {
		const char *before, *transpose;
		bool turned;
	} ways[] = {{"EMNIST-letters-", "auto", true},
	            {"emnist-digits-", "no", false},
	            {"kmnist-", "auto", false},
	            {"kmnist-", "yes", true}};
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet(ways[_i].before, "test", "");
	fed_assert_ok(load_with(&data, "transpose", ways[_i].transpose, &err), &err);
	if (ways[_i].turned) {
		const struct fed_note *note = note_on(data, "orientation");

		ck_assert_ptr_nonnull(note);
		ck_assert_int_eq(note->level, _i == 0 ? FED_NOTE_TOLD : FED_NOTE_LISTED);
		ck_assert_uint_eq(data->shape.dim[0], COLUMNS);
		ck_assert_uint_eq(data->shape.dim[1], ROWS);
		for (uint32_t i = 0; i < TRAIN + TEST; i++)
			for (uint32_t c = 0; c < CELLS; c++)
				ck_assert_uint_eq(data->bytes[i * CELLS + c % COLUMNS * ROWS + c / COLUMNS],
				                  pixel(i, c));
	} else {
		ck_assert_ptr_null(note_on(data, "orientation"));
		assert_contents(data, TRAIN, TEST);
	}
	fed_dataset_free(data);
}
END_TEST

START_TEST(plain_and_compressed_side_by_side)
{
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet("", "t10k", ".gz");
	write_quartet("", "t10k", "");
	fed_assert_ok(load_with(&data, NULL, NULL, &err), &err);
	assert_contents(data, TRAIN, TEST);
	fed_dataset_free(data);
}
END_TEST

/* EMNIST's letters are 1 to 26: class 0 is empty, and all are below the largest plus one. */
START_TEST(labels_may_begin_at_one)
{
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet("", "t10k", "");
	struct file f = labels("train-labels-idx1-ubyte", 0, TRAIN);
	for (uint32_t i = 0; i < TRAIN; i++)
		f.bytes[8 + i]++;
	write_file(&f);
	fed_assert_ok(load_with(&data, NULL, NULL, &err), &err);
	ck_assert_uint_eq(data->classes, 11);
	ck_assert_str_eq(found_of(data, "classes"),
	                 "11 by the largest label; the smallest is 1, no training example is below");
	fed_dataset_free(data);
}
END_TEST

/* Without a gap below it, a label is odd when it has hardly any of many examples. */
START_TEST(a_rare_label_is_told)
{
	enum { MANY = 5000 };
	static const unsigned char odd[] = {10, 0};

	for (int k = 0; k < 2; k++) {
		struct fed_dataset *data;
		struct fed_error err;
		unsigned char label[8 + MANY] = {0, 0, 8, 1, 0, 0, MANY >> 8, MANY & 255};
		static unsigned char image[16 + MANY * CELLS] = {0, 0, 8, 3, 0, 0, MANY >> 8, MANY & 255};

		image[11] = ROWS;
		image[15] = COLUMNS;
		for (uint32_t i = 0; i < MANY; i++)
			label[8 + i] = (unsigned char)(i % 10);
		label[8 + 20] = odd[k];
		write_quartet("", "t10k", "");
		fed_temp_write(&temp, "train-labels-idx1-ubyte", label, sizeof label);
		fed_temp_write(&temp, "train-images-idx3-ubyte", image, sizeof image);
		fed_assert_ok(load_with(&data, "train", "10", &err), &err);
		ck_assert_uint_eq(data->classes, 10 + (k == 0));
		if (k == 0)
			ck_assert_str_eq(found_of(data, "classes"),
			                 "11 by the largest label; label 10 has 1 of 5,000, the first is "
			                 "example 20: is it wrong?");
		else
			ck_assert_uint_eq(data->notes.n, 0);
		fed_dataset_free(data);
	}
}
END_TEST

/* Damage -------------------------------------------------------------------------------------- */

struct damage {
	const char *file;
	bool gz;
	uint32_t at, value; /* a big-endian word to overwrite; at 0: the magic number stays */
	size_t cut;         /* keep so many bytes; 0: all */
	size_t extra;       /* bytes behind */
	const char *says;
};

static const struct damage damages[] = {
	{"train-images", false, 4, TRAIN + 2, 0, 0, "needs 32 images, file ends after 30"},
	{"train-images", false, 4, 0xffffffff, 0, 0, "needs 4294967295 images, file ends after 30"},
	{"train-images", true, 4, 0xffffffff, 0, 0, "needs 4294967295 images, file ends after at most"},
	{"train-images", false, 8, 0xffffffff, 0, 0,
     "4294967295 x 5; each must be at least 1, the sides "
     "at most 65535"},
	{"train-images", false, 12, 70000, 0, 0,
     "4 x 70000; each must be at least 1, the sides at most"},
	{"train-images", false, 12, 0, 0, 0, "4 x 0"},
	{"train-images", false, 4, 0, 0, 0, "claims 0 images"},
	{"train-images", true, 4, TRAIN + 2, 0, 0, "32 images"},
	{"train-images", false, 0, 0x801, 0, 0, "begins with 0x00000801"},
	{"train-images", false, 0, 0, 0, 0, "begins with 0x00000000"},
	{"train-images", false, 4, TRAIN, 16 + 7 * CELLS + 3, 0, "needs 30 images, file ends after 7"},
	{"train-images", false, 4, TRAIN, 7, 0, "ends after 7 bytes"},
	{"train-images", false, 4, TRAIN, 0, 1, "goes on after the 616 bytes"},
	{"train-images", true, 4, TRAIN, 0, 5, "goes on after the 616 bytes"},
	{"train-images", true, 4, TRAIN - 1, 0, 0, "has 29 images"},
	{"train-labels", false, 4, TRAIN + 1, 0, 0, "needs 31 labels, file ends after 30"},
	{"train-labels", true, 4, 29, 37, 0, "has 30 images"},
	{"train-labels", true, 4, 29, 37, 0, "has 29 labels"},
	{"t10k-labels", false, 8, 0x000b0000, 0, 0,
     "label 11 of example 1; the training labels end at 9"},
	{"t10k-images", false, 8, ROWS - 1, 0, 0, "goes on|holds images of 4 x 5"},
};

static void write_damaged(const struct damage *d)
{
	char name[64];
	const bool is_labels = strstr(d->file, "labels") != NULL,
			   test = strstr(d->file, "t10k") != NULL;
	const uint32_t first = test ? TRAIN : 0, n = test ? TEST : TRAIN;

	write_quartet("", "t10k", d->gz ? ".gz" : "");
	snprintf(name, sizeof name, "%s-idx%d-ubyte%s", d->file, is_labels ? 1 : 3, d->gz ? ".gz" : "");
	struct file f = is_labels ? labels(name, first, n) : images(name, first, n);

	put_u32(f.bytes + d->at, d->value);
	f.n += d->extra;
	if (d->cut)
		f.n = d->cut;
	write_file(&f);
}

START_TEST(damage_is_refused_with_words)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	char wanted[128];

	write_damaged(&damages[_i]);
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
	snprintf(wanted, sizeof wanted, "%s", damages[_i].says);
	char *other = strchr(wanted, '|');
	if (other)
		*other++ = '\0';
	ck_assert_msg(strstr(err.text, wanted) || (other && strstr(err.text, other)), "%s", err.text);
	ck_assert_ptr_null(data);
}
END_TEST

/* Of a compressed file any prefix, and any one byte changed. */
START_TEST(compressed_damage_is_always_found)
{
	char *path, name[] = "train-images-idx3-ubyte.gz";
	unsigned char bytes[4096];
	struct fed_dataset *data;
	struct fed_error err;

	write_quartet("", "t10k", ".gz");
	path = strdup(fed_temp_file(&temp, name));
	FILE *f = fopen(path, "rb");
	const size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	for (size_t len = 0; len < n; len += 3) {
		fed_temp_write(&temp, name, bytes, len);
		ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
		ck_assert_ptr_nonnull(strstr(err.text, name));
	}
	/* 10 bytes of header, among them a time, which is not checked */
	for (size_t at = 10; at < n; at += 3) {
		bytes[at] ^= 0x55;
		fed_temp_write(&temp, name, bytes, n);
		ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
		bytes[at] ^= 0x55;
	}
	free(path);
}
END_TEST

START_TEST(truncated_compressed_says_how_far_it_went)
{
	struct fed_dataset *data;
	struct fed_error err;
	struct file f = images("train-images-idx3-ubyte.gz", 0, TRAIN);

	write_quartet("", "t10k", ".gz");
	/* stored blocks, so that a cut of the file is a cut of the contents */
	gzFile gz = gzopen(fed_temp_file(&temp, f.name), "wb0");
	gzwrite(gz, f.bytes, (unsigned)f.n);
	gzclose(gz);
	ck_assert_int_eq(truncate(fed_temp_file(&temp, f.name), 10 + 5 + 16 + 7 * CELLS + 2), 0);
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "needs 30 images, file ends after 7"), "%s", err.text);
}
END_TEST

START_TEST(a_file_is_missing_or_no_file)
{
	struct fed_dataset *data;
	struct fed_error err;
	const char *name = "t10k-labels-idx1-ubyte";

	write_quartet("", "t10k", "");
	unlink(fed_temp_file(&temp, name));
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, name));
	ck_assert_int_eq(mkfifo(fed_temp_file(&temp, name), 0600), 0);
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is a pipe"));
	unlink(fed_temp_file(&temp, name));
	ck_assert_int_eq(mkdir(fed_temp_file(&temp, name), 0700), 0);
	ck_assert_int_eq(load_with(&data, NULL, NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is a directory"));
}
END_TEST

static int try_load(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data;

	(void)ctx;
	if (load_with(&data, "train", "20", err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	write_quartet("", "t10k", ".gz");
	ck_assert_uint_gt(fed_each_allocation(try_load, NULL), 10);
}
END_TEST

/* fashion ----------------------------------------------------------------------------------------
 */

START_TEST(fashion_follows_the_environment)
{
	struct fed_dataset *data;
	struct fed_error err;

	setenv("FEDSH_DATASETS", temp.dir, 1);
	ck_assert_int_eq(fed_dataset_load(&data, "fashion", NULL, 0, &(struct fed_generation){1}, &err),
	                 FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "apt install dataset-fashion-mnist"));
	ck_assert_ptr_nonnull(strstr(err.text, "glyphs"));

	const struct fed_temp parent = temp;
	strcat(temp.dir, "/fashion-mnist");
	ck_assert_int_eq(mkdir(temp.dir, 0700), 0);
	write_quartet("", "t10k", ".gz");
	temp = parent;
	fed_assert_ok(fed_dataset_load(&data, "fashion", NULL, 0, &(struct fed_generation){1}, &err),
	              &err);
	assert_contents(data, TRAIN, TEST);
	ck_assert_str_eq(data->class_name[9], "Ankle boot");
	ck_assert_str_eq(data->name, "fashion");
	fed_dataset_free(data);
}
END_TEST

START_TEST(the_installed_fashion_is_what_was_published)
{
	struct fed_dataset *data;
	struct fed_error err;
	uint32_t counts[2][10] = {{0}};

	unsetenv("FEDSH_DATASETS");
	if (access("/usr/share/datasets/fashion-mnist", R_OK))
		return;
	fed_assert_ok(fed_dataset_load(&data, "fashion", NULL, 0, &(struct fed_generation){1}, &err),
	              &err);
	for (uint32_t i = 0; i < data->train + data->test; i++)
		counts[i >= data->train][data->label[i]]++;
	for (int c = 0; c < 10; c++) {
		ck_assert_uint_eq(counts[0][c], 6000);
		ck_assert_uint_eq(counts[1][c], 1000);
	}
	fed_dataset_free(data);
}
END_TEST

FED_SUITE(idx)
{
	Suite *suite = suite_create("idx");
	TCase *tests = tcase_create("idx");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, every_spelling_is_read, 0, sizeof spellings / sizeof *spellings);
	tcase_add_test(tests, dots_stand_for_dashes);
	tcase_add_test(tests, limits_take_the_first);
	tcase_add_test(tests, several_sets_need_a_prefix);
	tcase_add_test(tests, folders_of_the_files_names);
	tcase_add_test(tests, a_folder_below_is_named);
	tcase_add_loop_test(tests, emnist_is_turned, 0, 4);
	tcase_add_test(tests, plain_and_compressed_side_by_side);
	tcase_add_test(tests, labels_may_begin_at_one);
	tcase_add_test(tests, a_rare_label_is_told);
	tcase_add_loop_test(tests, damage_is_refused_with_words, 0, sizeof damages / sizeof *damages);
	tcase_add_test(tests, compressed_damage_is_always_found);
	tcase_add_test(tests, truncated_compressed_says_how_far_it_went);
	tcase_add_test(tests, a_file_is_missing_or_no_file);
	tcase_add_test(tests, every_allocation_may_fail);
	tcase_add_test(tests, fashion_follows_the_environment);
	tcase_add_test(tests, the_installed_fashion_is_what_was_published);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Folders of pictures: what the folders stand for, sizes, and damage.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/load.h"
#include "support/pictures.h"
#include "support/suite.h"

enum { MOST = 1 << 16 };

static struct fed_temp temp;
static cpu_set_t processors;

/* One processor, so that allocations come in one order. */
static void take_one_processor(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &processors))
			CPU_SET(i, &one);
	sched_setaffinity(0, sizeof one, &one);
}

static void set_up(void)
{
	fed_temp_make(&temp);
	sched_getaffinity(0, sizeof processors, &processors);
}

static void tear_down(void)
{
	sched_setaffinity(0, sizeof processors, &processors);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* A PNG of height x width in one grey or colour, plus its place. */
static size_t flat_png(uint8_t *to, uint32_t height, uint32_t width, uint8_t channels,
                       uint8_t value)
{
	static uint8_t rows[64 * 64 * 3];
	const struct picture_png p = {
		.height = height, .width = width, .depth = 8, .type = channels == 1 ? 0 : 2, .rows = rows};

	for (size_t i = 0; i < (size_t)height * width * channels; i++)
		rows[i] = (uint8_t)(value + i % 3);
	return picture_png(to, &p);
}

static void put_png(const char *name, uint32_t height, uint32_t width, uint8_t channels,
                    uint8_t value)
{
	static uint8_t file[MOST];

	fed_temp_write(&temp, name, file, flat_png(file, height, width, channels, value));
}

static struct fed_dataset *load(const char *args)
{
	struct fed_dataset *data;
	struct fed_error err;

	fed_assert_ok(load_by_words(&data, temp.dir, args, &err), &err);
	return data;
}

static void assert_refused(const char *args, int rc, const char *says)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;

	ck_assert_int_eq(load_by_words(&data, temp.dir, args, &err), rc);
	ck_assert_msg(strstr(err.text, says), "%s", err.text);
}

/* Of examples [from, until) those whose first byte is `value`; its label, or -1. */
static int label_of(const struct fed_dataset *data, uint32_t from, uint32_t until, uint8_t value)
{
	const size_t size = fed_shape_size(&data->shape);

	for (uint32_t i = from; i < until; i++)
		if (data->bytes[i * size] == value)
			return data->label[i];
	return -1;
}

/* Folders ----------------------------------------------------------------------------------- */

static const char *const folders[] = {"10", "9", "100"};

START_TEST(a_folder_is_a_class)
{
	char name[64];

	for (int c = 0; c < 3; c++)
		for (int i = 0; i < 5; i++) {
			snprintf(name, sizeof name, "%s/%d.%s", folders[c], i, i % 2 ? "png" : "PNG");
			put_png(name, 4, 6, 3, (uint8_t)(10 * i + 80 * c));
		}
	fed_temp_write(&temp, "9/.hidden.png", "no", 2);
	fed_temp_write(&temp, "9/._1.png", "no", 2);
	fed_temp_write(&temp, ".cache/1.png", "no", 2);
	fed_temp_write(&temp, "9/notes.txt", "no", 2);
	struct fed_dataset *data = load("test=0.4");
	ck_assert_uint_eq(data->train, 9);
	ck_assert_uint_eq(data->test, 6);
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_uint_eq(data->shape.dim[0], 4);
	ck_assert_uint_eq(data->shape.dim[1], 6);
	ck_assert_uint_eq(data->shape.dim[2], 3);
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_str_eq(data->class_name[0], "9"); /* numbers by their value */
	ck_assert_str_eq(data->class_name[2], "100");
	ck_assert_ptr_null(data->owner);
	for (int c = 0; c < 3; c++)
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(label_of(data, 0, 15, (uint8_t)(10 * i + 80 * c)), c == 0   ? 1
			                                                                    : c == 1 ? 0
			                                                                             : 2);
	ck_assert_str_eq(found_of(data, "other files"),
	                 "1 that is no PNG or JPEG by the name, the first notes.txt");
	ck_assert_str_eq(found_of(data, "read as"), "15 PNG, 0 JPEG");
	ck_assert_ptr_null(note_on(data, "folders")->overrule); /* nothing else would work */
	/* the same again, with any number of threads */
	take_one_processor();
	struct fed_dataset *again = load("test=0.4");
	ck_assert_uint_eq(again->fingerprint, data->fingerprint);
	fed_dataset_free(again);
	fed_dataset_free(data);
}
END_TEST

START_TEST(a_folder_is_a_client)
{
	static const char *const names[] = {"ann/cat/1.png", "ann/dog/1.png", "bob/cat/1.png",
	                                    "bob/cat/2.png", "bob/owl/1.png", "cy/dog/1.png"};
	static const uint32_t owner[] = {0, 0, 1, 1, 1, 2};
	static const int32_t label[] = {0, 1, 0, 0, 2, 1};

	for (int i = 0; i < 6; i++)
		put_png(names[i], 3, 3, 1, (uint8_t)(20 * i));
	struct fed_dataset *data = load("test=0.001");
	ck_assert_uint_eq(data->owners, 3);
	ck_assert_str_eq(data->owner_name[1], "bob");
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_uint_eq(data->train, 5);
	for (uint32_t i = 0; i < data->train; i++) {
		const int k = data->bytes[i * 9] / 20;

		ck_assert_uint_eq(data->owner[i], owner[k]);
		ck_assert_int_eq(data->label[i], label[k]);
	}
	const struct fed_note *note = note_on(data, "folders");
	ck_assert_str_eq(note->found, "CLIENT/CLASS/picture");
	ck_assert_int_eq(note->level, FED_NOTE_TOLD);
	ck_assert_str_eq(note->overrule, "layout=classes");
	fed_dataset_free(data);
	data = load("layout=classes");
	ck_assert_uint_eq(data->owners, 0);
	ck_assert_str_eq(data->class_name[2], "cy");
	fed_dataset_free(data);
}
END_TEST

/* What is in the test part comes from its folder. */
START_TEST(folders_of_parts)
{
	static const char *const test[] = {"test", "val", "Testing"};
	char name[64];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "wrap/train/%s/%d.png", i % 2 ? "b" : "a", i);
		put_png(name, 2, 2, 1, (uint8_t)(10 * i));
		snprintf(name, sizeof name, "wrap/%s/%s/%d.png", test[_i], i % 2 ? "b" : "a", i);
		put_png(name, 2, 2, 1, (uint8_t)(100 + 10 * i));
	}
	put_png("wrap/unlabelled/a/1.png", 2, 2, 1, 1);
	put_png("wrap/train/loose.png", 2, 2, 1, 1);
	struct fed_dataset *data = load("");
	ck_assert_uint_eq(data->train, 4);
	ck_assert_uint_eq(data->test, 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(label_of(data, 0, 4, (uint8_t)(10 * i)), i % 2);
		ck_assert_int_eq(label_of(data, 4, 8, (uint8_t)(100 + 10 * i)), i % 2);
	}
	ck_assert_str_eq(found_of(data, "files"), "those in wrap");
	ck_assert_str_eq(found_of(data, "left out"), "2 pictures in no folder of a class or a part, "
	                                             "the first wrap/train/loose.png");
	fed_dataset_free(data);
}
END_TEST

START_TEST(classes_and_their_pictures_may_lie_deeper)
{
	put_png("train/n1/images/1.png", 2, 2, 1, 1);
	put_png("train/n2/images/1.png", 2, 2, 1, 2);
	put_png("test/n1/images/1.png", 2, 2, 1, 3);
	put_png("test/n3/images/1.png", 2, 2, 1, 3);
	struct fed_dataset *data = load("");
	ck_assert_uint_eq(data->classes, 3);
	ck_assert_uint_eq(data->owners, 0);
	ck_assert_str_eq(note_on(data, "folders")->overrule, "layout=clients");
	ck_assert_str_eq(found_of(data, "empty classes"),
	                 "1 of 3 without a picture for training, the first n3");
	fed_dataset_free(data);
}
END_TEST

START_TEST(what_cannot_be_a_dataset)
{
	assert_refused("", FED_FAIL, "has no file");
	put_png("1.png", 2, 2, 1, 1);
	assert_refused("", FED_FAIL, "give each class a folder");
	struct fed_error err;
	struct fed_dataset *one = NULL;
	ck_assert_int_eq(load_by_words(&one, fed_temp_file(&temp, "1.png"), "", &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "is one picture; name the folder"), "%s", err.text);
	put_png("a/1.png", 2, 2, 1, 1);
	put_png("a/2.png", 2, 2, 1, 1);
	struct fed_dataset *single = load("");
	ck_assert_int_eq(note_on(single, "classes")->level, FED_NOTE_WARNING);
	fed_dataset_free(single);
	unlink(fed_temp_file(&temp, "a/2.png"));
	put_png("b/1.png", 2, 2, 1, 1);
	assert_refused("layout=clients", FED_FAIL, "layout=classes");
	fed_dataset_free(load("layout=classes"));
	assert_refused("size=0x3", FED_REJECT, "say size=32x32");
	assert_refused("size=wide", FED_REJECT, "say size=32x32");
	assert_refused("size=5000", FED_REJECT, "from 1 to 4096");
	/* a link to a folder above is left alone */
	ck_assert_int_eq(symlink(temp.dir, fed_temp_file(&temp, "a/loop")), 0);
	struct fed_dataset *data = load("");
	ck_assert_uint_eq(data->train + data->test, 2);
	fed_dataset_free(data);
}
END_TEST

/* Sizes and colours ------------------------------------------------------------------------ */

START_TEST(all_become_as_large_as_the_first)
{
	put_png("a/1.png", 4, 4, 3, 50);
	put_png("a/2.png", 9, 9, 3, 90);
	put_png("b/1.png", 2, 6, 1, 130);
	struct fed_dataset *data = load("");
	ck_assert_uint_eq(data->shape.dim[0], 4);
	ck_assert_uint_eq(data->shape.dim[1], 4);
	ck_assert_str_eq(found_of(data, "size"),
	                 "4x4, the first picture's; 2 of another size scaled to it");
	ck_assert_str_eq(found_of(data, "aspect ratio"), "of 1 picture another: the middle is taken");
	ck_assert_str_eq(found_of(data, "colour"),
	                 "red, green, blue; 1 grey picture with the same value in each");
	fed_dataset_free(data);
	data = load("size=3x5 colour=grey fit=stretch");
	ck_assert_uint_eq(data->shape.dim[0], 3);
	ck_assert_uint_eq(data->shape.dim[1], 5);
	ck_assert_uint_eq(data->shape.dim[2], 1);
	ck_assert_str_eq(found_of(data, "colour"), "grey; 2 pictures in colour by their brightness");
	fed_dataset_free(data);
}
END_TEST

/* Damage ------------------------------------------------------------------------------------ */

static const struct {
	const char *says;
	size_t cut; /* bytes that are kept; 0: all */
	size_t at;  /* of a byte that is changed; 0: none */
	const char *bytes;
} damages[] = {
	{"b/2.png is a damaged PNG (it ends too early)", 60, 0, NULL},
	{"b/2.png is a damaged PNG", 0, 45, NULL},
	{"b/2.png is a damaged PNG", 0, 20, NULL},
	{"b/2.png is neither PNG nor JPEG, but a GIF", 0, 0, "GIF89a........"},
	{"b/2.png is neither PNG nor JPEG, but a WebP", 0, 0, "RIFF....WEBP"},
	{"b/2.png is neither PNG nor JPEG, but another kind of file", 0, 0, "\x89PNX"},
	{"b/2.png is a damaged JPEG", 0, 0, "\xff\xd8\xff\xe0...."},
};

/* Damaged pictures are named; left out, they leave what there would be without them. */
START_TEST(damaged_pictures_are_refused_or_left_out)
{
	static uint8_t file[MOST];
	size_t n = flat_png(file, 8, 8, 3, 7);

	for (int i = 0; i < 4; i++) {
		char name[64];

		snprintf(name, sizeof name, "train/%s/%d.png", i % 2 ? "b" : "a", i);
		put_png(name, 8, 8, 3, (uint8_t)(30 * i));
		snprintf(name, sizeof name, "test/%s/%d.png", i % 2 ? "b" : "a", i);
		put_png(name, 8, 8, 3, (uint8_t)(30 * i));
	}
	struct fed_dataset *whole = load("");
	if (damages[_i].bytes) {
		n = strlen(damages[_i].bytes);
		memcpy(file, damages[_i].bytes, n);
	}
	if (damages[_i].at)
		file[damages[_i].at] ^= 0x41;
	fed_temp_write(&temp, "train/b/2.png", file, damages[_i].cut ? damages[_i].cut : n);
	assert_refused("", FED_FAIL, damages[_i].says);
	assert_refused("", FED_FAIL, "; damaged=skip leaves such pictures out");
	struct fed_dataset *data = load("damaged=skip");
	ck_assert_uint_eq(data->fingerprint, whole->fingerprint);
	ck_assert_int_eq(note_on(data, "damaged")->level, FED_NOTE_WARNING);
	ck_assert_ptr_nonnull(strstr(note_on(data, "damaged")->found, "1 picture left out"));
	fed_dataset_free(data);
	fed_temp_write(&temp, "test/a/9.png", "GIF8", 4);
	/* what headers show comes before what pixels show */
	assert_refused("", FED_FAIL, _i < 2 ? "test/a/9.png is neither" : "and so is 1 other");
	fed_dataset_free(whole);
}
END_TEST

START_TEST(a_header_may_claim_anything)
{
	static uint8_t file[MOST];
	uint8_t row[4] = {0};
	struct picture_png p = {.height = 1, .width = 1, .depth = 8, .rows = row};
	const size_t n = picture_png(file, &p);

	/* the size of a bomb, its checksum right: by the encoder, of no rows */
	memcpy(file + 16, "\0\0\xff\xff\0\0\xff\xff", 8);
	for (int i = 0; i < 2; i++) {
		uint32_t crc = 0xffffffff;

		for (int k = 12; k < 29; k++) {
			crc ^= file[k];
			for (int b = 0; b < 8; b++)
				crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
		}
		for (int k = 0; k < 4; k++)
			file[29 + k] = (uint8_t)(~crc >> (24 - 8 * k));
	}
	fed_temp_write(&temp, "a/1.png", file, n);
	put_png("a/2.png", 2, 2, 1, 1);
	assert_refused("", FED_FAIL, "claims 65535 x 65535 pixels; at most 67108864 are read");
}
END_TEST

static int try_load(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data;

	if (load_by_words(&data, temp.dir, ctx, err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	static uint8_t file[MOST];

	put_png("x/a/1.png", 4, 4, 3, 1);
	put_png("x/b/2.png", 5, 4, 1, 1);
	put_png("y/b/2.png", 5, 4, 1, 1);
	fed_temp_write(&temp, "y/b/3.png", file, flat_png(file, 4, 4, 3, 5) - 30);
	take_one_processor();
	ck_assert_uint_gt(fed_each_allocation(try_load, "damaged=skip"), 50);
}
END_TEST

FED_SUITE(pictures)
{
	Suite *suite = suite_create("pictures");
	TCase *tests = tcase_create("pictures");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_folder_is_a_class);
	tcase_add_test(tests, a_folder_is_a_client);
	tcase_add_loop_test(tests, folders_of_parts, 0, 3);
	tcase_add_test(tests, classes_and_their_pictures_may_lie_deeper);
	tcase_add_test(tests, what_cannot_be_a_dataset);
	tcase_add_test(tests, all_become_as_large_as_the_first);
	tcase_add_loop_test(tests, damaged_pictures_are_refused_or_left_out, 0,
	                    sizeof damages / sizeof *damages);
	tcase_add_test(tests, a_header_may_claim_anything);
	tcase_add_test(tests, every_allocation_may_fail);
	if (FED_READS_PICTURES)
		suite_add_tcase(suite, tests);
	return suite;
}

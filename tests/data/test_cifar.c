/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CIFAR-10 and CIFAR-100 as folders and as archives, whole and damaged.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "data/load.h"
#include "support/suite.h"
#include "support/tar.h"

enum { PIXELS = 1024, PICTURE = 3072, TRAIN = 3, TEST = 2 };

#define NAMES_10 "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"

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

/* The byte of channel c at pixel p of picture i of file number f. */
static uint8_t pixel(int f, int i, int c, int p)
{
	return (uint8_t)(f * 53 + i * 29 + c * 101 + p * 7 + p / 32);
}

/* A file of n pictures; set 10: one byte of label, 100: two. */
static size_t batch(uint8_t *to, int set, int f, int n)
{
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		if (set == 100)
			to[at++] = (uint8_t)((f + i) % 20);
		to[at++] = (uint8_t)(set == 100 ? 90 + f + i : (2 * f + i) % 10);
		for (int c = 0; c < 3; c++)
			for (int p = 0; p < PIXELS; p++)
				to[at++] = pixel(f, i, c, p);
	}
	return at;
}

struct member {
	char name[64];
	uint8_t bytes[4 * (PICTURE + 2)];
	size_t n;
};
enum { MEMBERS = 4 };

static void named(struct member *m, const char *name, const char *text)
{
	snprintf(m->name, sizeof m->name, "%s", name);
	m->n = strlen(text);
	memcpy(m->bytes, text, m->n);
}

/* Two batches, a test batch and names. */
static void make_10(struct member m[MEMBERS])
{
	named(&m[0], "batches.meta.txt", NAMES_10);
	named(&m[1], "data_batch_2.bin", "");
	m[1].n = batch(m[1].bytes, 10, 2, TRAIN);
	named(&m[2], "data_batch_1.bin", "");
	m[2].n = batch(m[2].bytes, 10, 1, TRAIN);
	named(&m[3], "test_batch.bin", "");
	m[3].n = batch(m[3].bytes, 10, 6, TEST);
}

static void make_100(struct member m[MEMBERS])
{
	char names[2000];
	size_t n = 0;

	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(names + n, sizeof names - n, "class_%d\n", i);
	named(&m[0], "fine_label_names.txt", names);
	named(&m[1], "train.bin", "");
	m[1].n = batch(m[1].bytes, 100, 1, TRAIN);
	named(&m[2], "test.bin", "");
	m[2].n = batch(m[2].bytes, 100, 6, TEST);
	named(&m[3], "readme.html", "<p>");
}

static void write_folder(const struct member *m, int n)
{
	for (int i = 0; i < n; i++)
		fed_temp_write(&temp, m[i].name, m[i].bytes, m[i].n);
}

/* All of them in the folder set/, with what macOS and tar add; returns the bytes. */
static size_t make_archive(uint8_t *to, const struct member *m, int n)
{
	size_t at = tar_member(to, "set/", '5', NULL, 0);

	at += tar_member(to + at, "pax", 'x', "30 mtime=1\n", 11);
	at += tar_member(to + at, "set/._data_batch_1.bin", '0', "macOS", 5);
	for (int i = 0; i < n; i++) {
		char name[100];

		snprintf(name, sizeof name, "set/%s", m[i].name);
		at += tar_member(to + at, name, '0', m[i].bytes, m[i].n);
	}
	return at + tar_end(to + at);
}

static void write_archive(const char *name, const uint8_t *bytes, size_t n)
{
	if (!strstr(name, "gz")) {
		fed_temp_write(&temp, name, bytes, n);
		return;
	}
	gzFile gz = gzopen(fed_temp_file(&temp, name), "wb1");

	ck_assert_int_eq(gzwrite(gz, bytes, (unsigned)n), (int)n);
	ck_assert_int_eq(gzclose(gz), Z_OK);
}

static struct fed_dataset *load(const char *path, const char *args)
{
	struct fed_dataset *data;
	struct fed_error err;

	fed_assert_ok(load_by_words(&data, path, args, &err), &err);
	return data;
}

static void assert_picture(const struct fed_dataset *data, uint32_t at, int f, int i)
{
	for (int p = 0; p < PIXELS; p++)
		for (int c = 0; c < 3; c++)
			ck_assert_uint_eq(data->bytes[(size_t)at * PICTURE + (size_t)p * 3 + (size_t)c],
			                  pixel(f, i, c, p));
}

START_TEST(planes_become_pixels)
{
	struct member m[MEMBERS];

	make_10(m);
	write_folder(m, MEMBERS);
	struct fed_dataset *data = load(temp.dir, "");
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_uint_eq(data->shape.dim[0], 32);
	ck_assert_uint_eq(data->shape.dim[1], 32);
	ck_assert_uint_eq(data->shape.dim[2], 3);
	ck_assert_uint_eq(data->train, 2 * TRAIN);
	ck_assert_uint_eq(data->test, TEST);
	ck_assert_uint_eq(data->classes, 10);
	ck_assert_str_eq(data->class_name[9], "truck");
	for (uint32_t i = 0; i < 2 * TRAIN; i++) { /* batch 1 comes before batch 2 */
		assert_picture(data, i, 1 + (int)i / TRAIN, (int)i % TRAIN);
		ck_assert_int_eq(data->label[i], (2 * (1 + (int)i / TRAIN) + (int)i % TRAIN) % 10);
	}
	assert_picture(data, 2 * TRAIN + 1, 6, 1);
	ck_assert_str_eq(found_of(data, "batches"), "2 of the 5 for training are there");
	fed_dataset_free(data);
	data = load(temp.dir, "train=4 test=1");
	ck_assert_uint_eq(data->train, 4);
	ck_assert_uint_eq(data->test, 1);
	assert_picture(data, 4, 6, 0);
	fed_dataset_free(data);
}
END_TEST

static const char *const archives[] = {"a.tar", "cifar-10-binary.tar.gz", "b.tgz", "odd-name"};

START_TEST(archives_are_as_their_folder)
{
	struct member m[MEMBERS];
	static uint8_t bytes[100000];

	make_10(m);
	write_folder(m, MEMBERS);
	struct fed_dataset *folder = load(temp.dir, "");
	for (int i = 0; i < MEMBERS; i++)
		unlink(fed_temp_file(&temp, m[i].name));
	write_archive(archives[_i], bytes, make_archive(bytes, m, MEMBERS));
	struct fed_dataset *archive = load(fed_temp_file(&temp, archives[_i]), "");
	ck_assert_uint_eq(archive->fingerprint, folder->fingerprint);
	ck_assert_str_eq(archive->class_name[3], folder->class_name[3]);
	fed_dataset_free(archive);
	if (_i == 1) { /* of the folder with the archive of that name, too */
		archive = load(temp.dir, "");
		ck_assert_uint_eq(archive->fingerprint, folder->fingerprint);
		ck_assert_str_eq(found_of(archive, "files"), "those in cifar-10-binary.tar.gz");
		fed_dataset_free(archive);
	}
	fed_dataset_free(folder);
}
END_TEST

START_TEST(fine_and_coarse_labels)
{
	struct member m[MEMBERS];
	struct fed_dataset *data;
	struct fed_error err;

	make_100(m);
	write_folder(m, MEMBERS);
	data = load(temp.dir, "");
	ck_assert_uint_eq(data->classes, 100);
	ck_assert_int_eq(data->label[2], 93);
	ck_assert_str_eq(data->class_name[93], "class_93");
	assert_picture(data, 2, 1, 2);
	ck_assert_str_eq(note_on(data, "labels")->overrule, "labels=coarse");
	fed_dataset_free(data);
	data = load(temp.dir, "labels=coarse");
	ck_assert_uint_eq(data->classes, 20);
	ck_assert_int_eq(data->label[2], 3);
	ck_assert_ptr_null(data->class_name);
	ck_assert_str_eq(found_of(data, "classes"),
	                 "without names, since their file is missing (coarse_label_names.txt)");
	fed_dataset_free(data);
	unlink(fed_temp_file(&temp, "train.bin"));
	unlink(fed_temp_file(&temp, "test.bin"));
	unlink(fed_temp_file(&temp, "fine_label_names.txt"));
	make_10(m);
	write_folder(m, MEMBERS);
	ck_assert_int_eq(load_by_words(&data, temp.dir, "labels=coarse", &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "leave it out"));
}
END_TEST

/* Damage ---------------------------------------------------------------------------------- */

static const struct damage {
	int member;
	const char *name; /* what it is called instead; "" removes it */
	size_t n;         /* kept bytes; 0: all */
	size_t at;        /* a byte that becomes `value` */
	uint8_t value;
	const char *says;
} damages[] = {
	{2, NULL, 100, 1, 0, "no number of whole pictures of 3073 bytes"},
	{2, NULL, 0, 3073, 10, "data_batch_1.bin: label 10 of picture 1; CIFAR-10's end at 9"},
	{3, "", 0, 0, 0, "has no test_batch.bin"},
	{3, "test.bin", 0, 0, 0, "CIFAR-10|no number of whole pictures"},
	{0, "fine_label_names.txt", 0, 0, 0, "each needs a folder of its own"},
};

START_TEST(damage_is_refused_with_words)
{
	struct member m[MEMBERS];
	struct fed_dataset *data = NULL;
	struct fed_error err;
	const struct damage *d = &damages[_i];
	char says[100];

	make_10(m);
	if (d->n)
		m[d->member].n = d->n;
	if (d->at)
		m[d->member].bytes[d->at] = d->value;
	if (d->name)
		snprintf(m[d->member].name, sizeof m->name, "%s", *d->name ? d->name : "other");
	write_folder(m, MEMBERS);
	ck_assert_int_eq(load_by_words(&data, temp.dir, "", &err), FED_FAIL);
	snprintf(says, sizeof says, "%s", d->says);
	char *other = strchr(says, '|');
	if (other)
		*other++ = 0;
	ck_assert_msg(strstr(err.text, says) || (other && strstr(err.text, other)), "%s", err.text);
	ck_assert_ptr_null(data);
}
END_TEST

START_TEST(the_version_for_python_is_named)
{
	struct fed_dataset *data;
	struct fed_error err;
	static uint8_t bytes[8192];

	fed_temp_write(&temp, "data_batch_1", "\x80\x02", 2);
	fed_temp_write(&temp, "batches.meta", "\x80\x02", 2);
	ck_assert_int_eq(load_by_words(&data, temp.dir, "", &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "cifar-10-binary.tar.gz"), "%s", err.text);
	size_t n = tar_member(bytes, "cifar-10-batches-py/data_batch_1", '0', "\x80\x02", 2);
	n += tar_end(bytes + n);
	write_archive("p.tar.gz", bytes, n);
	ck_assert_int_eq(load_by_words(&data, fed_temp_file(&temp, "p.tar.gz"), "", &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "cifar-10-binary.tar.gz"), "%s", err.text);
}
END_TEST

/* Of an archive any prefix, and any one byte of its compressed data changed. */
START_TEST(a_damaged_archive_is_refused)
{
	struct member m[MEMBERS];
	static uint8_t bytes[100000], packed[100000];
	struct fed_dataset *data;
	struct fed_error err;

	make_10(m);
	write_archive("a.tar.gz", bytes, make_archive(bytes, m, MEMBERS));
	FILE *f = fopen(fed_temp_file(&temp, "a.tar.gz"), "rb");
	const size_t n = fread(packed, 1, sizeof packed, f);
	fclose(f);
	for (size_t len = n - 1; len > n / 13; len -= n / 13) {
		fed_temp_write(&temp, "a.tar.gz", packed, len);
		ck_assert_int_ne(load_by_words(&data, fed_temp_file(&temp, "a.tar.gz"), "", &err), FED_OK);
	}
	for (size_t at = 10; at < n; at += n / 17) {
		packed[at] ^= 0x55;
		fed_temp_write(&temp, "a.tar.gz", packed, n);
		ck_assert_int_ne(load_by_words(&data, fed_temp_file(&temp, "a.tar.gz"), "", &err), FED_OK);
		packed[at] ^= 0x55;
	}
}
END_TEST

START_TEST(an_archive_may_claim_anything)
{
	static const char *const sizes[] = {"77777777777", "00000006002", "0000000600x"};
	struct member m[MEMBERS];
	static uint8_t bytes[100000];
	struct fed_dataset *data;
	struct fed_error err;
	unsigned sum = 0;

	make_10(m);
	const size_t n = make_archive(bytes, m, MEMBERS);
	uint8_t *header = bytes + n - 1024 - 512 - (m[3].n + 511) / 512 * 512; /* of the last */
	memcpy(header + 124, sizes[_i], 11);
	memset(header + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
	fed_temp_write(&temp, "a.tar", bytes, n);
	ck_assert_int_eq(load_by_words(&data, fed_temp_file(&temp, "a.tar"), "", &err), FED_FAIL);
}
END_TEST

static int try_load(void *ctx, struct fed_error *err)
{
	struct fed_dataset *data;

	if (load_by_words(&data, ctx, "", err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	struct member m[MEMBERS];
	static uint8_t bytes[100000];
	char path[300];

	make_10(m);
	write_archive("a.tar", bytes, make_archive(bytes, m, MEMBERS));
	snprintf(path, sizeof path, "%s", fed_temp_file(&temp, "a.tar"));
	ck_assert_uint_gt(fed_each_allocation(try_load, path), 10);
	write_folder(m, MEMBERS);
	ck_assert_uint_gt(fed_each_allocation(try_load, temp.dir), 10);
}
END_TEST

FED_SUITE(cifar)
{
	Suite *suite = suite_create("cifar");
	TCase *tests = tcase_create("cifar");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, planes_become_pixels);
	tcase_add_loop_test(tests, archives_are_as_their_folder, 0, 4);
	tcase_add_test(tests, fine_and_coarse_labels);
	tcase_add_loop_test(tests, damage_is_refused_with_words, 0, sizeof damages / sizeof *damages);
	tcase_add_test(tests, the_version_for_python_is_named);
	tcase_add_test(tests, a_damaged_archive_is_refused);
	tcase_add_loop_test(tests, an_archive_may_claim_anything, 0, 3);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader: every way in which a gzip file can be wrong.
 */
#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"

enum { SIZE = 300000 }; /* several buffers of the reader */

static struct fed_temp temp;
static unsigned char content[SIZE], packed[2 * SIZE + 4096];
static size_t n_packed;

/* The n bytes at `content` as one gzip member. */
static size_t pack(unsigned char *out, size_t capacity, const unsigned char *bytes, size_t n)
{
	z_stream z = {.next_in = (unsigned char *)bytes,
	              .avail_in = (unsigned)n,
	              .next_out = out,
	              .avail_out = (unsigned)capacity};

	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return capacity - z.avail_out;
}

static void setup(void)
{
	struct fed_stream s = fed_stream_open(1, FED_FOR_DATA, 0, 0);

	fed_temp_make(&temp);
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (unsigned char)fed_stream_below(&s, i < SIZE / 2 ? 256 : 3);
	n_packed = pack(packed, sizeof packed, content, SIZE);
}

static void teardown(void)
{
	fed_temp_remove(&temp);
}

/* All of the file in pieces of `piece`, then the end. */
static int read_once(const char *path, bool unpack, size_t size, size_t piece,
                     struct fed_error *err)
{
	static unsigned char got[2 * SIZE];
	struct fed_reader *r;
	int rc = fed_reader_open(&r, path, err);

	if (rc != FED_OK)
		return rc;
	if (unpack)
		fed_reader_unpack(r);
	for (size_t at = 0; rc == FED_OK && at < size; at += piece)
		rc = fed_reader_read(r, got + at, at + piece < size ? piece : size - at, err);
	if (rc == FED_OK)
		rc = fed_reader_end(r, err);
	fed_reader_free(r);
	if (rc == FED_OK)
		ck_assert_mem_eq(got, content, size < SIZE ? size : SIZE);
	return rc;
}

/* As a stream and unpacked at once: the same, also in what is said. */
static int read_all(const char *path, size_t size, size_t piece, struct fed_error *err)
{
	struct fed_error other = {""};
	const int rc = read_once(path, false, size, piece, err);

	ck_assert_int_eq(read_once(path, true, size, piece, &other), rc);
	if (rc != FED_OK)
		ck_assert_str_eq(err->text, other.text);
	return rc;
}

START_TEST(good_files)
{
	static const size_t pieces[] = {1, 7, 784, 65536, SIZE};
	struct fed_error err;

	for (size_t i = 0; i < 5; i++) {
		fed_temp_write(&temp, "a", content, SIZE);
		fed_assert_ok(read_all(temp.file, SIZE, pieces[i], &err), &err);
		fed_temp_write(&temp, "a.gz", packed, n_packed);
		fed_assert_ok(read_all(temp.file, SIZE, pieces[i], &err), &err);
	}
	/* gzip under another name, an empty plain file, an empty member, two members */
	fed_temp_write(&temp, "b", packed, n_packed);
	fed_assert_ok(read_all(temp.file, SIZE, 999, &err), &err);
	fed_temp_write(&temp, "empty", "", 0);
	fed_assert_ok(read_all(temp.file, 0, 1, &err), &err);
	unsigned char none[64];
	fed_temp_write(&temp, "none.gz", none, pack(none, sizeof none, content, 0));
	fed_assert_ok(read_all(temp.file, 0, 1, &err), &err);
	n_packed = pack(packed, sizeof packed, content, 1000);
	n_packed += pack(packed + n_packed, sizeof packed - n_packed, content + 1000, SIZE - 1000);
	fed_temp_write(&temp, "two.gz", packed, n_packed);
	fed_assert_ok(read_all(temp.file, SIZE, 784, &err), &err);
}
END_TEST

static void refused(const char *name, const void *bytes, size_t n, size_t size, const char *why)
{
	struct fed_error err = {""};
	const char *path = fed_temp_write(&temp, name, bytes, n);
	const int64_t live = fed__mem_live();

	ck_assert_int_eq(read_all(path, size, 784, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
	ck_assert_int_eq(fed__mem_live(), live);
}

START_TEST(sizes_that_are_not_as_told)
{
	refused("a", content, 999, 1000, "ends after 999 bytes");
	refused("a", content, 1001, 1000, "goes on after the 1000 bytes");
	refused("a.gz", packed, n_packed, SIZE + 1, "ends after 300000 bytes");
	refused("a.gz", packed, n_packed, SIZE - 1, "goes on after the 299999 bytes");
	refused("a", "", 0, 1, "ends after 0 bytes");
}
END_TEST

START_TEST(damaged_files)
{
	refused("a.gz", "", 0, 1, "is empty, though");
	refused("a.gz", content, 1000, 1000, "not in gzip form");
	refused("a.gz", packed, 1, 1, "not in gzip form");
	packed[n_packed] = 'x';
	refused("a.gz", packed, n_packed + 1, SIZE, "something follows");
	packed[n_packed] = 0x1f;
	refused("a.gz", packed, n_packed + 1, SIZE, "in the middle");
	memset(packed + n_packed, 0, 512);
	refused("a.gz", packed, n_packed + 512, SIZE, "something follows");
	packed[n_packed - 5] ^= 1; /* CRC */
	refused("a.gz", packed, n_packed, SIZE, "incorrect data check");
	packed[n_packed - 5] ^= 1;
	packed[n_packed - 1] ^= 1; /* length */
	refused("a.gz", packed, n_packed, SIZE, "incorrect length check");
}
END_TEST

/* Cut anywhere, the file is refused: gzread() would take many of these for whole. */
START_TEST(truncation_anywhere)
{
	n_packed = pack(packed, sizeof packed, content, 500);
	for (size_t n = 0; n < n_packed; n++)
		refused("a.gz", packed, n, 500, n < 2 ? "though its name" : "in the middle");
	for (size_t n = 2; n < n_packed; n++)
		refused("a", packed, n, 500, "in the middle");
}
END_TEST

/* Any flipped bit behind the header (where some mean nothing: time, system) is found, but for the
 * few that fill up the last byte before the checksum. */
START_TEST(any_flipped_bit)
{
	unsigned harmless = 0;

	n_packed = pack(packed, sizeof packed, content, 60);
	for (size_t bit = 80; bit < 8 * n_packed; bit++) {
		struct fed_error err = {""};

		packed[bit / 8] ^= (unsigned char)(1u << bit % 8);
		fed_temp_write(&temp, "a.gz", packed, n_packed);
		/* read_all compares the content when nothing was refused. */
		harmless += read_all(temp.file, 60, 60, &err) == FED_OK;
		packed[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	ck_assert_uint_lt(harmless, 8);
}
END_TEST

START_TEST(some)
{
	struct fed_reader *r;
	struct fed_error err;
	char bytes[10];
	size_t got = 0;

	fed_temp_write(&temp, "a", "abc", 3);
	fed_assert_ok(fed_reader_open(&r, temp.file, &err), &err);
	fed_assert_ok(fed_reader_some(r, bytes, 2, &got, &err), &err);
	ck_assert_uint_eq(got, 2);
	fed_assert_ok(fed_reader_some(r, bytes, 10, &got, &err), &err);
	ck_assert_uint_eq(got, 1);
	fed_assert_ok(fed_reader_some(r, bytes, 10, &got, &err), &err);
	ck_assert_uint_eq(got, 0);
	fed_reader_free(r);
	fed_reader_free(NULL);
}
END_TEST

static int read_packed(void *ctx, struct fed_error *err)
{
	return read_once(ctx, false, SIZE, 784, err);
}

START_TEST(no_memory)
{
	char path[256];

	strcpy(path, fed_temp_write(&temp, "a.gz", packed, n_packed));
	ck_assert_uint_gt(fed_each_allocation(read_packed, path), 1);
}
END_TEST

FED_SUITE(reader)
{
	Suite *suite = suite_create("reader");
	TCase *tests = tcase_create("reader");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, good_files);
	tcase_add_test(tests, sizes_that_are_not_as_told);
	tcase_add_test(tests, damaged_files);
	tcase_add_test(tests, truncation_anywhere);
	tcase_add_test(tests, any_flipped_bit);
	tcase_add_test(tests, some);
	tcase_add_test(tests, no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}

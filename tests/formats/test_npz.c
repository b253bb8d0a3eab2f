/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NumPy's archives: written, read, damaged, compressed, without memory.
 */
#include "formats/npz.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "formats/shown.h"
#include "support/suite.h"

static struct fed_temp temp;
static const char *path;

static void make_folder(void)
{
	fed_temp_make(&temp);
	path = fed_temp_file(&temp, "x.npz");
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static int read_zip(const void *bytes, size_t n, uint64_t limit, struct fed_text *out,
                    struct fed_error *err)
{
	const struct fed_tensor_taker taker = {.take = formats_show, .ctx = out};
	char *exact = malloc(n + 1);

	memcpy(exact, bytes, n);
	const int rc = fed_npz_read(exact, n, limit, &taker, err);
	free(exact);
	return rc;
}

static const float *numbers_of(void *ctx, size_t i)
{
	static const float numbers[64] = {1, 2, 3, [63] = 64};

	(void)i;
	++*(int *)ctx;
	return numbers;
}

/* One array of 64 numbers under "x". */
static int write_zip(struct fed_error *err)
{
	struct fed_named_tensor x = {
		.name = "x", .walk = {.file_rank = 2, .file_shape = {8, 8}}, .n = 64};
	const struct fed_tensor_list list = {.tensor = &x, .n = 1};
	struct fed_file_writer file;
	int asked = 0;

	if (fed_file_open(&file, path, err))
		return FED_FAIL;
	if (fed_npz_write(&file, &list, numbers_of, &asked, err)) {
		fed_file_abandon(&file);
		return FED_FAIL;
	}
	if (fed_file_commit(&file, err))
		return FED_FAIL;
	return asked == 1 ? FED_OK : fed_fail(err, "the numbers were asked for %d times", asked);
}

static void make_zip(struct fed_text *bytes)
{
	struct fed_error err = {""};

	fed_assert_ok(write_zip(&err), &err);
	fed_assert_ok(fed_file_read(path, 1 << 20, bytes, &err), &err);
}

START_TEST(zip_has_no_clock)
{
	static const char *const zones[] = {"UTC", "JST-9", "EST5EDT"};
	struct fed_text bytes = {0};

	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		struct fed_text again = {0};

		setenv("TZ", zones[i], 1);
		make_zip(i ? &again : &bytes);
		ck_assert(i == 0 || (again.len == bytes.len && memcmp(again.s, bytes.s, bytes.len) == 0));
		fed_text_release(&again);
	}
	ck_assert_mem_eq(bytes.s, "PK\003\004", 4);
	ck_assert_mem_eq(bytes.s + 10, "\0\0\x21\0", 4); /* 1 January 1980, 0:00 */
	fed_text_release(&bytes);
}
END_TEST

START_TEST(zip_reads_what_it_writes)
{
	struct fed_text bytes = {0}, out = {0};
	struct fed_error err = {""};

	make_zip(&bytes);
	fed_assert_ok(read_zip(bytes.s, bytes.len, 1 << 20, &out, &err), &err);
	ck_assert_str_eq(fed_text_str(&out), "x(8,8)=1,64;");
	ck_assert_int_eq(read_zip(bytes.s, bytes.len, 300, &out, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "unpacks to 384 bytes"));
	/* Cut off anywhere, or with any byte changed: refused or the same, never a crash. */
	for (size_t n = 0; n < bytes.len; n++)
		ck_assert_int_eq(read_zip(bytes.s, n, 1 << 20, &out, &err), FED_FAIL);
	for (size_t i = 0; i < bytes.len; i++) {
		for (int k = 0; k < 8; k++) {
			bytes.s[i] ^= (char)(1 << k);
			fed_text_clear(&out);
			if (read_zip(bytes.s, bytes.len, 1 << 20, &out, &err) == FED_OK && out.len)
				ck_assert_ptr_nonnull(strstr(out.s, "(8,8)=1,64;"));
			bytes.s[i] ^= (char)(1 << k);
		}
	}
	fed_text_release(&bytes);
	fed_text_release(&out);
}
END_TEST

/* The same archive, its entry deflated, by zlib's own hand: what numpy.savez_compressed does. */
static void deflate_zip(const struct fed_text *stored, uint32_t claimed, struct fed_text *out)
{
	const size_t local = 30 + 5, entry = 46 + 5, end = 22;
	const size_t n = stored->len - local - entry - end;
	unsigned char packed[1024];
	z_stream z = {.next_in = (unsigned char *)stored->s + local,
	              .avail_in = (uInt)n,
	              .next_out = packed,
	              .avail_out = sizeof packed};

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	const uint32_t size = (uint32_t)z.total_out, at = (uint32_t)(local + size);
	deflateEnd(&z);

	fed_text_put(out, stored->s, local);
	fed_text_put(out, (const char *)packed, size);
	fed_text_put(out, stored->s + stored->len - entry - end, entry + end);
	char *directory = out->s + at;
	out->s[8] = directory[10] = 8; /* deflated */
	memcpy(out->s + 18, &size, 4);
	memcpy(out->s + 22, &claimed, 4);
	memcpy(directory + 20, &size, 4);
	memcpy(directory + 24, &claimed, 4);
	memcpy(directory + entry + 16, &at, 4);
}

START_TEST(zip_reads_deflated_entries)
{
	struct fed_text stored = {0}, packed = {0}, out = {0};
	struct fed_error err = {""};

	make_zip(&stored);
	deflate_zip(&stored, 128 + 256, &packed);
	fed_assert_ok(read_zip(packed.s, packed.len, 1 << 20, &out, &err), &err);
	ck_assert_str_eq(fed_text_str(&out), "x(8,8)=1,64;");
	for (uint32_t claimed = 0; claimed < 1000; claimed += 100) { /* lies about the size */
		fed_text_clear(&packed);
		deflate_zip(&stored, claimed, &packed);
		ck_assert_int_eq(read_zip(packed.s, packed.len, 1 << 20, &out, &err), FED_FAIL);
		ck_assert_ptr_nonnull(strstr(err.text, "not as long as it says"));
	}
	fed_text_clear(&packed);
	deflate_zip(&stored, UINT32_MAX - 1, &packed); /* a bomb, by its own word */
	ck_assert_int_eq(read_zip(packed.s, packed.len, 1 << 20, &out, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "more than is taken"));
	fed_text_release(&stored);
	fed_text_release(&packed);
	fed_text_release(&out);
}
END_TEST

/* libzip allocates by malloc(), so the k-th call of malloc() fails here.  Sanitizers have a
 * malloc() of their own. */
#if !FED_SANITIZED
#define OWN_MALLOC 1
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

static _Atomic long until_failure; /* calls; 0: none fails */
static _Atomic long blocks;

static bool fails(void)
{
	return until_failure > 0 && --until_failure == 0;
}

static void *counted(void *block)
{
	blocks += block != NULL;
	return block;
}

#define SEEN __attribute__((visibility("default"))) /* by libzip and the C library */

SEEN void *malloc(size_t n)
{
	return fails() ? NULL : counted(__libc_malloc(n));
}

SEEN void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__libc_calloc(n, size));
}

SEEN void *realloc(void *block, size_t n)
{
	if (!block)
		return malloc(n);
	return fails() ? NULL : __libc_realloc(block, n);
}

SEEN void free(void *block)
{
	blocks -= block != NULL;
	__libc_free(block);
}

/* Write an archive, then read the one in `deflated`.  Asserts nothing: Check allocates. */
static int write_and_read(const struct fed_text *deflated, struct fed_error *err)
{
	struct fed_text out = {0};
	const struct fed_tensor_taker taker = {.take = formats_show, .ctx = &out};
	int rc = write_zip(err);

	if (rc == FED_OK)
		rc = fed_npz_read(deflated->s, deflated->len, 1 << 20, &taker, err);
	if (rc == FED_OK && !out.failed && strcmp(fed_text_str(&out), "x(8,8)=1,64;") != 0)
		rc = fed_fail(err, "another array came back");
	fed_text_release(&out);
	return rc;
}

START_TEST(zip_survives_every_malloc)
{
	struct fed_text stored = {0}, deflated = {0};
	struct fed_error err = {""};
	long k = 0, forgotten = 0;
	bool reached;

	setenv("TZ", "UTC", 1); /* else mktime() looks for the time zone, and keeps what it finds */
	make_zip(&stored);
	deflate_zip(&stored, 128 + 256, &deflated);
	fed_assert_ok(write_and_read(&deflated, &err), &err);
	do {
		const long before = blocks;
		const int64_t live = fed__mem_live();

		*err.text = '\0';
		until_failure = ++k;
		const int rc = write_and_read(&deflated, &err);
		reached = until_failure == 0;
		until_failure = 0;
		ck_assert_msg(rc == FED_OK || *err.text, "allocation %ld fails without words", k);
		/* libzip 1.7 itself forgets one small block where it cannot put one source over another:
		 * none of ours is lost. */
		ck_assert_msg(fed__mem_live() == live, "allocation %ld: blocks of the core left", k);
		ck_assert_msg(blocks - before <= 1, "allocation %ld: %ld blocks left", k, blocks - before);
		forgotten += blocks != before;
		ck_assert_msg(reached || rc == FED_OK, "%s", err.text);
	} while (reached);
	ck_assert_int_ge(k, 40);
	ck_assert_int_le(forgotten, 3);
	ck_assert_uint_eq(fed_temp_count(&temp), 1);
	fed_text_release(&stored);
	fed_text_release(&deflated);
}
END_TEST
#endif

FED_SUITE(npz)
{
	Suite *suite = suite_create("npz");
	TCase *tests = tcase_create("npz");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, zip_has_no_clock);
	tcase_add_test(tests, zip_reads_what_it_writes);
	tcase_add_test(tests, zip_reads_deflated_entries);
#ifdef OWN_MALLOC
	tcase_add_test(tests, zip_survives_every_malloc);
#endif
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/npz.c - the container of .npz: ZIP, written stored, read stored or deflated.
 *
 * Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", sections 4.3 and 4.4.
 * Sizes are those of the directory at the end; what the local headers say of them is not used.
 */
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "formats/npy.h"

#define LOCAL_SIZE 30
#define ENTRY_SIZE 46
#define END_SIZE 22
#define LOCAL_MAGIC 0x04034b50u
#define ENTRY_MAGIC 0x02014b50u
#define END_MAGIC 0x06054b50u
#define COMMENT_MAX 65535
#define NEW_YEAR_1980 0x21 /* the format's first day: no clock in what must be the same bytes */
#define VERSION_NEEDED 20
#define ENCRYPTED 1
#define STORED 0
#define DEFLATED 8

static void put16(unsigned char *p, uint32_t x)
{
	p[0] = (unsigned char)x;
	p[1] = (unsigned char)(x >> 8);
}

static void put32(unsigned char *p, uint32_t x)
{
	put16(p, x & 0xffff);
	put16(p + 2, x >> 16);
}

static uint32_t get16(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
	return get16(p) | get16(p + 2) << 16;
}

/* Writing ---------------------------------------------------------------- */

int fed_zip_add(struct fed_zip *z, const char *name, const struct fed_text *head, const void *body,
                size_t n, struct fed_error *err)
{
	unsigned char local[LOCAL_SIZE] = {0}, entry[ENTRY_SIZE] = {0};
	const uint32_t name_length = (uint32_t)strlen(name);
	const uint64_t bytes = head->len + n;
	const uint32_t crc = fed_crc32(fed_crc32(0, head->s, head->len), body, n);

	if (z->at + bytes + LOCAL_SIZE + name_length > UINT32_MAX || z->n == UINT16_MAX)
		return fed_fail(err, "%s: a .npz holds at most 4 GiB here; use .safetensors", name);
	put32(local, LOCAL_MAGIC);
	put16(local + 4, VERSION_NEEDED);
	put16(local + 12, NEW_YEAR_1980);
	put32(local + 14, crc);
	put32(local + 18, (uint32_t)bytes);
	put32(local + 22, (uint32_t)bytes);
	put16(local + 26, name_length);

	put32(entry, ENTRY_MAGIC);
	put16(entry + 4, VERSION_NEEDED);
	memcpy(entry + 6, local + 4, 26); /* the same members from `version needed` on */
	put32(entry + 42, (uint32_t)z->at);
	fed_text_put(&z->directory, (const char *)entry, sizeof entry);
	fed_text_put(&z->directory, name, name_length);
	if (z->directory.failed)
		return fed_fail_memory(err, sizeof entry, "the archive's directory");

	fed_file_write(z->file, local, sizeof local);
	fed_file_write(z->file, name, name_length);
	fed_file_write(z->file, head->s, head->len);
	fed_file_write(z->file, body, n);
	z->at += sizeof local + name_length + bytes;
	z->n++;
	return FED_OK;
}

int fed_zip_finish(struct fed_zip *z, struct fed_error *err)
{
	unsigned char end[END_SIZE] = {0};

	if (z->at + z->directory.len > UINT32_MAX)
		return fed_fail(err, "a .npz holds at most 4 GiB here; use .safetensors");
	put32(end, END_MAGIC);
	put16(end + 8, z->n);
	put16(end + 10, z->n);
	put32(end + 12, (uint32_t)z->directory.len);
	put32(end + 16, (uint32_t)z->at);
	fed_file_write(z->file, fed_text_str(&z->directory), z->directory.len);
	fed_file_write(z->file, end, sizeof end);
	return FED_OK;
}

void fed_zip_release(struct fed_zip *z)
{
	fed_text_release(&z->directory);
}

/* Reading ---------------------------------------------------------------- */

struct archive {
	const unsigned char *bytes;
	size_t directory, entries; /* where the directory begins; entries in it */
	uint64_t limit;            /* unpacked bytes still allowed */
	const struct fed_tensor_taker *taker;
	struct fed_error *err;
};

struct entry {
	const char *name;
	uint32_t name_length, method, crc;
	size_t packed, unpacked, local;
};

static int find_directory(struct archive *a, size_t len)
{
	if (len < END_SIZE)
		return fed_fail(a->err, "is no ZIP archive: it has %zu bytes", len);
	/* The end record stands last, before a comment of its own. */
	for (size_t comment = 0; comment <= COMMENT_MAX && comment + END_SIZE <= len; comment++) {
		const unsigned char *e = a->bytes + len - END_SIZE - comment;

		if (get32(e) != END_MAGIC || get16(e + 20) != comment)
			continue;
		const size_t size = get32(e + 12), end = len - END_SIZE - comment;
		a->directory = get32(e + 16);
		a->entries = get16(e + 10);
		if (get16(e + 4) || get16(e + 6) || get16(e + 8) != a->entries)
			return fed_fail(a->err, "is one part of an archive in several files");
		if (a->directory > end || size != end - a->directory)
			return fed_fail(a->err, "has a directory that does not lie where it says");
		return FED_OK;
	}
	return fed_fail(a->err, "is no ZIP archive, or is cut off");
}

static int read_entry(const struct archive *a, const unsigned char **at, const unsigned char *end,
                      struct entry *e)
{
	const unsigned char *p = *at;

	if ((size_t)(end - p) < ENTRY_SIZE || get32(p) != ENTRY_MAGIC)
		return fed_fail(a->err, "has a damaged directory");
	*e = (struct entry){
		.name = (const char *)p + ENTRY_SIZE,
		.name_length = get16(p + 28),
		.method = get16(p + 10),
		.crc = get32(p + 16),
		.packed = get32(p + 20),
		.unpacked = get32(p + 24),
		.local = get32(p + 42),
	};
	const size_t size = ENTRY_SIZE + e->name_length + get16(p + 30) + get16(p + 32);
	if ((size_t)(end - p) < size)
		return fed_fail(a->err, "has a damaged directory");
	if (get16(p + 8) & ENCRYPTED)
		return fed_fail(a->err, "is encrypted");
	*at = p + size;
	return FED_OK;
}

/* Where the entry's packed bytes stand, or NULL. */
static const unsigned char *packed_bytes(const struct archive *a, const struct entry *e)
{
	if (e->local > a->directory || a->directory - e->local < LOCAL_SIZE)
		return NULL;
	const unsigned char *p = a->bytes + e->local;
	const size_t begin = LOCAL_SIZE + (size_t)get16(p + 26) + get16(p + 28);
	if (get32(p) != LOCAL_MAGIC || get16(p + 26) != e->name_length ||
	    a->directory - e->local < begin || a->directory - e->local - begin < e->packed ||
	    memcmp(p + LOCAL_SIZE, e->name, e->name_length) != 0)
		return NULL;
	return p + begin;
}

/* Exactly e->unpacked bytes from exactly e->packed. */
static bool inflate_all(const unsigned char *packed, const struct entry *e, unsigned char *out)
{
	z_stream z = {.next_in = (unsigned char *)packed,
	              .avail_in = (uInt)e->packed,
	              .next_out = out,
	              .avail_out = (uInt)e->unpacked};

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	const int rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0;
}

static int give(const struct archive *a, const struct entry *e, const unsigned char *bytes)
{
	struct fed_stored_tensor t = {.name = e->name, .name_length = e->name_length};
	struct fed_error why;
	const int shown = e->name_length < 48 ? (int)e->name_length : 48;

	if (fed_crc32(0, bytes, e->unpacked) != e->crc)
		return fed_fail(a->err, "%.*s is damaged (wrong checksum)", shown, e->name);
	if (t.name_length > 4 && memcmp(t.name + t.name_length - 4, ".npy", 4) == 0)
		t.name_length -= 4;
	if (fed_npy_parse(bytes, e->unpacked, &t, &why))
		return fed_fail(a->err, "%.*s %s", shown, e->name, why.text);
	return a->taker->take(a->taker->ctx, &t, a->err);
}

static int unpack(struct archive *a, const struct entry *e)
{
	const unsigned char *packed = packed_bytes(a, e);
	const int shown = e->name_length < 48 ? (int)e->name_length : 48;

	for (uint32_t i = 0; i < e->name_length; i++)
		if (e->name[i] < ' ' || e->name[i] > '~')
			return fed_fail(a->err, "has an entry whose name is not ASCII");
	if (!packed || (e->method == STORED && e->packed != e->unpacked))
		return fed_fail(a->err, "%.*s does not lie where the directory says", shown, e->name);
	if (e->unpacked > a->limit)
		return fed_fail(a->err, "%.*s unpacks to %zu bytes, more than the model can take", shown,
		                e->name, e->unpacked);
	a->limit -= e->unpacked;
	if (e->method == STORED)
		return give(a, e, packed);
	if (e->method != DEFLATED)
		return fed_fail(a->err, "%.*s is packed by method %u; stored and deflated are read", shown,
		                e->name, e->method);
	unsigned char *bytes = fed_alloc(e->unpacked + 1);
	if (!bytes)
		return fed_fail_memory(a->err, e->unpacked, "an array");
	const int rc =
		inflate_all(packed, e, bytes)
			? give(a, e, bytes)
			: fed_fail(a->err, "%.*s is damaged, or not as long as it says", shown, e->name);
	fed_free(bytes);
	return rc;
}

int fed_npz_read(const void *bytes, size_t len, uint64_t limit,
                 const struct fed_tensor_taker *taker, struct fed_error *err)
{
	struct archive a = {.bytes = bytes, .limit = limit, .taker = taker, .err = err};
	struct entry e;

	if (find_directory(&a, len))
		return FED_FAIL;
	const unsigned char *at = a.bytes + a.directory, *end = a.bytes + len - END_SIZE;
	for (size_t i = 0; i < a.entries; i++)
		if (read_entry(&a, &at, end, &e) || unpack(&a, &e))
			return FED_FAIL;
	return FED_OK;
}

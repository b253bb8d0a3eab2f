/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/reader.c - streaming reads of a gzip or plain file.
 *
 * Calls inflate() directly: zlib's gzread() takes a truncated file for a finished one, ignores what
 * follows the last gzip member, and reads a file without a gzip header as plain bytes.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/inflate.h"
#include "base/mem.h"

enum { BUFFER = 1 << 16 };

struct fed_reader {
	int fd;
	bool gzip;
	bool between;         /* gzip: at the start or after a whole member */
	bool at_end;          /* no bytes are left in the file */
	uint64_t total;       /* bytes returned so far */
	z_stream z;           /* next_in and avail_in also serve plain files */
	unsigned char *whole; /* the contents, where they were unpacked at once; or NULL */
	struct fed_shown path;
	unsigned char in[BUFFER];
};

static void *z_alloc(void *opaque, unsigned n, unsigned size)
{
	(void)opaque;
	return fed_alloc_array(n, size);
}

static void z_free(void *opaque, void *block)
{
	(void)opaque;
	fed_free(block);
}

static bool ends_in(const char *s, const char *tail)
{
	const size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

/* Refill the input buffer when it is empty. */
static int refill(struct fed_reader *r, struct fed_error *err)
{
	size_t got;

	if (r->z.avail_in > 0 || r->at_end)
		return FED_OK;
	const int error = fed__file_pull(r->fd, r->in, sizeof r->in, &got);
	if (error != 0)
		return fed_fail(err, "%s: cannot be read: %s", r->path.s, strerror(error));
	r->z.next_in = r->in;
	r->z.avail_in = (unsigned)got;
	r->at_end = got == 0;
	return FED_OK;
}

static int start(struct fed_reader *r, bool gz_name, struct fed_error *err)
{
	if (refill(r, err) != FED_OK)
		return FED_FAIL;
	r->gzip = r->z.avail_in >= 2 && r->in[0] == 0x1f && r->in[1] == 0x8b;
	r->between = true;
	if (gz_name && !r->gzip)
		return fed_fail(err, "%s: is %s, though its name ends in .gz", r->path.s,
		                r->z.avail_in == 0 ? "empty" : "not in gzip form");
	/* 15 bits of window, 16 for a gzip header and nothing else */
	if (r->gzip && inflateInit2(&r->z, 15 + 16) != Z_OK)
		return fed_fail_memory(err, sizeof *r, "reading a gzip file");
	return FED_OK;
}

int fed_reader_open(struct fed_reader **out, const char *path, struct fed_error *err)
{
	uint64_t size;
	int fd;

	if (fed_file_descriptor(path, &fd, &size, err) != FED_OK)
		return FED_FAIL;
	struct fed_reader *r = fed_alloc(sizeof *r);
	if (!r) {
		close(fd);
		return fed_fail_memory(err, sizeof *r, "reading a file");
	}
	r->fd = fd;
	r->z.zalloc = z_alloc;
	r->z.zfree = z_free;
	r->path = fed_show(path);
	if (start(r, ends_in(path, ".gz"), err) != FED_OK) {
		r->gzip = false; /* inflateInit2 allocated nothing */
		fed_reader_free(r);
		return FED_FAIL;
	}
	*out = r;
	return FED_OK;
}

void fed_reader_unpack(struct fed_reader *r)
{
	size_t n;

	if (!r->gzip || r->total > 0 || !fed__inflate_file(r->fd, &r->whole, &n))
		return;
	/* what follows is as with a plain file that was read to its end */
	inflateEnd(&r->z);
	r->gzip = false;
	r->at_end = true;
	r->z.next_in = r->whole;
	r->z.avail_in = (unsigned)n;
}

static int damaged(const struct fed_reader *r, const char *how, struct fed_error *err)
{
	return fed_fail(err, "%s: is damaged (%s, after %llu bytes of content)", r->path.s, how,
	                (unsigned long long)r->total);
}

/* Between members: whether another one follows (gzip files may be concatenated). */
static int next_member(struct fed_reader *r, bool *more, struct fed_error *err)
{
	*more = r->z.avail_in > 0;
	if (*more && *r->z.next_in != 0x1f)
		return damaged(r, "something follows the compressed data", err);
	r->between = !*more;
	return FED_OK;
}

/* Some bytes into next_out; *done at the clean end of the file. */
static int inflate_some(struct fed_reader *r, bool *done, struct fed_error *err)
{
	if (r->between) {
		bool more;

		if (next_member(r, &more, err) != FED_OK)
			return FED_FAIL;
		*done = !more;
		if (*done)
			return FED_OK;
	} else if (r->z.avail_in == 0) {
		return damaged(r, "it ends in the middle of its compressed data", err);
	}
	switch (inflate(&r->z, Z_NO_FLUSH)) {
	case Z_STREAM_END: /* length and CRC were right */
		r->between = true;
		inflateReset(&r->z);
		return FED_OK;
	case Z_OK:
	case Z_BUF_ERROR: /* it wants more input */
		return FED_OK;
	case Z_MEM_ERROR:
		return fed_fail_memory(err, sizeof *r, "reading a gzip file");
	}
	return damaged(r, r->z.msg ? r->z.msg : "bad compressed data", err);
}

/* As many bytes as there are and fit; false at the end of the file. */
static bool copy_some(struct fed_reader *r)
{
	const unsigned n = r->z.avail_in < r->z.avail_out ? r->z.avail_in : r->z.avail_out;

	memcpy(r->z.next_out, r->z.next_in, n);
	r->z.next_in += n;
	r->z.avail_in -= n;
	r->z.next_out += n;
	r->z.avail_out -= n;
	return n > 0;
}

int fed_reader_some(struct fed_reader *r, void *bytes, size_t n, size_t *got, struct fed_error *err)
{
	bool done = false;

	*got = 0;
	while (*got < n && !done) {
		const size_t left = n - *got;
		const unsigned capacity = left < INT_MAX ? (unsigned)left : INT_MAX;

		if (refill(r, err) != FED_OK)
			return FED_FAIL;
		r->z.next_out = (unsigned char *)bytes + *got;
		r->z.avail_out = capacity;
		int rc = FED_OK;
		if (r->gzip)
			rc = inflate_some(r, &done, err);
		else
			done = !copy_some(r);
		*got += capacity - r->z.avail_out;
		r->total += capacity - r->z.avail_out;
		if (rc != FED_OK)
			return rc;
	}
	return FED_OK;
}

int fed_reader_read(struct fed_reader *r, void *bytes, size_t n, struct fed_error *err)
{
	size_t got;

	if (fed_reader_some(r, bytes, n, &got, err) != FED_OK)
		return FED_FAIL;
	if (got < n)
		return fed_fail(err, "%s: ends after %llu bytes", r->path.s, (unsigned long long)r->total);
	return FED_OK;
}

int fed_reader_end(struct fed_reader *r, struct fed_error *err)
{
	char byte;
	size_t got;

	if (fed_reader_some(r, &byte, 1, &got, err) != FED_OK)
		return FED_FAIL;
	if (got > 0)
		return fed_fail(err, "%s: goes on after the %llu bytes that it should have", r->path.s,
		                (unsigned long long)r->total - 1);
	return FED_OK;
}

void fed_reader_free(struct fed_reader *r)
{
	if (!r)
		return;
	if (r->gzip)
		inflateEnd(&r->z);
	close(r->fd);
	fed_free(r->whole);
	fed_free(r);
}

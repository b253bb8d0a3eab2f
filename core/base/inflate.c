/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/inflate.c - a whole gzip file unpacked at once.
 */
#include "base/inflate.h"

#if FED_HAVE_DEFLATE

#include <libdeflate.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { TRAILER = 8, SIZE_AT = 4 /* of its length, mod 2^32, behind the CRC */ };
enum { EXPANSION = 1032 };       /* of deflate at most: 258 bytes for two bits */
#define MOST ((uint64_t)1 << 30) /* bytes of the file, and of its contents */

/* All bytes of the file. */
static bool read_all(int fd, unsigned char *packed, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const ssize_t got = pread(fd, packed + at, n - at, (off_t)at);

		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* The length that the trailer claims, which a forged file may choose. */
static uint64_t claimed(const unsigned char *packed, size_t n)
{
	uint64_t size = 0;

	for (int k = 0; k < 4; k++)
		size |= (uint64_t)packed[n - TRAILER + SIZE_AT + k] << 8 * k;
	return size;
}

static bool fits(uint64_t n)
{
	return n <= MOST && (double)n < fed_mem_available() / 4;
}

static bool unpack(const unsigned char *packed, size_t n, unsigned char **bytes, size_t *length)
{
	const uint64_t size = claimed(packed, n);
	struct libdeflate_decompressor *d;
	size_t used = 0, made = 0;

	*bytes = size > 0 && size / EXPANSION <= n && fits(size) ? fed_alloc(size) : NULL;
	if (!*bytes)
		return false;
	d = libdeflate_alloc_decompressor();
	const bool done = d && libdeflate_gzip_decompress_ex(d, packed, n, *bytes, size, &used,
	                                                     &made) == LIBDEFLATE_SUCCESS;
	libdeflate_free_decompressor(d);
	if (done && used == n && made == size) {
		*length = size;
		return true;
	}
	fed_free(*bytes);
	*bytes = NULL;
	return false;
}

bool fed__inflate_file(int fd, unsigned char **bytes, size_t *n)
{
	struct stat st;

	*bytes = NULL;
	*n = 0;
	if (fstat(fd, &st) != 0 || st.st_size <= TRAILER || !fits((uint64_t)st.st_size))
		return false;
	const size_t size = (size_t)st.st_size;
	unsigned char *packed = fed_alloc(size);
	const bool done = packed && read_all(fd, packed, size) && unpack(packed, size, bytes, n);
	fed_free(packed);
	return done;
}

#else

bool fed__inflate_file(int fd, unsigned char **bytes, size_t *n)
{
	(void)fd;
	*bytes = NULL;
	*n = 0;
	return false;
}

#endif

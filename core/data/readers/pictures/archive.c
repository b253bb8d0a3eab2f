/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/archive.c - the files of a tar archive, in their order.
 *
 * A tar archive is a row of blocks of 512 bytes: for each file a header with its name, its size in
 * octal digits and a checksum, then the file, filled up with zeros; blocks of zeros end it (POSIX
 * pax, "ustar interchange format").  Truncation shows in the reader of gzip files (base/reader.c).
 */
#include "data/readers/pictures/archive.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/readers/encoding.h"

enum { BLOCK = 512, DEFLATE_MOST = 1032 /* to which a byte can expand */ };

/* Offsets in a header. */
enum { NAME = 0, NAME_SIZE = 100, SIZE = 124, SUM = 148, SUM_SIZE = 8, TYPE = 156, DIGITS = 12 };

struct fed_archive {
	struct fed_reader *reader;
	struct fed_shown name;
	uint64_t most;
	uint64_t left; /* bytes of the present file that were not read */
	uint64_t fill; /* zeros behind it */
};

static bool is_empty(const unsigned char *block)
{
	for (int i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

/* An octal number that blanks or a NUL end; false: it is none. */
static bool octal(const unsigned char *s, int n, uint64_t *out)
{
	uint64_t x = 0;
	int i = 0, digits = 0;

	while (i < n && s[i] == ' ')
		i++;
	for (; i < n && s[i] >= '0' && s[i] <= '7'; i++, digits++)
		x = x * 8 + (s[i] - '0');
	*out = x;
	return digits > 0 && (i == n || s[i] == ' ' || s[i] == 0);
}

static bool is_header(const unsigned char *block)
{
	uint64_t claimed, sum = 0;

	if (!octal(block + SUM, SUM_SIZE, &claimed))
		return false;
	for (int i = 0; i < BLOCK; i++)
		sum += i >= SUM && i < SUM + SUM_SIZE ? ' ' : block[i];
	return sum == claimed;
}

bool fed__archive_looks_so(const char *path)
{
	unsigned char block[BLOCK];
	struct fed_error unused;
	size_t n;

	return fed__text_peek(path, (char *)block, sizeof block, &n, &unused) == FED_OK &&
	       n == sizeof block && is_header(block);
}

int fed__archive_open(struct fed_archive **out, const char *path, struct fed_error *err)
{
	const char *slash = strrchr(path, '/');
	struct fed_archive *a = fed_alloc(sizeof *a);
	uint64_t size;

	if (!a)
		return fed_fail_memory(err, sizeof *a, "reading an archive");
	a->name = fed_show(slash ? slash + 1 : path);
	if (fed_file_readable(path, &size, err) || fed_reader_open(&a->reader, path, err)) {
		fed_free(a);
		return FED_FAIL;
	}
	fed_reader_unpack(a->reader);
	a->most = size * DEFLATE_MOST;
	*out = a;
	return FED_OK;
}

uint64_t fed__archive_most(const struct fed_archive *a)
{
	return a->most;
}

static int skip(struct fed_archive *a, uint64_t n, struct fed_error *err)
{
	unsigned char bytes[8192];

	while (n > 0) {
		const size_t some = n < sizeof bytes ? (size_t)n : sizeof bytes;

		if (fed_reader_read(a->reader, bytes, some, err))
			return FED_FAIL;
		n -= some;
	}
	return FED_OK;
}

/* Read what is behind the last file, so that a checksum that is wrong shows. */
static int drain(struct fed_archive *a, struct fed_error *err)
{
	unsigned char bytes[8192];
	size_t got = 1;

	while (got > 0)
		if (fed_reader_some(a->reader, bytes, sizeof bytes, &got, err))
			return FED_FAIL;
	return FED_OK;
}

/* A block, *more false where the archive ends instead. */
static int next_block(struct fed_archive *a, unsigned char *block, bool *more,
                      struct fed_error *err)
{
	size_t got;

	if (fed_reader_some(a->reader, block, BLOCK, &got, err))
		return FED_FAIL;
	if (got > 0 && got < BLOCK)
		return fed_fail(err, "%s: is damaged: it ends in the middle of a header", a->name.s);
	*more = got == BLOCK && !is_empty(block);
	return FED_OK;
}

/* Name and size from a header; false: the size is no number. */
static bool take_header(struct fed_archive *a, const unsigned char *block,
                        struct fed_archive_member *m)
{
	char name[NAME_SIZE + 1] = {0};

	memcpy(name, block + NAME, NAME_SIZE);
	const char *slash = strrchr(name, '/');
	snprintf(m->name, sizeof m->name, "%s", slash ? slash + 1 : name);
	if (!octal(block + SIZE, DIGITS, &m->size))
		return false;
	a->left = m->size;
	a->fill = (BLOCK - m->size % BLOCK) % BLOCK;
	return true;
}

int fed__archive_next(struct fed_archive *a, struct fed_archive_member *m, bool *more,
                      struct fed_error *err)
{
	unsigned char block[BLOCK];
	char type;

	do {
		if (skip(a, a->left, err) || skip(a, a->fill, err) || next_block(a, block, more, err))
			return FED_FAIL;
		a->left = a->fill = 0;
		if (!*more)
			return drain(a, err);
		if (!is_header(block) || !take_header(a, block, m))
			return fed_fail(err, "%s: is damaged: a header in it is wrong", a->name.s);
		type = (char)block[TYPE];
	} while (type != '0' && type != '\0');
	return FED_OK;
}

int fed__archive_read(struct fed_archive *a, void *bytes, size_t n, struct fed_error *err)
{
	if (n > a->left)
		return fed_fail(err, "%s: a file in it is shorter than its name promises", a->name.s);
	a->left -= n;
	return fed_reader_read(a->reader, bytes, n, err);
}

void fed__archive_free(struct fed_archive *a)
{
	if (!a)
		return;
	fed_reader_free(a->reader);
	fed_free(a);
}

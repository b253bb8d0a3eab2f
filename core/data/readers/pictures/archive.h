/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/archive.h - the files of a tar archive, plain or compressed with gzip, read
 * in their order without unpacking it; for core/data alone.
 */
#ifndef FED_DATA_READERS_PICTURES_ARCHIVE_H
#define FED_DATA_READERS_PICTURES_ARCHIVE_H

#include "base/text.h"
#include "fedsh/plugin.h"

struct fed_archive;

struct fed_archive_member {
	char name[260]; /* without its folders */
	uint64_t size;  /* as the archive claims: check it before memory is allocated */
};

/* Whether a file's first bytes are those of a tar archive. */
bool fed__archive_looks_so(const char *path);
int fed__archive_open(struct fed_archive **, const char *path, struct fed_error *);
/* Bytes that the archive can hold at most. */
uint64_t fed__archive_most(const struct fed_archive *);
/* The next regular file, *more false at the archive's end; what was not read of the last is
 * skipped. */
int fed__archive_next(struct fed_archive *, struct fed_archive_member *, bool *more,
                      struct fed_error *);
/* The next n bytes of that file, which has them. */
int fed__archive_read(struct fed_archive *, void *bytes, size_t n, struct fed_error *);
void fed__archive_free(struct fed_archive *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/file.h - reading of regular files, and atomic replacement of files.
 */
#ifndef FED_BASE_FILE_H
#define FED_BASE_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "fedsh/plugin.h"

/* FED_OK when path is a regular file that can be read; else "PATH: is a directory" and the like.  A
 * leading `~` or `~/` is expanded by the caller (fed_path_expand). */
int fed_file_readable(const char *path, uint64_t *size, struct fed_error *);
/* The same, opened for reading; the caller closes *fd. */
int fed_file_descriptor(const char *path, int *fd, uint64_t *size, struct fed_error *);
/* read() until n bytes or the end; 0 or errno. */
int fed__file_pull(int fd, void *bytes, size_t n, size_t *got);
/* The whole of a regular file of at most `limit` bytes, appended to `out` (unchanged on
 * FED_FAIL). */
int fed_file_read(const char *path, uint64_t limit, struct fed_text *out, struct fed_error *);
/* `~/x` becomes $HOME/x; anything else is copied. */
void fed_path_expand(const char *path, struct fed_text *out);

/* Write PATH.fedsh.tmpXXXXXX, fsync, rename over PATH, fsync the directory.
 *     struct fed_file_writer w;
 *     open; any number of fed_file_write(); commit or abandon (always one of the two).
 * The first failure is kept: later writes do nothing and commit reports it.  The old file is
 * intact and the temporary removed on every failure.  A symbolic link is followed; the permissions
 * are kept.
 * Refused: what is not a regular file, a name with a control character, and a file without
 * write permission, though its folder would allow replacing it.  The temporary's name is cut where
 * the file system allows no longer one; it is locked, and what a killed writer left of the same
 * name is removed. */
struct fed_file_writer {
	FILE *f;
	char *path, *temporary;
	bool unsynced; /* set after open: commit does not wait for the disk; a power cut may lose it */
	uint32_t crc;  /* CRC-32 of all written so far; meaningless after a seek */
	int error;     /* errno of the first failure */
};
int fed_file_open(struct fed_file_writer *, const char *path, struct fed_error *);
void fed_file_write(struct fed_file_writer *, const void *bytes, size_t n);
/* Set the offset of the next write, which overwrites. */
void fed_file_seek(struct fed_file_writer *, uint64_t at);
int fed_file_commit(struct fed_file_writer *, struct fed_error *);
void fed_file_abandon(struct fed_file_writer *);
/* A file replaced by one with these bytes, as by a writer, and opened to be continued as its lines
 * come.  fclose() is the caller's. */
int fed_file_stream(FILE **, const char *path, const void *begin, size_t n, struct fed_error *);
/* Write all of it to a stream, and through to the file; 0 or errno. */
int fed_file_stream_put(FILE *, const void *bytes, size_t n);
/* The same for lines that another program may read as they come: a device and a pipe with a reader
 * are opened, too.  A pipe without a reader is refused; opening never waits. */
int fed_file_outlet(FILE **, const char *path, struct fed_error *);
/* Remove what killed writers of `path` left, as opening it for writing does. */
void fed_file_sweep(const char *path);
/* FED_OK unless what is at `path` would be refused by them: for a file that another program
 * writes. */
int fed_file_writable(const char *path, struct fed_error *);

/* CRC-32 (zlib's), running: start with 0. */
uint32_t fed_crc32(uint32_t crc, const void *bytes, size_t n);

/* Tests: the k-th write, fsync or rename (1 = the next) fails with `error`; 0 = none. */
void fed__file_fail_at(uint64_t k, int error);
/* Whether that one is still to come. */
bool fed__file_fail_ahead(void);

/* A gzip or plain file read as a stream; zlib's silent cases (truncation, no gzip header under
 * the name .gz, CRC) are failures. */
struct fed_reader;
int fed_reader_open(struct fed_reader **, const char *path, struct fed_error *);
/* Before the first read: unpack the whole at once where that is possible (base/inflate.h), for a
 * caller that keeps most of it. */
void fed_reader_unpack(struct fed_reader *);
/* Exactly n bytes, or FED_FAIL "ends after N bytes" / "is damaged". */
int fed_reader_read(struct fed_reader *, void *bytes, size_t n, struct fed_error *);
/* Up to n bytes; fewer only at the clean end of the file. */
int fed_reader_some(struct fed_reader *, void *bytes, size_t n, size_t *got, struct fed_error *);
/* FED_OK when nothing follows (this also checks the gzip trailer). */
int fed_reader_end(struct fed_reader *, struct fed_error *);
void fed_reader_free(struct fed_reader *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/sections.h - a file of named sections with lengths and checksums; all little-endian.
 *
 *     magic "FEDSHSAV", u32 version, u32 CRC-32 of these
 *     each section: name [16], u64 length, u32 CRC-32 of these; the bytes; u32 CRC-32 of them
 *     the last section is "end", of length 0; nothing follows it
 */
#ifndef FED_CHECKPOINT_SECTIONS_H
#define FED_CHECKPOINT_SECTIONS_H

#include <stdatomic.h>

#include "base/file.h"
#include "base/key_values.h"

#define FED_SECTION_NAME 16

/* Writing: begin with the exact number of bytes, put them, end.  Failures are kept by the file
 * writer and reported by commit. */
struct fed_saver {
	struct fed_file_writer file;
	uint32_t crc;  /* of this section's bytes so far */
	uint64_t left; /* bytes that it still lacks */
};
int fed_saver_open(struct fed_saver *, const char *path, struct fed_error *);
void fed_saver_begin(struct fed_saver *, const char *name, uint64_t bytes);
void fed_saver_end(struct fed_saver *);
/* The "end" section; then as fed_file_commit. */
int fed_saver_commit(struct fed_saver *, struct fed_error *);
void fed_saver_abandon(struct fed_saver *);

void fed_put_bytes(struct fed_saver *, const void *, size_t n);
void fed_put_u8(struct fed_saver *, uint8_t);
void fed_put_u32(struct fed_saver *, uint32_t);
void fed_put_u64(struct fed_saver *, uint64_t);
void fed_put_f32(struct fed_saver *, float);
void fed_put_f64(struct fed_saver *, double);
void fed_put_string(struct fed_saver *, const char *); /* u32 length, bytes */
void fed_put_pairs(struct fed_saver *, const struct fed_pairs *);
void fed_put_u32s(struct fed_saver *, const uint32_t *, size_t n);
void fed_put_f32s(struct fed_saver *, const float *, size_t n);
void fed_put_f64s(struct fed_saver *, const double *, size_t n);
uint64_t fed_size_string(const char *);
uint64_t fed_size_pairs(const struct fed_pairs *);

/* Reading: open checks the whole file's checksums first.  After a failed get all further ones give
 * zeroes, and fed_loader_end tells. */
struct fed_loader {
	FILE *file;
	uint64_t left;    /* bytes of this section not yet read */
	uint64_t in_file; /* bytes of the file not yet read */
	uint32_t version; /* of the format */
	char section[FED_SECTION_NAME + 1];
	struct fed_error *err;
	bool failed;               /* err has the words */
	const atomic_int *stopped; /* other than 0: give up reading; NULL: nobody stops it */
};
int fed_loader_open(struct fed_loader *, const char *path, struct fed_error *);
void fed_loader_close(struct fed_loader *);
int fed_loader_begin(struct fed_loader *, const char *name);
/* FED_FAIL when something failed since begin, or bytes are left. */
int fed_loader_end(struct fed_loader *);
/* Say what is wrong with this section; returns FED_FAIL. */
__attribute__((format(printf, 2, 3))) int fed_loader_fail(struct fed_loader *, const char *, ...);
/* Whether n items of `size` bytes can still follow in this section: ask before allocating. */
bool fed_loader_holds(struct fed_loader *, uint64_t n, uint64_t size);

void fed_get_bytes(struct fed_loader *, void *, size_t n);
uint8_t fed_get_u8(struct fed_loader *);
uint32_t fed_get_u32(struct fed_loader *);
uint64_t fed_get_u64(struct fed_loader *);
float fed_get_f32(struct fed_loader *);
double fed_get_f64(struct fed_loader *);
/* Appends nothing on failure. */
void fed_get_string(struct fed_loader *, struct fed_text *);
void fed_get_pairs(struct fed_loader *, struct fed_pairs *);
void fed_get_u32s(struct fed_loader *, uint32_t *, size_t n);
void fed_get_f32s(struct fed_loader *, float *, size_t n);
void fed_get_f64s(struct fed_loader *, double *, size_t n);

#endif

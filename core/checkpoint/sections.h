/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/sections.h - writer and reader of named sections with lengths and checksums, in a file
 * or in memory; all little-endian.
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

/* The writer: begin a section, put values, end it.  A section is collected in memory and written at
 * its end, when its length is known.  Failures are recorded and reported by commit. */
struct fed_vectors_apart;
struct fed_saver {
	struct fed_file_writer file;
	struct fed_text *out;    /* NULL: the file */
	struct fed_text section; /* the open section, with its head */
	size_t start, most;      /* the text's length before, and bytes that it may get */
	bool too_long;           /* it would get more: the rest is left out */
	struct fed_vectors_apart
		*apart;       /* shared vectors that it refers to; NULL: it has their bytes */
	size_t elsewhere; /* bytes of those */
	bool failed;      /* no memory */
	bool canonical;   /* real time is written as 0, and vectors of zeros as none */
};
/* Write to a file that replaces `path` at the commit, or to the end of a text, which the caller
 * owns.
 */
int fed__saver_open(struct fed_saver *, const char *path, struct fed_error *);
void fed__saver_open_text(struct fed_saver *, struct fed_text *out);
void fed_saver_begin(struct fed_saver *, const char *name);
void fed_saver_end(struct fed_saver *);
/* Write the "end" section and commit the file (fed_file_commit).  FED_REJECT: the text is too long.
 * On FED_FAIL a text has a part of the sections, which the caller removes. */
int fed__saver_commit(struct fed_saver *, struct fed_error *);

void fed_put_raw(struct fed_saver *, const void *, size_t n);
/* n numbers of 1, 4 or 8 bytes each. */
void fed_put_words(struct fed_saver *, const void *, size_t n, size_t size);
void fed__put_string(struct fed_saver *, const char *); /* u32 length, bytes */
void fed__put_pairs(struct fed_saver *, const struct fed_key_values *);
/* All settings of a struct as key-value list; rows may be NULL. */
void fed__put_fields(struct fed_saver *, const struct fed_field *rows, const void *state);
void fed__put_ids(struct fed_saver *, const uint32_t *, uint64_t n); /* u64 n, then the ids */

/* The reader: open checks all lengths and checksums first.  After a failure all gets return zeroes,
 * and begin and end fail, so that callers check `failed` only before they use values. */
struct fed_loader {
	FILE *file;                  /* NULL: the text */
	const struct fed_text *text; /* borrowed */
	long at;                     /* of the file, where a reader is to return to */
	uint64_t left;               /* bytes of this section not yet read */
	uint64_t in_file;            /* bytes of the file not yet read */
	char section[FED_SECTION_NAME + 1];
	struct fed_error *err;
	bool failed;                           /* err says why */
	const atomic_int *stopped;             /* not 0: stop loading the dataset; NULL: never */
	const struct fed_vectors_apart *apart; /* that the text refers to; NULL: none */
};
int fed__loader_open(struct fed_loader *, const char *path, struct fed_error *);
/* The text must live until the loader is closed. */
int fed__loader_open_text(struct fed_loader *, const struct fed_text *, struct fed_error *);
void fed__loader_close(struct fed_loader *);
/* Read the head of the next section, which must have this name. */
int fed__loader_begin(struct fed_loader *, const char *name);
/* The same for a section that a file may lack; false: another one is next. */
bool fed_loader_begin_optional(struct fed_loader *, const char *name);
/* Skip sections of layers above (checkpoint.h), up to the next one of the session. */
void fed__loader_skip_more(struct fed_loader *);
/* End the section.  FED_FAIL after a failure, or when bytes are left. */
int fed_loader_end(struct fed_loader *);
/* Report what is wrong with this section, unless a failure was reported before; returns FED_FAIL.
 */
__attribute__((format(printf, 2, 3))) int fed_loader_fail(struct fed_loader *, const char *, ...);
/* True if n items of at least `size` bytes fit in the rest of this section; fails if not. */
bool fed_loader_holds(struct fed_loader *, uint64_t n, uint64_t size);
/* Allocate n zeroed items of `size` bytes each, which take at least `least` bytes each of the
 * section (the caller's: fed_free); NULL, and failed, when they do not fit or there is no memory.
 */
void *fed_get_array(struct fed_loader *, uint64_t n, size_t size, uint64_t least);

void fed_get_raw(struct fed_loader *, void *, size_t n);
void fed_get_words(struct fed_loader *, void *, size_t n, size_t size);
bool fed_get_flag(struct fed_loader *); /* 0 or 1 */
/* Appends nothing on failure. */
void fed__get_string(struct fed_loader *, struct fed_text *);
void fed__get_pairs(struct fed_loader *, struct fed_key_values *);
/* Set the defaults, then the saved settings. */
void fed__get_fields(struct fed_loader *, const struct fed_field *rows, void *state);
/* Returns *n ids below `limit` (the caller's: fed_free); NULL and 0 on failure. */
uint32_t *fed__get_ids(struct fed_loader *, uint32_t limit, uint64_t *n);
/* Fail unless the ids ascend. */
void fed__check_ascending(struct fed_loader *, const uint32_t *ids, uint64_t n);

/* One number: fed_put_u32(f, x), x = fed_get_u32(f); n of them: fed_put_f32s(f, v, n). */
#define FED_WORD(name, type)                                                           \
	static inline void fed_put_##name(struct fed_saver *s, type x)                     \
	{                                                                                  \
		fed_put_words(s, &x, 1, sizeof x);                                             \
	}                                                                                  \
	static inline type fed_get_##name(struct fed_loader *l)                            \
	{                                                                                  \
		type x;                                                                        \
		fed_get_words(l, &x, 1, sizeof x);                                             \
		return x;                                                                      \
	}                                                                                  \
	static inline void fed_put_##name##s(struct fed_saver *s, const type *v, size_t n) \
	{                                                                                  \
		fed_put_words(s, v, n, sizeof *v);                                             \
	}                                                                                  \
	static inline void fed_get_##name##s(struct fed_loader *l, type *v, size_t n)      \
	{                                                                                  \
		fed_get_words(l, v, n, sizeof *v);                                             \
	}
FED_WORD(u8, uint8_t)
FED_WORD(u32, uint32_t)
FED_WORD(u64, uint64_t)
FED_WORD(f32, float)
FED_WORD(f64, double)

#endif

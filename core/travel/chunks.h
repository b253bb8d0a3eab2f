/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/chunks.h - store of immutable byte strings, each kept once.
 *
 * A chunk is found by its 128-bit hash (XXH3) and counted by its users.  It lies in memory, as it
 * is or compressed (chunk_codec.h), and in a file beyond a limit of memory.  The file has no name:
 * it is gone with the program, however that ends.
 *
 * Shared vectors are chunks, too: while messages of the session hold them, or may again, they are
 * kept as they are, by reference and of any length.  They are found by their address.
 */
#ifndef FED_TRAVEL_CHUNKS_H
#define FED_TRAVEL_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"
#include "fedsh/plugin.h"

#define FED_CHUNK_BYTES 65536u /* at most */

struct fed_chunk_store;
int fed__chunks_new(struct fed_chunk_store **, struct fed_error *);
void fed__chunks_free(struct fed_chunk_store *); /* NULL is fine */

/* Where the file is: appends a folder, which is made if there is none; false: nowhere. */
struct fed_chunk_folder {
	bool (*put)(void *ctx, struct fed_text *); /* NULL: there is no file */
	void *ctx;
};
/* Keep at most so many bytes in memory, and the rest in a file of at most `disk` bytes. */
void fed__chunks_limit(struct fed_chunk_store *, size_t memory, struct fed_chunk_folder,
                       uint64_t disk);
/* Why there is no file, or it cannot grow; "": it could so far. */
const char *fed__chunks_failure(const struct fed_chunk_store *);
size_t fed__chunks_memory_limit(const struct fed_chunk_store *);
/* Whether memory and file hold more than they may. */
bool fed__chunks_are_over(const struct fed_chunk_store *);
size_t fed__chunks_memory(const struct fed_chunk_store *);
/* Count bytes of memory that its users take for what they make of chunks, or no longer take. */
void fed__chunks_charge(struct fed_chunk_store *, size_t bytes);
void fed__chunks_refund(struct fed_chunk_store *, size_t bytes);
uint64_t fed__chunks_disk(const struct fed_chunk_store *);

/* Number of the chunk of these bytes, from 1; the caller becomes a user of it. */
int fed__chunks_put(struct fed_chunk_store *, const void *bytes, uint32_t n, uint32_t *chunk,
                    struct fed_error *);
void fed__chunks_use(struct fed_chunk_store *, uint32_t chunk);  /* one user more */
void fed__chunks_drop(struct fed_chunk_store *, uint32_t chunk); /* one user less; 0 is fine */
uint32_t fed__chunks_length(const struct fed_chunk_store *, uint32_t chunk);
/* The chunk that it is the difference to; 0: none. */
uint32_t fed__chunks_base(const struct fed_chunk_store *, uint32_t chunk);
/* Bytes that it takes in memory or in the file. */
size_t fed__chunks_stored(const struct fed_chunk_store *, uint32_t chunk);
/* Copy the bytes of a chunk to out [length]. */
int fed__chunks_read(struct fed_chunk_store *, uint32_t chunk, void *out, struct fed_error *);
/* Number of the chunk that holds a reference to these vectors; the caller becomes a user of it.  It
 * is not read, compressed or written to a file. */
struct fed_shared_vectors;
int fed__chunks_put_vectors(struct fed_chunk_store *, struct fed_shared_vectors *, uint32_t *chunk,
                            struct fed_error *);
/* The vectors, borrowed; NULL: it has bytes. */
struct fed_shared_vectors *fed__chunks_vectors(const struct fed_chunk_store *, uint32_t chunk);
/* A chunk as it is kept: for a file. */
struct fed_stored_chunk {
	struct fed_hash128 hash; /* of its bytes */
	uint32_t length, stored;
	uint32_t base; /* number of the chunk that it is the difference to; 0: none */
	bool compressed;
	unsigned char bytes[FED_CHUNK_BYTES]; /* [stored] */
};
/* The largest number of a chunk so far. */
uint32_t fed__chunks_last(const struct fed_chunk_store *);
int fed__chunks_copy(struct fed_chunk_store *, uint32_t chunk, struct fed_stored_chunk *,
                     struct fed_error *);
/* Put a chunk of a file, which may be forged: its base must be no difference itself and have its
 * length, and its hash be that of its bytes.  The caller becomes a user. */
int fed__chunks_take(struct fed_chunk_store *, const struct fed_stored_chunk *, uint32_t *chunk,
                     struct fed_error *);
/* Compress a chunk, as its difference to another one where that is shorter; base 0: alone.  Does
 * nothing when it is compressed already, or when there is no memory. */
void fed__chunks_compress(struct fed_chunk_store *, uint32_t chunk, uint32_t base);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/chunks.c - chunks by hash, with reference counts, compression and a file for what memory
 * may not hold.
 */
#include "travel/chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "net/shared_vectors.h"
#include "travel/chunk_codec.h"

struct chunk {
	struct fed_hash128 hash;
	unsigned char *bytes;               /* [stored]; NULL: in the file at `at`, or vectors */
	struct fed_shared_vectors *vectors; /* a reference; NULL: bytes */
	uint64_t at;
	uint32_t users; /* 0: the place is free */
	uint32_t length;
	size_t stored;
	uint32_t base; /* it is compressed as the difference to this chunk, of which it is a user */
	uint32_t next; /* in its bucket, or in the list of free places; 0: the last */
	bool compressed;
};

struct fed_chunk_store {
	struct chunk *chunk; /* [capacity], of which 1 .. n have been in use */
	uint32_t n, capacity, vacant;
	uint32_t *bucket; /* [buckets], a power of two */
	uint32_t buckets;
	size_t memory, memory_limit, others; /* bytes; others: of its users */
	uint64_t disk, disk_limit, file_end;
	uint32_t spilled; /* the chunk that was moved to the file last */
	struct fed_chunk_folder folder;
	int file;                 /* -1: not made yet */
	bool refused;             /* it cannot be made: it is not tried again before the next limit */
	struct fed_error failure; /* why the file is missing or full; "": it is not */
	struct fed_chunk_codec codec;
	unsigned char out[FED_CHUNK_BYTES], base[FED_CHUNK_BYTES];
};

int fed__chunks_new(struct fed_chunk_store **out, struct fed_error *err)
{
	struct fed_chunk_store *s = fed_alloc(sizeof *s);

	if (!s)
		return fed_fail_memory(err, sizeof *s, "the store of snapshots");
	s->file = -1;
	s->memory_limit = SIZE_MAX;
	*out = s;
	return FED_OK;
}

void fed__chunks_free(struct fed_chunk_store *s)
{
	if (!s)
		return;
	for (uint32_t i = 1; i <= s->n; i++)
		if (s->chunk[i].users) {
			fed_free(s->chunk[i].bytes);
			fed_shared_vectors_unref(s->chunk[i].vectors);
		}
	if (s->file >= 0)
		close(s->file);
	fed_free(s->chunk);
	fed_free(s->bucket);
	fed__chunk_codec_release(&s->codec);
	fed_free(s);
}

size_t fed__chunks_memory(const struct fed_chunk_store *s)
{
	return s->memory + s->others + s->capacity * sizeof *s->chunk + s->buckets * sizeof *s->bucket;
}

void fed__chunks_charge(struct fed_chunk_store *s, size_t bytes)
{
	s->others += bytes;
}

void fed__chunks_refund(struct fed_chunk_store *s, size_t bytes)
{
	s->others -= bytes;
}

uint64_t fed__chunks_disk(const struct fed_chunk_store *s)
{
	return s->disk;
}

uint32_t fed__chunks_length(const struct fed_chunk_store *s, uint32_t chunk)
{
	return s->chunk[chunk].length;
}

uint32_t fed__chunks_base(const struct fed_chunk_store *s, uint32_t chunk)
{
	return s->chunk[chunk].base;
}

size_t fed__chunks_stored(const struct fed_chunk_store *s, uint32_t chunk)
{
	return s->chunk[chunk].stored;
}

/* The file ----------------------------------------------------------------------------- */

static void open_file(struct fed_chunk_store *s)
{
	struct fed_text path = {0};

	if (s->file >= 0 || s->refused || !s->folder.put || !s->folder.put(s->folder.ctx, &path))
		return;
	s->file = open(path.s, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (s->file < 0) { /* a file system without files that have no name */
		const size_t folder = path.len;

		fed_text_add(&path, "/snapshots.XXXXXX");
		s->file = path.failed ? -1 : mkostemp(path.s, O_CLOEXEC);
		s->refused = s->file < 0;
		if (s->refused)
			fed_fail(&s->failure, "%.*s: %s", (int)folder, path.s, strerror(errno));
		else
			unlink(path.s);
	}
	fed_text_release(&path);
}

static bool write_all(int file, const unsigned char *bytes, size_t n, uint64_t at)
{
	while (n) {
		const ssize_t wrote = pwrite(file, bytes, n, (off_t)at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		bytes += wrote;
		at += (uint64_t)wrote;
		n -= (size_t)wrote;
	}
	return true;
}

static bool read_all(int file, unsigned char *bytes, size_t n, uint64_t at)
{
	while (n) {
		const ssize_t got = pread(file, bytes, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return true;
}

/* Move a chunk to the file; false: it stays in memory. */
static bool spill(struct fed_chunk_store *s, struct chunk *c)
{
	open_file(s);
	if (s->file < 0 || s->disk + c->stored > s->disk_limit)
		return false;
	if (!write_all(s->file, c->bytes, c->stored, s->file_end)) {
		fed_fail(&s->failure, "its file cannot grow: %s", strerror(errno));
		return false;
	}
	c->at = s->file_end;
	s->file_end += c->stored;
	s->disk += c->stored;
	s->memory -= c->stored;
	fed_free(c->bytes);
	c->bytes = NULL;
	return true;
}

/* Move the oldest chunks to the file until memory holds no more than it may. */
static void spill_oldest(struct fed_chunk_store *s)
{
	for (uint32_t left = s->n; left && fed__chunks_memory(s) > s->memory_limit; left--) {
		const uint32_t i = s->spilled % s->n + 1; /* numbers are used again: round and round */

		if (s->chunk[i].users && s->chunk[i].bytes && !spill(s, &s->chunk[i]))
			return;
		s->spilled = i;
	}
}

const char *fed__chunks_failure(const struct fed_chunk_store *s)
{
	return s->failure.text;
}

void fed__chunks_limit(struct fed_chunk_store *s, size_t memory, struct fed_chunk_folder folder,
                       uint64_t disk)
{
	s->folder = folder;
	s->refused = false;
	s->memory_limit = memory;
	s->disk_limit = folder.put ? disk : 0;
	spill_oldest(s);
}

size_t fed__chunks_memory_limit(const struct fed_chunk_store *s)
{
	return s->memory_limit;
}

bool fed__chunks_are_over(const struct fed_chunk_store *s)
{
	return fed__chunks_memory(s) > s->memory_limit;
}

/* Chunks --------------------------------------------------------------------------------- */

static bool grow(struct fed_chunk_store *s)
{
	const uint32_t capacity = s->capacity ? 2 * s->capacity : 64;
	struct chunk *chunk =
		fed_resize(s->chunk, s->capacity * sizeof *chunk, capacity * sizeof *chunk);

	if (!chunk)
		return false;
	s->chunk = chunk;
	s->capacity = capacity;
	uint32_t *bucket = fed_alloc_array(2 * capacity, sizeof *bucket);
	if (!bucket)
		return s->buckets > 0; /* slower, but right */
	fed_free(s->bucket);
	s->bucket = bucket;
	s->buckets = 2 * capacity;
	for (uint32_t i = 1; i <= s->n; i++) {
		uint32_t *b = &bucket[s->chunk[i].hash.low & (s->buckets - 1)];

		if (!s->chunk[i].users)
			continue;
		s->chunk[i].next = *b;
		*b = i;
	}
	return true;
}

static uint32_t *bucket_of(const struct fed_chunk_store *s, struct fed_hash128 hash)
{
	return &s->bucket[hash.low & (s->buckets - 1)];
}

/* The chunk of n bytes, or of vectors; 0: none. */
static uint32_t find(const struct fed_chunk_store *s, struct fed_hash128 hash, uint32_t n,
                     const struct fed_shared_vectors *vectors)
{
	uint32_t i = s->buckets ? *bucket_of(s, hash) : 0;

	while (i && (!fed_hash_is(s->chunk[i].hash, hash) || s->chunk[i].length != n ||
	             s->chunk[i].vectors != vectors))
		i = s->chunk[i].next;
	return i;
}

/* Number of a free place; 0: no memory. */
static uint32_t take_place(struct fed_chunk_store *s)
{
	const uint32_t i = s->vacant;

	if (i) {
		s->vacant = s->chunk[i].next;
		return i;
	}
	if (s->n + 1 >= s->capacity && !grow(s))
		return 0;
	return ++s->n;
}

/* Put a chunk at a free place. */
static void put_at(struct fed_chunk_store *s, uint32_t i, struct chunk c)
{
	uint32_t *b = bucket_of(s, c.hash);

	c.users = 1;
	c.next = *b;
	s->chunk[i] = c;
	*b = i;
	s->memory += c.stored;
	if (c.base)
		s->chunk[c.base].users++;
	spill_oldest(s);
}

/* Add a chunk with a copy of its stored bytes. */
static int add(struct fed_chunk_store *s, struct chunk c, const void *bytes, uint32_t *chunk,
               struct fed_error *err)
{
	c.bytes = fed_alloc(c.stored ? c.stored : 1);
	*chunk = c.bytes ? take_place(s) : 0;
	if (!*chunk) {
		fed_free(c.bytes);
		return fed_fail_memory(err, c.stored, "a part of a snapshot");
	}
	memcpy(c.bytes, bytes, c.stored);
	put_at(s, *chunk, c);
	return FED_OK;
}

int fed__chunks_put(struct fed_chunk_store *s, const void *bytes, uint32_t n, uint32_t *chunk,
                    struct fed_error *err)
{
	const struct chunk c = {.hash = fed_hash_128(bytes, n), .length = n, .stored = n};

	*chunk = find(s, c.hash, n, NULL);
	if (!*chunk)
		return add(s, c, bytes, chunk, err);
	s->chunk[*chunk].users++;
	return FED_OK;
}

int fed__chunks_put_vectors(struct fed_chunk_store *s, struct fed_shared_vectors *vectors,
                            uint32_t *chunk, struct fed_error *err)
{
	const size_t bytes = sizeof *vectors + vectors->n * vectors->dim * sizeof(float);
	const struct chunk c = {
		.hash = fed_hash_128(&vectors, sizeof(vectors)), .stored = bytes, .vectors = vectors};

	*chunk = find(s, c.hash, 0, vectors);
	if (*chunk) {
		s->chunk[*chunk].users++;
		return FED_OK;
	}
	*chunk = take_place(s);
	if (!*chunk)
		return fed_fail_memory(err, sizeof c, "a part of a snapshot");
	fed_shared_vectors_ref(vectors);
	put_at(s, *chunk, c);
	return FED_OK;
}

struct fed_shared_vectors *fed__chunks_vectors(const struct fed_chunk_store *s, uint32_t chunk)
{
	return s->chunk[chunk].vectors;
}

void fed__chunks_use(struct fed_chunk_store *s, uint32_t chunk)
{
	s->chunk[chunk].users++;
}

/* Give the bytes of a chunk back, in memory or in the file. */
static void discard_bytes(struct fed_chunk_store *s, struct chunk *c)
{
	if (c->bytes || c->vectors) {
		s->memory -= c->stored;
		fed_free(c->bytes);
		fed_shared_vectors_unref(c->vectors);
		c->bytes = NULL;
		c->vectors = NULL;
		return;
	}
	s->disk -= c->stored;
	if (s->disk == 0) {
		s->file_end = 0;
		(void)!ftruncate(s->file, 0);
	} else {
		(void)fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)c->at,
		                (off_t)c->stored);
	}
}

void fed__chunks_drop(struct fed_chunk_store *s, uint32_t chunk)
{
	while (chunk && --s->chunk[chunk].users == 0) {
		struct chunk *c = &s->chunk[chunk];
		const uint32_t base = c->base;
		uint32_t *at = bucket_of(s, c->hash);

		while (*at != chunk)
			at = &s->chunk[*at].next;
		*at = c->next;
		discard_bytes(s, c);
		c->base = 0;
		c->next = s->vacant;
		s->vacant = chunk;
		chunk = base;
	}
}

/* The stored bytes, in `scratch` if they are in the file; NULL: they cannot be read. */
static const unsigned char *stored_bytes(struct fed_chunk_store *s, const struct chunk *c,
                                         unsigned char *scratch)
{
	if (c->bytes)
		return c->bytes;
	return read_all(s->file, scratch, c->stored, c->at) ? scratch : NULL;
}

/* Bytes of a chunk that is no difference. */
static bool read_whole(struct fed_chunk_store *s, const struct chunk *c, unsigned char *out)
{
	unsigned char scratch[FED_CHUNK_BYTES];
	const unsigned char *bytes = stored_bytes(s, c, scratch);

	if (!bytes)
		return false;
	if (c->compressed)
		return fed__chunk_decode(&s->codec, bytes, c->stored, NULL, out, c->length);
	memcpy(out, bytes, c->length);
	return true;
}

static bool read_chunk(struct fed_chunk_store *s, const struct chunk *c, unsigned char *out)
{
	if (!c->base)
		return read_whole(s, c, out);
	unsigned char scratch[FED_CHUNK_BYTES];
	const unsigned char *bytes = stored_bytes(s, c, scratch);
	return bytes && read_whole(s, &s->chunk[c->base], s->base) &&
	       fed__chunk_decode(&s->codec, bytes, c->stored, s->base, out, c->length);
}

int fed__chunks_read(struct fed_chunk_store *s, uint32_t chunk, void *out, struct fed_error *err)
{
	const struct chunk *c = &s->chunk[chunk];

	if (!read_chunk(s, c, out) || !fed_hash_is(fed_hash_128(out, c->length), c->hash))
		return fed_fail(err, "a snapshot is damaged: %u bytes of it cannot be read back from %s",
		                c->length, c->bytes ? "memory" : "the file of the history");
	return FED_OK;
}

/* Whether a chunk can be the base of another one: a difference to a difference would be slow. */
static bool can_be_base(const struct fed_chunk_store *s, uint32_t base, uint32_t n)
{
	return base && s->chunk[base].users && !s->chunk[base].base && s->chunk[base].length == n;
}

void fed__chunks_compress(struct fed_chunk_store *s, uint32_t chunk, uint32_t base)
{
	struct chunk *c = &s->chunk[chunk];
	const size_t worth = c->length - c->length / 16;

	if (c->compressed || !c->bytes || base == chunk)
		return;
	const bool against = can_be_base(s, base, c->length) && read_whole(s, &s->chunk[base], s->base);
	const size_t n =
		fed__chunk_encode(&s->codec, c->bytes, c->length, against ? s->base : NULL, s->out, worth);
	unsigned char *bytes = n ? fed_alloc(n) : NULL;
	if (!bytes)
		return;
	memcpy(bytes, s->out, n);
	s->memory -= c->stored - n;
	fed_free(c->bytes);
	c->bytes = bytes;
	c->stored = n;
	c->compressed = true;
	if (against) {
		c->base = base;
		s->chunk[base].users++;
	}
}

/* Files --------------------------------------------------------------------------------- */

uint32_t fed__chunks_last(const struct fed_chunk_store *s)
{
	return s->n;
}

int fed__chunks_copy(struct fed_chunk_store *s, uint32_t chunk, struct fed_stored_chunk *out,
                     struct fed_error *err)
{
	const struct chunk *c = &s->chunk[chunk];
	const unsigned char *bytes = stored_bytes(s, c, out->bytes);

	if (!bytes)
		return fed_fail(err, "a part of a snapshot cannot be read from the file of the history");
	if (bytes != out->bytes)
		memcpy(out->bytes, bytes, c->stored);
	out->hash = c->hash;
	out->length = c->length;
	out->stored = (uint32_t)c->stored;
	out->base = c->base;
	out->compressed = c->compressed;
	return FED_OK;
}

/* Whether the stored bytes are those of the hash. */
static bool is_whole(struct fed_chunk_store *s, const struct fed_stored_chunk *c)
{
	const unsigned char *base = NULL;

	if (!c->compressed && (c->base || c->stored != c->length))
		return false;
	if (c->base) {
		if (!can_be_base(s, c->base, c->length) || !read_whole(s, &s->chunk[c->base], s->base))
			return false;
		base = s->base;
	}
	if (c->compressed &&
	    !fed__chunk_decode(&s->codec, c->bytes, c->stored, base, s->out, c->length))
		return false;
	return fed_hash_is(fed_hash_128(c->compressed ? s->out : c->bytes, c->length), c->hash);
}

int fed__chunks_take(struct fed_chunk_store *s, const struct fed_stored_chunk *from,
                     uint32_t *chunk, struct fed_error *err)
{
	const struct chunk c = {.hash = from->hash,
	                        .length = from->length,
	                        .stored = from->stored,
	                        .base = from->base,
	                        .compressed = from->compressed};

	*chunk = find(s, c.hash, c.length, NULL);
	if (*chunk) {
		s->chunk[*chunk].users++;
		return FED_OK;
	}
	if (!is_whole(s, from))
		return fed_fail(err, "a part of a snapshot is damaged");
	return add(s, c, from->bytes, chunk, err);
}

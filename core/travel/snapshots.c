/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/snapshots.c - snapshots cut into chunks, put together again, and compressed when older.
 */
#include "travel/snapshots.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/format.h"
#include "history/kept_runs.h"
#include "history/metrics.h"
#include "net/shared_vectors.h"

#define LARGE_SECTION 4096u  /* from so many bytes on a section has chunks of its own */
#define FIGURES_BYTES 16384u /* a chunk of records of versions: those before stay as they are */
#define KEY_EVERY 16u        /* snapshots */
#define SHARE_OF_FRESH \
	4 /* of the memory for snapshots: what those may take that were not compressed */
#define KEPT_COST 0.5   /* share of the former cost in the present one */
#define FIRST_PACE 4e-9 /* seconds of compression for a byte, until some were compressed */

int fed__snapshots_init(struct fed_snapshots *s, struct fed_error *err)
{
	*s = (struct fed_snapshots){.pace = FIRST_PACE};
	return fed__chunks_new(&s->store, err);
}

static void release_chunks(struct fed_snapshots *s, struct fed_snapshot *x)
{
	for (uint32_t i = 0; i < x->n; i++)
		fed__chunks_drop(s->store, x->chunk[i]);
	fed_free(x->chunk);
	fed_free(x->part);
	x->chunk = x->part = NULL;
	x->n = 0;
}

void fed__snapshots_release(struct fed_snapshots *s)
{
	release_chunks(s, &s->key);
	fed__chunks_free(s->store);
	fed_text_release(&s->text);
	*s = (struct fed_snapshots){0};
}

/* The queue of snapshots that were not compressed, in the order in which they were made. */
static void enter_queue(struct fed_snapshots *s, struct fed_snapshot *x)
{
	struct fed_snapshot **at = &s->oldest;

	while (*at)
		at = &(*at)->newer;
	*at = x;
	x->queued = true;
	s->fresh += x->fresh;
}

static void leave_queue(struct fed_snapshots *s, struct fed_snapshot *x)
{
	struct fed_snapshot **at = &s->oldest;

	if (!x->queued)
		return;
	while (*at != x)
		at = &(*at)->newer;
	*at = x->newer;
	x->newer = NULL;
	x->queued = false;
	s->fresh -= x->fresh;
}

void fed__snapshot_free(struct fed_snapshots *s, struct fed_snapshot *x)
{
	if (!x)
		return;
	if (s->newest == x)
		s->newest = NULL;
	leave_queue(s, x);
	release_chunks(s, x);
	fed__chunks_refund(s->store, x->own);
	fed_event_mark_release(&x->events);
	fed_free(x);
}

void fed__snapshot_charge(struct fed_snapshots *s, struct fed_snapshot *x)
{
	const struct fed_invitation_mark *m = &x->events.invitations;

	x->own = sizeof *x + x->n * (sizeof *x->chunk + sizeof *x->part) +
	         m->pending_capacity * sizeof *m->pending + m->n_changed * sizeof *m->changed;
	fed__chunks_charge(s->store, x->own);
}

/* Cutting ------------------------------------------------------------------------------ */

/* A walk over the pieces of a snapshot, as chunks take them. */
struct cutter {
	const char *at, *end;
	const char *body;    /* end of the large section that is being cut; NULL: none */
	uint32_t most;       /* bytes of a piece of it */
	uint32_t name, part; /* hash of its name and number; pieces of it so far */
	uint32_t sections;
};

/* Bytes of the section at `at`, with head and checksums. */
static uint64_t section_bytes(const char *at)
{
	uint64_t n;

	memcpy(&n, at + FED_SECTION_NAME, sizeof n);
	return FED_SECTION_HEAD + 4 + le64toh(n) + 4;
}

/* Records of versions are added at its end. */
static bool grows_at_end(const char *section)
{
	return strncmp(section, "history", FED_SECTION_NAME) == 0 ||
	       strncmp(section, "run", FED_SECTION_NAME) == 0;
}

/* The next piece; false: there is none. */
static bool cut(struct cutter *c, const char **piece, uint32_t *n, uint32_t *part)
{
	if (c->at == c->end)
		return false;
	*piece = c->at;
	if (!c->body) { /* small sections, up to a large one */
		uint64_t bytes = 0;

		c->name = (uint32_t)fed_hash_64(c->at, FED_SECTION_NAME, c->sections);
		c->part = 0;
		while (c->at < c->end && section_bytes(c->at) < LARGE_SECTION &&
		       bytes + section_bytes(c->at) <= FED_CHUNK_BYTES) {
			bytes += section_bytes(c->at);
			c->at += section_bytes(c->at);
			c->sections++;
		}
		if (bytes) {
			*n = (uint32_t)bytes;
			*part = c->name;
			return true;
		}
		c->body = c->at + section_bytes(c->at);
		c->most = grows_at_end(c->at) ? FIGURES_BYTES : FED_CHUNK_BYTES;
		c->sections++;
	}
	const size_t left = (size_t)(c->body - c->at);
	*n = left < c->most ? (uint32_t)left : c->most;
	*part = c->name + c->part++;
	c->at += *n;
	if (c->at == c->body)
		c->body = NULL;
	return true;
}

/* Give back what an array has too much. */
static void fit(uint32_t **v, uint64_t had, uint32_t n)
{
	uint32_t *fitting = fed_resize(*v, had * sizeof **v, n * sizeof **v);

	*v = fitting ? fitting : *v;
}

/* Cut a snapshot; the head of the file is a piece of its own. */
static int cut_all(struct fed_snapshots *s, const struct fed_text *whole,
                   const struct fed_vectors_apart *apart, struct fed_snapshot *x,
                   struct fed_error *err)
{
	const char *text = whole->s;
	const size_t head = FED_FILE_HEAD + 4;
	struct cutter c = {.at = text + head, .end = text + whole->len};
	const uint64_t most = whole->len / LARGE_SECTION * 2 + 64 + apart->n;
	const char *piece = text;
	uint32_t n = (uint32_t)head, part = 0;

	x->chunk = fed_alloc_array(most, sizeof *x->chunk);
	x->part = fed_alloc_array(most, sizeof *x->part);
	if (!x->chunk || !x->part)
		return fed_fail_memory(err, most * sizeof *x->chunk, "a snapshot");
	do {
		if (fed__chunks_put(s->store, piece, n, &x->chunk[x->n], err))
			return FED_FAIL;
		x->part[x->n++] = part;
		x->bytes += n;
	} while (x->n < most && cut(&c, &piece, &n, &part));
	for (uint32_t i = 0; i < apart->n; i++, x->n++, x->vectors++)
		if (fed__chunks_put_vectors(s->store, apart->vectors[i], &x->chunk[x->n], err))
			return FED_FAIL;
	fit(&x->chunk, most, x->n);
	fit(&x->part, most, x->n);
	return FED_OK;
}

/* Compression --------------------------------------------------------------------------- */

static uint32_t key_chunk(const struct fed_snapshot *key, uint32_t part, uint32_t near)
{
	for (uint32_t i = 0; i < key->n; i++) {
		const uint32_t at = (near + i) % key->n;

		if (key->part[at] == part)
			return key->chunk[at];
	}
	return 0;
}

static void compress(struct fed_snapshots *s, const struct fed_snapshot *x)
{
	for (uint32_t i = 0; i < x->n; i++)
		if (fed__chunks_length(s->store, x->chunk[i]) >= LARGE_SECTION)
			fed__chunks_compress(s->store, x->chunk[i], key_chunk(&s->key, x->part[i], i));
}

/* Make a snapshot the one that the next ones are compressed against. */
static void set_key(struct fed_snapshots *s, const struct fed_snapshot *x)
{
	struct fed_snapshot key = {.n = x->n};

	key.chunk = fed_copy_array(x->chunk, x->n, sizeof *x->chunk);
	key.part = fed_copy_array(x->part, x->n, sizeof *x->part);
	if (!key.chunk || !key.part) { /* the former one does as well */
		fed_free(key.chunk);
		fed_free(key.part);
		return;
	}
	for (uint32_t i = 0; i < key.n; i++)
		fed__chunks_use(s->store, key.chunk[i]);
	for (uint32_t i = 0; i < s->key.n; i++) /* until now differences to it were made quickly */
		if (fed__chunks_length(s->store, s->key.chunk[i]) >= LARGE_SECTION)
			fed__chunks_compress(s->store, s->key.chunk[i], 0);
	release_chunks(s, &s->key);
	s->key = key;
	s->since_key = 0;
}

/* Reading -------------------------------------------------------------------------------- */

/* The bytes without those of its vectors, appended. */
static int read_bytes(struct fed_snapshots *s, const struct fed_snapshot *x, struct fed_text *out,
                      struct fed_error *err)
{
	char *to = fed_text_reserve(out, x->bytes);
	uint64_t at = 0;

	if (!to)
		return fed_fail_memory(err, x->bytes, "a snapshot");
	for (uint32_t i = 0; i < x->n - x->vectors; i++) {
		if (fed__chunks_read(s->store, x->chunk[i], to + at, err))
			return FED_FAIL;
		at += fed__chunks_length(s->store, x->chunk[i]);
	}
	out->len += x->bytes;
	return FED_OK;
}

/* References to its vectors, in their order. */
static int take_vectors(const struct fed_snapshots *s, const struct fed_snapshot *x,
                        struct fed_vectors_apart *a, struct fed_error *err)
{
	*a = (struct fed_vectors_apart){.capacity = x->vectors};
	if (x->vectors == 0)
		return FED_OK;
	a->vectors = fed_alloc_array(x->vectors, sizeof(struct fed_shared_vectors *));
	if (!a->vectors)
		return fed_fail_memory(err, x->vectors * sizeof *a->vectors, "a snapshot");
	for (; a->n < x->vectors; a->n++)
		a->vectors[a->n] = fed_shared_vectors_ref(
			fed__chunks_vectors(s->store, x->chunk[x->n - x->vectors + a->n]));
	return FED_OK;
}

/* Both of them, in s->text and *a, which the caller releases in any case. */
static int read_apart(struct fed_snapshots *s, const struct fed_snapshot *x,
                      struct fed_vectors_apart *a, struct fed_error *err)
{
	*a = (struct fed_vectors_apart){0};
	fed_text_clear(&s->text);
	return read_bytes(s, x, &s->text, err) || take_vectors(s, x, a, err) ? FED_FAIL : FED_OK;
}

int fed__snapshot_read(struct fed_snapshots *s, const struct fed_snapshot *x, struct fed_text *out,
                       struct fed_error *err)
{
	struct fed_vectors_apart a;
	int rc = read_apart(s, x, &a, err);

	if (rc == FED_OK)
		rc = fed_snapshot_join(&s->text, &a, out, err);
	fed_vectors_apart_release(&a);
	return rc;
}

int fed__snapshot_restore(struct fed_snapshots *s, const struct fed_snapshot *x,
                          struct fed_session *session, struct fed_error *err)
{
	struct fed_vectors_apart a;
	int rc = read_apart(s, x, &a, err);

	if (rc == FED_OK)
		rc = fed_snapshot_restore_apart(session, &s->text, &a, err);
	fed_vectors_apart_release(&a);
	return rc;
}

/* Growing older ---------------------------------------------------------------------------- */

/* Give a snapshot the bytes of its vectors. */
static int join(struct fed_snapshots *s, struct fed_snapshot *x, struct fed_error *err)
{
	const struct fed_vectors_apart none = {0};
	struct fed_snapshot joined = {0};
	struct fed_text text = {0};

	if (x->vectors == 0)
		return FED_OK;
	int rc = fed__snapshot_read(s, x, &text, err);
	if (rc == FED_OK)
		rc = cut_all(s, &text, &none, &joined, err);
	fed_text_release(&text);
	if (rc) {
		release_chunks(s, &joined);
		return rc;
	}
	fed__chunks_refund(s->store, x->own);
	release_chunks(s, x);
	x->chunk = joined.chunk;
	x->part = joined.part;
	x->n = joined.n;
	x->bytes = joined.bytes;
	x->vectors = 0;
	fed__snapshot_charge(s, x);
	return FED_OK;
}

int fed__snapshots_join(struct fed_snapshots *s, struct fed_error *err)
{
	int rc = FED_OK;

	for (struct fed_snapshot *x = s->oldest; x && rc == FED_OK; x = x->newer)
		rc = join(s, x, err);
	return rc;
}

/* Compress the oldest one that was not, or make it the key; false: there is no memory. */
static bool compress_oldest(struct fed_snapshots *s)
{
	struct fed_snapshot *x = s->oldest;
	const double began = fed_wall_seconds();
	struct fed_error unused;

	if (join(s, x, &unused))
		return false;
	leave_queue(s, x);
	if (s->key.n == 0 || ++s->since_key == KEY_EVERY)
		set_key(s, x);
	compress(s, x);
	if (x->fresh >= LARGE_SECTION)
		s->pace =
			KEPT_COST * s->pace + (1 - KEPT_COST) * (fed_wall_seconds() - began) / (double)x->fresh;
	return true;
}

void fed__snapshots_fit(struct fed_snapshots *s)
{
	while (s->oldest && s->oldest != s->newest &&
	       s->fresh > fed__chunks_memory_limit(s->store) / SHARE_OF_FRESH)
		if (!compress_oldest(s))
			return;
}

/* ------------------------------------------------------------------------------------------ */

/* Bytes of the records of versions, which snapshots share. */
static size_t bytes_of_figures(const struct fed_session *session)
{
	const struct fed_runs *runs = fed_session_kept_runs(session);
	size_t n = fed_session_history(session)->n;

	for (size_t i = 0; i < runs->n; i++)
		n += runs->run[i].history.n;
	return n * sizeof(struct fed_record);
}

static uint64_t bytes_kept(const struct fed_snapshots *s)
{
	return fed__chunks_memory(s->store) + fed__chunks_disk(s->store);
}

int fed__snapshot_make(struct fed_snapshots *s, const struct fed_session *session, size_t most,
                       struct fed_snapshot **out, struct fed_error *err)
{
	const uint64_t before = bytes_kept(s);
	const size_t all = most + bytes_of_figures(session);
	const double began = fed_wall_seconds();
	struct fed_snapshot *x = fed_alloc(sizeof *x);
	struct fed_vectors_apart apart = {0};

	if (!x)
		return fed_fail_memory(err, sizeof *x, "a snapshot");
	fed_text_clear(&s->text);
	int rc = fed_snapshot_take_apart(session, &s->text, &apart, all < most ? SIZE_MAX : all, err);
	if (rc == FED_OK)
		rc = cut_all(s, &s->text, &apart, x, err);
	fed_vectors_apart_release(&apart);
	if (rc == FED_OK)
		rc = fed_event_log_mark(&x->events, fed_session_event_log(session), err);
	const uint64_t after = bytes_kept(s);
	x->fresh = after > before ? after - before : 0;
	const double cost = /* of one that failed, too */
		fed_wall_seconds() - began + s->pace * (double)x->fresh;
	if (rc) {
		fed__snapshot_free(s, x);
	} else {
		fed__snapshot_charge(s, x);
		enter_queue(s, x);
		s->newest = x;
		fed__snapshots_fit(s);
		*out = x;
	}
	s->cost = fmax(cost, KEPT_COST * s->cost + (1 - KEPT_COST) * cost);
	return rc;
}

uint64_t fed__snapshot_stored(const struct fed_snapshots *s, const struct fed_snapshot *x)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < x->n; i++)
		bytes += fed__chunks_stored(s->store, x->chunk[i]);
	return bytes;
}

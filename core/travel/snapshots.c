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

#define LARGE_SECTION 4096u  /* from so many bytes on a section has chunks of its own */
#define FIGURES_BYTES 16384u /* a chunk of records of versions: those before stay as they are */
#define KEY_EVERY 16u        /* snapshots */
#define KEPT_COST 0.5        /* share of the former cost in the present one */
#define FIRST_PACE 4e-9      /* seconds of compression for a byte, until some were compressed */

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

void fed__snapshot_free(struct fed_snapshots *s, struct fed_snapshot *x)
{
	if (!x)
		return;
	if (s->newest == x)
		s->newest = NULL;
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

/* The head of the file is a piece of its own. */
static int cut_all(struct fed_snapshots *s, struct fed_snapshot *x, struct fed_error *err)
{
	const char *text = s->text.s;
	const size_t head = FED_FILE_HEAD + 4;
	struct cutter c = {.at = text + head, .end = text + s->text.len};
	const uint64_t most = s->text.len / LARGE_SECTION * 2 + 64;
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

/* A snapshot was made: the one before it is old now. */
static void grow_older(struct fed_snapshots *s, struct fed_snapshot *made)
{
	const double began = fed_wall_seconds();

	if (s->newest)
		compress(s, s->newest);
	if (s->newest && s->newest->fresh >= LARGE_SECTION)
		s->pace = KEPT_COST * s->pace +
		          (1 - KEPT_COST) * (fed_wall_seconds() - began) / (double)s->newest->fresh;
	s->newest = made;
	if (s->key.n == 0 || ++s->since_key == KEY_EVERY)
		set_key(s, made);
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

	if (!x)
		return fed_fail_memory(err, sizeof *x, "a snapshot");
	fed_text_clear(&s->text);
	int rc = fed_snapshot_take_within(session, &s->text, all < most ? SIZE_MAX : all, err);
	if (rc == FED_OK)
		rc = cut_all(s, x, err);
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
		grow_older(s, x);
		*out = x;
	}
	s->cost = fmax(cost, KEPT_COST * s->cost + (1 - KEPT_COST) * cost);
	return rc;
}

int fed__snapshot_read(struct fed_snapshots *s, const struct fed_snapshot *x, struct fed_text *out,
                       struct fed_error *err)
{
	char *to = fed_text_reserve(out, x->bytes);
	uint64_t at = 0;

	if (!to)
		return fed_fail_memory(err, x->bytes, "a snapshot");
	for (uint32_t i = 0; i < x->n; i++) {
		if (fed__chunks_read(s->store, x->chunk[i], to + at, err))
			return FED_FAIL;
		at += fed__chunks_length(s->store, x->chunk[i]);
	}
	out->len += x->bytes;
	return FED_OK;
}

int fed__snapshot_restore(struct fed_snapshots *s, const struct fed_snapshot *x,
                          struct fed_session *session, struct fed_error *err)
{
	fed_text_clear(&s->text);
	const int rc = fed__snapshot_read(s, x, &s->text, err);
	return rc ? rc : fed_snapshot_restore(session, &s->text, err);
}

uint64_t fed__snapshot_stored(const struct fed_snapshots *s, const struct fed_snapshot *x)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < x->n; i++)
		bytes += fed__chunks_stored(s->store, x->chunk[i]);
	return bytes;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/save.c - writer of the history into the file of the session.
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "travel/file.h"

/* Versions between two snapshots in a file, where those between are had by replay. */
#define VERSIONS_APART 50u
/* Bytes of snapshots up to which a rescue file has the history, too. */
#define RESCUE_BYTES 4e6

const struct fed_record_column fed__place_columns[] = {
	FED_COLUMN(struct fed_place, revision),
	FED_COLUMN(struct fed_place, inside),
	FED_COLUMN(struct fed_place, version),
	FED_COLUMN(struct fed_place, steps),
	FED_COLUMN_END,
};
const struct fed_record_column fed__revision_columns[] = {
	FED_COLUMN(struct fed_revision, branch),
	FED_COLUMN(struct fed_revision, group),
	FED_COLUMN(struct fed_revision, run),
	FED_COLUMN(struct fed_revision, restarts),
	FED_COLUMN(struct fed_revision, single),
	FED_COLUMN(struct fed_revision, version_before),
	FED_COLUMN(struct fed_revision, version),
	FED_COLUMN(struct fed_revision, steps_before),
	FED_COLUMN(struct fed_revision, steps),
	FED_COLUMN(struct fed_revision, faults),
	FED_COLUMN_RULE(struct fed_revision, clock, FED_COLUMN_TIME),
	FED_COLUMN(struct fed_revision, digest),
	FED_COLUMN_END,
};
const struct fed_record_column fed__kept_columns[] = {
	FED_COLUMN(struct fed_kept_snapshot, version),
	FED_COLUMN(struct fed_kept_snapshot, inside),
	FED_COLUMN(struct fed_kept_snapshot, pinned),
	FED_COLUMN_RULE(struct fed_kept_snapshot, work, FED_COLUMN_TIME),
	FED_COLUMN_END,
};
const struct fed_record_column fed__branch_columns[] = {
	FED_COLUMN(struct fed_branch, name),
	FED_COLUMN(struct fed_branch, of),
	FED_COLUMN_END,
};

/* What is written, with the numbers that it gets. */
struct file_selection {
	struct fed_travel *t;
	uint32_t *revision; /* [tree.n] number in the file, by revision */
	uint64_t *last;     /* [tree.n] version of the last chosen snapshot on the path to it */
	uint32_t *chunk;    /* [chunks + 1] number in the file, from 1; 0: not written */
	struct fed_stored_chunk *scratch;
	uint32_t revisions, chunks;
	uint64_t bytes;
};

static bool select_init(struct file_selection *x, struct fed_travel *t)
{
	const uint32_t chunks = fed__chunks_last(t->snapshots.store) + 1;

	*x = (struct file_selection){.t = t,
	                             .revision = fed_alloc_array(t->tree.n, sizeof *x->revision),
	                             .last = fed_alloc_array(t->tree.n, sizeof *x->last),
	                             .chunk = fed_alloc_array(chunks, sizeof *x->chunk),
	                             .scratch = fed_alloc(sizeof *x->scratch)};
	for (uint32_t i = 0; x->revision && i < t->tree.n; i++)
		x->revision[i] = t->tree.revision[i].gone ? 0 : x->revisions++;
	return x->revision && x->last && x->chunk && x->scratch;
}

static void select_release(struct file_selection *x)
{
	fed_free(x->revision);
	fed_free(x->last);
	fed_free(x->chunk);
	fed_free(x->scratch);
}

/* Whether a snapshot goes into the file; called in the order of the path. */
static bool choose(struct file_selection *x, uint32_t revision,
                   const struct fed_kept_snapshot *kept)
{
	const struct fed_tree *t = &x->t->tree;
	const struct fed_revision *r = &t->revision[revision];
	const uint64_t version = kept->inside ? kept->version : r->version, last = x->last[revision];
	const bool another = revision == 0 || r->run != t->revision[r->from.revision].run;

	if (!kept->pinned && !another && version >= last && version < last + VERSIONS_APART)
		return false;
	x->last[revision] = version;
	return true;
}

/* work(selection, ctx, revision, snapshot) for each that is chosen. */
static void each_chosen(struct file_selection *x,
                        void (*work)(struct file_selection *, void *, const struct fed_snapshot *),
                        void *ctx)
{
	const struct fed_tree *t = &x->t->tree;

	for (uint32_t i = 0; i < t->n; i++) {
		const struct fed_revision *r = &t->revision[i];

		x->last[i] = i ? x->last[r->from.revision] : 0;
		for (uint32_t k = 0; k < r->n_kept; k++)
			if (choose(x, i, &r->kept[k]))
				work(x, ctx, r->kept[k].snapshot);
	}
}

/* Chunks ---------------------------------------------------------------------------------- */

static void save_chunk(struct file_selection *x, struct fed_saver *f, uint32_t chunk)
{
	struct fed_stored_chunk *c = x->scratch;
	struct fed_error unused; /* the saved file is refused as a whole */

	if (x->chunk[chunk] || f->failed)
		return;
	const uint32_t base = fed__chunks_base(x->t->snapshots.store, chunk);
	if (base)
		save_chunk(x, f, base);
	if (fed__chunks_copy(x->t->snapshots.store, chunk, c, &unused)) {
		f->failed = true;
		return;
	}
	fed_saver_begin(f, "+chunk");
	fed_put_u64(f, c->hash.low);
	fed_put_u64(f, c->hash.high);
	fed_put_u32(f, c->length);
	fed_put_u32(f, base ? x->chunk[base] : 0);
	fed_put_u8(f, c->compressed);
	fed_put_u32(f, c->stored);
	fed_put_raw(f, c->bytes, c->stored);
	fed_saver_end(f);
	x->chunk[chunk] = ++x->chunks;
}

static void save_chunks(struct file_selection *x, void *ctx, const struct fed_snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->n; i++)
		save_chunk(x, ctx, snapshot->chunk[i]);
}

static void count_chunks(struct file_selection *x, void *ctx, const struct fed_snapshot *snapshot)
{
	(void)ctx;
	for (uint32_t i = 0; i < snapshot->n; i++) {
		uint32_t *seen = &x->chunk[snapshot->chunk[i]];

		x->bytes += *seen ? 0 : fed__chunks_stored(x->t->snapshots.store, snapshot->chunk[i]);
		*seen = 1;
	}
}

/* The tree --------------------------------------------------------------------------------- */

static void put_place(struct fed_saver *f, const struct file_selection *x, struct fed_place p)
{
	p.revision = x->revision[p.revision];
	fed_put_row(f, fed__place_columns, &p);
}

static void put_text(struct fed_saver *f, const char *text)
{
	const size_t n = strlen(text);

	fed_put_u64(f, n);
	fed_put_raw(f, text, n);
}

/* A note that is the one of the revision before is not written twice. */
static void put_note(struct fed_saver *f, const char *note, const char *before)
{
	const int kind = !note                                 ? FED_NOTE_NONE
	                 : before && strcmp(note, before) == 0 ? FED_NOTE_SAME
	                                                       : FED_NOTE_TEXT;

	fed_put_u8(f, (uint8_t)kind);
	if (kind == FED_NOTE_TEXT)
		put_text(f, note);
}

static void put_kept(struct fed_saver *f, const struct file_selection *x,
                     const struct fed_kept_snapshot *kept)
{
	const struct fed_snapshot *s = kept->snapshot;

	fed_put_u8(f, 1);
	fed_put_row(f, fed__kept_columns, kept);
	fed_put_u32(f, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		fed_put_u32(f, x->chunk[s->chunk[i]]);
	fed_put_u32s(f, s->part, s->n);
}

static void put_revision(struct fed_saver *f, struct file_selection *x, uint32_t i,
                         const struct fed_revision *before)
{
	const struct fed_revision *r = &x->t->tree.revision[i];

	put_place(f, x, r->from);
	fed_put_row(f, fed__revision_columns, r);
	put_text(f, r->lines);
	for (int k = 0; k < 2; k++)
		put_note(f, r->notes[k], before ? before->notes[k] : NULL);
	x->last[i] = i ? x->last[r->from.revision] : 0;
	for (uint32_t k = 0; k < r->n_kept; k++)
		if (choose(x, i, &r->kept[k]))
			put_kept(f, x, &r->kept[k]);
	fed_put_u8(f, 0);
}

static void put_branch(struct fed_saver *f, const struct file_selection *x,
                       const struct fed_branch *b)
{
	const bool is = *b->name;

	fed_put_row(f, fed__branch_columns, b);
	put_place(f, x, is ? b->fork : (struct fed_place){0});
	put_place(f, x, is ? b->tip : (struct fed_place){0});
}

static void save_tree(struct file_selection *x, struct fed_saver *f)
{
	const struct fed_travel *t = x->t;
	const struct fed_revision *before = NULL;

	fed_saver_begin(f, "+tree");
	fed_put_u32(f, x->revisions);
	for (uint32_t i = 0; i < t->tree.n; i++)
		if (!t->tree.revision[i].gone) {
			put_revision(f, x, i, before);
			before = &t->tree.revision[i];
		}
	fed_put_u32(f, t->tree.n_branches);
	for (uint32_t i = 0; i < t->tree.n_branches; i++)
		put_branch(f, x, &t->tree.branch[i]);
	put_place(f, x, t->at);
	fed_put_u32(f, t->branch);
	fed_put_u32(f, t->groups);
	fed_put_u32(f, t->runs);
	fed_saver_end(f);
	if (t->carries) {
		fed_saver_begin(f, "+carried breaks");
		fed_saver_end(f);
	}
}

void fed__save_history(struct fed_saver *f, struct fed_travel *t)
{
	struct file_selection x = {0};
	struct fed_error unused;

	if (fed__snapshots_join(&t->snapshots, &unused) == FED_OK && select_init(&x, t)) {
		each_chosen(&x, save_chunks, f);
		save_tree(&x, f);
	} else {
		f->failed = true;
	}
	select_release(&x);
}

uint64_t fed__history_bytes(struct fed_travel *t)
{
	struct file_selection x;

	if (select_init(&x, t))
		each_chosen(&x, count_chunks, NULL);
	else
		x.bytes = UINT64_MAX;
	select_release(&x);
	return x.bytes;
}

static void save_more(void *ctx, struct fed_saver *f)
{
	fed__save_history(f, ctx);
}

int fed_travel_save(struct fed_travel *t, const char *path, struct fed_error *err)
{
	const struct fed_more_sections more = {.save = save_more, .ctx = t};

	return fed_session_save_with(t->session, path, &more, err);
}

int fed_travel_save_unsynced(struct fed_travel *t, const char *path, struct fed_error *err)
{
	const struct fed_more_sections more = {.save = save_more, .ctx = t};
	const bool small = !t->moving && (double)fed__history_bytes(t) <= RESCUE_BYTES;

	return fed_session_save_unsynced(t->session, path, small ? &more : NULL, err);
}

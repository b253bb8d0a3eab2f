/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/load.c - reader of the history in the file of a session, which may be forged.
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "travel/file.h"

/* Chunks of the file by their numbers, from 1; each is used by the reader until the end. */
struct chunks {
	uint32_t *chunk; /* [n] */
	uint32_t n, capacity;
};

static bool add_chunk(struct chunks *c, uint32_t chunk)
{
	if (c->n == c->capacity) {
		const uint32_t capacity = c->capacity ? 2 * c->capacity : 64;
		uint32_t *grown =
			fed_resize(c->chunk, c->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return false;
		c->chunk = grown;
		c->capacity = capacity;
	}
	c->chunk[c->n++] = chunk;
	return true;
}

static void load_chunk(struct fed_loader *f, struct fed_travel *t, struct chunks *chunks,
                       struct fed_stored_chunk *c)
{
	struct fed_error why;
	uint32_t chunk;

	c->hash.low = fed_get_u64(f);
	c->hash.high = fed_get_u64(f);
	c->length = fed_get_u32(f);
	c->base = fed_get_u32(f);
	c->compressed = fed_get_flag(f);
	c->stored = fed_get_u32(f);
	if (!f->failed && (c->length > FED_CHUNK_BYTES || c->stored > FED_CHUNK_BYTES))
		fed_loader_fail(f, "%u bytes, kept as %u; a chunk has at most %u", c->length, c->stored,
		                FED_CHUNK_BYTES);
	if (!f->failed && c->base > chunks->n)
		fed_loader_fail(f, "a difference to chunk %u, before which there are %u", c->base,
		                chunks->n);
	if (!f->failed)
		fed_get_raw(f, c->bytes, c->stored);
	if (fed_loader_end(f))
		return;
	c->base = c->base ? chunks->chunk[c->base - 1] : 0;
	if (fed__chunks_take(t->snapshots.store, c, &chunk, &why)) {
		fed_loader_fail(f, "%s", why.text);
	} else if (!add_chunk(chunks, chunk)) {
		fed__chunks_drop(t->snapshots.store, chunk);
		fed_loader_fail(f, "out of memory");
	}
}

/* The tree --------------------------------------------------------------------------------- */

/* A place in the first n revisions, at or before the end of its own. */
static struct fed_place get_place(struct fed_loader *f, const struct fed_tree *t)
{
	struct fed_place p = {0};

	fed_get_row(f, fed__place_columns, &p);
	if (f->failed)
		return (struct fed_place){0};
	if (p.revision >= t->n || (!p.inside && (p.version || p.steps)))
		fed_loader_fail(f, "a place at revision %u of %u", p.revision, t->n);
	else if (p.inside && (p.version < t->revision[p.revision].version_before ||
	                      p.version > t->revision[p.revision].version))
		fed_loader_fail(f, "a place at version %llu, which revision %u did not make",
		                (unsigned long long)p.version, p.revision);
	return f->failed ? (struct fed_place){0} : p;
}

static char *get_text(struct fed_loader *f)
{
	const uint64_t n = fed_get_u64(f);
	char *text = fed_loader_holds(f, n, 1) ? fed_alloc(n + 1) : NULL;

	if (!text) {
		fed_loader_fail(f, "out of memory for a text");
		return NULL;
	}
	fed_get_raw(f, text, n);
	if (!f->failed && memchr(text, 0, n))
		fed_loader_fail(f, "a text with a zero in it");
	return text;
}

static char *get_note(struct fed_loader *f, const char *before)
{
	const uint8_t kind = fed_get_u8(f);
	char *note = NULL;

	if (kind >= FED_NOTE_KINDS || (kind == FED_NOTE_SAME && !before))
		fed_loader_fail(f, "a note of kind %u", kind);
	else if (kind == FED_NOTE_TEXT)
		note = get_text(f);
	else if (kind == FED_NOTE_SAME && !(note = fed_strdup(before)))
		fed_loader_fail(f, "out of memory for a note");
	return note;
}

static struct fed_snapshot *get_snapshot(struct fed_loader *f, struct fed_travel *t,
                                         const struct chunks *chunks)
{
	struct fed_snapshot *x = fed_alloc(sizeof *x);
	const uint32_t n = fed_get_u32(f);

	if (!x) {
		fed_loader_fail(f, "out of memory for a snapshot");
		return NULL;
	}
	x->chunk = fed_get_array(f, n, sizeof *x->chunk, 8);
	x->part = fed_get_array(f, n, sizeof *x->part, 4);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		const uint32_t k = fed_get_u32(f);

		if (k == 0 || k > chunks->n) {
			fed_loader_fail(f, "chunk %u of %u", k, chunks->n);
			break;
		}
		x->chunk[x->n++] = chunks->chunk[k - 1];
		fed__chunks_use(t->snapshots.store, chunks->chunk[k - 1]);
		x->bytes += fed__chunks_length(t->snapshots.store, chunks->chunk[k - 1]);
	}
	if (!f->failed)
		fed_get_u32s(f, x->part, n);
	x->epoch = FED_NO_EPOCH;
	fed__snapshot_charge(&t->snapshots, x);
	return x;
}

/* The snapshots of a revision that was added last. */
static void get_kept(struct fed_loader *f, struct fed_travel *t, struct fed_tree *tree,
                     const struct chunks *chunks)
{
	const struct fed_revision *r = &tree->revision[tree->n - 1];
	struct fed_error why;

	while (!f->failed && fed_get_flag(f)) {
		struct fed_kept_snapshot kept = {0};

		fed_get_row(f, fed__kept_columns, &kept);
		if (!f->failed &&
		    (kept.inside ? kept.version < r->version_before || kept.version > r->version
		                 : kept.version != 0))
			fed_loader_fail(f, "a snapshot of version %llu", (unsigned long long)kept.version);
		kept.snapshot = f->failed ? NULL : get_snapshot(f, t, chunks);
		if (kept.snapshot && fed__tree_keep(tree, tree->n - 1, &kept, &why)) {
			fed__snapshot_free(&t->snapshots, kept.snapshot);
			fed_loader_fail(f, "%s", why.text);
		}
	}
}

static void check_lines(struct fed_loader *f, struct fed_travel *t, const char *lines)
{
	struct fed_text line = {0};

	for (const char *at = lines; !f->failed && *at; at += strcspn(at, "\n")) {
		at += *at == '\n';
		fed_text_clear(&line);
		fed_text_put(&line, at, strcspn(at, "\n"));
		if (line.failed || !t->host.allows(t->host.ctx, fed_text_str(&line)))
			fed_loader_fail(f, "`%.60s` is no command that changes a session",
			                fed_show(fed_text_str(&line)).s);
	}
	fed_text_release(&line);
}

static void get_revision(struct fed_loader *f, struct fed_travel *t, struct fed_arriving *a,
                         const struct chunks *chunks)
{
	struct fed_tree *tree = &a->tree;
	const uint32_t i = tree->n;
	struct fed_revision r = {0};
	struct fed_error why;
	uint32_t number;

	if (i == 0)
		fed_get_row(f, fed__place_columns, &r.from);
	else
		r.from = get_place(f, tree);
	if (i == 0)
		r.from = (struct fed_place){0};
	fed_get_row(f, fed__revision_columns, &r);
	r.lines = f->failed ? NULL : get_text(f);
	for (int k = 0; k < 2 && !f->failed; k++)
		r.notes[k] = get_note(f, i ? tree->revision[i - 1].notes[k] : NULL);
	if (!f->failed && t->host.allows)
		check_lines(f, t, r.lines);
	if (f->failed) {
		fed__revision_release(&r, &t->snapshots);
	} else if (fed__tree_add(tree, &r, &number, &why)) {
		fed_loader_fail(f, "%s", why.text);
	} else {
		get_kept(f, t, tree, chunks);
	}
}

static void get_branch(struct fed_loader *f, struct fed_arriving *a)
{
	const uint32_t k = a->tree.n_branches;
	struct fed_branch b = {0};
	struct fed_error why;
	uint32_t number;

	fed_get_row(f, fed__branch_columns, &b);
	b.fork = get_place(f, &a->tree);
	b.tip = get_place(f, &a->tree);
	if (!f->failed && b.of > k)
		fed_loader_fail(f, "branch %u comes from branch %u", k, b.of);
	if (!f->failed && *b.name && fed__tree_check_name(&a->tree, b.name, &why))
		fed_loader_fail(f, "%s", why.text);
	if (!f->failed && fed__tree_fork(&a->tree, b.name, b.fork, b.of, &number, &why))
		fed_loader_fail(f, "%s", why.text);
	if (!f->failed)
		a->tree.branch[number].tip = b.tip;
}

/* Numbers that refer to others. */
static void check_numbers(struct fed_loader *f, const struct fed_arriving *a)
{
	const struct fed_tree *t = &a->tree;

	for (uint32_t i = 0; i < t->n && !f->failed; i++) {
		const struct fed_revision *r = &t->revision[i];

		if (r->branch >= t->n_branches || r->run > a->runs || r->group > a->groups)
			fed_loader_fail(f, "revision %u is of branch %u, run %u, group %u", i, r->branch,
			                r->run, r->group);
	}
	if (!f->failed && (a->branch >= t->n_branches || !*t->branch[a->branch].name ||
	                   !fed__place_leads_to(t, a->at, t->branch[a->branch].tip)))
		fed_loader_fail(f, "the present place is on branch %u of %u", a->branch, t->n_branches);
	if (!f->failed && (t->revision[0].n_kept == 0 || *t->revision[0].lines))
		fed_loader_fail(f, "the first revision has no snapshot, or is a command");
}

static void load_tree(struct fed_loader *f, struct fed_travel *t, struct fed_arriving *a,
                      const struct chunks *chunks)
{
	uint32_t n = fed_get_u32(f);

	if (n == 0)
		fed_loader_fail(f, "no revision");
	for (; n && !f->failed; n--)
		get_revision(f, t, a, chunks);
	for (n = fed_get_u32(f); n && !f->failed; n--)
		get_branch(f, a);
	if (f->failed)
		return;
	a->at = get_place(f, &a->tree);
	a->branch = fed_get_u32(f);
	a->groups = fed_get_u32(f);
	a->runs = fed_get_u32(f);
	if (!f->failed)
		check_numbers(f, a);
	fed_loader_end(f);
	a->carries = fed_loader_begin_optional(f, "+carried breaks");
	if (a->carries)
		fed_loader_end(f);
}

void fed__load_history(struct fed_loader *f, struct fed_travel *t, struct fed_arriving **out)
{
	struct fed_stored_chunk *scratch = fed_alloc(sizeof *scratch);
	struct fed_arriving *a = fed_alloc(sizeof *a);
	struct chunks chunks = {0};

	*out = NULL;
	if (!scratch || !a)
		fed_loader_fail(f, "out of memory for the history");
	while (!f->failed && fed_loader_begin_optional(f, "+chunk"))
		load_chunk(f, t, &chunks, scratch);
	const bool is = !f->failed && fed_loader_begin_optional(f, "+tree");
	if (is)
		load_tree(f, t, a, &chunks);
	else if (!f->failed && chunks.n)
		fed_loader_fail(f, "the section +tree is missing before it");
	if (is && !f->failed) {
		*out = a;
		a = NULL;
	}
	fed__arriving_free(a, &t->snapshots);
	while (chunks.n)
		fed__chunks_drop(t->snapshots.store, chunks.chunk[--chunks.n]);
	fed_free(chunks.chunk);
	fed_free(scratch);
}

static void load_more(void *ctx, struct fed_loader *f)
{
	struct fed_travel *t = ctx;

	fed__travel_drop_arriving(t);
	fed__load_history(f, t, &t->arriving);
}

int fed_travel_restore(struct fed_travel *t, const char *path, struct fed_error *err)
{
	const struct fed_more_sections more = {.load = load_more, .ctx = t};
	const int rc = t->depth == 1 ? fed_session_restore_with(t->session, path, &more, err)
	                             : fed_session_restore(t->session, path, err);

	if (rc)
		fed__travel_drop_arriving(t);
	return rc;
}

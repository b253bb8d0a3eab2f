/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/travel.c - the history of a session: its beginning, limits, and places by what they are.
 */
#include "travel/travel.h"

#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "session/internal.h"
#include "travel/file.h"
#include "travel/internal.h"

#define FIRST_BRANCH "main"
/* Share of the memory that event logs may have. */
#define SHARE_OF_LOGS 8

/* Make the first revision what the session is, and begin a branch there; both have their memory. */
static void set_root(struct fed_travel *t)
{
	const struct fed_session_status st = fed_session_status(t->session);
	struct fed_revision *root = &t->tree.revision[0];

	*root = (struct fed_revision){
		.version_before = st.version,
		.version = st.version,
		.steps_before = fed__travel_steps(t->session),
		.steps = fed__travel_steps(t->session),
		.run = ++t->runs,
		.faults = t->session->parts.faults.made,
		.clock = st.clock,
		.digest = fed__travel_digest(t->session),
		.lines = root->lines,
		.single = true,
	};
	t->tree.branch[0] = (struct fed_branch){.name = FIRST_BRANCH};
	t->tree.n = t->tree.n_branches = 1;
	t->at = (struct fed_place){0};
	t->branch = 0;
	t->n_ways = t->n_arrivals = t->arrivals_here = 0;
}

static int keep_root(struct fed_travel *t, struct fed_error *err)
{
	struct fed_kept_snapshot kept = {.pinned = true};

	if (fed__travel_snapshot(t, &kept.snapshot, err))
		return FED_FAIL;
	if (fed__tree_keep(&t->tree, 0, &kept, err)) {
		fed__snapshot_free(&t->snapshots, kept.snapshot);
		return FED_FAIL;
	}
	fed__travel_kept(t);
	return FED_OK;
}

static int begin(struct fed_travel *t, struct fed_error *err)
{
	struct fed_revision root = {.lines = fed_strdup("")};
	uint32_t number;

	if (!root.lines)
		return fed_fail_memory(err, 1, "the history of commands");
	if (fed__tree_add(&t->tree, &root, &number, err) ||
	    fed__tree_fork(&t->tree, FIRST_BRANCH, (struct fed_place){0}, 0, &number, err))
		return FED_FAIL;
	set_root(t);
	return keep_root(t, err);
}

int fed_travel_new(struct fed_travel **out, struct fed_session *session,
                   const struct fed_travel_host *host, struct fed_error *err)
{
	struct fed_travel *t = fed_alloc(sizeof *t);

	if (!t)
		return fed_fail_memory(err, sizeof *t, "the history of commands");
	t->session = session;
	t->host = *host;
	t->arrived = UINT32_MAX;
	if (fed__snapshots_init(&t->snapshots, err) || begin(t, err)) {
		fed_travel_free(t);
		return FED_FAIL;
	}
	*out = t;
	return FED_OK;
}

void fed_travel_free(struct fed_travel *t)
{
	if (!t)
		return;
	fed__tree_release(&t->tree, &t->snapshots);
	while (t->n_pending)
		fed__snapshot_free(&t->snapshots, t->pending[--t->n_pending].snapshot);
	fed__travel_drop_arriving(t);
	fed_free(t->pending);
	fed__logs_release(&t->logs);
	fed__snapshots_release(&t->snapshots);
	fed_free(t);
}

void fed__travel_begin_anew(struct fed_travel *t)
{
	struct fed_error unused; /* without memory, the next command has a snapshot to begin with */
	char *const lines = t->tree.revision[0].lines;

	t->tree.revision[0].lines = NULL;
	for (uint32_t i = 0; i < t->tree.n; i++)
		fed__revision_release(&t->tree.revision[i], &t->snapshots);
	t->tree.revision[0].lines = lines;
	*lines = 0;
	fed__logs_release(&t->logs);
	t->carries = false;
	set_root(t);
	keep_root(t, &unused);
}

void fed_travel_limit(struct fed_travel *t, size_t memory, uint64_t disk)
{
	const struct fed_chunk_folder folder = {t->host.folder, t->host.ctx};

	fed__chunks_limit(t->snapshots.store, memory - memory / SHARE_OF_LOGS, folder, disk);
	fed__snapshots_fit(&t->snapshots);
	fed__logs_limit(&t->logs, memory / SHARE_OF_LOGS);
	fed__travel_thin(t);
}

const char *fed_travel_file_failure(const struct fed_travel *t)
{
	return fed__chunks_failure(t->snapshots.store);
}

void fed_travel_set_remake(struct fed_travel *t, double seconds)
{
	t->remake = seconds;
}

void fed_travel_set_spacing(struct fed_travel *t, uint64_t versions)
{
	t->spacing = versions;
}

/* ------------------------------------------------------------------------------------------ */

const struct fed_tree *fed_travel_tree(const struct fed_travel *t)
{
	return &t->tree;
}

struct fed_place fed_travel_place(const struct fed_travel *t)
{
	return t->at;
}

uint32_t fed_travel_branch(const struct fed_travel *t)
{
	return t->branch;
}

bool fed_travel_is_recording(const struct fed_travel *t)
{
	return t->depth && !t->moving;
}

bool fed_travel_is_moving(const struct fed_travel *t)
{
	return t->moving;
}

uint32_t fed_travel_playing(const struct fed_travel *t)
{
	return t->playing;
}

size_t fed_travel_memory(const struct fed_travel *t)
{
	return fed__chunks_memory(t->snapshots.store) + t->logs.bytes;
}

uint64_t fed_travel_disk(const struct fed_travel *t)
{
	return fed__chunks_disk(t->snapshots.store);
}

uint32_t fed_travel_snapshots(const struct fed_travel *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->tree.n; i++)
		n += t->tree.revision[i].n_kept;
	return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/record.c - recording of commands as revisions, with snapshots of their versions.
 */
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "session/internal.h"
#include "travel/file.h"
#include "travel/internal.h"

/* Over real connections a version cannot be made again. */
static bool is_repeatable(const struct fed_session *s)
{
	return !s->parts.transport.entry || fed_is_simulated(&s->parts.transport);
}

static bool reserve_pending(struct fed_travel *t)
{
	if (t->n_pending < t->pending_capacity)
		return true;
	const uint32_t capacity = t->pending_capacity ? 2 * t->pending_capacity : 8;
	struct fed_kept_snapshot *grown =
		fed_resize(t->pending, t->pending_capacity * sizeof *grown, capacity * sizeof *grown);
	if (grown) {
		t->pending = grown;
		t->pending_capacity = capacity;
	}
	return grown;
}

/* Whether the revision that is replayed has a snapshot of this version. */
static bool is_kept(const struct fed_travel *t, uint64_t version)
{
	const struct fed_revision *r = &t->tree.revision[t->playing];

	for (uint32_t i = 0; i < r->n_kept; i++)
		if (r->kept[i].inside && r->kept[i].version == version)
			return true;
	return false;
}

void fed_travel_version(struct fed_travel *t)
{
	struct fed_kept_snapshot kept = {.version = fed_session_version(t->session),
	                                 .inside = true,
	                                 .pinned = !is_repeatable(t->session)};
	struct fed_error unused; /* without memory there is one less */

	if (t->shortened || (!t->depth && !t->moving) || !fed__travel_is_due(t, true) ||
	    (t->moving && is_kept(t, kept.version)))
		return;
	kept.work = t->work + (fed_wall_seconds() - t->rested);
	if ((t->depth && !reserve_pending(t)) || fed__travel_snapshot(t, &kept.snapshot, &unused))
		return;
	if (t->depth)
		t->pending[t->n_pending++] = kept;
	else if (fed__tree_keep(&t->tree, t->playing, &kept, &unused))
		fed__snapshot_free(&t->snapshots, kept.snapshot);
	fed__travel_kept(t);
}

/* Commands ------------------------------------------------------------------------------- */

void fed_travel_leave(struct fed_travel *t)
{
	fed__logs_leave(&t->logs, &t->tree, t->at, t->session);
}

/* What a revision has of the session as it is. */
static struct fed_revision present_state(const struct fed_travel *t)
{
	const struct fed_session *s = t->session;
	const struct fed_session_status st = fed_session_status(s);

	return (struct fed_revision){
		.complete = !fed_session_left(s) && !st.pausing,
		.version = st.version,
		.steps = fed__travel_steps(s),
		.faults = s->parts.faults.made,
		.clock = st.clock,
		.digest = fed__travel_digest(s),
	};
}

void fed_travel_begin(struct fed_travel *t, bool discards)
{
	if (t->moving || t->depth++)
		return;
	t->compound = false;
	t->arrived = UINT32_MAX;
	t->before = present_state(t);
	t->run_before = fed_session_status(t->session).runs;
	t->rested = fed_wall_seconds();
	if (discards)
		fed_travel_leave(t);
}

static void drop_pending(struct fed_travel *t)
{
	while (t->n_pending)
		fed__snapshot_free(&t->snapshots, t->pending[--t->n_pending].snapshot);
}

/* A name that no branch has: b1, b2, ... */
static void free_name(const struct fed_tree *t, char name[FED_BRANCH_NAME + 1])
{
	unsigned k = 0;

	do
		snprintf(name, FED_BRANCH_NAME + 1, "b%u", ++k);
	while (fed__tree_branch(t, name) != UINT32_MAX);
}

/* Whether what follows the present place on its branch made a version. */
static bool leaves_versions(const struct fed_travel *t)
{
	const struct fed_place tip = t->tree.branch[t->branch].tip;

	return fed_place_version(&t->tree, tip) != fed_place_version(&t->tree, t->at) ||
	       t->tree.revision[tip.revision].run != t->tree.revision[t->at.revision].run;
}

/* The branch for a command that follows the present place: another one where others follow already,
 * unless these made no version, and are replaced. */
static int choose_branch(struct fed_travel *t, uint32_t *forked, struct fed_error *err)
{
	struct fed_branch *b = &t->tree.branch[t->branch];
	char name[FED_BRANCH_NAME + 1];

	*forked = UINT32_MAX;
	if (fed_place_is(b->tip, t->at))
		return FED_OK;
	if (!leaves_versions(t)) {
		b->tip = t->at;
		fed__tree_prune(&t->tree, &t->snapshots);
		return FED_OK;
	}
	free_name(&t->tree, name);
	if (fed__tree_fork(&t->tree, name, t->at, t->branch, forked, err))
		return FED_FAIL;
	t->branch = *forked;
	return FED_OK;
}

static bool copy_texts(struct fed_revision *r, const struct fed_travel_entry *entry)
{
	r->lines = fed_strdup(entry->lines);
	for (int i = 0; i < 2; i++)
		r->notes[i] = entry->notes[i] ? fed_strdup(entry->notes[i]) : NULL;
	return r->lines && (r->notes[0] || !entry->notes[0]) && (r->notes[1] || !entry->notes[1]);
}

/* Whether the command ended a run; at version 0 there was none to end. */
static bool begins_run(const struct fed_travel *t, const struct fed_travel_entry *entry)
{
	return entry->restarts || ((t->before.version > 0 || t->before.steps > 0) &&
	                           fed_session_status(t->session).runs != t->run_before);
}

/* Add a revision behind the present place, which moves there. */
static int append(struct fed_travel *t, struct fed_revision *r,
                  const struct fed_travel_entry *entry, struct fed_error *err)
{
	uint32_t number;

	r->from = t->at;
	r->branch = t->branch;
	if (!copy_texts(r, entry)) {
		fed__revision_release(r, &t->snapshots);
		return fed_fail_memory(err, strlen(entry->lines), "a command of the history");
	}
	if (fed__tree_add(&t->tree, r, &number, err))
		return FED_FAIL;
	t->at = (struct fed_place){.revision = number};
	t->tree.branch[t->branch].tip = t->at;
	return FED_OK;
}

/* Add the revision of breakpoints that came along to where a command was typed. */
static int add_carried(struct fed_travel *t, const struct fed_travel_entry *entry,
                       struct fed_error *err)
{
	const struct fed_revision *here = &t->tree.revision[t->at.revision];
	const struct fed_travel_entry breakpoints = {.lines = entry->carried,
	                                             .notes = {here->notes[0], here->notes[1]}};
	struct fed_revision r = t->before;

	r.group = entry->carried_group;
	r.run = here->run;
	r.single = true;
	r.version_before = r.version;
	r.steps_before = r.steps;
	return append(t, &r, &breakpoints, err);
}

/* Add the revision of a command, with the snapshots of its versions. */
static int add_revision(struct fed_travel *t, const struct fed_travel_entry *entry,
                        struct fed_error *err)
{
	struct fed_revision r = present_state(t);

	r.group = entry->group;
	r.run = begins_run(t, entry) ? ++t->runs : t->tree.revision[t->at.revision].run;
	r.restarts = entry->restarts;
	r.single = entry->single && !t->compound;
	r.version_before = t->before.version;
	r.steps_before = t->before.steps;
	if (append(t, &r, entry, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < t->n_pending; i++)
		if (fed__tree_keep(&t->tree, t->at.revision, &t->pending[i], err))
			fed__snapshot_free(&t->snapshots, t->pending[i].snapshot);
	t->n_pending = 0;
	return FED_OK;
}

/* Whether nothing on the path to the present place has a snapshot: the first one failed for want of
 * memory. */
static bool lacks_base(const struct fed_travel *t)
{
	const struct fed_revision *r = t->tree.revision;
	uint32_t i = t->at.revision;

	if (r[0].n_kept)
		return false;
	while (i && !r[i].n_kept)
		i = r[i].from.revision;
	return i == 0;
}

/* Keep the state after the command if it is due, or cannot be had by replay. */
static void keep_end(struct fed_travel *t, bool needed)
{
	struct fed_error unused; /* without memory there is one less */

	needed = needed || lacks_base(t);
	struct fed_kept_snapshot kept = {.pinned = needed, .work = t->work};

	if ((!needed && !fed__travel_is_due(t, false)) ||
	    fed__travel_snapshot(t, &kept.snapshot, &unused))
		return;
	if (fed__tree_keep(&t->tree, t->at.revision, &kept, &unused))
		fed__snapshot_free(&t->snapshots, kept.snapshot);
	fed__travel_kept(t);
}

/* Whether the session is as it was at the present place. */
static bool is_here(const struct fed_travel *t)
{
	const struct fed_session_status st = fed_session_status(t->session);
	const struct fed_revision *r = &t->tree.revision[t->at.revision];

	return st.version == fed_place_version(&t->tree, t->at) &&
	       fed__travel_steps(t->session) == (t->at.inside ? t->at.steps : r->steps) &&
	       (t->at.inside || (st.clock == r->clock && fed__travel_digest(t->session) == r->digest));
}

/* Take the history of the file that the command restored.  True: the command is no revision, since
 * the session is at a place of that history.  A file that was saved within a run is beyond one. */
static bool take_arriving(struct fed_travel *t, uint32_t group)
{
	const uint32_t branches = t->tree.n == 1 ? 0 : t->tree.n_branches;
	struct fed_error unused; /* without memory the command is a revision */
	const bool is = t->arriving && fed__travel_graft(t, t->arriving, group, &unused) == FED_OK;

	fed__travel_drop_arriving(t);
	t->arrived = is ? branches : UINT32_MAX;
	return is && is_here(t);
}

uint32_t fed_travel_arrived(const struct fed_travel *t)
{
	return t->arrived;
}

int fed_travel_end(struct fed_travel *t, const struct fed_travel_entry *entry, uint32_t *forked,
                   struct fed_error *err)
{
	*forked = UINT32_MAX;
	if (t->moving || !t->depth)
		return FED_OK;
	if (--t->depth) {
		t->compound = true;
		return FED_OK;
	}
	if (!*entry->lines || take_arriving(t, entry->group)) {
		drop_pending(t);
		t->n_ways = *entry->lines ? 0 : t->n_ways;
		fed__travel_thin(t);
		return FED_OK;
	}
	const double now = fed_wall_seconds();
	t->work += now - t->rested;
	t->rested = now;
	t->n_ways = 0;
	t->carries = false;
	fed__travel_settle_arrivals(t);
	if (choose_branch(t, forked, err) || (entry->carried && add_carried(t, entry, err)) ||
	    add_revision(t, entry, err)) {
		drop_pending(t);
		fed__travel_begin_anew(t);
		return FED_FAIL;
	}
	keep_end(t, !entry->single || t->compound || entry->outside || !is_repeatable(t->session));
	return FED_OK;
}

uint32_t fed_travel_new_group(struct fed_travel *t)
{
	return ++t->groups;
}

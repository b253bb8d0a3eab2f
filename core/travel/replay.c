/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/replay.c - the way to a place: the nearest snapshot before it, and a replay from there.
 */
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "session/internal.h"
#include "travel/internal.h"

/* Snapshots ----------------------------------------------------------------------------- */

static struct fed_place place_of(struct fed_place in, const struct fed_kept_snapshot *kept)
{
	return (struct fed_place){in.revision, kept->inside, kept->inside ? kept->version : 0, 0};
}

/* The last snapshot of a revision at or before a place in it, of a version below `below`.  One
 * inside serves for its end if what is left of the run says how to finish it.  before: not one of
 * the place itself. */
static const struct fed_kept_snapshot *last_kept(const struct fed_revision *r, struct fed_place p,
                                                 uint64_t below, bool before)
{
	for (uint32_t i = r->n_kept; i-- > 0;) {
		const struct fed_kept_snapshot *x = &r->kept[i];

		if ((x->inside ? x->version : r->version) >= below ||
		    (before && fed_place_is(place_of(p, x), p)))
			continue;
		if (!p.inside ? !x->inside || r->single : x->inside && x->version <= p.version)
			return x;
	}
	return NULL;
}

/* The way to a place: from a snapshot, or from where the session is, over the places that end its
 * revisions. */
struct route {
	const struct fed_kept_snapshot *from; /* NULL: where the session is */
	struct fed_place
		*place; /* [n], the target first; the last is in the revision of the beginning */
	uint32_t n, capacity;
};

static int add_place(struct route *w, struct fed_place p, struct fed_error *err)
{
	if (w->n == w->capacity) {
		const uint32_t capacity = w->capacity ? 2 * w->capacity : 16;
		struct fed_place *grown =
			fed_resize(w->place, w->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the way to a version");
		w->place = grown;
		w->capacity = capacity;
	}
	w->place[w->n++] = p;
	return FED_OK;
}

/* Whether the session can go on from where it is to a place of the same revision. */
static bool can_go_on(const struct fed_travel *t, struct fed_place p, uint64_t below)
{
	return !t->away && t->at.revision == p.revision && fed_place_version(&t->tree, t->at) < below &&
	       fed__place_leads_to(&t->tree, t->at, p) &&
	       (p.inside || !t->at.inside || t->tree.revision[p.revision].complete);
}

/* A route from a version below `below`. */
static int find_route(const struct fed_travel *t, struct fed_place p, uint64_t below,
                      struct route *w, struct fed_error *err)
{
	for (w->n = 0;; p = t->tree.revision[p.revision].from) {
		const struct fed_revision *r = &t->tree.revision[p.revision];
		const bool here = can_go_on(t, p, below);

		if (add_place(w, p, err))
			return FED_FAIL;
		w->from = last_kept(r, p, below, false);
		if (here && (!w->from || !w->from->inside || w->from->version <= t->at.version + 1))
			w->from = NULL;
		if (here || w->from)
			return FED_OK;
		if (p.revision == 0)
			return fed_fail(err, "the history has no snapshot to begin with");
	}
}

/* A route from the last snapshot before a place. */
static int find_route_before(const struct fed_travel *t, struct fed_place p, struct route *w,
                             struct fed_error *err)
{
	for (;; p = t->tree.revision[p.revision].from) {
		if (add_place(w, p, err))
			return FED_FAIL;
		w->from = last_kept(&t->tree.revision[p.revision], p, UINT64_MAX, w->n == 1);
		if (w->from)
			return FED_OK;
		if (p.revision == 0)
			return fed_fail(err, "the history has no snapshot before its beginning");
	}
}

/* Seconds that the rounds of a route took, as far as the session's history tells. */
static double seconds_of(const struct fed_travel *t, const struct route *w)
{
	const struct fed_history *h = fed_session_history(t->session);
	const struct fed_revision *r = &t->tree.revision[w->place[w->n - 1].revision];
	const uint64_t from = !w->from          ? fed_place_version(&t->tree, t->at)
	                      : w->from->inside ? w->from->version
	                                        : r->version;
	double seconds = 0;

	for (size_t i = h->n; i-- > 0;)
		if (h->record[i].round > (double)from &&
		    h->record[i].round <= (double)fed_place_version(&t->tree, w->place[0]))
			seconds += h->record[i].wall;
	return seconds;
}

/* The route that makes the last version of the place again, if that is quick; else the shortest. */
static int choose_route(const struct fed_travel *t, struct fed_place p, struct route *w,
                        struct fed_error *err)
{
	const uint64_t version = fed_place_version(&t->tree, p);
	struct fed_error unused; /* there is no such snapshot */

	if (t->remake > 0 && version && find_route(t, p, version, w, &unused) == FED_OK &&
	    seconds_of(t, w) <= t->remake)
		return FED_OK;
	return find_route(t, p, UINT64_MAX, w, err);
}

/* Replay ----------------------------------------------------------------------------------- */

static int check_interrupts(const struct fed_travel *t, struct fed_error *err)
{
	return atomic_load(fed_session_interrupts(t->session)) ? fed_reject(err, "interrupted")
	                                                       : FED_OK;
}

static int step_to(struct fed_travel *t, uint64_t version, uint64_t steps, struct fed_error *err)
{
	struct fed_session *s = t->session;
	struct fed_run_result result;
	int rc = FED_OK;

	while (rc == FED_OK && (fed_session_version(s) < version ||
	                        (fed_session_version(s) == version && fed__travel_steps(s) < steps))) {
		rc = check_interrupts(t, err);
		if (rc == FED_OK)
			rc = fed_session_step(s, &result, err);
	}
	return rc;
}

int fed__travel_run_to(struct fed_travel *t, uint64_t version, uint64_t steps,
                       struct fed_error *err)
{
	struct fed_run_result result;
	const uint64_t here = fed_session_version(t->session);
	int rc = FED_OK;

	/* What is left of the run is not what it was: no snapshot on this way is kept. */
	fed_remaining_run_clear(&t->session->rest);
	t->shortened = true;
	if (version > here)
		rc = fed_session_run(t->session, version - here, NULL, &result, err);
	rc = rc ? rc : step_to(t, version, steps, err);
	t->shortened = false;
	return rc;
}

/* Finish a command from a version that it had made. */
static int finish(struct fed_travel *t, const struct fed_revision *r, struct fed_error *err)
{
	struct fed_session *s = t->session;
	struct fed_run_result result;
	int rc = FED_OK;

	if (fed_session_left(s) &&
	    (fed_session_version(s) < r->version || fed__travel_steps(s) < r->steps))
		rc = fed_session_continue(s, &result, err);
	return rc ? rc : step_to(t, r->version, r->steps, err);
}

/* Play the lines of a command. */
static int play(struct fed_travel *t, const struct fed_revision *r, struct fed_error *err)
{
	struct fed_text line = {0};
	int rc = FED_OK;

	for (const char *at = r->lines; rc == FED_OK && *at; at += strcspn(at, "\n") + 1) {
		fed_text_clear(&line);
		fed_text_put(&line, at, strcspn(at, "\n"));
		rc = line.failed ? fed_fail_memory(err, strlen(at), "a command")
		                 : t->host.play(t->host.ctx, fed_text_str(&line), err);
		if (rc == FED_OK)
			rc = check_interrupts(t, err);
	}
	fed_text_release(&line);
	return rc;
}

/* Whether the session is as it was at a place, by its version, clock and figures. */
static int check_place(const struct fed_travel *t, struct fed_place p, struct fed_error *err)
{
	const struct fed_revision *r = &t->tree.revision[p.revision];
	const struct fed_session_status st = fed_session_status(t->session);
	const uint64_t version = fed_place_version(&t->tree, p);

	if (st.version == version &&
	    (p.inside ? fed__travel_steps(t->session) == p.steps
	              : st.clock == r->clock && fed__travel_digest(t->session) == r->digest))
		return FED_OK;
	return fed_fail(
		err,
		"a replay of `%.60s` came to another version %llu than it was: a file, a plugin "
		"or real time takes part in it; `versions` lists those with a snapshot",
		fed_show(r->lines).s, (unsigned long long)st.version);
}

/* From the snapshot's revision on, place by place. */
static int replay(struct fed_travel *t, const struct route *w, struct fed_error *err)
{
	int rc = FED_OK;

	for (uint32_t i = w->n; rc == FED_OK && i-- > 0;) {
		const struct fed_place p = w->place[i];
		const struct fed_revision *r = &t->tree.revision[p.revision];
		const bool begun = i + 1 == w->n; /* the session is in this revision already */
		const bool inside = begun && (w->from ? w->from->inside : t->at.inside);

		t->playing = p.revision;
		if (p.inside)
			rc = fed__travel_run_to(t, p.version, p.steps, err);
		else if (inside && r->complete)
			rc = fed__travel_run_to(t, r->version, r->steps, err);
		else if (inside)
			rc = finish(t, r, err);
		else if (!begun)
			rc = play(t, r, err);
		if (rc == FED_OK)
			rc = check_place(t, p, err);
	}
	return rc;
}

static int restore(struct fed_travel *t, const struct fed_snapshot *snapshot, struct fed_place p,
                   struct fed_error *err)
{
	const int rc = fed__snapshot_restore(&t->snapshots, snapshot, t->session, err);

	if (rc == FED_OK)
		fed__logs_return(&t->logs, &t->tree, p, snapshot, t->session);
	return rc;
}

int fed__travel_replay(struct fed_travel *t, struct fed_place p, struct fed_error *err)
{
	struct route w = {0};
	int rc = choose_route(t, p, &w, err);

	t->away = true;
	if (rc == FED_OK && w.from)
		rc = restore(t, w.from->snapshot, place_of(w.place[w.n - 1], w.from), err);
	if (rc == FED_OK)
		rc = replay(t, &w, err);
	fed_free(w.place);
	return rc;
}

int fed__travel_replay_before(struct fed_travel *t, struct fed_place end, struct fed_probe *probe,
                              struct fed_place *begin, struct fed_error *err)
{
	struct route w = {0};
	int rc = find_route_before(t, end, &w, err);

	t->playing = 0;
	t->away = true;
	if (rc == FED_OK) {
		*begin = place_of(w.place[w.n - 1], w.from);
		rc = restore(t, w.from->snapshot, *begin, err);
	}
	if (rc == FED_OK) {
		fed_probe_begin(t->session, probe);
		rc = replay(t, &w, err);
		fed_probe_begin(t->session, NULL);
	}
	fed_free(w.place);
	return rc;
}

/* Moves ------------------------------------------------------------------------------------ */

/* The snapshot of the present place that the tree has.  Inside a command the session is not as it
 * was on its way: what was left of a run is not known there. */
static struct fed_snapshot *kept_here(const struct fed_travel *t)
{
	const struct fed_revision *r = &t->tree.revision[t->at.revision];
	const struct fed_kept_snapshot *last = last_kept(r, t->at, UINT64_MAX, false);

	return last && !t->at.inside && fed_place_is(place_of(t->at, last), t->at) ? last->snapshot
	                                                                           : NULL;
}

/* The snapshot of the present place that the tree has, with the event log as it is now. */
static int take_kept(struct fed_travel *t, struct fed_move *m, const struct fed_snapshot *kept,
                     struct fed_error *err)
{
	m->kept = *kept;
	m->kept.shift = t->logs.shift;
	m->kept.epoch = t->logs.epoch;
	m->present = &m->kept;
	if (fed_event_log_mark(&m->kept.events, fed_session_event_log(t->session), err)) {
		fed_event_mark_release(&m->kept.events);
		return FED_FAIL;
	}
	t->needed = kept;
	return FED_OK;
}

/* Keep the snapshot of the place that is left, for the way back, unless it has one. */
static void keep_left(struct fed_travel *t, struct fed_snapshot *snapshot)
{
	const struct fed_kept_snapshot kept = {.version = t->at.version, .snapshot = snapshot};
	struct fed_error unused; /* without memory the way back is a replay */

	if (t->carries || kept_here(t) || t->at.inside ||
	    fed__tree_keep(&t->tree, t->at.revision, &kept, &unused))
		fed__snapshot_free(&t->snapshots, snapshot);
}

/* Keep the history of a branch whose end is left, to be compared with others. */
static void keep_history(struct fed_travel *t)
{
	const struct fed_history *h = fed_session_history(t->session);
	struct fed_error unused; /* without memory it is had by going there */

	for (uint32_t k = 0; k < t->tree.n_branches; k++) {
		struct fed_branch *b = &t->tree.branch[k];

		if (!*b->name || !fed_place_is(b->tip, t->at) || fed_place_is(b->left, t->at))
			continue;
		fed_history_clear(&b->history);
		for (size_t i = 0; i < h->n; i++)
			if (fed_history_add(&b->history, &h->record[i], &unused))
				return;
		b->left = t->at;
	}
}

int fed__move_begin(struct fed_travel *t, struct fed_move *m, struct fed_error *err)
{
	struct fed_session *s = t->session;

	const struct fed_snapshot *kept = t->carries ? NULL : kept_here(t);
	if (kept ? take_kept(t, m, kept, err) : fed__travel_snapshot_of_any_size(t, &m->present, err))
		return FED_FAIL;
	fed__logs_leave(&t->logs, &t->tree, t->at, s);
	keep_history(t);
	m->sinks = s->n_sinks;
	m->pause = s->pause_hook;
	s->n_sinks = 0;
	s->pause_hook = (struct fed_pause_hook){0};
	t->moving = true;
	t->away = t->carries;
	t->work = t->tried = 0;
	return FED_OK;
}

/* The tree may have compressed its snapshot on the way. */
static void take_kept_again(const struct fed_travel *t, struct fed_move *m)
{
	const struct fed_snapshot then = m->kept;

	m->kept = *t->needed;
	m->kept.events = then.events;
	m->kept.shift = then.shift;
	m->kept.epoch = then.epoch;
}

int fed__move_end(struct fed_travel *t, struct fed_move *m, const struct fed_place *to, int rc,
                  struct fed_error *err)
{
	struct fed_error why;

	if (rc)
		fed_session_clear_interrupt(t->session);
	if (m->present == &m->kept)
		take_kept_again(t, m);
	if (rc || !to) {
		if (restore(t, m->present, t->at, &why))
			rc = rc ? fed_fail(err, "%s; the way back failed, too: %s", fed_show(err->text).s,
			                   why.text)
			        : fed_fail(err, "the way back failed: %s", why.text);
	}
	t->session->n_sinks = m->sinks;
	t->session->pause_hook = m->pause;
	t->moving = t->away = false;
	t->rested = fed_wall_seconds();
	t->needed = NULL;
	if (m->present == &m->kept)
		fed_event_mark_release(&m->kept.events);
	else
		keep_left(t, m->present);
	fed__travel_thin(t);
	if (rc == FED_OK && to) {
		t->at = *to;
		t->carries = false;
	}
	return rc;
}

/* At a place from which another history was restored the session is on the branch of then. */
static void return_branch(struct fed_travel *t)
{
	for (uint32_t i = 0; i < t->n_arrivals; i++) {
		const struct fed_branch *b = &t->tree.branch[t->arrival[i].branch];

		if (fed_place_is(t->arrival[i].from, t->at) && *b->name &&
		    fed__place_leads_to(&t->tree, t->at, b->tip))
			t->branch = t->arrival[i].branch;
	}
}

static void add_way(struct fed_travel *t, struct fed_way way)
{
	if (t->n_ways == FED_WAYS_MAX)
		memmove(t->way, t->way + 1, --t->n_ways * sizeof *t->way);
	t->way[t->n_ways++] = way;
}

int fed__move_to(struct fed_travel *t, struct fed_move *m, const struct fed_place *to, int rc,
                 struct fed_error *err)
{
	const struct fed_way left = {t->at, t->branch, t->arrivals_here};
	const uint32_t arrivals = to ? fed__travel_arrivals_at(t, *to) : t->arrivals_here;

	rc = fed__move_end(t, m, to, rc, err);
	if (rc == FED_OK) {
		t->arrivals_here = arrivals;
		return_branch(t);
	}
	if (rc == FED_OK && !fed__place_leads_to(&t->tree, left.place, t->at))
		add_way(t, left); /* forward on the branch there is none: `rewind` leads back */
	return rc;
}

int fed_travel_go(struct fed_travel *t, struct fed_place p, struct fed_error *err)
{
	struct fed_move m;

	if (fed_place_is(p, t->at) && !t->carries)
		return FED_OK;
	if (fed__move_begin(t, &m, err))
		return FED_FAIL;
	return fed__move_to(t, &m, &p, fed__travel_replay(t, p, err), err);
}

int fed_travel_visit(struct fed_travel *t, struct fed_place p,
                     int (*look)(void *ctx, struct fed_error *), void *ctx, struct fed_error *err)
{
	struct fed_move m;

	if (fed_place_is(p, t->at) && !t->carries)
		return look(ctx, err);
	if (t->depth)
		return fed_fail(err, "another version cannot be looked at while a command runs");
	if (fed__move_begin(t, &m, err))
		return FED_FAIL;
	int rc = fed__travel_replay(t, p, err);
	if (rc == FED_OK)
		rc = look(ctx, err);
	return fed__move_end(t, &m, NULL, rc, err);
}

int fed_travel_undo(struct fed_travel *t, uint64_t n, uint32_t open_group, struct fed_error *err)
{
	const struct fed_way left = {t->at, t->branch, t->arrivals_here};
	struct fed_place to;
	uint32_t arrivals;

	if (fed__travel_before_commands(t, n, open_group, &to, &arrivals, err))
		return FED_FAIL;
	const int rc = fed_travel_go(t, to, err);
	if (rc)
		return rc;
	t->arrivals_here = arrivals;
	if (fed__place_leads_to(&t->tree, left.place, to)) /* a file was restored that is earlier */
		add_way(t, left);
	return FED_OK;
}

int fed_travel_redo(struct fed_travel *t, struct fed_error *err)
{
	if (t->n_ways == 0)
		return fed_fail(err,
		                "nothing was gone back on since the session was changed last; `undo` and "
		                "`rewind` go back, and `switch` goes to another branch");
	const struct fed_way way = t->way[t->n_ways - 1];
	struct fed_move m;

	if (fed__move_begin(t, &m, err))
		return FED_FAIL;
	const int rc = fed__move_end(t, &m, &way.place, fed__travel_replay(t, way.place, err), err);
	if (rc == FED_OK) {
		t->n_ways--;
		t->branch = way.branch;
		t->arrivals_here = way.arrivals;
	}
	return rc;
}

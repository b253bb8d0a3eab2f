/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/spacing.c - when a snapshot is taken, and which ones are given up for want of memory.
 */
#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "history/metrics.h"
#include "session/internal.h"
#include "travel/internal.h"

/* Snapshots take at most this share of the time. */
#define COST_SHARE 0.02
/* Bytes of one snapshot, as a share of what memory may hold of all. */
#define SHARE_OF_ONE 4

/* Snapshots ------------------------------------------------------------------------------ */

static double seconds_of_work(const struct fed_travel *t)
{
	return t->work + (fed_wall_seconds() - t->rested);
}

static int take_snapshot(struct fed_travel *t, size_t most, struct fed_snapshot **out,
                         struct fed_error *err)
{
	const double work = seconds_of_work(t);
	const int rc = fed__snapshot_make(&t->snapshots, t->session, most, out, err);

	if (rc == FED_OK) {
		(*out)->shift = t->logs.shift;
		(*out)->epoch = t->logs.epoch;
	} else {
		t->work = t->tried = work;
	}
	t->rested = fed_wall_seconds();
	return rc;
}

int fed__travel_snapshot(struct fed_travel *t, struct fed_snapshot **out, struct fed_error *err)
{
	return take_snapshot(t, fed__chunks_memory_limit(t->snapshots.store) / SHARE_OF_ONE, out, err);
}

int fed__travel_snapshot_of_any_size(struct fed_travel *t, struct fed_snapshot **out,
                                     struct fed_error *err)
{
	return take_snapshot(t, SIZE_MAX, out, err);
}

bool fed__travel_is_due(struct fed_travel *t, bool at_version)
{
	if (at_version && t->spacing)
		return fed_session_version(t->session) % t->spacing == 0;
	return seconds_of_work(t) - t->tried >= t->snapshots.cost / COST_SHARE;
}

void fed__travel_kept(struct fed_travel *t)
{
	t->work = t->tried = 0;
	fed__travel_thin(t);
}

uint64_t fed__travel_steps(const struct fed_session *s)
{
	return fed_session_open(s) ? s->federation.steps : 0;
}

uint64_t fed__travel_digest(const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);

	return h->n ? fed_record_digest(&h->record[h->n - 1]) : 0;
}

/* Thinning ------------------------------------------------------------------------------- */

/* A snapshot in its array: of a revision, or of the running command. */
struct spot {
	struct fed_kept_snapshot *kept;
	uint32_t *n, k;
};
struct choice {
	struct spot least;
	double use, after; /* of the least useful one; seconds of work after the present one */
	bool pinned;       /* those are given up, too */
	bool newest;       /* and the last one that was made */
};

/* What a snapshot saves, in seconds of replay, for each second that passed since: those of long ago
 * may lie farther apart. */
static void compare_use(struct choice *c, const struct fed_travel *t,
                        struct fed_kept_snapshot *kept, uint32_t *n)
{
	for (uint32_t k = *n; k-- > 0;) {
		const struct fed_kept_snapshot *x = &kept[k];
		const double gap = x->work + 1e-6, use = gap / (c->after + gap);

		c->after += gap;
		if ((x->pinned && !c->pinned) || (x->snapshot == t->snapshots.newest && !c->newest) ||
		    x->snapshot == t->needed || use >= c->use)
			continue;
		c->use = use;
		c->least = (struct spot){kept, n, k};
	}
}

/* The first revision's stays: all others may need it. */
static bool find_least(struct fed_travel *t, bool pinned, bool newest, struct spot *spot)
{
	struct choice c = {.use = INFINITY, .pinned = pinned, .newest = newest};

	compare_use(&c, t, t->pending, &t->n_pending);
	for (uint32_t i = t->tree.n; i-- > 1;)
		compare_use(&c, t, t->tree.revision[i].kept, &t->tree.revision[i].n_kept);
	*spot = c.least;
	return c.least.kept;
}

static void remove_kept(struct fed_travel *t, const struct spot *spot)
{
	struct fed_kept_snapshot *x = &spot->kept[spot->k];

	if (spot->k + 1 < *spot->n)
		x[1].work += x->work;
	fed__snapshot_free(&t->snapshots, x->snapshot);
	memmove(x, x + 1, (*spot->n - spot->k - 1) * sizeof *x);
	--*spot->n;
}

void fed__travel_thin(struct fed_travel *t)
{
	struct spot spot;

	while (fed__chunks_are_over(t->snapshots.store) &&
	       (find_least(t, false, false, &spot) || find_least(t, true, false, &spot) ||
	        find_least(t, true, true, &spot)))
		remove_kept(t, &spot);
}

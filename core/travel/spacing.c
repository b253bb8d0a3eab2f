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

int fed__travel_snapshot(struct fed_travel *t, struct fed_snapshot **out, struct fed_error *err)
{
	const size_t most = fed__chunks_memory_limit(t->snapshots.store) / SHARE_OF_ONE;
	const int rc = fed__snapshot_make(&t->snapshots, t->session, most, out, err);

	if (rc == FED_OK) {
		(*out)->shift = t->logs.shift;
		(*out)->epoch = t->logs.epoch;
	}
	t->rested = fed_wall_seconds();
	return rc;
}

bool fed__travel_is_due(struct fed_travel *t, bool at_version)
{
	if (at_version && t->spacing)
		return fed_session_version(t->session) % t->spacing == 0;
	return t->work + (fed_wall_seconds() - t->rested) >= t->snapshots.cost / COST_SHARE;
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

/* What a snapshot saves, in seconds of replay, for each second that passed since: those of long ago
 * may lie farther apart. */
static struct fed_kept_snapshot *least_useful(struct fed_travel *t, struct fed_revision **of)
{
	struct fed_kept_snapshot *least = NULL;
	double after = 0, best = INFINITY;

	for (uint32_t i = t->tree.n; i-- > 1;) {
		struct fed_revision *r = &t->tree.revision[i];

		for (uint32_t k = r->n_kept; k-- > 0;) {
			struct fed_kept_snapshot *x = &r->kept[k];
			const double gap = x->work + 1e-6, use = gap / (after + gap);

			after += gap;
			if (x->pinned || x->snapshot == t->snapshots.newest || use >= best)
				continue;
			best = use;
			least = x;
			*of = r;
		}
	}
	return least;
}

static void remove_kept(struct fed_travel *t, struct fed_revision *r, struct fed_kept_snapshot *x)
{
	const uint32_t k = (uint32_t)(x - r->kept);

	if (k + 1 < r->n_kept)
		x[1].work += x->work;
	fed__snapshot_free(&t->snapshots, x->snapshot);
	memmove(x, x + 1, (r->n_kept - k - 1) * sizeof *x);
	r->n_kept--;
}

void fed__travel_thin(struct fed_travel *t)
{
	struct fed_kept_snapshot *x;
	struct fed_revision *r = NULL;

	while (fed__chunks_are_over(t->snapshots.store) && (x = least_useful(t, &r)))
		remove_kept(t, r, x);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/log_marks.c - places in the event log and the invitation log, and the way back to them.
 *
 * Both logs only grow, but for invitations that have not ended, and those that wait for a verdict:
 * a mark keeps copies of these.
 */
#include <math.h>

#include "base/mem.h"
#include "history/event_log.h"

/* Invitations -------------------------------------------------------------------------- */

static bool keep_pending(struct fed_invitation_mark *m, uint64_t k,
                         const struct fed_invitation_record *x)
{
	if (m->n_pending == m->pending_capacity) {
		const size_t capacity = m->pending_capacity ? 2 * m->pending_capacity : 16;
		struct fed_invitation_before *grown =
			fed_resize(m->pending, m->pending_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return false;
		m->pending = grown;
		m->pending_capacity = capacity;
	}
	m->pending[m->n_pending++] = (struct fed_invitation_before){k, *x};
	return true;
}

/* Whether later events may change a record. */
static bool is_pending(const struct fed_invitation_record *x)
{
	return x->state < FED_INVITATION_REPORTED ||
	       (x->state == FED_INVITATION_REPORTED && (x->step == 0 || isnan(x->until)));
}

bool fed__invitation_log_mark(struct fed_invitation_mark *m, const struct fed_invitation_log *j)
{
	bool whole = true;

	*m = (struct fed_invitation_mark){
		.n = j->n, .scheme = j->scheme, .opened = j->opened, .n_changed = j->n_changed};
	m->changed = fed_copy_array(j->changed, j->n_changed, sizeof *j->changed);
	whole = m->changed || !j->n_changed;
	for (uint64_t k = j->first; whole && k && k <= j->n; k++) {
		const struct fed_invitation_record *x = fed_invitation_log_at(j, k);

		if (is_pending(x))
			whole = keep_pending(m, k, x);
	}
	if (!whole)
		fed__invitation_mark_release(m);
	return whole;
}

void fed__invitation_mark_release(struct fed_invitation_mark *m)
{
	fed_free(m->pending);
	fed_free(m->changed);
	*m = (struct fed_invitation_mark){0};
}

/* Events --------------------------------------------------------------------------------- */

int fed_event_log_mark(struct fed_event_mark *m, const struct fed_event_log *r,
                       struct fed_error *err)
{
	*m = (struct fed_event_mark){.n = r->n, .run = r->run, .opened = r->opened, .runs = r->runs};
	return fed__invitation_log_mark(&m->invitations, &r->invitation_log)
	           ? FED_OK
	           : fed_fail_memory(err, r->invitation_log.n_changed * sizeof(*m->invitations.changed),
	                             "a place in the event log");
}

void fed_event_mark_release(struct fed_event_mark *m)
{
	fed__invitation_mark_release(&m->invitations);
	*m = (struct fed_event_mark){0};
}

void fed_event_log_cut(struct fed_event_log *r, const struct fed_event_mark *m, uint64_t more)
{
	const uint64_t n = m->n + more;

	for (; r->n > n && r->n >= r->first && r->n; r->n--)
		fed__string_pool_drop(&r->texts, fed_event_log_at(r, r->n)->text);
	r->n = n;
	if (r->first > n)
		r->first = n + 1;
	r->run = m->run + more;
	r->opened = m->opened ? m->opened + more : 0;
	fed__invitation_log_cut(&r->invitation_log, &m->invitations, more);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/last_version.c - values of a session before its open round.
 */
#include "checkpoint/last_version.h"

#include <string.h>

#include "base/mem.h"

static struct fed_progress progress_before_round(const struct fed_session *s)
{
	const struct fed_federation *f = &s->federation;

	if (!s->running)
		return s->progress;
	struct fed_progress p = fed_session_running_progress(s);

	if (f->in_round) {
		p.invitations = f->started.invitations;
		p.clock = f->started.clock;
		p.next_seq = f->started.next_seq;
		p.next_id = f->started.next_id;
		p.record = f->started.record;
	}
	return p;
}

/* Undo the edits from the last to the first, on the view. */
static void undo_edits(struct fed_last_version *v)
{
	const struct fed_round_edits *edits = &v->session->edits;

	for (size_t i = edits->n; i-- > 0;) {
		const struct fed_round_edit *c = &edits->edit[i];

		if (c->kind == FED_EDIT_SETTINGS)
			v->settings = c->settings_before;
		else if (c->kind == FED_EDIT_INJECT)
			v->faults_made--;
		else if (c->kind == FED_EDIT_HEAL)
			v->faults = &c->heal.before;
		for (uint32_t k = 0; c->kind == FED_EDIT_EQUIP && k < c->equip.n; k++)
			fed_equipment_give(&c->equip.before[k], &v->row[c->equip.before[k].client]);
	}
}

static int undo_round(struct fed_last_version *v, struct fed_error *err)
{
	const struct fed_session *s = v->session;
	const struct fed_federation *f = &s->federation;

	if (!f->started.in_flight)
		return fed_fail(err, "over real connections a round cannot be repeated; `continue` "
		                     "finishes it, then save");
	v->row = fed_alloc_array(s->parts.clients.n, sizeof *v->row);
	if (!v->row)
		return fed_fail_memory(err, s->parts.clients.n * sizeof *v->row,
		                       "the clients of a snapshot");
	memcpy(v->row, s->parts.clients.client, s->parts.clients.n * sizeof *v->row);
	v->client = v->row;
	v->steps = f->steps;
	v->aggregator = &f->before;
	v->selection = &f->selection_before;
	v->in_flight = f->started.in_flight;
	fed_trainer_unlearn(f->trainer, v->row);
	fed_clients_before_give(&f->clients_before, v->row);
	undo_edits(v);
	return FED_OK;
}

int fed__last_version_init(struct fed_last_version *v, const struct fed_session *s,
                           struct fed_error *err)
{
	const struct fed_federation *f = &s->federation;

	*v = (struct fed_last_version){
		.session = s,
		.settings = s->parts.settings,
		.progress = progress_before_round(s),
		.client = s->parts.clients.client,
		.faults = &s->parts.faults,
		.faults_made = s->parts.faults.made,
		.in_flight = &v->taken,
	};
	if (!s->running)
		return FED_OK;
	int rc = FED_OK;
	if (f->in_round)
		rc = undo_round(v, err);
	else if (fed_is_simulated(&s->parts.transport)) /* messages of real connections are lost */
		rc = fed_in_flight_snapshot(&v->taken, f, err);
	if (rc == FED_OK)
		rc = fed_in_flight_finish(v->in_flight, f, err);
	if (rc)
		fed__last_version_release(v);
	return rc;
}

void fed__last_version_release(struct fed_last_version *v)
{
	fed_in_flight_release(&v->taken);
	fed_free(v->row);
	*v = (struct fed_last_version){0};
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/status.c - construction of a session's status snapshot.
 */
#include "session/status.h"

#include "session/inject.h"
#include "session/internal.h"

static const char *instance_name(const struct fed_instance *x)
{
	return x && x->entry ? x->entry->head->name : NULL;
}

static void put_parts(struct fed_session_status *st, const struct fed_composition *c)
{
	st->dataset = c->data ? c->data->name : NULL;
	st->model = instance_name(&c->model);
	st->aggregator = instance_name(&c->aggregator);
	st->pre_aggregation = instance_name(c->aggregator.after);
	st->transport = instance_name(&c->transport);
	st->scheme = c->scheme->name;
	st->selection = c->selection.entry ? instance_name(&c->selection) : "uniform";
	st->parameters = c->net_built ? c->net.dim : 0;
	st->clients = c->clients.n_present;
	st->faults = c->faults.n;
}

static void put_round_figures(struct fed_session_status *st, const struct fed_federation *f)
{
	const struct fed_record *r = &f->record;

	st->round.steps = f->steps;
	st->round.invited = r->invited;
	st->round.reported = r->reported;
	st->round.refused = r->refused;
	st->round.lost = r->lost;
	st->round.late = r->late;
	st->round.bytes_up = r->bytes_up;
	st->round.bytes_down = r->bytes_down;
	st->round.messages = r->messages;
}

struct fed_session_status fed_session_status(const struct fed_session *s)
{
	const bool open = fed_session_open(s);
	struct fed_session_status st = {
		.phase = open         ? FED_PHASE_OPEN
	             : s->running ? FED_PHASE_READY
	                          : FED_PHASE_IDLE,
		.version = fed_session_version(s),
		.clock = fed_session_clock(s),
		.restarts = s->event_log.run,
		.runs = s->event_log.runs,
		.events = s->event_log.n,
		.at_work = s->federation.n_open,
		.left.some = fed_remaining_run_pending(&s->rest, &s->history),
		.left.endless = s->rest.endless,
		.left.versions = s->rest.versions,
		.breakpoints = s->breakpoints.n,
		.pausing = s->breakpoints.pausing,
		.pause = s->breakpoints.pause,
		.rounds = s->history.n,
		.kept_runs = s->runs.n,
	};

	put_parts(&st, &s->parts);
	put_round_figures(&st, &s->federation);
	for (size_t i = 0; i < s->parts.faults.n; i++)
		st.faults_active += fed_fault_phase(s, &s->parts.faults.fault[i]) == FED_FAULT_ACTIVE;
	return st;
}

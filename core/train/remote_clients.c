/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/remote_clients.c - reports of clients on other machines: what is expected, in which order
 * they go on.
 */
#include "train/remote_clients.h"

#include "base/mem.h"
#include "train/faults/faults.h"
#include "train/loss_queries.h"
#include "train/participants.h"
#include "train/round/arrivals.h"
#include "train/round/coding.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"

size_t fed__remote_expect(void *ctx, struct fed_envelope *sent)
{
	const struct fed_federation *f = ctx;
	const uint32_t from = sent->head.from;

	if (!fed_client_is_remote(f->clients, from))
		return 0;
	if (sent->head.kind == FED_MESSAGE_ANSWER || sent->head.kind == FED_MESSAGE_FIGURES)
		return 1; /* they hold no vector */
	if (f->scheme->expect)
		return f->scheme->expect(f, f->scheme_state, sent);
	if (sent->head.kind != FED_MESSAGE_UPDATE)
		return 0;
	sent->payload = f->model;
	sent->sharing = f->sharing;
	sent->codec = f->codec;
	sent->coding = fed__coding_of(f, from, sent->version, f->net->dim);
	return f->net->dim;
}

/* Order -------------------------------------------------------------------------- */

/* Whether updates go on in the order of the invitations: the round waits for all of them. */
static bool keeps_order(const struct fed_federation *f)
{
	return f->scheme->waits_for_all && f->scheme->waits_for_all(f->scheme_state);
}

static void drop_report(struct fed_reports *r, uint32_t i)
{
	if (!r->of[i].moved)
		fed_envelope_release(&r->of[i].envelope);
	for (uint32_t k = i + 1; k < r->n; k++)
		r->of[k - 1] = r->of[k];
	r->n--;
}

/* Drop the reports whose invitations have ended. */
static void drop_ended(struct fed_federation *f)
{
	struct fed_reports *r = &f->reports;

	for (uint32_t i = r->n; i-- > 0;) {
		const struct fed_envelope *e = &r->of[i].envelope;

		if (!fed__invitation_is_open(f, e->head.from, e->round))
			drop_report(r, i);
	}
}

static struct fed_report *report_of(const struct fed_reports *r, uint64_t number)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->of[i].envelope.round == number)
			return &r->of[i];
	return NULL;
}

static uint64_t place_of(const struct fed_federation *f, uint64_t number)
{
	return f->scheme->place ? f->scheme->place(f, f->scheme_state, number) : number;
}

/* The waiting report that is next: no open invitation before it is unanswered; all: any. */
static struct fed_report *next_report(const struct fed_federation *f, bool all)
{
	uint64_t first = UINT64_MAX;
	struct fed_report *next = NULL;

	for (uint32_t i = 0; i < f->open_capacity; i++) {
		const uint64_t number = f->open[i].number;
		const uint64_t place = number ? place_of(f, number) : UINT64_MAX;
		struct fed_report *report = place < first ? report_of(&f->reports, number) : NULL;

		if (place >= first || (report && report->moved) || (all && !report))
			continue;
		first = place;
		next = report;
	}
	return next;
}

/* Bring an update to what a client does when it has trained.  Moves the references. */
static int send_on(struct fed_federation *f, struct fed_envelope *update, struct fed_error *err)
{
	return f->scheme->reported ? f->scheme->reported(f, f->scheme_state, update, err)
	                           : fed__send_update(f, update, NULL, err);
}

int fed__reports_release(struct fed_federation *f, bool all, struct fed_error *err)
{
	struct fed_report *report;

	if (f->reports.n == 0)
		return FED_OK;
	drop_ended(f);
	while ((report = next_report(f, all)) != NULL) {
		struct fed_envelope update = report->envelope;

		report->moved = true;
		if (send_on(f, &update, err))
			return FED_FAIL;
	}
	return FED_OK;
}

bool fed__report_waits(const struct fed_federation *f, uint64_t number)
{
	const struct fed_report *report = report_of(&f->reports, number);

	return report && !report->moved;
}

int fed__reports_before_deadline(struct fed_federation *f, bool *waits, struct fed_error *err)
{
	*waits = false;
	drop_ended(f);
	for (uint32_t i = 0; i < f->reports.n; i++)
		*waits |= !f->reports.of[i].moved;
	if (!*waits)
		return FED_OK;
	if (fed__reports_release(f, true, err))
		return FED_FAIL;
	return fed__set_deadline(f, fed_messenger_now(&f->messenger), err);
}

void fed__reports_clear(struct fed_federation *f)
{
	while (f->reports.n)
		drop_report(&f->reports, f->reports.n - 1);
}

void fed__reports_release_memory(struct fed_federation *f)
{
	fed__reports_clear(f);
	fed_free(f->reports.of);
	f->reports = (struct fed_reports){0};
}

int fed__reports_add(struct fed_reports *r, struct fed_envelope *e, struct fed_error *err)
{
	if (r->n == r->capacity) {
		const uint32_t more = r->capacity ? 2 * r->capacity : 16;
		struct fed_report *grown =
			fed_resize(r->of, r->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, more * sizeof *grown, "messages that wait");
		r->of = grown;
		r->capacity = more;
	}
	r->of[r->n++] = (struct fed_report){.envelope = fed_envelope_move(e)};
	return FED_OK;
}

/* Reports ------------------------------------------------------------------------ */

/* Seconds that a fault on the client's speed adds to its work. */
static double slowed(const struct fed_federation *f, const struct fed_envelope *e)
{
	const uint32_t id = e->head.from;
	const double slow = fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, id, f->version);

	return (slow - 1) * (f->clock.now - fed_invitation_of(f, id)->sent);
}

int fed__report_refuse(struct fed_federation *f, const struct fed_envelope *e, const char *why,
                       struct fed_error *err)
{
	if (!fed__invitation_is_open(f, e->head.from, e->round) || report_of(&f->reports, e->round)) {
		fed__emit_about(f, FED_EVENT_REFUSED, e->head.from, e->round, 0, fed_stray_update);
		return FED_OK;
	}
	fed_reject(err, "%s", why);
	return fed__skip_update(f, e->head.from, e->round, err);
}

/* Whether an update can be worked on before the gate: it has vectors. */
static bool has_shape(const struct fed_federation *f, const struct fed_envelope *e)
{
	return f->scheme->expect || (e->payload->n == 1 + fed_returned_vectors(f->aggregator) &&
	                             e->payload->dim == f->net->dim);
}

/* Keep an update until those before it are there; moves the references. */
static int put_in_order(struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	const uint64_t number = e->round;
	const uint32_t id = e->head.from;

	if (fed__reports_add(&f->reports, e, err))
		return FED_FAIL;
	if (next_report(f, false) != report_of(&f->reports, number))
		fed__emit_about(f, FED_EVENT_REACHED, id, number, 0,
		                "its update, which waits for those before it");
	return FED_OK;
}

/* Take the update of an open invitation: whatever it claims, it is of that version. */
static int take_update(struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	const uint32_t id = e->head.from;

	if (!fed__invitation_is_open(f, id, e->round) || report_of(&f->reports, e->round) ||
	    e->version != fed_invitation_of(f, id)->version)
		return fed__report_refuse(f, e, "is of another version than its invitation", err);
	if (!has_shape(f, e))
		return fed__take_update(f, e, err); /* the gate says what is wrong */
	/* a scheme of several messages slows each of them */
	const double wait = e->delayed || f->scheme->reported ? 0 : slowed(f, e);
	if (wait > 0) {
		struct fed_envelope moved = fed_envelope_move(e);

		moved.delayed = true;
		return fed_messenger_report(&f->messenger, &moved, f->clock.now + wait, err);
	}
	if (keeps_order(f))
		return put_in_order(f, e, err);
	struct fed_envelope moved = fed_envelope_move(e);
	return send_on(f, &moved, err);
}

static int take_report(struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	switch (e->head.kind) {
	case FED_MESSAGE_UPDATE:
	case FED_MESSAGE_HEAD: /* likewise the end of its work */
	case FED_MESSAGE_SEALED:
		return take_update(f, e, err);
	case FED_MESSAGE_ANSWER:
		return fed__loss_reported(f, e, err);
	case FED_MESSAGE_FIGURES:
		return FED_OK; /* of an evaluation that is over */
	default:
		return f->scheme->reported(f, f->scheme_state, e, err);
	}
}

/* A client will not answer what it has (no kind), or sent what was refused (the kind of that). */
static int take_news(struct fed_federation *f, const struct fed_envelope *e, struct fed_error *err)
{
	const uint32_t id = e->head.from, kind = e->head.kind;
	const struct fed_invitation *open = fed_invitation_of(f, id);
	const bool asked = kind == 0 || kind == FED_MESSAGE_ANSWER ||
	                   (kind == FED_FRAME_UNABLE && e->round == 0); /* perhaps for its loss */

	/* Until the session says that it is back, which it does between rounds. */
	if (!kind && e->told >= f->started.clock)
		fed_client_set_away(f->clients, id, true);
	if (asked && fed__loss_query_gone(f, id, err))
		return FED_FAIL;
	if (kind == FED_FRAME_UNABLE && f->scheme->unable)
		f->scheme->unable(f, f->scheme_state, e->round);
	if (kind)
		return asked || kind == FED_MESSAGE_FIGURES ? FED_OK
		                                            : fed__report_refuse(f, e, e->why, err);
	if (!open || open->sent > e->told || fed__holds(f, open->number) ||
	    report_of(&f->reports, open->number))
		return FED_OK; /* it has answered, or was not asked */
	return fed__invitation_lost(f, id, e->why, err);
}

int fed__remote_client_news(struct fed_federation *f, uint32_t kind, struct fed_envelope *e,
                            struct fed_error *err)
{
	if (!f->in_round || !fed_clients_get(f->clients, e->head.from))
		return FED_OK;
	return kind == FED_QUEUED_GONE ? take_news(f, e, err) : take_report(f, e, err);
}

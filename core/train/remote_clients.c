/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/remote_clients.c - reports of clients on other machines: what is expected, in which order
 * they go on.
 */
#include "train/remote_clients.h"

#include "base/mem.h"
#include "train/faults/faults.h"
#include "train/loss_queries.h"
#include "train/round/arrivals.h"
#include "train/round/coding.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"

size_t fed__remote_expect(void *ctx, const struct fed_message *m, uint64_t version,
                          struct fed_envelope *sent)
{
	const struct fed_federation *f = ctx;

	if (!fed_client_is_remote(f->clients, m->from))
		return 0;
	switch (m->kind) {
	case FED_MESSAGE_UPDATE:
		*sent = (struct fed_envelope){.payload = f->model,
		                              .sharing = f->sharing,
		                              .codec = f->codec,
		                              .coding = fed__coding_of(f, m->from, version, f->net->dim)};
		return f->net->dim;
	case FED_MESSAGE_ANSWER:
	case FED_MESSAGE_FIGURES:
		return f->net->dim; /* they hold no vector */
	default:
		return f->scheme->expect ? f->scheme->expect(f, f->scheme_state, m, version, sent) : 0;
	}
}

/* Order -------------------------------------------------------------------------- */

/* Whether updates go on in the order of the invitations: the round waits for all of them. */
static bool keeps_order(const struct fed_federation *f)
{
	return !f->scheme->overlaps && f->scheme->drops_late && !f->scheme->drops_late(f->scheme_state);
}

static void drop_report(struct fed_reports *r, uint32_t i)
{
	if (!r->of[i].passed)
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

/* The waiting report that is next: no open invitation before it is unanswered; all: any. */
static struct fed_report *next_report(const struct fed_federation *f, bool all)
{
	uint64_t first = UINT64_MAX;
	struct fed_report *next = NULL;

	for (uint32_t i = 0; i < f->open_capacity; i++) {
		const uint64_t number = f->open[i].number;
		struct fed_report *report =
			number && number < first ? report_of(&f->reports, number) : NULL;

		if (!number || number >= first || (report && report->passed) || (all && !report) ||
		    fed__is_held(f, f->open[i].client))
			continue;
		first = number;
		next = report;
	}
	return next;
}

int fed__reports_release(struct fed_federation *f, bool all, struct fed_error *err)
{
	struct fed_report *report;

	if (f->reports.n == 0)
		return FED_OK;
	drop_ended(f);
	while ((report = next_report(f, all)) != NULL) {
		struct fed_envelope update = report->envelope;

		report->passed = true;
		if (fed__send_update(f, &update, NULL, err))
			return FED_FAIL;
	}
	return FED_OK;
}

bool fed__reports_waiting(const struct fed_federation *f)
{
	for (uint32_t i = 0; i < f->reports.n; i++)
		if (!f->reports.of[i].passed)
			return true;
	return false;
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

int fed__reports_add(struct fed_reports *r, const struct fed_envelope *e, struct fed_error *err)
{
	if (r->n == r->capacity) {
		const uint32_t more = r->capacity ? 2 * r->capacity : 16;
		struct fed_report *grown =
			fed_resize(r->of, r->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown) {
			fed_envelope_release(e);
			return fed_fail_memory(err, more * sizeof *grown, "updates that wait");
		}
		r->of = grown;
		r->capacity = more;
	}
	r->of[r->n++] = (struct fed_report){.envelope = *e};
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

static int take_update(struct fed_federation *f, struct fed_envelope *e, struct fed_error *err)
{
	const uint32_t id = e->head.from;

	if (!fed__invitation_is_open(f, id, e->round) || report_of(&f->reports, e->round))
		return fed__take_update(f, e, err); /* which refuses it */
	const double wait = e->delayed ? 0 : slowed(f, e);
	struct fed_envelope moved = *e;
	e->payload = e->labels = NULL;
	e->sharing = NULL;
	e->codec = NULL;
	e->code = NULL;
	moved.delayed = true;
	if (wait > 0)
		return fed_messenger_report(&f->messenger, &moved, f->clock.now + wait, err);
	if (!keeps_order(f))
		return fed__send_update(f, &moved, NULL, err);
	return fed__reports_add(&f->reports, &moved, err);
}

int fed__remote_client_reports(struct fed_federation *f, struct fed_envelope *e,
                               struct fed_error *err)
{
	if (!f->in_round || !fed_clients_get(f->clients, e->head.from))
		return FED_OK;
	switch (e->head.kind) {
	case FED_MESSAGE_UPDATE:
		return take_update(f, e, err);
	case FED_MESSAGE_ANSWER:
		return fed__loss_reported(f, e, err);
	case FED_MESSAGE_FIGURES:
		return FED_OK; /* of an evaluation that is over */
	default:
		return f->scheme->reported(f, f->scheme_state, e, err);
	}
}

int fed__remote_client_gone(struct fed_federation *f, const struct fed_envelope *e,
                            struct fed_error *err)
{
	const uint32_t id = e->head.from;

	if (!fed_invitation_of(f, id) || fed__is_held(f, id))
		return FED_OK;
	const struct fed_report *report = report_of(&f->reports, fed_invitation_of(f, id)->number);
	if (report)
		return FED_OK; /* it has answered */
	return fed__invitation_lost(f, id, e->why, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/next_event.c - classification of the head of the event queue.
 */
#include "report/next_event.h"

#include "session/composition.h"
#include "train/loss_queries.h"
#include "train/round/invitations.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

static bool is_open(const struct fed_federation *f, uint32_t client, uint64_t number)
{
	const struct fed_invitation *open = fed_invitation_of(f, client);

	return open && open->number == number;
}

/* The turn of an invitation number; NULL: not scheme split, or not a turn. */
static const struct fed_turn *turn_of(const struct fed_federation *f, uint64_t number)
{
	const struct fed_split *s = f->scheme_state;

	if (!fed_is_split(f->scheme) || number < s->first || number - s->first >= s->called)
		return NULL;
	return &s->turn[number - s->first];
}

/* Tell the client's tasks from the server's, which serves a turn even if the turn was dropped. */
static void name_worker(struct fed_next_event *next, const struct fed_federation *f,
                        const struct fed_queued_event *due)
{
	const struct fed_turn *t = turn_of(f, due->ref);

	next->kind = due->who == FED_SERVER ? FED_NEXT_EVENT_SERVED_ALL : FED_NEXT_EVENT_WORK;
	if (!t || due->who == FED_SERVER)
		return;
	next->stale = t->phase == FED_TURN_OVER;
	if (t->phase == FED_TURN_SERVED || t->phase == FED_TURN_SERVED_BACK ||
	    t->split->serving == t - t->split->turn)
		next->kind = FED_NEXT_EVENT_SERVED;
}

static enum fed_next_event_kind message_kind(const struct fed_envelope *e)
{
	if (!e || e->head.kind == FED_MESSAGE_UPDATE)
		return FED_NEXT_EVENT_UPDATE;
	if (e->head.kind == FED_MESSAGE_MODEL)
		return FED_NEXT_EVENT_MODEL;
	return e->head.to == FED_SERVER ? FED_NEXT_EVENT_UP : FED_NEXT_EVENT_DOWN;
}

/* Of an event about a message. */
static enum fed_next_event_kind link_kind(uint32_t kind, const struct fed_envelope *e)
{
	switch (kind) {
	case FED_QUEUED_LOST:
		return FED_NEXT_EVENT_LOST;
	case FED_QUEUED_AT_SERVER_LINK:
		return FED_NEXT_EVENT_AT_LINK;
	case FED_QUEUED_PASSES:
		return FED_NEXT_EVENT_PASSES;
	case FED_QUEUED_DEPARTS:
		return FED_NEXT_EVENT_DEPARTS;
	default:
		return message_kind(e);
	}
}

static struct fed_next_event next_of(const struct fed_federation *f,
                                     const struct fed_queued_event *due)
{
	struct fed_next_event next = {.when = due->when + f->evaluation_seconds, .client = due->who};
	const struct fed_envelope *e;

	switch ((enum fed_queued_event_kind)due->kind) {
	case FED_QUEUED_TRAINED:
		next.kind = FED_NEXT_EVENT_TRAINED;
		return next;
	case FED_QUEUED_CRASH:
		next.kind = FED_NEXT_EVENT_CRASH;
		next.stale = !is_open(f, due->who, due->ref);
		return next;
	case FED_QUEUED_WORK:
		name_worker(&next, f, due);
		return next;
	case FED_QUEUED_ANSWER:
		next.kind = FED_NEXT_EVENT_WORK;
		return next;
	case FED_QUEUED_DEADLINE:
		next.kind = FED_NEXT_EVENT_DEADLINE;
		next.stale = due->ref != f->deadline;
		return next;
	case FED_QUEUED_MESSAGE:
	case FED_QUEUED_LOST:
	case FED_QUEUED_REPORT:
	case FED_QUEUED_GONE:
	case FED_QUEUED_AT_SERVER_LINK:
	case FED_QUEUED_PASSES:
	case FED_QUEUED_DEPARTS:
		break;
	}
	e = fed_messenger_peek(&f->messenger, due->ref);
	next.stale = !e || (!fed_is_loss_query(e) && !is_open(f, due->who, e->round));
	next.kind = link_kind(due->kind, e);
	return next;
}

struct fed_next_event fed_session_next_event(const struct fed_session *s)
{
	const struct fed_federation *f = fed_session_federation(s);
	struct fed_next_event next = {.when = fed_session_clock(s), .client = FED_SERVER};

	if (!fed_session_open(s))
		next.kind = FED_NEXT_EVENT_OPEN;
	else if (f->scheme->complete(f, f->scheme_state))
		next.kind = FED_NEXT_EVENT_VERSION;
	else if (f->clock.n)
		next = next_of(f, &f->clock.heap[0]);
	else
		next.kind = fed_is_simulated(f->transport) ? FED_NEXT_EVENT_SILENCE : FED_NEXT_EVENT_WAIT;
	return next;
}

double fed_session_clients_expected(const struct fed_session *s)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_split *split = parts->scheme_state;
	const double invited = fed_session_federation(s)->record.invited;

	return fed_session_open(s) && fed_is_split(parts->scheme) ? split->turns : invited;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_deadline.c - deadline of split learning: how long the server waits for the
 * next message of a client.
 *
 * A deadline of the round would end the turns of clients that have not begun, or wait for others of
 * a joined batch, in place of the one that everybody waits for.  One timer serves all turns: it is
 * set for the turn that has been awaited longest, and set again when it comes too early.
 */
#include <math.h>

#include "base/text.h"
#include "train/clients/names.h"
#include "train/participants.h"
#include "train/remote_clients.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/schemes/split_internal.h"

/* Whether the server waits for a message of the turn's client. */
static bool is_awaited(const struct fed_federation *f, const struct fed_turn *t)
{
	if (t->phase == FED_TURN_WAITING || t->phase == FED_TURN_SERVED ||
	    t->phase == FED_TURN_SERVED_BACK || t->phase == FED_TURN_OVER)
		return false;
	return fed__invitation_is_open(f, t->client, t->number) && !fed__report_waits(f, t->number);
}

static double due(const struct fed_split *s, const struct fed_turn *t)
{
	return t->awaited + s->deadline;
}

int fed__split_set_deadline(struct fed_federation *f, const struct fed_split *s,
                            struct fed_error *err)
{
	double first = INFINITY;

	if (s->deadline == 0 || f->deadline)
		return FED_OK;
	for (uint32_t i = 0; i < s->called; i++)
		if (is_awaited(f, &s->turn[i]) && due(s, &s->turn[i]) < first)
			first = due(s, &s->turn[i]);
	return isinf(first) ? FED_OK : fed__set_deadline(f, first, err);
}

/* A sentence about a late client on another machine, where a person waits for the round; of a
 * simulated one the event alone tells. */
static void tell_late(const struct fed_federation *f, const struct fed_split *s, uint32_t client)
{
	struct fed_text text = {0};

	if (!fed_client_is_remote(f->clients, client))
		return;
	fed_client_put(&text, f->clients, client);
	fed_text_add(&text,
	             " is late: the server has waited %g s for its next message; the others go "
	             "on without it",
	             s->deadline);
	fed__emit(f, FED_EVENT_NOTICE, FED_SERVER, fed_text_str(&text));
	fed_text_release(&text);
}

int fed__split_deadline(struct fed_federation *f, void *state, struct fed_error *err)
{
	struct fed_split *s = state;
	const uint32_t called = s->called;

	for (uint32_t i = 0; i < called; i++) {
		struct fed_turn *t = &s->turn[i];

		if (!is_awaited(f, t) || due(s, t) > f->clock.now)
			continue;
		fed__invitation_close(f, t->client);
		f->record.late++;
		fed__emit_about(f, FED_EVENT_LATE, t->client, t->number, 0,
		                "the deadline has passed; the others go on without it");
		tell_late(f, s, t->client);
		if (f->scheme->lost(f, s, t->number, err))
			return FED_FAIL;
	}
	return fed__split_set_deadline(f, s, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/in_flight.c - snapshot of invitations, queued events, messages and trainings.
 */
#include "train/in_flight.h"

#include <string.h>

#include "base/mem.h"

void fed_in_flight_release(struct fed_in_flight *u)
{
	for (uint32_t i = 0; i < u->open_capacity; i++)
		fed_shared_vectors_unref(u->open[i].model);
	for (size_t i = 0; i < u->n_flying; i++)
		fed_envelope_free(u->flying[i].envelope);
	for (uint32_t i = 0; i < u->slots; i++)
		fed__training_drop(u->training[i]);
	for (size_t i = 0; i < u->n_held; i++)
		fed_envelope_release(&u->held[i].envelope);
	for (size_t i = 0; i < u->n_known; i++)
		fed_shared_vectors_unref(u->known[i].payload);
	fed_free(u->open);
	fed_free(u->due);
	fed_free(u->flying);
	fed_free(u->training);
	fed_free(u->held);
	fed_free(u->known);
	*u = (struct fed_in_flight){0};
}

/* Copy of n rows of `size` bytes; NULL: no memory. */
static void *copy_rows(const void *rows, size_t n, size_t size)
{
	void *copy = fed_alloc_array(n + 1, size);

	if (copy && n)
		memcpy(copy, rows, n * size);
	return copy;
}

static bool take_open(struct fed_in_flight *u, const struct fed_federation *f)
{
	u->open = copy_rows(f->open, f->open_capacity, sizeof *u->open);
	if (!u->open)
		return false;
	u->open_capacity = f->open_capacity;
	u->n_open = f->n_open;
	for (uint32_t i = 0; i < u->open_capacity; i++)
		fed_shared_vectors_ref(u->open[i].model);
	return true;
}

/* Copy the messages in flight, without those neither delivered nor dropped: they never arrive. */
static bool take_flying(struct fed_in_flight *u, const struct fed_messenger *messenger)
{
	u->flying = fed_alloc_array(messenger->n + 1, sizeof *u->flying);
	for (size_t i = 0; u->flying && i < messenger->n; i++) {
		const struct fed_message_in_flight *from = &messenger->in_flight[i];
		struct fed_envelope *e;

		if (!from->envelope || !from->settled)
			continue;
		e = fed_alloc(sizeof *e);
		if (!e)
			return false;
		*e = *from->envelope;
		fed_envelope_ref(e);
		u->flying[u->n_flying++] =
			(struct fed_message_in_flight){.id = from->id, .envelope = e, .settled = true};
	}
	return u->flying;
}

static bool take_held(struct fed_in_flight *u, const struct fed_federation *f)
{
	u->held = copy_rows(f->held, f->n_held, sizeof *u->held);
	if (!u->held)
		return false;
	u->n_held = f->n_held;
	for (size_t i = 0; i < u->n_held; i++)
		fed_envelope_ref(&u->held[i].envelope);
	return true;
}

static bool take_known(struct fed_in_flight *u, const struct fed_collusion_state *c)
{
	u->known = copy_rows(c->known, c->n_known, sizeof *u->known);
	if (!u->known)
		return false;
	u->n_known = c->n_known;
	u->oldest = c->oldest;
	for (size_t i = 0; i < u->n_known; i++)
		fed_shared_vectors_ref(u->known[i].payload);
	return true;
}

int fed_in_flight_snapshot(struct fed_in_flight *u, const struct fed_federation *f,
                           struct fed_error *err)
{
	*u = (struct fed_in_flight){0};
	u->due = copy_rows(f->clock.heap, f->clock.n, sizeof *u->due);
	u->n_due = u->due ? f->clock.n : 0;
	u->server_link = f->messenger.server.busy;
	if (u->due && take_open(u, f) && take_flying(u, &f->messenger) && take_held(u, f) &&
	    take_known(u, &f->collusions) && fed__trainer_ref_all(f->trainer, &u->training, &u->slots))
		return FED_OK;
	fed_in_flight_release(u);
	return fed_fail_memory(err, f->n_open * sizeof *u->open, "invitations in flight");
}

static void put_tables(struct fed_in_flight *u, struct fed_federation *f)
{
	fed_free(f->open);
	f->open = u->open;
	f->open_capacity = u->open_capacity;
	f->n_open = u->n_open;
	fed_free(f->clock.heap);
	f->clock.heap = u->due;
	f->clock.n = f->clock.capacity = u->n_due;
	fed_free(f->messenger.in_flight);
	f->messenger.in_flight = u->flying;
	f->messenger.n = f->messenger.capacity = u->n_flying;
	f->messenger.taken = 0;
	f->messenger.server.busy = u->server_link;
	fed_free(f->held);
	f->held = u->held;
	f->n_held = f->held_capacity = u->n_held;
	fed_free(f->collusions.known);
	f->collusions.known = u->known;
	f->collusions.n_known = f->collusions.known_capacity = u->n_known;
	f->collusions.oldest = u->oldest;
}

int fed_in_flight_restore(struct fed_in_flight *u, struct fed_federation *f, struct fed_error *err)
{
	const int rc = fed__trainer_restore(f->trainer, u->training, u->slots, err);

	u->slots = 0; /* moved to the trainer, or dropped */
	if (rc) {
		fed_in_flight_release(u);
		return FED_FAIL;
	}
	fed_free(u->training);
	put_tables(u, f);
	*u = (struct fed_in_flight){0};
	return FED_OK;
}

int fed_in_flight_finish(const struct fed_in_flight *u, const struct fed_federation *f,
                         struct fed_error *err)
{
	return fed__trainer_finish(f->trainer, u->training, u->slots, err);
}

/* A round that may be replayed ----------------------------------------------------- */

int fed__in_flight_remember(struct fed_federation *f, struct fed_error *err)
{
	struct fed_in_flight *u = fed_alloc(sizeof *u);

	if (!u)
		return fed_fail_memory(err, sizeof *u, "invitations in flight");
	if (fed_in_flight_snapshot(u, f, err)) {
		fed_free(u);
		return FED_FAIL;
	}
	f->started.in_flight = u;
	return FED_OK;
}

void fed__in_flight_forget(struct fed_federation *f)
{
	if (!f->started.in_flight)
		return;
	fed_in_flight_release(f->started.in_flight);
	fed_free(f->started.in_flight);
	f->started.in_flight = NULL;
}

void fed__in_flight_drop(struct fed_federation *f, bool held)
{
	for (uint32_t i = 0; i < f->open_capacity; i++) {
		fed_shared_vectors_unref(f->open[i].model);
		f->open[i] = (struct fed_invitation){0};
	}
	f->n_open = 0;
	fed__trainer_cancel(f->trainer);
	fed_messenger_clear(&f->messenger);
	fed_event_queue_clear(&f->clock);
	fed__collusion_state_clear(&f->collusions);
	if (held)
		fed__release_held_messages(f);
}

/* Whether the open round has sent, ended or scheduled nothing yet. */
static bool is_untouched(const struct fed_federation *f)
{
	return f->steps == 0 && f->invitations == f->started.invitations &&
	       f->clock.next_seq == f->started.next_seq && f->n_open == f->started.n_open;
}

void fed__in_flight_roll_back(struct fed_federation *f)
{
	struct fed_error unused;

	f->started.lost = false;
	if (!f->started.in_flight && is_untouched(f))
		return;
	fed__in_flight_drop(f, true);
	f->open_capacity = f->started.open_capacity; /* all places are free; a table is not shrunk */
	if (!f->started.in_flight || fed_in_flight_restore(f->started.in_flight, f, &unused))
		f->started.lost = f->started.n_open || f->started.n_held;
}

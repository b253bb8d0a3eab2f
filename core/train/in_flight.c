/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/in_flight.c - shares of invitations, events, messages and trainings.
 */
#include "train/in_flight.h"

#include <string.h>

#include "base/mem.h"

void fed_underway_release(struct fed_underway *u)
{
	for (uint32_t i = 0; i < u->open_room; i++)
		fed_parcel_drop(u->open[i].model);
	for (size_t i = 0; i < u->n_flying; i++)
		fed_envelope_free(u->flying[i].envelope);
	for (uint32_t i = 0; i < u->slots; i++)
		fed_training_drop(u->training[i]);
	for (size_t i = 0; i < u->n_held; i++)
		fed_envelope_let_go(&u->held[i].envelope);
	for (size_t i = 0; i < u->n_known; i++)
		fed_parcel_drop(u->known[i].parcel);
	fed_free(u->open);
	fed_free(u->due);
	fed_free(u->flying);
	fed_free(u->training);
	fed_free(u->held);
	fed_free(u->known);
	*u = (struct fed_underway){0};
}

/* A copy of n rows of `size` bytes; NULL: no memory. */
static void *copy_rows(const void *rows, size_t n, size_t size)
{
	void *copy = fed_alloc_array(n + 1, size);

	if (copy && n)
		memcpy(copy, rows, n * size);
	return copy;
}

static void share_envelope(const struct fed_envelope *e)
{
	fed_parcel_share(e->parcel);
	fed_parcel_share(e->labels);
}

static bool take_open(struct fed_underway *u, const struct fed_federation *f)
{
	u->open = copy_rows(f->open, f->open_room, sizeof *u->open);
	if (!u->open)
		return false;
	u->open_room = f->open_room;
	u->n_open = f->n_open;
	for (uint32_t i = 0; i < u->open_room; i++)
		fed_parcel_share(u->open[i].model);
	return true;
}

/* What flies without a fate never arrives: it is left out. */
static bool take_flying(struct fed_underway *u, const struct fed_post *post)
{
	u->flying = fed_alloc_array(post->n + 1, sizeof *u->flying);
	for (size_t i = 0; u->flying && i < post->n; i++) {
		const struct fed_flying *from = &post->flying[i];
		struct fed_envelope *e;

		if (!from->envelope || !from->settled)
			continue;
		e = fed_alloc(sizeof *e);
		if (!e)
			return false;
		*e = *from->envelope;
		share_envelope(e);
		u->flying[u->n_flying++] =
			(struct fed_flying){.id = from->id, .envelope = e, .settled = true};
	}
	return u->flying;
}

static bool take_held(struct fed_underway *u, const struct fed_federation *f)
{
	u->held = copy_rows(f->held, f->n_held, sizeof *u->held);
	if (!u->held)
		return false;
	u->n_held = f->n_held;
	for (size_t i = 0; i < u->n_held; i++)
		share_envelope(&u->held[i].envelope);
	return true;
}

static bool take_known(struct fed_underway *u, const struct fed_collusions *c)
{
	u->known = copy_rows(c->known, c->n_known, sizeof *u->known);
	if (!u->known)
		return false;
	u->n_known = c->n_known;
	u->oldest = c->oldest;
	for (size_t i = 0; i < u->n_known; i++)
		fed_parcel_share(u->known[i].parcel);
	return true;
}

int fed_underway_take(struct fed_underway *u, const struct fed_federation *f, struct fed_error *err)
{
	*u = (struct fed_underway){0};
	u->due = copy_rows(f->clock.heap, f->clock.n, sizeof *u->due);
	u->n_due = u->due ? f->clock.n : 0;
	if (u->due && take_open(u, f) && take_flying(u, &f->post) && take_held(u, f) &&
	    take_known(u, &f->collusions) && fed_trainer_share(f->trainer, &u->training, &u->slots))
		return FED_OK;
	fed_underway_release(u);
	return fed_fail_memory(err, f->n_open * sizeof *u->open, "what is under way");
}

static void put_tables(struct fed_underway *u, struct fed_federation *f)
{
	fed_free(f->open);
	f->open = u->open;
	f->open_room = u->open_room;
	f->n_open = u->n_open;
	fed_free(f->clock.heap);
	f->clock.heap = u->due;
	f->clock.n = f->clock.capacity = u->n_due;
	fed_free(f->post.flying);
	f->post.flying = u->flying;
	f->post.n = f->post.capacity = u->n_flying;
	f->post.taken = 0;
	fed_free(f->held);
	f->held = u->held;
	f->n_held = f->held_room = u->n_held;
	fed_free(f->collusions.known);
	f->collusions.known = u->known;
	f->collusions.n_known = f->collusions.known_room = u->n_known;
	f->collusions.oldest = u->oldest;
}

int fed_underway_put(struct fed_underway *u, struct fed_federation *f, struct fed_error *err)
{
	const int rc = fed_trainer_put(f->trainer, u->training, u->slots, err);

	u->slots = 0; /* they are the trainer's, or gone */
	if (rc) {
		fed_underway_release(u);
		return FED_FAIL;
	}
	fed_free(u->training);
	put_tables(u, f);
	*u = (struct fed_underway){0};
	return FED_OK;
}

int fed_underway_finish(const struct fed_underway *u, const struct fed_federation *f,
                        struct fed_error *err)
{
	return fed_trainer_finish(f->trainer, u->training, u->slots, err);
}

/* A round that may be repeated ----------------------------------------------------- */

int fed_underway_remember(struct fed_federation *f, struct fed_error *err)
{
	struct fed_underway *u = fed_alloc(sizeof *u);

	if (!u)
		return fed_fail_memory(err, sizeof *u, "what is under way");
	if (fed_underway_take(u, f, err)) {
		fed_free(u);
		return FED_FAIL;
	}
	f->started.underway = u;
	return FED_OK;
}

void fed_underway_forget(struct fed_federation *f)
{
	if (!f->started.underway)
		return;
	fed_underway_release(f->started.underway);
	fed_free(f->started.underway);
	f->started.underway = NULL;
}

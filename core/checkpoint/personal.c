/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/personal.c - saver and loader of what rules with models of the clients add to work in
 * flight: own layers that trainings have made, and claims of held updates.  Files of sessions
 * without such rules lack these sections.
 */
#include "checkpoint/parts.h"

static uint32_t count_trained(const struct fed_in_flight *u)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < u->slots; i++)
		n += u->training[i] && fed_training_result(u->training[i]).trained;
	return n;
}

static void save_trained_layers(struct fed_saver *f, const struct fed_in_flight *u)
{
	const uint32_t n = count_trained(u);

	if (n == 0)
		return;
	fed_saver_begin(f, "trained layers");
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < u->slots; i++) {
		const struct fed_shared_vectors *own =
			u->training[i] ? fed_training_result(u->training[i]).trained : NULL;

		if (!own)
			continue;
		fed_put_u32(f, i);
		fed_put_f32s(f, own->vector[0], own->dim);
	}
	fed_saver_end(f);
}

static void load_one(struct fed_loader *f, struct fed_in_flight *u, size_t local)
{
	const uint32_t slot = fed_get_u32(f);

	if (f->failed)
		return;
	if (slot >= u->slots || !u->training[slot]) {
		fed_loader_fail(f, "there is no training at place %u", slot);
		return;
	}
	if (!fed_loader_holds(f, local, sizeof(float)))
		return;
	struct fed_shared_vectors *own = fed_shared_vectors_new(1, local);
	if (!own) {
		fed_loader_fail(f, "out of memory for the own layers of a training");
		return;
	}
	fed_get_f32s(f, own->vector[0], local);
	fed_training_give_layers(u->training[slot], own);
}

static void load_trained_layers(struct fed_loader *f, struct fed_in_flight *u,
                                const struct fed_sharing *sharing)
{
	if (!fed_loader_begin_optional(f, "trained layers"))
		return;
	const uint32_t n = fed_get_u32(f);
	if (!sharing)
		fed_loader_fail(f, "own layers of a session without local ones");
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_one(f, u, sharing->local);
	fed_loader_end(f);
}

/* Claims --------------------------------------------------------------------------- */

static void save_claims(struct fed_saver *f, const struct fed_in_flight *u)
{
	bool any = false;

	for (size_t i = 0; i < u->n_held; i++)
		any |= u->held[i].envelope.reports_first || u->held[i].envelope.model;
	if (!any)
		return;
	fed_saver_begin(f, "held claims");
	for (size_t i = 0; i < u->n_held; i++) {
		const struct fed_envelope *e = &u->held[i].envelope;

		fed_put_u8(f, e->reports_first);
		fed_put_f32(f, e->first_loss);
		fed_put_u32(f, e->model);
	}
	fed_saver_end(f);
}

static void load_claims(struct fed_loader *f, struct fed_in_flight *u)
{
	if (!fed_loader_begin_optional(f, "held claims"))
		return;
	for (size_t i = 0; i < u->n_held && !f->failed; i++) {
		struct fed_envelope *e = &u->held[i].envelope;

		e->reports_first = fed_get_flag(f);
		e->first_loss = fed_get_f32(f);
		e->model = fed_get_u32(f) & 63;
	}
	fed_loader_end(f);
}

/* ---------------------------------------------------------------------------------- */

void fed__save_personal(struct fed_saver *f, const struct fed_in_flight *u)
{
	save_trained_layers(f, u);
	save_claims(f, u);
}

void fed__load_personal(struct fed_loader *f, struct fed_in_flight *u,
                        const struct fed_sharing *sharing)
{
	load_trained_layers(f, u, sharing);
	if (!f->failed)
		load_claims(f, u);
}

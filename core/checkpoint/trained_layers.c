/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/trained_layers.c - saver and loader of the own layers that trainings in flight have
 * made for their clients: a section that a file without local layers lacks.
 */
#include "checkpoint/parts.h"

static uint32_t count_trained(const struct fed_in_flight *u)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < u->slots; i++)
		n += u->training[i] && fed_training_result(u->training[i]).trained;
	return n;
}

void fed__save_trained_layers(struct fed_saver *f, const struct fed_in_flight *u)
{
	const uint32_t n = count_trained(u);

	if (n == 0)
		return;
	fed__saver_begin(f, "trained layers");
	fed_put_u32(f, n);
	for (uint32_t i = 0; i < u->slots; i++) {
		const struct fed_shared_vectors *own =
			u->training[i] ? fed_training_result(u->training[i]).trained : NULL;

		if (!own)
			continue;
		fed_put_u32(f, i);
		fed_put_f32s(f, own->vector[0], own->dim);
	}
	fed__saver_end(f);
}

static void load_one(struct fed_loader *f, struct fed_in_flight *u, size_t local)
{
	const uint32_t slot = fed_get_u32(f);

	if (f->failed)
		return;
	if (slot >= u->slots || !u->training[slot]) {
		fed__loader_fail(f, "there is no training at place %u", slot);
		return;
	}
	if (!fed__loader_holds(f, local, sizeof(float)))
		return;
	struct fed_shared_vectors *own = fed_shared_vectors_new(1, local);
	if (!own) {
		fed__loader_fail(f, "out of memory for the own layers of a training");
		return;
	}
	fed_get_f32s(f, own->vector[0], local);
	fed_training_give_layers(u->training[slot], own);
}

void fed__load_trained_layers(struct fed_loader *f, struct fed_in_flight *u,
                              const struct fed_sharing *sharing)
{
	if (!fed__loader_begin_optional(f, "trained layers"))
		return;
	const uint32_t n = fed_get_u32(f);
	if (!sharing)
		fed__loader_fail(f, "own layers of a session without local ones");
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_one(f, u, sharing->local);
	fed__loader_end(f);
}

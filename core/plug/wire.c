/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/wire.c - rounds, updates, verdicts and states in packets.
 */
#include "plug/wire.h"

#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"

const void *fed_get_input(struct fed_packet_reader *r, const struct fed_wire_memory *m,
                          size_t bytes)
{
	const uint64_t offset = fed_get_number(r);

	if (offset == FED_NO_INPUT)
		return NULL;
	const void *p = r->short_ ? NULL : m->at(m->ctx, offset, bytes);

	if (!p)
		r->short_ = true;
	return p;
}

/* State ------------------------------------------------------------------ */

void fed_put_state(struct fed_packet *p, const struct fed_instance *instance)
{
	for (; instance; instance = instance->after) {
		const size_t size = instance->entry->head->state_size;
		char *at;

		fed_put_number(p, size);
		at = fed_text_reserve(&p->bytes, size + 1);
		if (!at)
			return;
		fed_instance_state_bytes(instance, at);
		p->bytes.len += size;
	}
}

int fed_get_state(struct fed_packet_reader *r, struct fed_instance *instance, struct fed_error *err)
{
	for (; instance; instance = instance->after) {
		const uint64_t size = fed_get_number(r);
		const void *bytes = fed_get_bytes(r, size);

		if (!bytes)
			return fed_fail(err, "%s: its state is missing", instance->entry->head->name);
		if (fed_instance_set_state(instance, bytes, size, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* Round ------------------------------------------------------------------ */

void fed__put_round(struct fed_worker *w, const struct fed_round *round)
{
	struct fed_round copy = *round;

	copy.params = NULL;
	copy.host = NULL;
	FED_PUT(&w->packet, copy);
	fed_put_input(w, round->params, round->dim * sizeof *round->params);
}

struct fed_round fed_get_round(struct fed_packet_reader *r, const struct fed_wire_memory *m)
{
	struct fed_round round;

	FED_GET(r, round);
	round.params = fed_get_input(r, m, round.dim * sizeof *round.params);
	return round;
}

/* Updates ---------------------------------------------------------------- */

static void put_update(struct fed_worker *w, const struct fed_round *round, const float *block,
                       const struct fed_update *u, uint32_t vectors)
{
	const size_t bytes = round->dim * sizeof(float);
	struct fed_update copy = *u;

	copy.delta = copy.base = NULL;
	copy.returned = NULL;
	FED_PUT(&w->packet, copy);
	if (block)
		fed_put_number(&w->packet, (uint64_t)(u->delta - block));
	else
		fed_put_input(w, u->delta, bytes);
	/* most are of the present model, which is in the round */
	fed_put_number(&w->packet, u->base != round->params);
	if (u->base != round->params)
		fed_put_input(w, u->base, bytes);
	fed_put_number(&w->packet, u->returned ? vectors : 0);
	for (uint32_t k = 0; u->returned && k < vectors; k++)
		fed_put_input(w, u->returned[k], bytes);
}

void fed__put_updates(struct fed_worker *w, const struct fed_round *round, const float *block,
                      const struct fed_update *u, size_t n, uint32_t vectors)
{
	fed_put_number(&w->packet, n);
	fed_put_number(&w->packet, block != NULL);
	if (block)
		fed_put_input(w, block, ((n - 1) * round->ld + round->dim) * sizeof *block);
	for (size_t i = 0; i < n; i++)
		put_update(w, round, block, &u[i], vectors);
}

static void get_update(struct fed_packet_reader *r, const struct fed_wire_memory *m,
                       const struct fed_round *round, const float *block, size_t floats,
                       struct fed_update *u, const float **returned, uint32_t vectors)
{
	const size_t bytes = round->dim * sizeof(float);

	FED_GET(r, *u);
	u->size = sizeof *u;
	if (block) {
		const uint64_t from = fed_get_number(r);

		r->short_ |= from > floats - round->dim;
		u->delta = r->short_ ? NULL : block + from;
	} else {
		u->delta = fed_get_input(r, m, bytes);
	}
	u->base = fed_get_number(r) ? fed_get_input(r, m, bytes) : round->params;
	const uint64_t has = fed_get_number(r);
	r->short_ |= has > vectors;
	for (uint64_t k = 0; k < has && !r->short_; k++)
		returned[k] = fed_get_input(r, m, bytes);
	u->returned = has ? returned : NULL;
}

void fed_get_updates(struct fed_packet_reader *r, const struct fed_wire_memory *m,
                     const struct fed_round *round, struct fed_update *u, size_t n,
                     const float **returned, uint32_t vectors)
{
	const uint64_t in_block = fed_get_number(r);
	const size_t floats = (n - 1) * round->ld + round->dim;
	const float *block = in_block ? fed_get_input(r, m, floats * sizeof *block) : NULL;

	for (size_t i = 0; i < n && !r->short_; i++)
		get_update(r, m, round, block, floats, &u[i], returned + i * vectors, vectors);
}

/* Verdicts --------------------------------------------------------------- */

void fed_put_verdicts(struct fed_packet *p, const struct fed_verdict *v, size_t n)
{
	fed_put(p, v, n * sizeof *v);
}

void fed_get_verdicts(struct fed_packet_reader *r, struct fed_verdict *v, size_t n)
{
	fed_get(r, v, n * sizeof *v);
	for (size_t i = 0; i < n; i++)
		v[i].size = sizeof v[i];
}

void fed_put_trusts(struct fed_packet *p, const struct fed_trust *t, size_t n)
{
	fed_put(p, t, n * sizeof *t);
}

void fed__get_trusts(struct fed_packet_reader *r, struct fed_trust *t, size_t n)
{
	fed_get(r, t, n * sizeof *t);
}

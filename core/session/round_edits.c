/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/round_edits.c - make a change, and write it down while a round is open.
 */
#include "session/round_edits.h"

#include "base/mem.h"
#include "session/internal.h"

void fed_round_edit_release(struct fed_round_edit *c)
{
	if (c->kind == FED_CHANGE_INJECT) {
		fed_fault_release(&c->fault);
	} else if (c->kind == FED_CHANGE_HEAL) {
		fed_free(c->heal.cure.client);
		fed_faults_release(&c->heal.before);
	} else if (c->kind == FED_CHANGE_EQUIP) {
		fed_free(c->equip.of);
		fed_free(c->equip.before);
	}
	*c = (struct fed_round_edit){0};
}

void fed_round_edits_clear(struct fed_round_edits *changes)
{
	for (size_t i = 0; i < changes->n; i++)
		fed_round_edit_release(&changes->of[i]);
	fed_free(changes->of);
	*changes = (struct fed_round_edits){0};
}

static int reserve(struct fed_round_edits *changes, struct fed_error *err)
{
	if (changes->n < changes->capacity)
		return FED_OK;
	const size_t capacity = changes->capacity ? 2 * changes->capacity : 4;
	struct fed_round_edit *grown =
		fed_resize(changes->of, changes->capacity * sizeof *grown, capacity * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "the changes in the open round");
	changes->of = grown;
	changes->capacity = capacity;
	return FED_OK;
}

int fed_round_edits_add(struct fed_round_edits *changes, struct fed_round_edit *c,
                        struct fed_error *err)
{
	if (reserve(changes, err)) {
		fed_round_edit_release(c);
		return FED_FAIL;
	}
	changes->of[changes->n++] = *c;
	return FED_OK;
}

struct fed_equipment fed_equipment_of(uint32_t client, const struct fed_client *x)
{
	return (struct fed_equipment){
		.client = client,
		.device = x->device,
		.link = x->link,
		.device_profile = x->device_profile,
		.link_profile = x->link_profile,
	};
}

void fed_equipment_give(const struct fed_equipment *e, struct fed_client *x)
{
	x->device = e->device;
	x->link = e->link;
	x->device_profile = e->device_profile;
	x->link_profile = e->link_profile;
}

static int equip(struct fed_session *s, struct fed_round_edit *c, struct fed_error *err)
{
	const uint32_t n = c->equip.n;

	c->equip.before = fed_alloc_array((size_t)n + 1, sizeof *c->equip.before);
	if (!c->equip.before)
		return fed_fail_memory(err, n * sizeof *c->equip.before, "devices and links");
	for (uint32_t i = 0; i < n; i++) {
		struct fed_client *x = &s->parts.clients.client[c->equip.of[i].client];

		c->equip.before[i] = fed_equipment_of(c->equip.of[i].client, x);
		fed_equipment_give(&c->equip.of[i], x);
	}
	s->parts.clients.equipped++;
	return FED_OK;
}

/* The table has a fault of its own; the change keeps it as it was injected. */
static int inject(struct fed_session *s, const struct fed_round_edit *c, struct fed_error *err)
{
	struct fed_fault fault;

	if (fed_faults_reserve(&s->parts.faults, err) || fed_fault_copy(&fault, &c->fault, err))
		return FED_FAIL;
	fed_faults_add(&s->parts.faults, &fault);
	return FED_OK;
}

static int heal(struct fed_session *s, struct fed_round_edit *c, uint64_t *healed,
                struct fed_error *err)
{
	const struct fed_heal_edit *cure = &c->heal.cure;

	if (fed_session_open(s) && fed_faults_copy(&c->heal.before, &s->parts.faults, err))
		return FED_FAIL;
	const uint64_t pairs =
		cure->number ? fed_faults_heal_one(&s->parts.faults, cure->number, cure->client, cure->n)
					 : fed_faults_heal(&s->parts.faults, cure->client, cure->n, cure->kinds);
	if (healed)
		*healed = pairs;
	return FED_OK;
}

static int make(struct fed_session *s, struct fed_round_edit *c, uint64_t *healed,
                struct fed_error *err)
{
	switch (c->kind) {
	case FED_CHANGE_INJECT:
		return inject(s, c, err);
	case FED_CHANGE_HEAL:
		return heal(s, c, healed, err);
	case FED_CHANGE_EQUIP:
		return equip(s, c, err);
	default:
		c->settings_before = s->parts.settings;
		s->parts.settings = c->settings;
		return FED_OK;
	}
}

int fed_session_change(struct fed_session *s, struct fed_round_edit *c, uint64_t *healed,
                       struct fed_error *err)
{
	const bool open = fed_session_open(s);

	c->steps = s->federation.steps;
	if ((open && reserve(&s->changes, err)) || make(s, c, healed, err)) {
		fed_round_edit_release(c);
		return FED_FAIL;
	}
	if (open)
		s->changes.of[s->changes.n++] = *c;
	else
		fed_round_edit_release(c);
	return FED_OK;
}

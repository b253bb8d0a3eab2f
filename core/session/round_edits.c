/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/round_edits.c - edits of faults, settings and devices, and their journal in an open
 * round.
 */
#include "session/round_edits.h"

#include "base/mem.h"
#include "session/internal.h"

void fed_round_edit_release(struct fed_round_edit *c)
{
	if (c->kind == FED_EDIT_INJECT) {
		fed_fault_release(&c->fault);
	} else if (c->kind == FED_EDIT_HEAL) {
		fed_free(c->heal.selection.client);
		fed_faults_release(&c->heal.before);
	} else if (c->kind == FED_EDIT_EQUIP) {
		fed_free(c->equip.after);
		fed_free(c->equip.before);
	}
	*c = (struct fed_round_edit){0};
}

void fed_round_edits_clear(struct fed_round_edits *edits)
{
	for (size_t i = 0; i < edits->n; i++)
		fed_round_edit_release(&edits->edit[i]);
	fed_free(edits->edit);
	*edits = (struct fed_round_edits){0};
}

static int reserve_edit(struct fed_round_edits *edits, struct fed_error *err)
{
	if (edits->n < edits->capacity)
		return FED_OK;
	const size_t capacity = edits->capacity ? 2 * edits->capacity : 4;
	struct fed_round_edit *grown =
		fed_resize(edits->edit, edits->capacity * sizeof *grown, capacity * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, capacity * sizeof *grown, "the changes in the open round");
	edits->edit = grown;
	edits->capacity = capacity;
	return FED_OK;
}

int fed_round_edits_add(struct fed_round_edits *edits, struct fed_round_edit *c,
                        struct fed_error *err)
{
	if (reserve_edit(edits, err)) {
		fed_round_edit_release(c);
		return FED_FAIL;
	}
	edits->edit[edits->n++] = *c;
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

static int apply_equip(struct fed_session *s, struct fed_round_edit *c, struct fed_error *err)
{
	const uint32_t n = c->equip.n;

	c->equip.before = fed_alloc_array((size_t)n + 1, sizeof *c->equip.before);
	if (!c->equip.before)
		return fed_fail_memory(err, n * sizeof *c->equip.before, "devices and links");
	for (uint32_t i = 0; i < n; i++) {
		struct fed_client *x = &s->parts.clients.client[c->equip.after[i].client];

		c->equip.before[i] = fed_equipment_of(c->equip.after[i].client, x);
		fed_equipment_give(&c->equip.after[i], x);
	}
	s->parts.clients.equipped++;
	return FED_OK;
}

/* The table gets a copy of the fault; the edit keeps the original. */
static int apply_inject(struct fed_session *s, const struct fed_round_edit *c,
                        struct fed_error *err)
{
	struct fed_fault fault;

	if (fed_faults_reserve(&s->parts.faults, err) || fed_fault_copy(&fault, &c->fault, err))
		return FED_FAIL;
	fed_faults_add(&s->parts.faults, &fault);
	return FED_OK;
}

static int apply_heal(struct fed_session *s, struct fed_round_edit *c, uint64_t *healed,
                      struct fed_error *err)
{
	const struct fed_heal_edit *selection = &c->heal.selection;

	if (fed_session_open(s) && fed_faults_copy(&c->heal.before, &s->parts.faults, err))
		return FED_FAIL;
	const uint64_t pairs =
		selection->number
			? fed_faults_heal_one(&s->parts.faults, selection->number, selection->client,
	                              selection->n)
			: fed_faults_heal(&s->parts.faults, selection->client, selection->n, selection->kinds);
	if (healed)
		*healed = pairs;
	return FED_OK;
}

static int apply_edit(struct fed_session *s, struct fed_round_edit *c, uint64_t *healed,
                      struct fed_error *err)
{
	switch (c->kind) {
	case FED_EDIT_INJECT:
		return apply_inject(s, c, err);
	case FED_EDIT_HEAL:
		return apply_heal(s, c, healed, err);
	case FED_EDIT_EQUIP:
		return apply_equip(s, c, err);
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
	if ((open && reserve_edit(&s->edits, err)) || apply_edit(s, c, healed, err)) {
		fed_round_edit_release(c);
		return FED_FAIL;
	}
	if (open)
		s->edits.edit[s->edits.n++] = *c;
	else
		fed_round_edit_release(c);
	return FED_OK;
}

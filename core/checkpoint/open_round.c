/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/open_round.c - how far an open round has come, in a saved file.
 *
 * One section with the steps and the number of changes, then for each change when it was made and
 * what it is; an injected fault follows as faults are saved.
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/devices.h"
#include "checkpoint/replay.h"
#include "checkpoint/faults.h"
#include "session/internal.h"

#define EQUIPMENT_BYTES (4 + 1 + 1 + 6 * 4)

static const char *const kind_name[FED_CHANGE_KINDS] = {
	[FED_CHANGE_SETTINGS] = "settings",
	[FED_CHANGE_INJECT] = "inject",
	[FED_CHANGE_HEAL] = "heal",
	[FED_CHANGE_EQUIP] = "equip",
};

/* Writing ------------------------------------------------------------------------- */

static void save_cure(struct fed_saver *f, const struct fed_cure *cure)
{
	fed_put_u32(f, cure->kinds);
	fed_put_u64(f, cure->number);
	fed_put_u8(f, cure->client != NULL);
	fed_put_u32(f, cure->n);
	fed_put_u32s(f, cure->client, cure->n);
}

static void save_equipment(struct fed_saver *f, const struct fed_equipment *e)
{
	fed_put_u32(f, e->client);
	fed_put_u8(f, e->device_profile);
	fed_put_u8(f, e->link_profile);
	fed_put_f32(f, e->device);
	fed_put_f32(f, e->link.latency);
	fed_put_f32(f, e->link.jitter);
	fed_put_f32(f, e->link.up);
	fed_put_f32(f, e->link.down);
	fed_put_f32(f, e->link.loss);
}

static uint64_t size_of(const struct fed_change *c, const struct fed_pairs *settings)
{
	switch (c->kind) {
	case FED_CHANGE_SETTINGS:
		return fed_size_pairs(settings);
	case FED_CHANGE_HEAL:
		return 4 + 8 + 1 + 4 + 4ull * c->heal.cure.n;
	case FED_CHANGE_EQUIP:
		return fed_size_profiles() + 4 + (uint64_t)EQUIPMENT_BYTES * c->equip.n;
	default:
		return 0;
	}
}

static int save_change(struct fed_saver *f, const struct fed_change *c, struct fed_error *err)
{
	struct fed_pairs settings = {0};

	if (c->kind == FED_CHANGE_SETTINGS &&
	    fed_pairs_of(&settings, fed_settings_fields, &c->settings, err))
		return FED_FAIL;
	fed_saver_begin(f, "change", fed_size_string(kind_name[c->kind]) + 8 + size_of(c, &settings));
	fed_put_string(f, kind_name[c->kind]);
	fed_put_u64(f, c->steps);
	if (c->kind == FED_CHANGE_SETTINGS)
		fed_put_pairs(f, &settings);
	if (c->kind == FED_CHANGE_HEAL)
		save_cure(f, &c->heal.cure);
	if (c->kind == FED_CHANGE_EQUIP) {
		fed_put_profiles(f);
		fed_put_u32(f, c->equip.n);
		for (uint32_t i = 0; i < c->equip.n; i++)
			save_equipment(f, &c->equip.of[i]);
	}
	fed_saver_end(f);
	fed_pairs_release(&settings);
	return c->kind == FED_CHANGE_INJECT ? fed_save_fault(f, &c->fault, err) : FED_OK;
}

int fed_save_midway(struct fed_saver *f, const struct fed_session *s, const struct fed_midway *m,
                    struct fed_error *err)
{
	fed_save_stops(f, s);
	fed_saver_begin(f, "midway", 8 + 4);
	fed_put_u64(f, m->steps);
	fed_put_u32(f, (uint32_t)m->changes.n);
	fed_saver_end(f);
	for (size_t i = 0; i < m->changes.n; i++)
		if (save_change(f, &m->changes.of[i], err))
			return FED_FAIL;
	return FED_OK;
}

/* Reading ------------------------------------------------------------------------- */

static void load_kind(struct fed_loader *f, struct fed_change *c)
{
	struct fed_text name = {0};
	int kind = 0;

	fed_get_string(f, &name);
	while (kind < FED_CHANGE_KINDS && strcmp(kind_name[kind], fed_text_str(&name)) != 0)
		kind++;
	if (kind == FED_CHANGE_KINDS)
		fed_loader_fail(f, "a change called %.40s", fed_text_str(&name));
	else
		c->kind = (enum fed_change_kind)kind;
	fed_text_release(&name);
	c->steps = fed_get_u64(f);
}

static void load_settings(struct fed_loader *f, struct fed_settings *out)
{
	struct fed_pairs pairs = {0};
	struct fed_error why;

	fed_get_pairs(f, &pairs);
	fed_fields_default(fed_settings_fields, out);
	if (!f->failed && (fed_fields_assign(fed_settings_fields, out, pairs.assign, pairs.n, &why) ||
	                   fed_settings_check(out, &why)))
		fed_loader_fail(f, "%s", why.text);
	fed_pairs_release(&pairs);
}

/* Ids that ascend, of clients that were made. */
static void load_cure(struct fed_loader *f, const struct fed_session *s, struct fed_cure *cure)
{
	cure->kinds = fed_get_u32(f);
	cure->number = fed_get_u64(f);
	const bool some = fed_get_u8(f);
	const uint32_t n = fed_get_u32(f);
	if (!some || !fed_loader_holds(f, n, sizeof *cure->client))
		return;
	cure->client = fed_alloc_array((size_t)n + 1, sizeof *cure->client);
	if (!cure->client) {
		fed_loader_fail(f, "out of memory for %u clients", n);
		return;
	}
	cure->n = n;
	fed_get_u32s(f, cure->client, n);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		if (cure->client[i] >= s->parts.clients.n || (i && cure->client[i] <= cure->client[i - 1]))
			fed_loader_fail(f, "client %u", cure->client[i]);
}

static void load_equipment(struct fed_loader *f, const struct fed_session *s,
                           const uint8_t device[256], const uint8_t link[256],
                           struct fed_equipment *e)
{
	e->client = fed_get_u32(f);
	e->device_profile = device[fed_get_u8(f)];
	e->link_profile = link[fed_get_u8(f)];
	e->device = fed_get_f32(f);
	e->link.latency = fed_get_f32(f);
	e->link.jitter = fed_get_f32(f);
	e->link.up = fed_get_f32(f);
	e->link.down = fed_get_f32(f);
	e->link.loss = fed_get_f32(f);
	if (!f->failed && (!fed_clients_get(&s->parts.clients, e->client) ||
	                   !fed_link_is_possible(e->device, &e->link)))
		fed_loader_fail(f, "client %u has no such device or link", e->client);
}

static void load_equip(struct fed_loader *f, const struct fed_session *s, struct fed_change *c)
{
	uint8_t device[256], link[256];

	fed_get_profiles(f, device, link);
	const uint32_t n = fed_get_u32(f);
	if (!fed_loader_holds(f, n, EQUIPMENT_BYTES))
		return;
	c->equip.of = fed_alloc_array((size_t)n + 1, sizeof *c->equip.of);
	if (!c->equip.of) {
		fed_loader_fail(f, "out of memory for %u devices", n);
		return;
	}
	for (; c->equip.n < n && !f->failed; c->equip.n++)
		load_equipment(f, s, device, link, &c->equip.of[c->equip.n]);
}

static int load_change(struct fed_loader *f, struct fed_session *s, struct fed_change *c)
{
	if (fed_loader_begin(f, "change"))
		return FED_FAIL;
	load_kind(f, c);
	if (!f->failed && c->kind == FED_CHANGE_SETTINGS)
		load_settings(f, &c->settings);
	if (!f->failed && c->kind == FED_CHANGE_HEAL)
		load_cure(f, s, &c->heal.cure);
	if (!f->failed && c->kind == FED_CHANGE_EQUIP)
		load_equip(f, s, c);
	if (fed_loader_end(f))
		return FED_FAIL;
	return c->kind == FED_CHANGE_INJECT ? fed_load_fault(f, s, &c->fault) : FED_OK;
}

int fed_load_midway(struct fed_loader *f, struct fed_session *s, struct fed_midway *m)
{
	uint32_t n = 0;

	if (f->version < 5)
		return FED_OK;
	if (fed_load_stops(f, s))
		return FED_FAIL;
	if (fed_loader_begin(f, "midway"))
		return FED_FAIL;
	m->steps = fed_get_u64(f);
	if (f->version >= 6)
		n = fed_get_u32(f);
	if (fed_loader_end(f))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++) {
		struct fed_change c = {0};
		struct fed_error why;

		if (load_change(f, s, &c)) {
			fed_change_release(&c);
			return FED_FAIL;
		}
		if (fed_changes_add(&m->changes, &c, &why))
			return fed_loader_fail(f, "%s", why.text);
	}
	return FED_OK;
}

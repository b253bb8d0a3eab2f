/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/open_round.c - saver and loader of the open round: its steps and the user's edits.
 *
 * One section with the number of steps and of edits, then one for each edit with its step and
 * values; an injected fault follows in sections of its own (checkpoint/faults.c).
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/parts.h"

static const char *const edit_names[FED_EDIT_KINDS] = {
	[FED_EDIT_SETTINGS] = "settings",
	[FED_EDIT_INJECT] = "inject",
	[FED_EDIT_HEAL] = "heal",
	[FED_EDIT_EQUIP] = "equip",
};

static void put_selection(struct fed_saver *f, const struct fed_heal_edit *selection)
{
	fed_put_u32(f, selection->kinds);
	fed_put_u64(f, selection->number);
	fed_put_u8(f, selection->client != NULL);
	if (selection->client)
		fed__put_ids(f, selection->client, selection->n);
}

static void get_selection(struct fed_loader *f, const struct fed_session *s,
                          struct fed_heal_edit *selection)
{
	uint64_t n = 0;

	selection->kinds = fed_get_u32(f);
	selection->number = fed_get_u64(f);
	if (fed_get_flag(f))
		selection->client = fed__get_ids(f, s->parts.clients.n, &n);
	fed__check_ascending(f, selection->client, n);
	selection->n = (uint32_t)n; /* ascending: at most clients.n */
}

static void put_equip(struct fed_saver *f, const struct fed_round_edit *c)
{
	fed_put_u32(f, c->equip.n);
	for (uint32_t i = 0; i < c->equip.n; i++) {
		fed_put_u32(f, c->equip.after[i].client);
		fed__put_equipment(f, &c->equip.after[i]);
	}
}

static void get_equip(struct fed_loader *f, const struct fed_session *s, struct fed_round_edit *c)
{
	const uint32_t n = fed_get_u32(f);

	c->equip.after = fed_get_array(f, n, sizeof *c->equip.after, 4);
	for (; c->equip.n < n && !f->failed; c->equip.n++) {
		struct fed_equipment *e = &c->equip.after[c->equip.n];

		e->client = fed_get_u32(f);
		fed__get_equipment(f, e);
		if (!fed_clients_get(&s->parts.clients, e->client))
			fed_loader_fail(f, "there is no client %u", e->client);
	}
}

static void save_edit(struct fed_saver *f, const struct fed_round_edit *c)
{
	fed_saver_begin(f, "edit");
	fed__put_string(f, edit_names[c->kind]);
	fed_put_u64(f, c->steps);
	if (c->kind == FED_EDIT_SETTINGS)
		fed__put_fields(f, fed_settings_fields, &c->settings);
	else if (c->kind == FED_EDIT_HEAL)
		put_selection(f, &c->heal.selection);
	else if (c->kind == FED_EDIT_EQUIP)
		put_equip(f, c);
	fed_saver_end(f);
	if (c->kind == FED_EDIT_INJECT)
		fed__save_fault(f, &c->fault);
}

static void get_edit_kind(struct fed_loader *f, struct fed_round_edit *c)
{
	struct fed_text name = {0};
	int kind = 0;

	fed__get_string(f, &name);
	while (kind < FED_EDIT_KINDS && strcmp(edit_names[kind], fed_text_str(&name)) != 0)
		kind++;
	if (kind == FED_EDIT_KINDS)
		fed_loader_fail(f, "an edit called %.40s", fed_text_str(&name));
	else
		c->kind = (enum fed_round_edit_kind)kind;
	fed_text_release(&name);
}

static void get_settings(struct fed_loader *f, const struct fed_session *s,
                         struct fed_settings *settings)
{
	struct fed_error why;

	fed__get_settings(f, settings);
	if (!f->failed && fed_settings_check(settings, s->plugins, &why))
		fed_loader_fail(f, "%s", why.text);
}

static void load_edit(struct fed_loader *f, struct fed_session *s, struct fed_round_edit *c)
{
	if (fed__loader_begin(f, "edit"))
		return;
	get_edit_kind(f, c);
	c->steps = fed_get_u64(f);
	if (f->failed)
		return;
	if (c->kind == FED_EDIT_SETTINGS)
		get_settings(f, s, &c->settings);
	else if (c->kind == FED_EDIT_HEAL)
		get_selection(f, s, &c->heal.selection);
	else if (c->kind == FED_EDIT_EQUIP)
		get_equip(f, s, c);
	fed_loader_end(f);
	if (c->kind == FED_EDIT_INJECT)
		fed__load_fault(f, s, &c->fault);
}

void fed__save_open_round(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_round_edits *edits = &v->session->edits;
	const uint32_t n = v->steps ? (uint32_t)edits->n : 0;

	fed_saver_begin(f, "open round");
	fed_put_u64(f, v->steps);
	fed_put_u32(f, n);
	fed_saver_end(f);
	for (uint32_t i = 0; i < n; i++)
		save_edit(f, &edits->edit[i]);
}

void fed__load_open_round(struct fed_loader *f, struct fed_session *s, uint64_t *steps,
                          struct fed_round_edits *edits)
{
	if (fed__loader_begin(f, "open round"))
		return;
	*steps = fed_get_u64(f);
	const uint32_t n = fed_get_u32(f);
	fed_loader_end(f);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		struct fed_round_edit c = {0};
		struct fed_error why;

		load_edit(f, s, &c);
		if (f->failed)
			fed_round_edit_release(&c);
		else if (fed_round_edits_add(edits, &c, &why))
			fed_loader_fail(f, "%s", why.text);
	}
}

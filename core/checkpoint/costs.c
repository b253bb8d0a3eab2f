/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/costs.c - saver and loader of the costs in total and by client, and of how
 * clients took part.
 */
#include "checkpoint/parts.h"

static const struct fed_record_column cost_columns[] = {
	FED_COLUMN(struct fed_costs, messages_up),
	FED_COLUMN(struct fed_costs, messages_down),
	FED_COLUMN(struct fed_costs, bytes_up),
	FED_COLUMN(struct fed_costs, bytes_down),
	FED_COLUMN(struct fed_costs, plain_up),
	FED_COLUMN_RULE(struct fed_costs, client_flops, FED_COLUMN_AMOUNT),
	FED_COLUMN_RULE(struct fed_costs, server_flops, FED_COLUMN_AMOUNT),
	FED_COLUMN_END,
};

static const struct fed_record_column participation_columns[] = {
	FED_COLUMN(struct fed_participation, last),
	FED_COLUMN_RULE(struct fed_participation, seconds, FED_COLUMN_TIME),
	FED_COLUMN(struct fed_participation, loss),
	FED_COLUMN(struct fed_participation, loss_rms),
	FED_COLUMN(struct fed_participation, times),
	FED_COLUMN_END,
};

/* How clients took part: a section that files of older fedsh lack, and those without a round. */
static void save_participations(struct fed_saver *f, const struct fed_session *s)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < s->parts.clients.n; id++)
		n += fed_ledger_participation(&s->ledger, id) != NULL;
	if (n == 0)
		return;
	fed_saver_begin(f, "participations");
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < s->parts.clients.n; id++) {
		const struct fed_participation *part = fed_ledger_participation(&s->ledger, id);

		if (!part)
			continue;
		fed_put_u32(f, id);
		fed_put_row(f, participation_columns, part);
	}
	fed_saver_end(f);
}

static void load_participations(struct fed_loader *f, struct fed_session *s)
{
	if (!fed_loader_begin_optional(f, "participations"))
		return;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		const uint32_t id = fed_get_u32(f);
		struct fed_participation part = {0};
		struct fed_error why;

		fed_get_row(f, participation_columns, &part);
		if (f->failed)
			return;
		if (id >= s->parts.clients.n || part.times == 0 || fed_ledger_participation(&s->ledger, id))
			fed_loader_fail(f, "client %u of %u, or twice", id, s->parts.clients.n);
		else if (fed_ledger_open(&s->ledger, id, &why))
			fed_loader_fail(f, "%s", why.text);
		else
			fed_ledger_take_part(&s->ledger, id, &part);
	}
	fed_loader_end(f);
}

/* Bytes down without a codec: a section that a file lacks where no codec acted. */
static void save_plain_down(struct fed_saver *f, const struct fed_session *s)
{
	if (s->ledger.total.plain_down == s->ledger.total.bytes_down)
		return;
	fed_saver_begin(f, "plain down");
	fed_put_u64(f, s->ledger.total.plain_down);
	for (uint32_t id = 0; id < s->parts.clients.n; id++) {
		const struct fed_costs *costs = fed_ledger_of(&s->ledger, id);

		fed_put_u64(f, costs ? costs->plain_down : 0);
	}
	fed_saver_end(f);
}

static void load_plain_down(struct fed_loader *f, struct fed_session *s)
{
	if (!fed_loader_begin_optional(f, "plain down"))
		return;
	s->ledger.total.plain_down = fed_get_u64(f);
	for (uint32_t id = 0; id < s->parts.clients.n && !f->failed; id++)
		fed_ledger_set_plain_down(&s->ledger, id, fed_get_u64(f));
	fed_loader_end(f);
}

/* The total, whose sum has another order than the clients', then the costs of each client. */
void fed__save_costs(struct fed_saver *f, const struct fed_session *s)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < s->parts.clients.n; id++)
		n += fed_ledger_of(&s->ledger, id) != NULL;
	fed_saver_begin(f, "costs");
	fed_put_row(f, cost_columns, &s->ledger.total);
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < s->parts.clients.n; id++) {
		const struct fed_costs *costs = fed_ledger_of(&s->ledger, id);

		if (!costs)
			continue;
		fed_put_u32(f, id);
		fed_put_row(f, cost_columns, costs);
	}
	fed_saver_end(f);
	save_participations(f, s);
	save_plain_down(f, s);
}

static void load_client_costs(struct fed_loader *f, struct fed_ledger *l, uint32_t clients)
{
	const uint32_t id = fed_get_u32(f);
	struct fed_costs costs = {0};
	struct fed_error why;

	fed_get_row(f, cost_columns, &costs);
	costs.plain_down = costs.bytes_down;
	if (f->failed)
		return;
	if (id >= clients || fed_ledger_of(l, id))
		fed_loader_fail(f, "an account of client %u of %u, or two", id, clients);
	else if (fed_ledger_open(l, id, &why))
		fed_loader_fail(f, "%s", why.text);
	else
		fed_ledger_enter(l, id, &costs);
}

void fed__load_costs(struct fed_loader *f, struct fed_session *s)
{
	struct fed_costs total = {0};

	if (fed__loader_begin(f, "costs"))
		return;
	fed_get_row(f, cost_columns, &total);
	total.plain_down = total.bytes_down;
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_client_costs(f, &s->ledger, s->parts.clients.n);
	s->ledger.total = total;
	fed_loader_end(f);
	load_participations(f, s);
	load_plain_down(f, s);
}

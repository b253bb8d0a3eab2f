/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/costs.c - saver and loader of the costs in total and by client.
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

/* The total, whose sum has another order than the clients', then the costs of each client. */
void fed__save_costs(struct fed_saver *f, const struct fed_session *s)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < s->parts.clients.n; id++)
		n += fed_ledger_of(&s->ledger, id) != NULL;
	fed__saver_begin(f, "costs");
	fed__put_row(f, cost_columns, &s->ledger.total);
	fed_put_u32(f, n);
	for (uint32_t id = 0; id < s->parts.clients.n; id++) {
		const struct fed_costs *costs = fed_ledger_of(&s->ledger, id);

		if (!costs)
			continue;
		fed_put_u32(f, id);
		fed__put_row(f, cost_columns, costs);
	}
	fed__saver_end(f);
}

static void load_client_costs(struct fed_loader *f, struct fed_ledger *l, uint32_t clients)
{
	const uint32_t id = fed_get_u32(f);
	struct fed_costs costs;
	struct fed_error why;

	fed__get_row(f, cost_columns, &costs);
	if (f->failed)
		return;
	if (id >= clients || fed_ledger_of(l, id))
		fed__loader_fail(f, "an account of client %u of %u, or two", id, clients);
	else if (fed_ledger_open(l, id, &why))
		fed__loader_fail(f, "%s", why.text);
	else
		fed_ledger_enter(l, id, &costs);
}

void fed__load_costs(struct fed_loader *f, struct fed_session *s)
{
	struct fed_costs total;

	if (fed__loader_begin(f, "costs"))
		return;
	fed__get_row(f, cost_columns, &total);
	const uint32_t n = fed_get_u32(f);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_client_costs(f, &s->ledger, s->parts.clients.n);
	s->ledger.total = total;
	fed__loader_end(f);
}

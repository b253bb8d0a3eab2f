/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/origins.c - saver and loader of what clients joined with, and when those that are gone
 * left: for who makes the same clients again with another seed (experiments/population.h).
 */
#include "checkpoint/parts.h"
#include "session/internal.h"

/* Columns of a client block whose origin is known. */
static const struct fed_record_column origin_columns[] = {
	FED_COLUMN(struct fed_client_block, device.spread_given),
	FED_COLUMN_RULE(struct fed_client_block, device.flops, FED_COLUMN_AMOUNT),
	FED_COLUMN_RULE(struct fed_client_block, device.spread, FED_COLUMN_TIME),
	FED_COLUMN(struct fed_client_block, link.spread_given),
	FED_COLUMN_RULE(struct fed_client_block, link.spread, FED_COLUMN_TIME),
	FED_COLUMN_RULE(struct fed_client_block, link.link.latency, FED_COLUMN_TIME),
	FED_COLUMN_RULE(struct fed_client_block, link.link.jitter, FED_COLUMN_TIME),
	FED_COLUMN_RULE(struct fed_client_block, link.link.up, FED_COLUMN_POSITIVE),
	FED_COLUMN_RULE(struct fed_client_block, link.link.down, FED_COLUMN_POSITIVE),
	FED_COLUMN_RULE(struct fed_client_block, link.link.drop_rate, FED_COLUMN_BELOW_ONE),
	FED_COLUMN_RULE(struct fed_client_block, unseen, FED_COLUMN_BELOW_ONE),
	FED_COLUMN_RULE(struct fed_client_block, holdout, FED_COLUMN_BELOW_ONE),
	FED_COLUMN_END,
};

static uint32_t count_known(const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < c->n_blocks; k++)
		n += c->block[k].known;
	return n;
}

/* Blocks by number, then the clients that left, each with the number of blocks there were then. */
void fed__save_origins(struct fed_saver *f, const struct fed_session *s)
{
	const struct fed_clients *c = &s->parts.clients;

	if (!count_known(c))
		return;
	fed_saver_begin(f, "client origins");
	fed_put_u32(f, count_known(c));
	for (uint32_t k = 0; k < c->n_blocks; k++) {
		if (!c->block[k].known)
			continue;
		fed_put_u32(f, k);
		fed_put_row(f, origin_columns, &c->block[k]);
		fed__put_profiles(f, c->block[k].device.profile, c->block[k].link.profile);
	}
	fed_put_u32(f, c->n - c->n_present);
	for (uint32_t id = 0; id < c->n; id++) {
		if (c->client[id].present)
			continue;
		fed_put_u32(f, id);
		fed_put_u64(f, c->client[id].version);
	}
	fed_saver_end(f);
}

static void load_known(struct fed_loader *f, struct fed_client_block *b)
{
	fed_get_row(f, origin_columns, b);
	fed__get_profiles(f, &b->device.profile, &b->link.profile);
	b->known = true;
}

static void load_left(struct fed_loader *f, struct fed_clients *c)
{
	const uint32_t id = fed_get_u32(f);
	const uint64_t blocks = fed_get_u64(f);

	if (!f->failed && (id >= c->n || c->client[id].present || blocks > c->n_blocks))
		fed_loader_fail(f, "client %u has left and is there", id);
	else if (!f->failed)
		c->client[id].version = blocks;
}

void fed__load_origins(struct fed_loader *f, struct fed_session *s)
{
	struct fed_clients *c = &s->parts.clients;

	if (!fed_loader_begin_optional(f, "client origins"))
		return;
	for (uint32_t n = fed_get_u32(f); n && !f->failed; n--) {
		const uint32_t k = fed_get_u32(f);

		if (!f->failed && k >= c->n_blocks)
			fed_loader_fail(f, "there is no client block %u", k);
		if (f->failed)
			break;
		load_known(f, &c->block[k]);
	}
	for (uint32_t n = fed_get_u32(f); n && !f->failed; n--)
		load_left(f, c);
	fed_loader_end(f);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/clients_before.c - journal of changed rows of clients.
 */
#include "train/round/clients_before.h"

#include "base/mem.h"
#include "train/round/state.h"

int fed__client_before_keep(struct fed_federation *f, uint32_t client, struct fed_error *err)
{
	struct fed_clients_before *b = &f->clients_before;
	const struct fed_client *row = &f->clients->client[client];

	if (b->n == b->capacity) {
		const size_t capacity = b->capacity ? 2 * b->capacity : 64;
		struct fed_client_before *grown =
			fed_resize(b->row, b->capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the clients of a round");
		b->row = grown;
		b->capacity = capacity;
	}
	b->row[b->n++] = (struct fed_client_before){
		.version = row->version, .client = client, .loss = row->loss, .model = row->model};
	return FED_OK;
}

void fed_clients_before_give(const struct fed_clients_before *b, struct fed_client *row)
{
	for (size_t i = b->n; i-- > 0;) { /* a client may have changed twice */
		struct fed_client *client = &row[b->row[i].client];

		client->version = b->row[i].version;
		client->loss = b->row[i].loss;
		client->model = b->row[i].model & 63;
	}
}

void fed__clients_before_rollback(struct fed_federation *f)
{
	fed_clients_before_give(&f->clients_before, f->clients->client);
	f->clients_before.n = 0;
}

void fed__clients_before_release(struct fed_clients_before *b)
{
	fed_free(b->row);
	*b = (struct fed_clients_before){0};
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/remote.c - rows of clients on other machines, whose examples are not here.
 *
 * Each is a block of its own.  Its ids are all 0: they are as many as the client holds, and any
 * code that reads them finds an example.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "train/clients/clients.h"
#include "train/clients/internal.h"
#include "train/clients/names.h"

int fed_clients_add_remote(struct fed_clients *c, const char *name, const char *key, uint32_t count,
                           uint32_t holdout, uint32_t *id, struct fed_error *err)
{
	const size_t n = (size_t)count + holdout;
	struct fed_client_names names = {0};

	if (fed__clients_reserve(c, 1, err) ||
	    (name && fed_client_names_parse(&names, c, name, NULL, 1, err)))
		return FED_FAIL;
	uint32_t *ids = fed_alloc_array(n ? n : 1, sizeof *ids);
	if (!ids) {
		fed_client_names_release(&names);
		return fed_fail_memory(err, n * sizeof *ids, "a client");
	}
	*id = c->n++;
	c->client[*id] = (struct fed_client){
		.examples = ids,
		.count = count,
		.holdout = holdout,
		.block = c->n_blocks,
		.loss = NAN,
		.shift = {.gain = 1},
		.name = names.n ? names.name[0] : NULL,
		.device_profile = FED_NO_PROFILE,
		.link_profile = FED_NO_PROFILE,
		.present = true,
	};
	c->client[*id].link = (struct fed_client_link){.up = INFINITY, .down = INFINITY};
	c->named |= names.n > 0;
	c->present[c->n_present++] = *id;
	c->most = count > c->most ? count : c->most;
	c->block[c->n_blocks++] = (struct fed_client_block){
		.ids = ids, .n_ids = n, .first = *id, .n = 1, .shared = true, .remote = true};
	snprintf(c->block[c->n_blocks - 1].key, FED_CLIENT_KEY, "%s", key);
	fed_free(names.name); /* the name by the row */
	return FED_OK;
}

int fed_clients_resize_remote(struct fed_clients *c, uint32_t id, uint32_t count, uint32_t holdout,
                              struct fed_error *err)
{
	struct fed_client *client = fed_clients_get(c, id);
	const size_t n = (size_t)count + holdout;

	if (!client || !c->block[client->block].remote)
		return fed_reject(err, "client %u is not on another machine", id);
	struct fed_client_block *block = &c->block[client->block];
	if (n > block->n_ids) {
		uint32_t *ids = fed_alloc_array(n, sizeof *ids);

		if (!ids)
			return fed_fail_memory(err, n * sizeof *ids, "a client");
		fed_free(block->ids);
		block->ids = ids;
		block->n_ids = n;
		client->examples = ids;
	}
	client->count = count;
	client->holdout = holdout;
	c->most = count > c->most ? count : c->most;
	return FED_OK;
}

int fed_clients_add_own(struct fed_clients *c, uint32_t id, uint32_t *ids, uint32_t n,
                        double holdout, uint64_t seed, struct fed_error *err)
{
	if (fed__clients_reserve(c, id + 1, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < id; i++)
		c->client[i] = (struct fed_client){.version = 1};
	const uint32_t held = fed__clients_hold_out(ids, n, holdout, seed, id);
	c->client[id] = (struct fed_client){
		.examples = ids,
		.count = n - held,
		.holdout = held,
		.loss = NAN,
		.shift = {.gain = 1},
		.device_profile = FED_NO_PROFILE,
		.link_profile = FED_NO_PROFILE,
		.present = true,
	};
	c->client[id].link = (struct fed_client_link){.up = INFINITY, .down = INFINITY};
	c->block[c->n_blocks++] =
		(struct fed_client_block){.ids = ids, .n_ids = n, .first = 0, .n = id + 1, .shared = true};
	c->n = id + 1;
	c->present[0] = id;
	c->n_present = 1;
	c->most = n - held;
	return FED_OK;
}

uint32_t fed_clients_find_key(const struct fed_clients *c, const char *key)
{
	for (uint32_t i = 0; i < c->n_present && c->block; i++) {
		const struct fed_client_block *block = &c->block[c->client[c->present[i]].block];

		if (block->remote && strcmp(block->key, key) == 0)
			return c->present[i];
	}
	return FED_SERVER;
}

bool fed__client_is_away(const struct fed_clients *c, uint32_t id)
{
	return fed_client_is_remote(c, id) && c->block[c->client[id].block].away;
}

void fed_client_set_away(struct fed_clients *c, uint32_t id, bool away)
{
	if (fed_client_is_remote(c, id))
		c->block[c->client[id].block].away = away;
}

enum fed_client_truth fed_client_truth(const struct fed_clients *c, uint32_t id)
{
	return fed_client_is_remote(c, id) ? (enum fed_client_truth)c->block[c->client[id].block].truth
	                                   : FED_TRUTH_HONEST;
}

void fed_client_set_truth(struct fed_clients *c, uint32_t id, enum fed_client_truth truth)
{
	if (fed_client_is_remote(c, id))
		c->block[c->client[id].block].truth = (uint8_t)truth;
}

bool fed_client_is_remote(const struct fed_clients *c, uint32_t id)
{
	return id < c->n && c->block && c->block[c->client[id].block].remote;
}

bool fed_clients_are_remote(const struct fed_clients *c)
{
	return c->n_present && fed_client_is_remote(c, c->present[0]);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/clients.c - table of clients, and their blocks.
 */
#include "train/clients/clients.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/clients/internal.h"
#include "train/clients/names.h"

int fed_clients_init(struct fed_clients *c, uint32_t train, struct fed_error *err)
{
	memset(c, 0, sizeof *c);
	return fed_example_pool_init(&c->pool, train, err);
}

void fed_clients_release(struct fed_clients *c)
{
	fed_clients_forget(c);
	fed_clients_forget_residuals(c);
	fed_clients_forget_evaluations(c);
	for (uint32_t i = 0; c->named && i < c->n; i++)
		fed_free(c->client[i].name);
	for (uint32_t k = 0; k < c->n_blocks; k++)
		fed_free(c->block[k].ids);
	fed_free(c->block);
	fed_free(c->client);
	fed_free(c->present);
	fed_example_pool_release(&c->pool);
	memset(c, 0, sizeof *c);
}

int fed_clients_borrow(struct fed_clients *c, const struct fed_clients *from, struct fed_error *err)
{
	*c = (struct fed_clients){.n = from->n, .n_present = from->n_present, .most = from->most};
	c->client = fed_alloc_array(from->n, sizeof *c->client);
	c->present = fed_alloc_array(from->n_present, sizeof *c->present);
	if (!c->client || !c->present) {
		fed_free(c->client);
		fed_free(c->present);
		*c = (struct fed_clients){0};
		return fed_fail_memory(err, from->n * sizeof *c->client, "the clients");
	}
	c->capacity = from->n;
	if (from->n) /* else there is nothing to copy from */
		memcpy(c->client, from->client, from->n * sizeof *c->client);
	if (from->n_present)
		memcpy(c->present, from->present, from->n_present * sizeof *c->present);
	for (uint32_t i = 0; i < c->n; i++) {
		c->client[i].kept = NULL;
		c->client[i].model = 0;
		c->client[i].residual = c->client[i].own = NULL;
		c->client[i].name = NULL;
	}
	return FED_OK;
}

uint64_t fed_clients_estimate(uint32_t n, int64_t samples)
{
	/* Row, entry in `present`, start in the partition, and the ids. */
	const uint64_t row = sizeof(struct fed_client) + sizeof(uint32_t) + sizeof(uint64_t);

	return (uint64_t)n * (row + (uint64_t)samples * sizeof(uint32_t));
}

int fed__clients_reserve(struct fed_clients *c, uint32_t n, struct fed_error *err)
{
	if ((uint64_t)c->n + n >= FED_SERVER)
		return fed_fail(err, "%u more clients are too many; a session holds at most %u", n,
		                FED_SERVER - 1);
	struct fed_client_block *block =
		fed_resize(c->block, c->n_blocks * sizeof *block, (c->n_blocks + 1) * sizeof *block);
	if (!block)
		return fed_fail_memory(err, sizeof *block, "the clients");
	c->block = block;
	if (c->n + n <= c->capacity)
		return FED_OK;

	const size_t old = c->capacity, need = (size_t)c->n + n;
	const size_t more = need > old + old / 2 ? need : old + old / 2;
	struct fed_client *client = fed_resize(c->client, old * sizeof *client, more * sizeof *client);
	if (!client)
		return fed_fail_memory(err, more * sizeof *client, "the clients");
	c->client = client;
	uint32_t *present = fed_resize(c->present, old * sizeof *present, more * sizeof *present);
	if (!present)
		return fed_fail_memory(err, more * sizeof *present, "the clients");
	c->present = present;
	c->capacity = (uint32_t)more;
	return FED_OK;
}

void fed_client_equip(struct fed_client *client, uint32_t id, const struct fed_device_spec *device,
                      const struct fed_link_spec *link, uint64_t seed)
{
	if (device) {
		client->device = fed__device_draw(device, seed, id);
		client->device_profile = device->profile;
	}
	if (link) {
		client->link = fed__link_draw(link, seed, id);
		client->link_profile = link->profile;
	}
}

uint32_t fed_holdout_of(double share, uint32_t n)
{
	if (share <= 0 || n < 2)
		return 0;
	const uint32_t wanted = (uint32_t)(share * n + 0.5);

	return wanted < 1 ? 1 : wanted < n ? wanted : n - 1;
}

uint32_t fed__clients_hold_out(uint32_t *ids, uint32_t n, double share, uint64_t seed,
                               uint32_t client)
{
	const uint32_t held = fed_holdout_of(share, n);
	struct fed_stream stream = fed_stream_open(seed, FED_FOR_HOLDOUT, client, 0);

	if (held)
		fed_stream_shuffle(&stream, ids, n);
	return held;
}

/* Names of natural clients after their owners; on failure the examples are back in the pool. */
static int name_natural(struct fed_client_names *names, struct fed_clients *c,
                        const struct fed_dataset *data, const struct fed_clients_plan *plan,
                        struct fed_partition_result *made, struct fed_error *err)
{
	if (plan->how.kind != FED_PARTITION_NATURAL)
		return FED_OK;
	const uint32_t **first = fed_alloc_array(plan->n, sizeof *first);
	int rc = FED_OK;

	if (!first)
		rc = fed_fail_memory(err, plan->n * sizeof *first, "the clients' names");
	for (uint32_t i = 0; rc == FED_OK && i < plan->n; i++)
		first[i] = made->start[i] < made->start[i + 1] ? made->ids + made->start[i] : NULL;
	if (rc == FED_OK)
		rc = fed__client_names_natural(names, c, data, first, plan->n, err);
	fed_free(first);
	if (rc == FED_OK)
		return FED_OK;
	if (!made->shared)
		fed_example_pool_return(&c->pool, made->ids, (uint32_t)made->start[plan->n]);
	fed_partition_result_release(made);
	return FED_FAIL;
}

/* Places among n new clients of those that never take part; NULL in *out: there are none. */
static int choose_unseen(const struct fed_clients_plan *plan, uint32_t block, uint32_t **out,
                         uint32_t *k, struct fed_error *err)
{
	const uint32_t wanted = (uint32_t)(plan->unseen * plan->n + 0.5);

	*k = wanted < plan->n ? wanted : plan->n - 1;
	*out = NULL;
	if (*k == 0)
		return FED_OK;
	*out = fed_alloc_array(*k, sizeof **out);
	if (!*out)
		return fed_fail_memory(err, *k * sizeof **out, "the clients that never take part");
	struct fed_stream stream = fed_stream_open(plan->seed, FED_FOR_UNSEEN, block, 0);
	if (fed_stream_choose(&stream, plan->n, *k, *out, err) == FED_OK)
		return FED_OK;
	fed_free(*out);
	return FED_FAIL;
}

int fed_clients_add(struct fed_clients *c, const struct fed_dataset *data,
                    const struct fed_clients_plan *plan, uint32_t *first, struct fed_error *err)
{
	const struct fed_device_spec *device = plan->device;
	const struct fed_link_spec *link = plan->link;
	const uint32_t n = plan->n;
	struct fed_partition_result made = {0};
	struct fed_client_names names = {0};
	struct fed_device_spec any_device;
	struct fed_link_spec any_link;

	if (!device && fed_device_parse(FED_DEVICE_DEFAULT, &any_device, err))
		return FED_FAIL;
	if (!link && fed_link_parse(FED_LINK_DEFAULT, &any_link, err))
		return FED_FAIL;
	if (fed__clients_reserve(c, n, err) ||
	    (plan->names && fed_client_names_parse(&names, c, plan->names, NULL, n, err)))
		return FED_FAIL;
	uint32_t *out = NULL, unseen = 0;
	if (choose_unseen(plan, c->n_blocks, &out, &unseen, err) ||
	    fed_partition_run(data, &c->pool, &plan->how, n, plan->seed, c->n_blocks, &made, err) ||
	    (!plan->names && name_natural(&names, c, data, plan, &made, err))) {
		fed_free(out);
		fed_client_names_release(&names);
		return FED_FAIL;
	}

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t id = c->n + i;
		const uint32_t count = (uint32_t)(made.start[i + 1] - made.start[i]);
		const uint32_t holdout =
			fed__clients_hold_out(made.ids + made.start[i], count, plan->holdout, plan->seed, id);
		c->client[id] = (struct fed_client){
			.examples = made.ids + made.start[i],
			.count = count - holdout,
			.holdout = holdout,
			.block = c->n_blocks,
			.loss = NAN,
			.shift = made.shift ? made.shift[i] : (struct fed_shift){.gain = 1},
			.shifted = made.shift != NULL,
			.name = names.n ? names.name[i] : NULL,
			.present = true,
		};
		c->named |= c->client[id].name != NULL;
		fed_client_equip(&c->client[id], id, device ? device : &any_device, link ? link : &any_link,
		                 plan->seed);
		c->present[c->n_present + i] = id;
		if (c->client[id].count > c->most)
			c->most = c->client[id].count;
	}
	for (uint32_t i = 0; i < unseen; i++)
		c->client[c->n + out[i]].unseen = true;
	fed_free(out);
	c->block[c->n_blocks++] = (struct fed_client_block){
		.ids = made.ids,
		.n_ids = made.start[n],
		.first = c->n,
		.n = n,
		.shared = made.shared,
		.how = plan->how,
		.known = true,
		.device = device ? *device : any_device,
		.link = link ? *link : any_link,
		.unseen = plan->unseen,
		.holdout = plan->holdout,
	};
	*first = c->n;
	c->n += n;
	c->n_present += n;
	made.ids = NULL; /* owned by the block now */
	fed_partition_result_release(&made);
	fed_free(names.name); /* the names by the rows */
	return FED_OK;
}

void fed_clients_remove(struct fed_clients *c, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct fed_client *client = &c->client[ids[i]];

		if (!c->block[client->block].shared)
			fed_example_pool_return(&c->pool, client->examples, client->count + client->holdout);
		fed_shared_vectors_unref(client->kept);
		fed_free(client->name);
		fed_shared_vectors_unref(client->residual);
		fed_shared_vectors_unref(client->own);
		*client = (struct fed_client){.block = client->block, .version = c->n_blocks};
	}
	uint32_t left = 0;
	for (uint32_t i = 0; i < c->n_present; i++)
		if (c->client[c->present[i]].present)
			c->present[left++] = c->present[i];
	c->n_present = left;
}

struct fed_client *fed_clients_get(const struct fed_clients *c, uint32_t id)
{
	return id < c->n && c->client[id].present ? &c->client[id] : NULL;
}

void fed_client_histogram(const struct fed_client *client, const struct fed_dataset *data,
                          uint32_t *counts)
{
	const uint32_t classes = data->classes ? data->classes : 1;

	memset(counts, 0, classes * sizeof *counts);
	if (!data->label) {
		counts[0] = client->count;
		return;
	}
	for (uint32_t i = 0; i < client->count; i++)
		counts[data->label[client->examples[i]]]++;
}

struct fed_client_evaluation fed_client_evaluation(const struct fed_clients *c, uint32_t id)
{
	if (id < c->evaluations)
		return c->evaluation[id];
	return FED_NOT_EVALUATED;
}

uint32_t fed_clients_evaluating(const struct fed_clients *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_present; i++)
		n += c->client[c->present[i]].holdout > 0;
	return n;
}

void fed_clients_forget_evaluations(struct fed_clients *c)
{
	fed_free(c->evaluation);
	c->evaluation = NULL;
	c->evaluations = 0;
}

void fed_clients_forget(struct fed_clients *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		fed_shared_vectors_unref(c->client[i].kept);
		c->client[i].kept = NULL;
		c->client[i].model = 0;
	}
	c->kept_vectors = 0;
}

void fed_clients_forget_residuals(struct fed_clients *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		fed_shared_vectors_unref(c->client[i].residual);
		fed_shared_vectors_unref(c->client[i].own);
		c->client[i].residual = c->client[i].own = NULL;
	}
}

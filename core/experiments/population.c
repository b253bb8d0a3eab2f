/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/population.c - clients and examples of a copy, composed again.
 */
#include "experiments/population.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

/* Datasets ------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void release_set(struct fed_example_set *set)
{
	if (!set->borrowed)
		fed_dataset_free(set->data);
	fed_free(set->name);
}

/* Drop what is not in use, but for the one before last: the next copy may want it. */
static void drop_unused(struct fed_example_sets *sets)
{
	size_t left = 0;

	for (size_t i = 0; i < sets->n; i++) {
		if (sets->set[i].users || sets->set[i].borrowed || i + 2 > sets->n)
			sets->set[left++] = sets->set[i];
		else
			release_set(&sets->set[i]);
	}
	sets->n = left;
}

static int load_set(struct fed_example_set *set, struct fed_session *s, struct fed_error *err)
{
	const struct fed_generation making = {set->seed, &s->interrupts, FED_CACHE_READ, NULL};
	const struct fed_choice *c = &s->parts.dataset_choice;
	struct fed_assign assign[FED_COLONS_MAX];
	const char *name;
	size_t n;

	if (!set->name)
		return fed_dataset_load(&set->data, c->name, c->args.assign, c->args.n, &making, err);
	char *text = fed_strdup(set->name);
	if (!text)
		return fed_fail_memory(err, strlen(set->name), "a dataset");
	const int rc = fed_assign_cut(text, &name, assign, &n, err)
	                   ? FED_FAIL
	                   : fed_dataset_load(&set->data, name, assign, n, &making, err);
	fed_free(text);
	return rc;
}

/* Data that do not depend on the seed (files) are there once. */
static void share_same(struct fed_example_set *set, const struct fed_session *s)
{
	if (set->data->fingerprint != s->parts.data->fingerprint)
		return;
	fed_dataset_free(set->data);
	set->data = s->parts.data;
	set->borrowed = true;
}

int fed__example_sets_lend(struct fed_example_sets *sets, struct fed_session *s, uint64_t seed,
                           const char *name, struct fed_dataset **data, struct fed_error *err)
{
	if (!name && seed == (uint64_t)s->parts.settings.seed) {
		*data = s->parts.data;
		return FED_OK;
	}
	for (size_t i = 0; i < sets->n; i++)
		if (sets->set[i].seed == seed && same_name(sets->set[i].name, name)) {
			sets->set[i].users++;
			*data = sets->set[i].data;
			return FED_OK;
		}
	drop_unused(sets);
	struct fed_example_set *grown =
		fed_resize(sets->set, sets->n * sizeof *grown, (sets->n + 1) * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, (sets->n + 1) * sizeof *grown, "the datasets");
	sets->set = grown;
	struct fed_example_set *set = &grown[sets->n];
	*set = (struct fed_example_set){.seed = seed, .users = 1};
	set->name = name ? fed_strdup(name) : NULL;
	if (name && !set->name)
		return fed_fail_memory(err, strlen(name), "a dataset");
	if (load_set(set, s, err)) {
		fed_free(set->name);
		return FED_FAIL;
	}
	share_same(set, s);
	sets->n++;
	*data = set->data;
	return FED_OK;
}

void fed__example_sets_give_back(struct fed_example_sets *sets, const struct fed_dataset *data)
{
	for (size_t i = 0; i < sets->n; i++)
		if (sets->set[i].data == data && sets->set[i].users) {
			sets->set[i].users--;
			return;
		}
}

void fed__example_sets_release(struct fed_example_sets *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		release_set(&sets->set[i]);
	fed_free(sets->set);
	*sets = (struct fed_example_sets){0};
}

/* Clients -------------------------------------------------------------------------------- */

static bool same_link(const struct fed_client_link *a, const struct fed_client_link *b)
{
	return a->latency == b->latency && a->jitter == b->jitter && a->up == b->up &&
	       a->down == b->down && a->drop_rate == b->drop_rate;
}

/* Give a client the device and link of its original where those are not what it joined with. */
static void equip_as_changed(struct fed_client *x, const struct fed_client *from, uint32_t id,
                             const struct fed_client_block *b, uint64_t seed)
{
	struct fed_client joined = *from;

	if (b->known)
		fed_client_equip(&joined, id, &b->device, &b->link, seed);
	if (!b->known || joined.device != from->device ||
	    joined.device_profile != from->device_profile) {
		x->device = from->device;
		x->device_profile = from->device_profile;
	}
	if (!b->known || !same_link(&joined.link, &from->link) ||
	    joined.link_profile != from->link_profile) {
		x->link = from->link;
		x->link_profile = from->link_profile;
	}
}

static struct fed_clients_plan plan_of(const struct fed_population *p, const struct fed_session *s,
                                       const struct fed_client_block *b)
{
	struct fed_clients_plan plan = {
		.n = b->n,
		.how = p->partitioned ? p->how : b->how,
		.device = b->known ? &b->device : NULL,
		.link = b->known ? &b->link : NULL,
		.seed = p->seed,
		.unseen = b->known ? b->unseen : s->parts.settings.unseen,
		.holdout = b->known ? b->holdout : s->parts.settings.holdout,
	};

	if (p->partitioned && p->how.samples == 0)
		plan.how.samples = b->how.samples;
	if (!isnan(p->holdout))
		plan.holdout = p->holdout;
	if (!isnan(p->unseen))
		plan.unseen = p->unseen;
	return plan;
}

/* Remove the clients that the session removed when it had so many blocks; where that is not known
 * they go at the end. */
static int remove_missing(struct fed_clients *c, const struct fed_clients *from, uint32_t blocks,
                          struct fed_error *err)
{
	uint32_t *ids = fed_alloc_array((size_t)c->n + 1, sizeof *ids), missing = 0;
	const bool end = blocks == from->n_blocks;

	if (!ids)
		return fed_fail_memory(err, c->n * sizeof *ids, "the clients");
	for (uint32_t id = 0; id < c->n; id++)
		if (c->client[id].present && !from->client[id].present &&
		    (end || from->client[id].version == blocks))
			ids[missing++] = id;
	if (missing)
		fed_clients_remove(c, ids, missing);
	fed_free(ids);
	return FED_OK;
}

/* Each block of the session, in its order. */
static int add_blocks(struct fed_clients *c, const struct fed_session *s,
                      const struct fed_population *p, struct fed_error *err)
{
	const struct fed_clients *from = &s->parts.clients;

	for (uint32_t k = 0; k < from->n_blocks; k++) {
		const struct fed_client_block *b = &from->block[k];
		const struct fed_clients_plan plan = plan_of(p, s, b);
		uint32_t first;

		if (fed_clients_add(c, p->data, &plan, &first, err))
			return FED_FAIL;
		for (uint32_t id = first; id < first + b->n; id++)
			if (from->client[id].present)
				equip_as_changed(&c->client[id], &from->client[id], id, b,
				                 (uint64_t)s->parts.settings.seed);
		if (remove_missing(c, from, k + 1, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* One block of p->n clients with as many examples in all as the session's clients have. */
static int add_one_block(struct fed_clients *c, const struct fed_session *s,
                         const struct fed_population *p, struct fed_error *err)
{
	const struct fed_clients *from = &s->parts.clients;
	const struct fed_client_block *b = &from->block[from->client[from->present[0]].block];
	struct fed_clients_plan plan = plan_of(p, s, b);
	struct fed_partition how;
	uint64_t total;
	uint32_t first;

	if (s->parts.faults.n)
		return fed_fail(err,
		                "the faults name clients by number, and the clients change; `heal` first");
	if (fed__session_partition(s, &how, &total, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < from->n_present; i++)
		total += from->client[from->present[i]].holdout;
	if (p->n > total)
		return fed_fail(err, "%u clients for %s examples; there can be 1 to %s", p->n,
		                fed_count((double)total).s, fed_count((double)total).s);
	plan.n = p->n;
	if (!p->partitioned || p->how.samples == 0)
		plan.how.samples = (int64_t)(total / p->n);
	if (fed_clients_add(c, p->data, &plan, &first, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < p->n && !b->known; i++) {
		const struct fed_client *x = &from->client[from->present[i % from->n_present]];

		equip_as_changed(&c->client[i], x, i, b, p->seed);
	}
	return FED_OK;
}

/* Another dataset: the model for its examples. */
static int build_net(struct fed_session *copy, const struct fed_dataset *data,
                     struct fed_error *err)
{
	struct fed_net net;

	if (data == copy->parts.data)
		return FED_OK;
	if (fed_net_for(&net, &copy->parts.model, data, NULL, err))
		return FED_FAIL;
	fed_net_release(&copy->parts.net);
	copy->parts.net = net;
	return FED_OK;
}

int fed__session_populate(struct fed_session *copy, const struct fed_session *s,
                          const struct fed_population *p, struct fed_error *err)
{
	struct fed_clients clients;

	if (fed_clients_init(&clients, p->data->train, err))
		return FED_FAIL;
	if ((p->n ? add_one_block : add_blocks)(&clients, s, p, err) || build_net(copy, p->data, err)) {
		fed_clients_release(&clients);
		return FED_FAIL;
	}
	fed_session_stop(copy);
	fed_clients_release(&copy->parts.clients);
	copy->parts.clients = clients;
	copy->parts.data = p->data;
	copy->parts.settings.seed = (int64_t)p->seed;
	copy->parts.faults.seed = p->seed;
	return FED_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/session_copy.c - copy of a session part by part, and a new partition of its examples.
 */
#include "experiments/session_copy.h"

#include <string.h>

#include "base/mem.h"
#include "session/internal.h"
#include "train/schemes/schemes.h"

/* Parts -------------------------------------------------------------------------------- */

static int copy_fault(struct fed_faults *out, const struct fed_fault *from, struct fed_error *err)
{
	struct fed_fault f = *from;

	f.memory = NULL;
	f.n_memories = f.memory_dim = 0;
	f.strikes = 0;
	f.attack = NULL;
	if (from->attack && fed_attack_renew(&f.attack, from->attack, err))
		return FED_FAIL;
	f.client = fed_alloc_array(f.n, sizeof *f.client);
	if (!f.client || fed_faults_reserve(out, err)) {
		fed_free(f.client);
		fed_shared_attack_unref(f.attack);
		return fed_fail_memory(err, f.n * sizeof *f.client, "the faults of a copy");
	}
	memcpy(f.client, from->client, f.n * sizeof *f.client);
	fed_faults_add(out, &f);
	return FED_OK;
}

static int copy_faults(struct fed_faults *out, const struct fed_faults *from, uint64_t seed,
                       struct fed_error *err)
{
	out->seed = seed;
	for (size_t i = 0; i < from->n; i++)
		if (copy_fault(out, &from->fault[i], err))
			return FED_FAIL;
	out->made = from->made; /* random draws depend on the number */
	return FED_OK;
}

static int copy_scheme(struct fed_composition *copy, const struct fed_composition *from,
                       struct fed_error *err)
{
	struct fed_key_values settings;

	copy->scheme = from->scheme;
	if (fed_key_values_of(&settings, from->scheme->fields, from->scheme_state, err))
		return FED_FAIL;
	const int rc =
		fed_scheme_state_new(&copy->scheme_state, from->scheme, settings.assign, settings.n, err);
	fed_key_values_release(&settings);
	if (rc == FED_OK && from->scheme->forget) /* the copy's clients never trained */
		from->scheme->forget(copy->scheme_state);
	return rc;
}

static int copy_model(struct fed_composition *copy, const struct fed_composition *from,
                      struct fed_error *err)
{
	if (fed_instance_renew(&copy->model, &from->model, err) ||
	    fed_net_for(&copy->net, &copy->model, from->data, NULL, err))
		return FED_FAIL;
	copy->net_built = true;
	copy->net.frozen_given = from->net.frozen_given;
	if (copy->net.frozen_dim)
		memcpy(copy->net.frozen, from->net.frozen, copy->net.frozen_dim * sizeof *copy->net.frozen);
	return FED_OK;
}

/* Copy the parts with empty states; data and the clients' examples are borrowed. */
static int copy_parts(struct fed_composition *copy, const struct fed_composition *from,
                      struct fed_error *err)
{
	copy->settings = from->settings;
	copy->data = from->data;
	if (copy_scheme(copy, from, err) || copy_model(copy, from, err) ||
	    fed_instance_renew(&copy->aggregator, &from->aggregator, err) ||
	    fed_instance_renew(&copy->transport, &from->transport, err) ||
	    fed_instance_renew(&copy->selection, &from->selection, err) ||
	    fed_clients_borrow(&copy->clients, &from->clients, err))
		return FED_FAIL;
	return copy_faults(&copy->faults, &from->faults, (uint64_t)from->settings.seed, err);
}

static int copy_progress(struct fed_session *copy, const struct fed_session *s,
                         struct fed_error *err)
{
	const float *params = fed_session_params(s);
	const size_t bytes = s->parts.net.dim * sizeof *params;

	if (!params)
		return FED_OK; /* version 0 */
	copy->progress.params = fed_alloc_floats(s->parts.net.dim);
	if (!copy->progress.params)
		return fed_fail_memory(err, bytes, "the model of a copy");
	memcpy(copy->progress.params, params, bytes);
	copy->progress.dim = s->parts.net.dim;
	copy->progress.version = fed_session_version(s);
	return FED_OK;
}

int fed_session_check_copies(const struct fed_session *s, struct fed_error *err)
{
	if (!fed_clients_are_remote(&s->parts.clients))
		return FED_OK;
	return fed_fail(err, "the clients are on other machines, and copies of the session, which "
	                     "this command trains, cannot have them; `record-room FILE` writes a "
	                     "script with simulated clients of their kind");
}

int fed__session_copy(struct fed_session *copy, const struct fed_session *s, bool afresh,
                      struct fed_error *err)
{
	if (fed_session_check_copies(s, err))
		return FED_FAIL;
	copy->copied = true;
	copy->plugins = s->plugins;
	copy->ranks = s->ranks;
	copy->faults_announced = s->faults_announced;
	if (copy_parts(&copy->parts, &s->parts, err))
		return FED_FAIL;
	if (!afresh)
		return copy_progress(copy, s, err);
	fed_faults_forget(&copy->parts.faults);
	return FED_OK;
}

void fed__session_drop(struct fed_session *copy)
{
	fed_session_stop(copy);
	copy->parts.data = NULL; /* borrowed, as the plugins are */
	fed_session_clear(copy);
	fed_event_log_release(&copy->event_log);
	memset(copy, 0, sizeof *copy);
}

/* New partition ------------------------------------------------------------------------- */

static bool same_partition(const struct fed_partition *a, const struct fed_partition *b)
{
	return a->kind == b->kind && a->shards == b->shards && a->alpha == b->alpha &&
	       a->spread == b->spread;
}

int fed__session_partition(const struct fed_session *s, struct fed_partition *how, uint64_t *total,
                           struct fed_error *err)
{
	const struct fed_clients *c = &s->parts.clients;

	*total = 0;
	for (uint32_t i = 0; i < c->n_present; i++) {
		const struct fed_client *x = &c->client[c->present[i]];
		const struct fed_partition *next = &c->block[x->block].how;

		if (i == 0)
			*how = *next;
		else if (!same_partition(how, next))
			return fed_fail(
				err,
				"clients %u and %u have different partitions; make all clients with one add-client",
				c->present[0], c->present[i]);
		*total += x->count;
	}
	if (how->kind == FED_PARTITION_NATURAL)
		return fed_fail(err, "the clients are the data's own users, whose number is fixed; "
		                     "`add-client N iid` makes clients whose number can change");
	return FED_OK;
}

/* Fill the pool with the examples of the present clients only; held_out: with those that they keep
 * for evaluation. */
static void fill_pool(struct fed_example_pool *pool, const struct fed_session *s, bool held_out)
{
	const struct fed_clients *c = &s->parts.clients;

	memset(pool->free_bits, 0, (s->parts.data->train + 63) / 64 * sizeof *pool->free_bits);
	pool->left = 0;
	for (uint32_t i = 0; i < c->n_present; i++) {
		const struct fed_client *x = &c->client[c->present[i]];

		for (uint32_t k = 0; k < x->count + (held_out ? x->holdout : 0); k++) {
			const uint64_t bit = (uint64_t)1 << x->examples[k] % 64;
			uint64_t *word = &pool->free_bits[x->examples[k] / 64];

			pool->left += !(*word & bit);
			*word |= bit;
		}
	}
}

static void repeat_equipment(struct fed_clients *c, const struct fed_clients *from)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct fed_client *x = &from->client[from->present[i % from->n_present]];

		c->client[i].device = x->device;
		c->client[i].device_profile = x->device_profile;
		c->client[i].link = x->link;
		c->client[i].link_profile = x->link_profile;
	}
}

/* Replace the copy's clients by n others with the examples of the session's clients; like: with the
 * same shares that are held out and unseen, or NULL: with those that are trained on, and neither.
 */
static int replace_clients(struct fed_session *copy, const struct fed_session *s, uint32_t n,
                           const struct fed_partition *how, const struct fed_client_block *like,
                           struct fed_error *err)
{
	const struct fed_clients_plan plan = {.n = n,
	                                      .how = *how,
	                                      .seed = (uint64_t)s->parts.settings.seed,
	                                      .holdout = like ? like->holdout : 0,
	                                      .unseen = like ? like->unseen : 0};
	struct fed_clients clients;
	uint32_t first;

	if (fed_clients_init(&clients, s->parts.data->train, err))
		return FED_FAIL;
	fill_pool(&clients.pool, s, like != NULL);
	if (fed_clients_add(&clients, s->parts.data, &plan, &first, err)) {
		fed_clients_release(&clients);
		return FED_FAIL;
	}
	repeat_equipment(&clients, &s->parts.clients);
	fed_session_stop(copy);
	fed_clients_release(&copy->parts.clients);
	copy->parts.clients = clients;
	return FED_OK;
}

/* What the clients joined with: the shares that are held out and unseen. */
static struct fed_client_block block_like(const struct fed_session *s)
{
	const struct fed_clients *c = &s->parts.clients;
	struct fed_client_block like = c->block[c->client[c->present[0]].block];

	if (!like.known) {
		like.holdout = s->parts.settings.holdout;
		like.unseen = s->parts.settings.unseen;
	}
	return like;
}

int fed__session_partition_again(struct fed_session *copy, const struct fed_session *s, uint32_t n,
                                 struct fed_error *err)
{
	const struct fed_clients *c = &s->parts.clients;
	struct fed_partition how = {0};
	uint64_t total;

	if (s->parts.faults.n)
		return fed_fail(err,
		                "the faults name clients by number, and the clients change; `heal` first");
	if (fed__session_partition(s, &how, &total, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < c->n_present; i++)
		total += c->client[c->present[i]].holdout;
	if (n == 0 || n > total)
		return fed_fail(err, "%u clients for %s examples; there can be 1 to %s", n,
		                fed_count((double)total).s, fed_count((double)total).s);
	how.samples = (int64_t)(total / n);
	const struct fed_client_block like = block_like(s);
	return replace_clients(copy, s, n, &how, &like, err);
}

int fed__session_gather(struct fed_session *copy, const struct fed_session *s,
                        struct fed_error *err)
{
	struct fed_example_pool pool = {0};
	struct fed_partition how = {.kind = FED_PARTITION_IID};

	if (fed_example_pool_init(&pool, s->parts.data->train, err))
		return FED_FAIL;
	fill_pool(&pool, s, false);
	how.samples = pool.left;
	fed_example_pool_release(&pool);
	return replace_clients(copy, s, 1, &how, NULL, err);
}

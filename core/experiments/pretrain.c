/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/pretrain.c - a copy of the session that trains the whole net on one client.
 */
#include "experiments/pretrain.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "experiments/alone.h"
#include "session/internal.h"

/* Between the vectors of the session's net and that of its base: the same operations, each of
 * which is frozen or not.  to_base: from the session's. */
static void move_layers(const struct fed_net *net, float *frozen, float *params,
                        const struct fed_net *base, float *whole, bool to_base)
{
	for (size_t o = 0; o < net->ops; o++) {
		const struct fed_net_layer *op = &net->op[o], *all = &base->op[o];
		float *own = op->frozen ? frozen + op->frozen_at : params + op->offset;
		float *other = whole + all->offset;

		memcpy(to_base ? other : own, to_base ? own : other, all->count * sizeof *own);
	}
}

/* The examples of the pool, which no client holds. */
static int check_examples(const struct fed_session *s, const struct fed_pretrain_plan *plan,
                          struct fed_error *err)
{
	const uint32_t left = s->parts.clients.pool.left;

	if (left == 0)
		return fed_reject(err,
		                  "the clients hold all %s examples; `pretrain` before `add-client`, "
		                  "or give them fewer",
		                  fed_count(s->parts.data->train).s);
	if (plan->examples > left)
		return fed_reject(err, "%s examples; %s are held by no client",
		                  fed_count((double)plan->examples).s, fed_count(left).s);
	return FED_OK;
}

/* Replace the copy's clients by one with n examples of the session's pool. */
static int gather(struct fed_session *copy, const struct fed_session *s, uint32_t n,
                  struct fed_error *err)
{
	const struct fed_example_pool *pool = &s->parts.clients.pool;
	/* other draws than those of the clients that will come */
	const struct fed_clients_plan plan = {
		.n = 1,
		.how = {.kind = FED_PARTITION_IID, .samples = n},
		.seed = fed_stream_key((uint64_t)s->parts.settings.seed, FED_FOR_PRETRAINING, 0, 0)};
	struct fed_clients clients;
	uint32_t first;

	if (fed_clients_init(&clients, s->parts.data->train, err))
		return FED_FAIL;
	memcpy(clients.pool.free_bits, pool->free_bits,
	       (s->parts.data->train + 63) / 64 * sizeof *pool->free_bits);
	clients.pool.left = pool->left;
	if (fed_clients_add(&clients, s->parts.data, &plan, &first, err)) {
		fed_clients_release(&clients);
		return FED_FAIL;
	}
	fed_clients_release(&copy->parts.clients);
	copy->parts.clients = clients;
	return FED_OK;
}

/* The copy gets the net of the base, and begins with what the session has. */
static int take_base(struct fed_session *copy, struct fed_session *s, struct fed_error *err)
{
	struct fed_net base;

	if (fed_net_for_base(&base, &copy->parts.model, s->parts.data, err))
		return FED_FAIL;
	fed_net_release(&copy->parts.net);
	copy->parts.net = base;
	copy->progress.params = fed_alloc_floats(base.dim);
	if (!copy->progress.params)
		return fed_fail_memory(err, base.dim * sizeof(float), "the base");
	copy->progress.dim = base.dim;
	move_layers(&s->parts.net, s->parts.net.frozen, (float *)fed_session_params(s), &base,
	            copy->progress.params, true);
	return FED_OK;
}

static int prepare(struct fed_session *copy, struct fed_session *s,
                   const struct fed_pretrain_plan *plan, uint32_t n, struct fed_error *err)
{
	struct fed_settings *set = &copy->parts.settings;

	if (fed__session_copy_plain(copy, s, true, fed_pool_threads(s->federation.pool), err) ||
	    take_base(copy, s, err) || gather(copy, s, n, err))
		return FED_FAIL;
	set->epochs = 1;
	set->lr = plan->lr > 0 ? plan->lr : set->lr;
	set->lr_decay = 1;
	return fed_session_start(copy, err);
}

/* An epoch is a round of the one client, so that an interrupt is seen between two. */
static int play(struct fed_session *copy, const struct fed_session *s, uint64_t epochs,
                void (*progress)(void *, uint64_t, uint64_t), void *ctx, struct fed_error *err)
{
	struct fed_run_result result;
	int rc = FED_OK;

	for (uint64_t k = 0; rc == FED_OK && k < epochs; k++) {
		if (fed__alone_interrupted(s))
			return fed_reject(err, "interrupted; the model is as it was");
		rc = fed_session_run(copy, 1, NULL, &result, err);
		if (rc == FED_OK)
			progress(ctx, k + 1, epochs);
	}
	return rc;
}

/* Hand what was trained to the session; adapters stay as they are. */
static int adopt(struct fed_session *s, const struct fed_session *copy, struct fed_error *err)
{
	const struct fed_net *net = &s->parts.net;
	float *params = fed_alloc_floats(net->dim), *frozen = fed_alloc_floats(net->frozen_dim + 1);
	int rc;

	if (!params || !frozen) {
		rc = fed_fail_memory(err, (net->dim + net->frozen_dim) * sizeof *params, "the base");
	} else {
		memcpy(params, fed_session_params(s), net->dim * sizeof *params);
		move_layers(net, frozen, params, &copy->parts.net, (float *)fed_session_params(copy),
		            false);
		rc = fed_session_adopt_base(s, net->frozen_dim ? frozen : NULL, params, err);
		if (rc == FED_OK)
			params = NULL;
	}
	fed_free_floats(params);
	fed_free_floats(frozen);
	return rc;
}

int fed_pretrain(struct fed_session *s, const struct fed_pretrain_plan *plan,
                 struct fed_pretrained *out, void (*progress)(void *, uint64_t, uint64_t),
                 void *ctx, struct fed_error *err)
{
	if (fed_session_version(s) > 0)
		return fed_reject(err, "the model is at version %llu; `restart` brings it to version 0",
		                  (unsigned long long)fed_session_version(s));
	if (check_examples(s, plan, err))
		return FED_REJECT;
	const uint32_t left = s->parts.clients.pool.left;
	const uint32_t n = plan->examples ? (uint32_t)plan->examples : left;
	struct fed_session *copy = fed_alloc(sizeof *copy);
	if (!copy)
		return fed_fail_memory(err, sizeof *copy, "a copy");
	int rc = prepare(copy, s, plan, n, err);
	if (rc == FED_OK)
		rc = play(copy, s, (uint64_t)plan->epochs, progress, ctx, err);
	if (rc == FED_OK) {
		*out = (struct fed_pretrained){.examples = n,
		                               .record = copy->history.record[copy->history.n - 1]};
		rc = adopt(s, copy, err);
	}
	fed__session_drop(copy);
	fed_free(copy);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/local_training.c - local training of one client, on a thread of the pool.
 */
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/rows.h"
#include "nn/sgd.h"
#include "train/clients/noise.h"
#include "train/local/error_feedback.h"

#define LOOK_AHEAD 64u /* examples: more would not stay in the cache */

uint32_t fed__training_batch(const struct fed_plan *plan, uint32_t examples)
{
	return plan->batch == 0 || plan->batch > (int64_t)examples ? examples : (uint32_t)plan->batch;
}

/* Context of the gradient callback of nn/sgd.h, which adds the aggregator's term. */
struct extra_term {
	const struct fed_instance *aggregator;
	const struct fed_local *local;
	const struct fed_sharing
		*sharing; /* the rule has no say in local layers; NULL: there are none */
	struct fed_error *why;
	int rc; /* of all calls so far */
};

static void add_term(void *ctx, const float *w, float *g, size_t j0, size_t j1)
{
	struct extra_term *term = ctx;
	const struct fed_stretch all = {.from = j0, .to = j1};
	const struct fed_stretch *x = term->sharing ? term->sharing->stretch : &all;

	for (uint32_t n = term->sharing ? term->sharing->n : 1; n-- > 0; x++) {
		const size_t from = x->from > j0 ? x->from : j0, to = x->to < j1 ? x->to : j1;

		if (!x->local && from < to && term->rc == FED_OK)
			term->rc =
				fed_call_local_gradient(term->aggregator, term->local, w, g, from, to, term->why);
	}
}

/* Prefetch the next batch's examples while the present one is computed. */
static void look_ahead(const struct fed_trainer *t, const struct fed_client *client,
                       const struct fed_thread_buffers *w, uint32_t next, uint32_t batch)
{
	const uint32_t left = next < client->count ? client->count - next : 0;

	fed_dataset_prefetch(t->federation->data, w->order + next, left < batch ? left : batch);
}

struct fed_step_random fed__random_of_step(uint64_t seed, uint64_t version, uint32_t client,
                                           uint64_t step)
{
	const uint64_t key = fed_stream_key(seed, FED_FOR_LAYERS, version, client);

	return (struct fed_step_random){.key = fed_random(key, step)};
}

/* Make one local step on `batch` examples; the sum of their losses goes to g->loss. */
static int step(struct fed_training *g, struct fed_thread_buffers *w, struct fed_sgd *sgd,
                float *params, const uint32_t *ids, uint32_t batch)
{
	const struct fed_trainer *t = g->trainer;
	const struct fed_federation *f = t->federation;

	sgd->random = fed__random_of_step(g->seed, g->version, g->client, g->steps);
	if (batch <= t->part) {
		if (fed__worker_gather(f, &g->row, &g->data_faults, w, ids, batch, &g->why))
			return FED_FAIL;
		g->loss += fed_sgd_step(&w->space, sgd, params, w->label, w->target, batch);
		return FED_OK;
	}
	/* where examples mix, a last part of a few of them would be another thing than the others */
	const uint32_t parts = (batch + t->part - 1) / t->part;
	const uint32_t part = fed_net_mixes_examples(f->net) ? (batch + parts - 1) / parts : t->part;
	double loss = 0;
	memset(sgd->gradient, 0, f->net->dim * sizeof *sgd->gradient);
	for (uint32_t i = 0; i < batch; i += part) {
		const uint32_t n = batch - i < part ? batch - i : part;

		if (fed__worker_gather(f, &g->row, &g->data_faults, w, ids + i, n, &g->why))
			return FED_FAIL;
		sgd->random.first = i;
		loss += fed_sgd_accumulate(&w->space, sgd, params, w->label, w->target, n, batch);
	}
	fed_sgd_apply(sgd, f->net, params);
	g->loss += loss;
	return FED_OK;
}

/* Train for the plan's epochs; params [dim] goes from received to trained. */
static void train(struct fed_training *g, const struct fed_client *client,
                  struct fed_thread_buffers *w, struct fed_sgd *sgd, struct fed_local *local,
                  float *params)
{
	struct fed_trainer *t = g->trainer;
	const struct fed_plan *plan = &g->plan;
	const uint32_t batch = fed__training_batch(plan, client->count);
	struct fed_stream shuffle = fed_stream_open(g->seed, FED_FOR_SHUFFLE, g->version, g->client);

	memcpy(w->order, client->examples, client->count * sizeof *w->order);
	for (int64_t epoch = 0; epoch < plan->epochs; epoch++) {
		if (batch < client->count) /* one batch of all has no order */
			fed_stream_shuffle(&shuffle, w->order, client->count);
		for (uint32_t i = 0; i < client->count; i += batch) {
			const uint32_t n = client->count - i < batch ? client->count - i : batch;

			if (fed__trainer_must_stop(t)) {
				g->stopped = true;
				return;
			}
			if (n <= LOOK_AHEAD)
				look_ahead(t, client, w, i + n, n);
			if (step(g, w, sgd, params, w->order + i, n)) {
				g->failed = true;
				return;
			}
			local->steps = ++g->steps;
			if (t->progress)
				t->progress(t->progress_ctx);
		}
	}
}

void fed_train_here(struct fed_training *g, struct fed_thread_buffers *w,
                    const struct fed_training_vectors *v)
{
	const struct fed_federation *f = g->trainer->federation;
	const size_t dim = f->net->dim;
	struct fed_local local = {
		.size = sizeof local,
		.version = g->version,
		.client = g->client,
		.dim = dim,
		.lr = g->plan.lr,
		.received = v->received,
		.broadcast = v->broadcast,
		.kept = v->kept,
		.returned = v->returned,
	};
	struct extra_term term = {
		.aggregator = f->aggregator, .local = &local, .sharing = g->sharing, .why = &g->why};
	struct fed_sgd sgd = {
		.lr = g->plan.lr,
		.momentum = g->plan.momentum,
		.weight_decay = g->plan.weight_decay,
		.extra = fed_has_local_gradient(f->aggregator) ? add_term : NULL,
		.ctx = &term,
		.gradient = w->gradient,
		.velocity = g->plan.momentum > 0 ? w->velocity : NULL,
		.squares = g->reports_rms ? &g->squares : NULL,
	};

	memcpy(v->params, v->received, dim * sizeof *v->params);
	if (sgd.velocity)
		memset(sgd.velocity, 0, dim * sizeof *sgd.velocity);
	train(g, &g->row, w, &sgd, &local, v->params);
	if (g->stopped || g->failed)
		return;
	if (term.rc || fed_call_local_end(f->aggregator, &local, v->params, &g->why))
		g->failed = true;
}

/* Zero the returned vectors of a recycled result, as local_end() expects. */
static void zero_returned(struct fed_shared_vectors *p)
{
	for (uint32_t k = 1; k < p->n; k++)
		memset(p->vector[k], 0, p->dim * sizeof *p->vector[k]);
}

/* Whether one of the plugins that can fail a training was loaded by the user. */
static bool calls_loaded_plugin(const struct fed_training *g)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_shared_attack *poison = g->data_faults.poison;

	return (f->model_plugin && !f->model_plugin->entry->builtin) ||
	       !f->aggregator->entry->builtin || (poison && !poison->instance.entry->builtin);
}

/* Lay the client's own layers into a copy of the received model; NULL where there are no local
 * layers.  False: no memory. */
static bool put_own_layers(struct fed_training *g, float **received)
{
	if (!g->sharing)
		return true;
	g->trained = fed_shared_vectors_new(1, g->sharing->local);
	*received = fed_alloc_floats(g->sharing->dim);
	if (!*received || !g->trained) {
		fed_free_floats(*received);
		return false;
	}
	memcpy(*received, g->model->vector[0], g->sharing->dim * sizeof **received);
	fed_sharing_put_local(g->sharing, g->own->vector[0], *received);
	return true;
}

void fed__training_run(struct fed_job *job, int worker)
{
	struct fed_training *g = (struct fed_training *)job;
	struct fed_trainer *t = g->trainer;
	struct fed_federation *f = t->federation;
	struct fed_thread_buffers *w = &t->worker[worker];
	const struct fed_client *client = &g->row;
	const size_t dim = f->net->dim;
	const uint32_t keeps = fed_client_vectors(f->aggregator);

	g->ran = true;
	if (fed__trainer_must_stop(t)) {
		g->stopped = true;
		return;
	}
	if (!g->result)
		g->result =
			fed_vector_free_list_take(&t->results, 1 + fed_returned_vectors(f->aggregator), dim);
	if (g->result)
		zero_returned(g->result);
	if (keeps)
		g->kept = fed__copy_kept(client, keeps, dim);
	float *received = NULL; /* with the client's own layers */
	if (!g->result || (keeps && !g->kept) || !put_own_layers(g, &received)) {
		g->no_memory = true;
		return;
	}

	float *delta = g->result->vector[0];
	const struct fed_training_vectors v = {
		.received = received ? received : g->model->vector[0],
		.broadcast = (const float *const *)(g->model->vector + 1),
		.kept = g->kept,
		.returned = g->result->vector + 1,
		/* The model is trained in the memory of its update: many updates are limited by memory
	     * bandwidth. */
		.params = delta,
	};
	if (fed__runs_in_process(g))
		fed__train_in_process(g, worker, &v);
	else
		fed_train_here(g, w, &v);
	g->plugin_failed = g->failed && calls_loaded_plugin(g);
	if (!g->stopped && !g->failed) {
		if (g->sharing)
			fed_sharing_take_local(g->sharing, delta, g->trained->vector[0]);
		fed_rows_kernels()->subtract(delta, v.received, dim);
	}
	fed_free_floats(received);
	if (g->stopped || g->failed)
		return;

	struct fed_stream noise = fed_stream_open(g->seed, FED_FOR_NOISE, g->version, g->client);
	fed_noise_add(&noise, g->noise, delta, dim);
	for (uint32_t k = 0; g->sharing && k < g->result->n; k++)
		fed_sharing_copy_local(g->sharing, NULL, g->result->vector[k]);
	g->failed = fed__feedback_code(g, w, &g->why) != FED_OK;
	if (g->failed && g->codec && !g->codec->instance.entry->builtin) {
		g->plugin_failed = true;
		g->culprit = &g->codec->instance;
	}
}

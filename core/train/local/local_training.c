/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/local_training.c - local training of one client, on a thread of the pool.
 */
#include <math.h>
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

/* A pass over the client's examples: which parameters it trains. */
enum trained { ALL, LOCAL_ALONE, SHARED_ALONE };
struct training_pass {
	int64_t epochs;
	enum trained trained;
	float *params;       /* [dim], trained in place */
	const float *frozen; /* [dim]: the others keep these values; unused with ALL */
};

/* Set the parameters that the pass does not train to what they were. */
static void freeze(const struct fed_sharing *sharing, const struct training_pass *pass)
{
	for (uint32_t i = 0; pass->trained != ALL && i < sharing->n; i++) {
		const struct fed_stretch *x = &sharing->stretch[i];

		if (x->local != (pass->trained == LOCAL_ALONE))
			memcpy(pass->params + x->from, pass->frozen + x->from,
			       (x->to - x->from) * sizeof *pass->params);
	}
}

/* Train for the epochs of a pass. */
static void train(struct fed_training *g, struct fed_thread_buffers *w, struct fed_sgd *sgd,
                  struct fed_local *local, struct fed_stream *shuffle,
                  const struct training_pass *pass)
{
	struct fed_trainer *t = g->trainer;
	const struct fed_client *client = &g->row;
	const uint32_t batch = fed__training_batch(&g->plan, client->count);

	for (int64_t epoch = 0; epoch < pass->epochs; epoch++) {
		if (batch < client->count) /* one batch of all has no order */
			fed_stream_shuffle(shuffle, w->order, client->count);
		for (uint32_t i = 0; i < client->count; i += batch) {
			const uint32_t n = client->count - i < batch ? client->count - i : batch;

			if (fed_trainer_must_stop(t)) {
				g->stopped = true;
				return;
			}
			if (n <= LOOK_AHEAD)
				look_ahead(t, client, w, i + n, n);
			if (step(g, w, sgd, pass->params, w->order + i, n)) {
				g->failed = true;
				return;
			}
			freeze(g->sharing, pass);
			local->steps = ++g->steps;
			if (t->progress)
				t->progress(t->progress_ctx);
		}
	}
}

/* Train params for the plan's epochs: the head before the body where the plan says so. */
static void train_model(struct fed_training *g, struct fed_thread_buffers *w, struct fed_sgd *sgd,
                        struct fed_local *local, float *params)
{
	const size_t dim = g->trainer->federation->net->dim;
	struct fed_stream shuffle = fed_stream_open(g->seed, FED_FOR_SHUFFLE, g->version, g->client);
	struct training_pass pass = {.epochs = g->plan.epochs, .params = params};
	float *frozen = NULL;

	memcpy(w->order, g->row.examples, g->row.count * sizeof *w->order);
	if (g->plan.head_epochs) {
		frozen = fed_alloc_floats(dim);
		if (!frozen) {
			g->failed = true;
			fed_fail_memory(&g->why, dim * sizeof *frozen, "the frozen layers");
			return;
		}
		memcpy(frozen, params, dim * sizeof *frozen);
		pass.frozen = frozen;
		pass.trained = LOCAL_ALONE;
		pass.epochs = g->plan.head_epochs;
		train(g, w, sgd, local, &shuffle, &pass);
		memcpy(frozen, params, dim * sizeof *frozen);
		if (sgd->velocity)
			memset(sgd->velocity, 0, dim * sizeof *sgd->velocity);
		pass.trained = SHARED_ALONE;
		pass.epochs = g->plan.epochs;
	}
	if (!g->stopped && !g->failed)
		train(g, w, sgd, local, &shuffle, &pass);
	fed_free_floats(frozen);
}

/* Train the client's own model, in the same batches as the other; the steps and losses that the
 * client reports are the other's. */
static void train_own_model(struct fed_training *g, struct fed_thread_buffers *w,
                            struct fed_sgd *sgd, struct fed_local *local, float *own)
{
	const size_t dim = g->trainer->federation->net->dim;
	const double loss = g->loss, squares = g->squares;
	const uint32_t steps = g->steps;
	const struct training_pass pass = {.epochs = g->plan.own_epochs, .params = own};
	struct fed_stream shuffle = fed_stream_open(g->seed, FED_FOR_SHUFFLE, g->version, g->client);

	if (g->begins_own)
		memcpy(own, local->received, dim * sizeof *own);
	if (sgd->velocity)
		memset(sgd->velocity, 0, dim * sizeof *sgd->velocity);
	memcpy(w->order, g->row.examples, g->row.count * sizeof *w->order);
	g->steps = local->steps = 0;
	train(g, w, sgd, local, &shuffle, &pass);
	g->loss = loss;
	g->squares = squares;
	g->steps = local->steps = steps;
}

/* Mean loss of a model on the client's examples, as it sees them. */
static int measure_loss(struct fed_training *g, struct fed_thread_buffers *w, const float *params,
                        double *loss)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_client *client = &g->row;
	const uint32_t most = g->trainer->evaluation;
	double sum = 0;

	for (uint32_t i = 0; i < client->count; i += most) {
		const uint32_t n = client->count - i < most ? client->count - i : most;

		if (fed__worker_gather(f, client, &g->data_faults, w, client->examples + i, n, &g->why))
			return FED_FAIL;
		const float *y = fed_net_forward(&w->space, params, n);
		sum += fed_net_loss(f->net, y, w->label, w->target, n, 0, NULL, NULL);
	}
	*loss = sum / client->count;
	return FED_OK;
}

/* Choose the received model with the least loss, the first of equal ones; *received is it.  A loss
 * that is not a number is never the least. */
static int choose_model(struct fed_training *g, struct fed_thread_buffers *w,
                        const struct fed_training_vectors *v, const float **received)
{
	const uint32_t models = fed_instance_models(g->trainer->federation->aggregator);
	double loss;

	*received = v->received;
	g->chosen = 0;
	g->first_loss = NAN;
	if (models < 2 && !g->plan.first_loss)
		return FED_OK;
	for (uint32_t k = 0; k < models; k++) {
		const float *model = k ? v->broadcast[k - 1] : v->received;

		if (measure_loss(g, w, model, &loss))
			return FED_FAIL;
		if (k && !(loss < g->first_loss) && !isnan(g->first_loss))
			continue;
		g->first_loss = loss;
		g->chosen = k;
		*received = model;
	}
	return FED_OK;
}

void fed_train_here(struct fed_training *g, struct fed_thread_buffers *w,
                    const struct fed_training_vectors *v)
{
	const struct fed_federation *f = g->trainer->federation;
	const size_t dim = f->net->dim;
	const uint32_t own = fed_own_model_vector(f->aggregator);
	const float *received;
	if (choose_model(g, w, v, &received)) {
		g->failed = true;
		return;
	}
	struct fed_local local = {
		.size = sizeof local,
		.version = g->version,
		.client = g->client,
		.dim = dim,
		.lr = g->plan.lr,
		.received = received,
		.broadcast = v->broadcast,
		.kept = v->kept,
		.returned = v->returned,
	};
	struct extra_term term = {
		.aggregator = g->aggregator, .local = &local, .sharing = g->sharing, .why = &g->why};
	const bool terms = fed_has_local_gradient(f->aggregator);
	struct fed_sgd sgd = {
		.lr = g->plan.lr,
		.momentum = g->plan.momentum,
		.weight_decay = g->plan.weight_decay,
		.extra = terms && !own ? add_term : NULL,
		.ctx = &term,
		.gradient = w->gradient,
		.velocity = g->plan.momentum > 0 ? w->velocity : NULL,
		.squares = g->reports_rms ? &g->squares : NULL,
	};

	memcpy(v->params, received, dim * sizeof *v->params);
	if (sgd.velocity)
		memset(sgd.velocity, 0, dim * sizeof *sgd.velocity);
	train_model(g, w, &sgd, &local, v->params);
	if (own && g->plan.own_epochs && !g->stopped && !g->failed) {
		sgd.extra = terms ? add_term : NULL;
		train_own_model(g, w, &sgd, &local, v->kept[own - 1]);
	}
	if (g->stopped || g->failed)
		return;
	if (term.rc || fed_call_local_end(g->aggregator, &local, v->params, &g->why))
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
	if (fed_trainer_must_stop(t)) {
		g->stopped = true;
		return;
	}
	if (!g->result)
		g->result =
			fed_vector_free_list_take(&t->results, 1 + fed_returned_vectors(f->aggregator), dim);
	if (g->result)
		zero_returned(g->result);
	g->begins_own = !client->kept;
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
		.kept = g->kept ? g->kept->vector : NULL,
		.returned = g->result->vector + 1,
		/* The model is trained in the memory of its update: many updates are limited by memory
	     * bandwidth. */
		.params = delta,
	};
	g->place->train(g, worker, &v);
	g->plugin_failed = g->failed && calls_loaded_plugin(g);
	if (!g->stopped && !g->failed) {
		if (g->sharing)
			fed_sharing_take_local(g->sharing, delta, g->trained->vector[0]);
		fed_rows_kernels()->subtract(delta, g->chosen ? v.broadcast[g->chosen - 1] : v.received,
		                             dim);
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

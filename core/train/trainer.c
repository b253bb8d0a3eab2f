/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/trainer.c - local training as jobs of the pool.
 */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "nn/sgd.h"

/* Activations of one thread: larger batches go through in parts (nn/sgd.h). */
#define WORKSPACE_BYTES ((size_t)64 << 20)
#define SMALLEST_PART 16u
#define LARGEST_PART 4096u
#define EVALUATION_BATCH 128u
#define LOOK_AHEAD 64u /* examples: more would not stay in the cache */

/* One client's training; the job is its first member. */
struct training {
	struct fed_job job;
	struct fed_trainer *trainer;
	uint32_t client;
	struct fed_client row;   /* as it was when it began: the table may grow meanwhile */
	uint64_t version, round; /* of the model's message */
	struct fed_plan plan;    /* plan and seed as they were, too: `set` may come meanwhile */
	uint64_t seed;
	struct fed_parcel *model;  /* received: parameters, then the aggregator's SENT vectors */
	struct fed_parcel *result; /* delta, then returned vectors */
	float **kept;              /* this training's copy of what the client keeps */
	uint32_t steps;
	double loss;    /* sum over examples and epochs */
	bool submitted; /* the pool has it */
	bool ran;       /* set by its thread; read when the pool has it no more */
	bool stopped, no_memory;
	bool spare; /* the result is one of the trainer's spare parcels */
};

/* What a client that was joined wants to keep. */
struct learned {
	uint32_t client;
	float **kept;
};

/* Parcels that trainings use again: a fresh one costs as many page faults as it has pages. */
#define SPARES_MAX 64u
#define SPARES_BYTES ((size_t)256 << 20)

/* What one thread needs. */
struct worker {
	struct fed_workspace space;
	uint32_t *order; /* the client's examples in this epoch's order */
	int32_t *label;
	float *target;
	float *params;              /* [dim]: the model in training stays in this thread's cache */
	float *gradient, *velocity; /* [dim], when the plan needs them */
};

struct fed_trainer {
	struct fed_federation *federation;
	struct worker *worker;
	int workers;
	/* Of the net alone, so that results do not depend on what ran before: */
	uint32_t part;       /* largest batch that goes through in one piece */
	uint32_t evaluation; /* examples of an evaluation batch */
	/* What the workers' buffers hold at present: */
	uint32_t room, order_room;
	struct training **slot; /* [slots]; NULL: free */
	uint32_t slots, capacity;
	uint32_t *vacant; /* [n_vacant] free slots below `slots`, [capacity] long */
	uint32_t n_vacant;
	struct learned *learned; /* [n_learned], to be committed */
	size_t n_learned, learned_room;
	struct fed_parcel *spare[SPARES_MAX]; /* free when nobody else has a share */
	uint32_t n_spare;
	uint64_t started; /* trainings so far: the order among those due together */
	atomic_bool stop;
};

static void release_worker(struct worker *w)
{
	fed_workspace_release(&w->space);
	fed_free(w->order);
	fed_free(w->label);
	fed_free(w->target);
	fed_free_floats(w->params);
	fed_free_floats(w->gradient);
	fed_free_floats(w->velocity);
	memset(w, 0, sizeof *w);
}

/* Floats of activations and gradients that one example takes. */
static size_t example_bytes(const struct fed_net *net)
{
	size_t floats = fed_shape_size(&net->input);

	for (size_t l = 0; l < net->layers; l++)
		floats += 2 * fed_shape_size(&net->layer[l].out);
	return floats * sizeof(float);
}

static uint32_t batch_of(const struct fed_plan *plan, uint32_t examples)
{
	return plan->batch == 0 || plan->batch > (int64_t)examples ? examples : (uint32_t)plan->batch;
}

static uint32_t clamp(size_t x, uint32_t low, uint32_t high)
{
	return x < low ? low : x > high ? high : (uint32_t)x;
}

int fed_trainer_init(struct fed_trainer **out, struct fed_federation *f, struct fed_error *err)
{
	struct fed_trainer *t = fed_alloc(sizeof *t);

	if (!t)
		return fed_fail_memory(err, sizeof *t, "training");
	const size_t fit = WORKSPACE_BYTES / example_bytes(f->net);
	t->federation = f;
	t->part = clamp(fit, SMALLEST_PART, LARGEST_PART);
	t->evaluation = clamp(fit / 4, SMALLEST_PART, EVALUATION_BATCH);
	t->workers = fed_pool_threads(f->pool);
	const size_t bytes = (size_t)t->workers * sizeof *t->worker;
	t->worker = fed_alloc(bytes);
	if (!t->worker) {
		fed_free(t);
		return fed_fail_memory(err, bytes, "training");
	}
	*out = t;
	return FED_OK;
}

static void drop_spares(struct fed_trainer *t)
{
	while (t->n_spare)
		fed_parcel_drop(t->spare[--t->n_spare]);
}

void fed_trainer_free(struct fed_trainer *t)
{
	if (!t)
		return;
	fed_trainer_recall(t);
	drop_spares(t);
	for (int i = 0; i < t->workers; i++)
		release_worker(&t->worker[i]);
	fed_free(t->worker);
	fed_free(t->slot);
	fed_free(t->vacant);
	fed_free(t->learned);
	fed_free(t);
}

static int prepare_worker(const struct fed_trainer *t, struct worker *w, bool gradient,
                          bool velocity, struct fed_error *err)
{
	const struct fed_net *net = t->federation->net;

	release_worker(w);
	if (fed_workspace_init(&w->space, net, 0, net->layers, t->room, false, err))
		return FED_FAIL;
	w->order = fed_alloc_array(t->order_room, sizeof *w->order);
	w->label = fed_alloc_array(t->room, sizeof *w->label);
	w->target = fed_alloc_array((size_t)t->room * net->outputs, sizeof *w->target);
	w->params = fed_alloc_floats(net->dim);
	if (gradient)
		w->gradient = fed_alloc_floats(net->dim);
	if (velocity)
		w->velocity = fed_alloc_floats(net->dim);
	if (!w->order || !w->label || !w->target || !w->params || (gradient && !w->gradient) ||
	    (velocity && !w->velocity))
		return fed_fail_memory(err, (size_t)t->room * net->outputs * sizeof(float),
		                       "a training thread");
	return FED_OK;
}

static bool has_room(const struct fed_trainer *t, uint32_t room, uint32_t examples, bool gradient,
                     bool velocity)
{
	const struct worker *w = &t->worker[t->workers - 1];

	return t->room >= room && t->order_room >= examples && (!gradient || w->gradient) &&
	       (!velocity || w->velocity);
}

/* Buffers change only while no training runs: those that wait for a thread are taken off the pool,
 * those that run are waited for. */
static void hold_trainings(struct fed_trainer *t)
{
	for (uint32_t i = 0; i < t->slots; i++) {
		if (!t->slot[i] || !t->slot[i]->submitted)
			continue;
		fed_pool_cancel(t->federation->pool, &t->slot[i]->job);
		t->slot[i]->submitted = false;
	}
}

static int submit(struct fed_trainer *t, struct training *g, struct fed_error *err)
{
	const int rc = fed_pool_submit(t->federation->pool, &g->job, err);

	g->submitted = rc == FED_OK;
	return rc;
}

static int release_trainings(struct fed_trainer *t, struct fed_error *err)
{
	for (uint32_t i = 0; i < t->slots; i++)
		if (t->slot[i] && !t->slot[i]->ran && submit(t, t->slot[i], err))
			return FED_FAIL;
	return FED_OK;
}

static int make_room(struct fed_trainer *t, bool gradient, bool velocity, struct fed_error *err)
{
	for (int k = 0; k < t->workers; k++) {
		if (!prepare_worker(t, &t->worker[k], gradient, velocity, err))
			continue;
		for (int j = 0; j <= k; j++)
			release_worker(&t->worker[j]);
		t->room = t->order_room = 0;
		return FED_FAIL;
	}
	return FED_OK;
}

int fed_trainer_prepare(struct fed_trainer *t, uint32_t max_examples, struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	const uint32_t batch = batch_of(&f->plan, max_examples);
	const uint32_t room = clamp(batch, t->evaluation, t->part);
	/* What a training that is under way may need stays. */
	const struct worker *w = &t->worker[0];
	const bool velocity = w->velocity || f->plan.momentum > 0;
	const bool gradient = w->gradient || velocity || f->plan.weight_decay > 0 || batch > t->part ||
	                      fed_has_local_gradient(f->aggregator);

	if (has_room(t, room, max_examples, gradient, velocity))
		return FED_OK;
	t->room = room > t->room ? room : t->room;
	t->order_room = max_examples > t->order_room ? max_examples : t->order_room;
	hold_trainings(t);
	if (make_room(t, gradient, velocity, err))
		return FED_FAIL;
	return release_trainings(t, err);
}

double fed_trainer_flops(const struct fed_trainer *t, const struct fed_client *client)
{
	const struct fed_federation *f = t->federation;
	const double forward = fed_net_flops(f->net, 0, f->net->layers);

	/* Backward counts as 2 x forward. */
	return 3 * forward * client->count * (double)f->plan.epochs;
}

/* The hook of nn/sgd.h, for an aggregator with a term of its own. */
struct extra_term {
	const struct fed_instance *aggregator;
	const struct fed_local *local;
};

static void add_term(void *ctx, const float *w, float *g, size_t j0, size_t j1)
{
	const struct extra_term *term = ctx;

	fed_call_local_gradient(term->aggregator, term->local, w, g, j0, j1);
}

static void gather(const struct fed_federation *f, const struct fed_client *client,
                   struct worker *w, const uint32_t *ids, uint32_t n)
{
	fed_dataset_gather(f->data, ids, n, client->shifted ? &client->shift : NULL,
	                   fed_workspace_input(&w->space), f->net->classes ? w->label : NULL,
	                   f->net->classes ? NULL : w->target);
}

/* The batch behind this one will be wanted next: far-away memory answers while this one computes.
 */
static void look_ahead(const struct fed_trainer *t, const struct fed_client *client,
                       const struct worker *w, uint32_t next, uint32_t batch)
{
	const uint32_t left = next < client->count ? client->count - next : 0;

	fed_dataset_prefetch(t->federation->data, w->order + next, left < batch ? left : batch);
}

/* One local step on `batch` examples; returns the sum of their losses. */
static double step(const struct fed_trainer *t, const struct fed_client *client, struct worker *w,
                   const struct fed_sgd *sgd, float *params, const uint32_t *ids, uint32_t batch)
{
	const struct fed_federation *f = t->federation;
	double loss = 0;

	if (batch <= t->part) {
		gather(f, client, w, ids, batch);
		return fed_sgd_step(&w->space, sgd, params, w->label, w->target, batch);
	}
	memset(sgd->gradient, 0, f->net->dim * sizeof *sgd->gradient);
	for (uint32_t i = 0; i < batch; i += t->part) {
		const uint32_t n = batch - i < t->part ? batch - i : t->part;

		gather(f, client, w, ids + i, n);
		loss += fed_sgd_accumulate(&w->space, sgd, params, w->label, w->target, n, batch);
	}
	fed_sgd_apply(sgd, params, f->net->dim);
	return loss;
}

/* The owner may be waiting for this very training: an abort must be seen from here too. */
static bool told_to_stop(const struct fed_trainer *t)
{
	return atomic_load_explicit(&t->stop, memory_order_relaxed) ||
	       atomic_load_explicit(&t->federation->stop, memory_order_relaxed) >= 2;
}

/* Epochs over the client's examples; params [dim] goes from received to trained. */
static void train(struct training *g, const struct fed_client *client, struct worker *w,
                  const struct fed_sgd *sgd, struct fed_local *local, float *params)
{
	struct fed_trainer *t = g->trainer;
	const struct fed_plan *plan = &g->plan;
	const uint32_t batch = batch_of(plan, client->count);
	struct fed_stream shuffle = fed_stream_open(g->seed, FED_FOR_SHUFFLE, g->version, g->client);

	memcpy(w->order, client->examples, client->count * sizeof *w->order);
	for (int64_t epoch = 0; epoch < plan->epochs; epoch++) {
		if (batch < client->count) /* one batch of all has no order */
			fed_stream_shuffle(&shuffle, w->order, client->count);
		for (uint32_t i = 0; i < client->count; i += batch) {
			const uint32_t n = client->count - i < batch ? client->count - i : batch;

			if (told_to_stop(t)) {
				g->stopped = true;
				return;
			}
			if (n <= LOOK_AHEAD)
				look_ahead(t, client, w, i + n, n);
			g->loss += step(t, client, w, sgd, params, w->order + i, n);
			local->steps = ++g->steps;
		}
	}
}

/* The client's memory as this training may change it. */
static float **copy_kept(const struct fed_client *client, uint32_t vectors, size_t dim)
{
	struct fed_client copy = {0};
	float **kept = fed_client_kept(&copy, vectors, dim);

	for (uint32_t k = 0; kept && client->kept && k < vectors; k++)
		memcpy(kept[k], client->kept[k], dim * sizeof(float));
	return kept;
}

/* What local_end() may rely on, of a parcel that was used before. */
static void zero_returned(struct fed_parcel *p)
{
	for (uint32_t k = 1; k < p->n; k++)
		memset(p->vector[k], 0, p->dim * sizeof *p->vector[k]);
}

static void run(struct fed_job *job, int worker)
{
	struct training *g = (struct training *)job;
	struct fed_trainer *t = g->trainer;
	struct fed_federation *f = t->federation;
	struct worker *w = &t->worker[worker];
	const struct fed_client *client = &g->row;
	const size_t dim = f->net->dim;
	const uint32_t keeps = fed_client_vectors(f->aggregator);

	g->ran = true;
	if (told_to_stop(t)) {
		g->stopped = true;
		return;
	}
	if (!g->result)
		g->result = fed_parcel_new(1 + fed_returned_vectors(f->aggregator), dim);
	else
		zero_returned(g->result);
	if (keeps)
		g->kept = copy_kept(client, keeps, dim);
	if (!g->result || (keeps && !g->kept)) {
		g->no_memory = true;
		return;
	}

	const float *received = g->model->vector[0];
	float *delta = g->result->vector[0], *params = w->params;
	struct fed_local local = {
		.version = g->version,
		.client = g->client,
		.dim = dim,
		.lr = g->plan.lr,
		.received = received,
		.sent = (const float *const *)(g->model->vector + 1),
		.kept = g->kept,
		.returned = g->result->vector + 1,
	};
	struct extra_term term = {.aggregator = f->aggregator, .local = &local};
	const struct fed_sgd sgd = {
		.lr = g->plan.lr,
		.momentum = g->plan.momentum,
		.weight_decay = g->plan.weight_decay,
		.extra = fed_has_local_gradient(f->aggregator) ? add_term : NULL,
		.ctx = &term,
		.gradient = w->gradient,
		.velocity = g->plan.momentum > 0 ? w->velocity : NULL,
	};

	memcpy(params, received, dim * sizeof *params);
	if (sgd.velocity)
		memset(sgd.velocity, 0, dim * sizeof *sgd.velocity);
	train(g, client, w, &sgd, &local, params);
	if (g->stopped)
		return;
	fed_call_local_end(f->aggregator, &local, params);
	for (size_t j = 0; j < dim; j++)
		delta[j] = params[j] - received[j];
}

/* A free slot, its number kept below t->slots. */
static int vacant_slot(struct fed_trainer *t, uint32_t *slot, struct fed_error *err)
{
	if (t->n_vacant) {
		*slot = t->vacant[--t->n_vacant];
		return FED_OK;
	}
	if (t->slots == t->capacity) {
		const uint32_t more = t->capacity ? 2 * t->capacity : 64;
		struct training **grown =
			fed_resize(t->slot, t->capacity * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, more * sizeof *grown, "training");
		t->slot = grown;
		uint32_t *vacant =
			fed_resize(t->vacant, t->capacity * sizeof *vacant, more * sizeof *vacant);
		if (!vacant)
			return fed_fail_memory(err, more * sizeof *vacant, "training");
		t->vacant = vacant;
		t->capacity = more;
	}
	*slot = t->slots++;
	return FED_OK;
}

static void free_training(struct fed_trainer *t, uint32_t slot)
{
	struct training *g = t->slot[slot];

	fed_parcel_drop(g->model);
	fed_parcel_drop(g->result);
	fed_free(g->kept);
	fed_free(g);
	t->slot[slot] = NULL;
	t->vacant[t->n_vacant++] = slot;
}

/* A share of a spare parcel that nobody else has, or NULL. */
static struct fed_parcel *take_spare(struct fed_trainer *t)
{
	const struct fed_federation *f = t->federation;

	for (uint32_t i = 0; i < t->n_spare; i++) {
		struct fed_parcel *p = t->spare[i];
		if (atomic_load(&p->users) == 1 && p->dim == f->net->dim &&
		    p->n == 1 + fed_returned_vectors(f->aggregator))
			return fed_parcel_share(p);
	}
	return NULL;
}

static void keep_spare(struct fed_trainer *t, struct fed_parcel *p)
{
	const size_t bytes = p->n * p->dim * sizeof(float);

	if (t->n_spare < SPARES_MAX && (t->n_spare + 1) * bytes <= SPARES_BYTES)
		t->spare[t->n_spare++] = fed_parcel_share(p);
}

int fed_trainer_start(struct fed_trainer *t, uint32_t client, const struct fed_envelope *model,
                      double due, uint32_t *slot, struct fed_error *err)
{
	struct training *g = fed_alloc(sizeof *g);

	if (!g)
		return fed_fail_memory(err, sizeof *g, "training");
	if (vacant_slot(t, slot, err)) {
		fed_free(g);
		return FED_FAIL;
	}
	*g = (struct training){
		.job = {.run = run, .due = due, .seq = t->started++},
		.trainer = t,
		.client = client,
		.row = t->federation->clients->client[client],
		.version = model->version,
		.round = model->round,
		.plan = t->federation->plan,
		.seed = (uint64_t)t->federation->settings->seed,
		.model = fed_parcel_share(model->parcel),
		.result = take_spare(t),
	};
	g->spare = g->result;
	t->slot[*slot] = g;
	return submit(t, g, err);
}

/* Remember what the client wants to keep, until the round is committed or recalled. */
static int remember(struct fed_trainer *t, struct training *g, struct fed_error *err)
{
	if (!g->kept)
		return FED_OK;
	if (t->n_learned == t->learned_room) {
		const size_t room = t->learned_room ? 2 * t->learned_room : 16;
		struct learned *grown =
			fed_resize(t->learned, t->learned_room * sizeof *grown, room * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, room * sizeof *grown, "what clients keep");
		t->learned = grown;
		t->learned_room = room;
	}
	t->learned[t->n_learned++] = (struct learned){.client = g->client, .kept = g->kept};
	g->kept = NULL;
	return FED_OK;
}

/* Wait for its thread.  One that saw an abort which is over (its version was complete already, or
 * the round was aborted before this training's turn came) begins again. */
static int join_job(struct fed_trainer *t, struct training *g, struct fed_error *err)
{
	for (;;) {
		if (g->submitted)
			fed_pool_join(t->federation->pool, &g->job);
		g->submitted = false;
		if (!g->stopped || told_to_stop(t))
			return FED_OK;
		fed_free(g->kept);
		g->kept = NULL;
		g->stopped = false;
		g->steps = 0;
		g->loss = 0;
		if (submit(t, g, err))
			return FED_FAIL;
	}
}

int fed_trainer_join(struct fed_trainer *t, uint32_t slot, struct fed_envelope *update,
                     struct fed_error *err)
{
	struct training *g = t->slot[slot];
	const struct fed_client *client = &g->row;
	int rc = FED_OK;

	if (join_job(t, g, err)) {
		free_training(t, slot);
		return FED_FAIL;
	}
	if (g->no_memory)
		rc = fed_fail(err, "out of memory for the update of client %u", g->client);
	else if (g->stopped)
		rc = fed_reject(err, "aborted; the model is as before the round");
	else
		rc = remember(t, g, err);
	if (rc == FED_OK) {
		const double seen = (double)client->count * (double)g->plan.epochs;
		update->version = g->version;
		update->round = g->round;
		update->samples = client->count;
		update->steps = g->steps;
		update->loss = (float)(g->loss / seen);
		if (!g->spare)
			keep_spare(t, g->result);
		update->parcel = g->result;
		g->result = NULL;
	}
	free_training(t, slot);
	return rc;
}

void fed_trainer_commit(struct fed_trainer *t)
{
	struct fed_clients *clients = t->federation->clients;

	for (size_t i = 0; i < t->n_learned; i++) {
		struct fed_client *client = fed_clients_get(clients, t->learned[i].client);
		if (!client) {
			fed_free(t->learned[i].kept); /* it left */
			continue;
		}
		fed_free(client->kept);
		client->kept = t->learned[i].kept;
	}
	t->n_learned = 0;
	if (fed_client_vectors(t->federation->aggregator))
		clients->kept_vectors = fed_client_vectors(t->federation->aggregator);
}

void fed_trainer_recall(struct fed_trainer *t)
{
	atomic_store(&t->stop, true);
	hold_trainings(t);
	for (uint32_t i = 0; i < t->slots; i++)
		if (t->slot[i])
			free_training(t, i);
	t->slots = t->n_vacant = 0;
	for (size_t i = 0; i < t->n_learned; i++)
		fed_free(t->learned[i].kept);
	t->n_learned = 0;
	atomic_store(&t->stop, false);
}

uint32_t fed_trainer_evaluation_batch(const struct fed_trainer *t)
{
	return t->evaluation;
}

double fed_trainer_forward(struct fed_trainer *t, int worker, const float *params, uint32_t first,
                           uint32_t n, uint32_t *hits)
{
	const struct fed_federation *f = t->federation;
	struct worker *w = &t->worker[worker];
	const struct fed_client unshifted = {0};

	for (uint32_t i = 0; i < n; i++)
		w->order[i] = first + i;
	gather(f, &unshifted, w, w->order, n);
	const float *y = fed_net_forward(&w->space, params, n);
	return fed_net_loss(f->net, y, w->label, w->target, n, 0, NULL, f->net->classes ? hits : NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/trainer.c - trainings as jobs of the pool: start, join, cancel.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "train/local/internal.h"
#include "train/round/coding.h"

/* Limit of the free list of updates: what a round has under way at once, which is new memory again
 * in the next round where it is not kept.  New memory takes as long as some sums. */
#define SPARE_BYTES ((size_t)256 << 20)
#define SPARE_SHARE (1.0 / 16) /* of the memory that is free, where that is more */

int fed_trainer_init(struct fed_trainer **out, struct fed_federation *f, struct fed_error *err)
{
	struct fed_trainer *t = fed_alloc(sizeof *t);

	if (!t)
		return fed_fail_memory(err, sizeof *t, "training");
	t->federation = f;
	fed__workers_measure(t);
	t->workers = fed_pool_threads(f->pool);
	const size_t bytes = (size_t)t->workers * sizeof *t->worker;
	t->worker = fed_alloc(bytes);
	if (!t->worker) {
		fed_free(t);
		return fed_fail_memory(err, bytes, "training");
	}
	if (fed_thread_scratch_init(&t->thread_scratch, f->net, f->pool, err)) {
		fed_free(t->worker);
		fed_free(t);
		return FED_FAIL;
	}
	fed_vector_free_list_init(&t->results, SPARE_BYTES);
	fed_vector_free_list_widen(&t->results, SPARE_SHARE);
	*out = t;
	return FED_OK;
}

void fed__trainer_free(struct fed_trainer *t)
{
	if (!t)
		return;
	fed__trainer_cancel(t);
	fed__training_places_release(t);
	fed_vector_free_list_release(&t->results);
	while (t->idle) {
		struct fed_training *g = t->idle;
		t->idle = g->next;
		fed_free(g);
	}
	fed__workers_release(t);
	fed_thread_scratch_release(&t->thread_scratch);
	fed_free(t->worker);
	fed_free(t->slot);
	fed_free(t->vacant);
	fed_free(t->learned);
	fed_free(t);
}

const struct fed_thread_scratch *fed__trainer_scratch(const struct fed_trainer *t)
{
	return &t->thread_scratch;
}

/* Whether no plugin that every client runs is set aside: no update could come. */
static int check_set_aside(const struct fed_federation *f, struct fed_error *err)
{
	const struct fed_instance *const plugin[] = {f->model_plugin, f->aggregator,
	                                             f->codec ? &f->codec->instance : NULL};

	for (size_t i = 0; i < sizeof plugin / sizeof *plugin; i++)
		if (fed_is_guarded_at_clients(plugin[i]) && fed_check_client_failures(plugin[i], err))
			return FED_FAIL;
	return FED_OK;
}

/* Withdraw queued trainings from the pool and wait for running ones, so that buffers can change. */
static void withdraw_trainings(struct fed_trainer *t)
{
	for (uint32_t i = 0; i < t->slots; i++) {
		if (!t->slot[i] || !t->slot[i]->submitted)
			continue;
		fed_pool_cancel(t->federation->pool, &t->slot[i]->job);
		t->slot[i]->submitted = false;
	}
}

static int submit(struct fed_trainer *t, struct fed_training *g, struct fed_error *err)
{
	g->submitted = true; /* before, for its thread owns it until it is joined */
	if (fed_pool_submit(t->federation->pool, &g->job, err) == FED_OK)
		return FED_OK;
	g->submitted = false;
	return FED_FAIL;
}

static int release_trainings(struct fed_trainer *t, struct fed_error *err)
{
	for (uint32_t i = 0; i < t->slots; i++)
		if (t->slot[i] && !t->slot[i]->ran && submit(t, t->slot[i], err))
			return FED_FAIL;
	return FED_OK;
}

int fed_trainer_prepare(struct fed_trainer *t, uint32_t max_examples, struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	const uint32_t batch = fed__training_batch(&f->plan, max_examples);
	const uint32_t part = batch > t->part ? t->part : batch;
	const uint32_t batch_capacity = part < t->evaluation ? t->evaluation : part;
	/* Buffers never shrink, for trainings that have begun. */
	const struct fed_thread_buffers *w = &t->worker[0];
	const bool velocity = w->velocity || f->plan.momentum > 0;
	const bool gradient = w->gradient || velocity || f->plan.weight_decay > 0 || batch > t->part ||
	                      fed_has_local_gradient(f->aggregator);

	fed_vector_free_list_place(&t->results, fed_update_memory(f->aggregator));
	if (check_set_aside(f, err) || fed__training_places_prepare(t, err))
		return FED_FAIL;
	if (fed__workers_have_memory(t, batch_capacity, max_examples, gradient, velocity))
		return FED_OK;
	t->batch_capacity = batch_capacity > t->batch_capacity ? batch_capacity : t->batch_capacity;
	t->order_capacity = max_examples > t->order_capacity ? max_examples : t->order_capacity;
	withdraw_trainings(t);
	if (fed__workers_reserve(t, gradient, velocity, err))
		return FED_FAIL;
	return release_trainings(t, err);
}

double fed__trainer_flops(const struct fed_trainer *t, const struct fed_client *client)
{
	const struct fed_federation *f = t->federation;
	const size_t layers = f->net->layers;
	const double example =
		fed_net_flops(f->net, 0, layers) + fed_net_backward_flops(f->net, 0, layers, false);

	const double epochs = (double)(f->plan.head_epochs + f->plan.epochs + f->plan.own_epochs);
	const uint32_t models = fed_instance_models(f->aggregator);
	const double measured = models > 1 || f->plan.first_loss ? models : 0;

	return client->count * (example * epochs + fed_net_flops(f->net, 0, layers) * measured);
}

/* Reserve capacity for so many slots. */
static int make_slots(struct fed_trainer *t, uint32_t slots, struct fed_error *err)
{
	uint32_t more = t->capacity ? t->capacity : 64;

	while (more < slots)
		more *= 2;
	if (more == t->capacity)
		return FED_OK;
	struct fed_training **grown =
		fed_resize(t->slot, t->capacity * sizeof *grown, more * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, more * sizeof *grown, "training");
	t->slot = grown;
	uint32_t *vacant = fed_resize(t->vacant, t->capacity * sizeof *vacant, more * sizeof *vacant);
	if (!vacant)
		return fed_fail_memory(err, more * sizeof *vacant, "training");
	t->vacant = vacant;
	t->capacity = more;
	return FED_OK;
}

/* Add a slot to the free ones, within their capacity. */
static void vacate_slot(struct fed_trainer *t, uint32_t slot)
{
	uint32_t at = t->n_vacant++;

	for (; at && t->vacant[(at - 1) / 2] > slot; at = (at - 1) / 2)
		t->vacant[at] = t->vacant[(at - 1) / 2];
	t->vacant[at] = slot;
}

/* Remove the lowest free slot. */
static uint32_t take_vacant(struct fed_trainer *t)
{
	const uint32_t lowest = t->vacant[0], last = t->vacant[--t->n_vacant];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < t->n_vacant) {
		if (child + 1 < t->n_vacant && t->vacant[child + 1] < t->vacant[child])
			child++;
		if (t->vacant[child] >= last)
			break;
		t->vacant[at] = t->vacant[child];
		at = child;
	}
	t->vacant[at] = last;
	return lowest;
}

/* The lowest free slot, or a new one behind the last: slots are saved, so they depend on nothing
 * but which ones are free. */
static int vacant_slot(struct fed_trainer *t, uint32_t *slot, struct fed_error *err)
{
	if (t->n_vacant) {
		*slot = take_vacant(t);
		return FED_OK;
	}
	if (make_slots(t, t->slots + 1, err))
		return FED_FAIL;
	*slot = t->slots++;
	return FED_OK;
}

static struct fed_training *idle_training(struct fed_trainer *t)
{
	struct fed_training *g = t->idle;

	if (!g)
		return fed_alloc(sizeof *g);
	t->idle = g->next;
	return g;
}

void fed__training_drop(struct fed_training *g)
{
	if (!g || --g->references)
		return;
	fed_shared_vectors_unref(g->model);
	fed_shared_vectors_unref(g->result);
	fed_data_faults_release(&g->data_faults);
	fed_shared_vectors_unref(g->row.kept);
	fed_shared_vectors_unref(g->kept);
	fed_shared_vectors_unref(g->residual);
	fed_shared_vectors_unref(g->left);
	fed_sharing_unref(g->sharing);
	fed_shared_vectors_unref(g->own);
	fed_shared_vectors_unref(g->trained);
	fed_shared_codec_unref(g->codec);
	fed_code_unref(g->code);
	if (!g->trainer) {
		fed_free(g);
		return;
	}
	g->next = g->trainer->idle;
	g->trainer->idle = g;
}

static void free_training(struct fed_trainer *t, uint32_t slot)
{
	fed__training_drop(t->slot[slot]);
	t->slot[slot] = NULL;
	vacate_slot(t, slot);
}

/* Reference to the client's residual, if it is of this model. */
static struct fed_shared_vectors *residual_of(const struct fed_trainer *t,
                                              const struct fed_client *row)
{
	const bool fits = row->residual && row->residual->dim == t->federation->net->dim;

	return fits ? fed_shared_vectors_ref(row->residual) : NULL;
}

/* Set the training's own layers to a reference to the client's or, until it has any, to the
 * server's copy. */
static int begin_with_own(struct fed_training *g, const struct fed_federation *f,
                          struct fed_error *err)
{
	if (!g->sharing)
		return FED_OK;
	if (fed_sharing_fits(g->sharing, g->row.own)) {
		g->own = fed_shared_vectors_ref(g->row.own);
		return FED_OK;
	}
	g->own = fed_shared_vectors_new(1, g->sharing->local);
	if (!g->own)
		return fed_fail_memory(err, g->sharing->local * sizeof(float), "a client's own layers");
	fed_sharing_take_local(g->sharing, f->params, g->own->vector[0]);
	return FED_OK;
}

int fed__trainer_start(struct fed_trainer *t, uint32_t client, const struct fed_client *row,
                       const struct fed_envelope *model, double due, uint32_t *slot,
                       struct fed_error *err)
{
	if (vacant_slot(t, slot, err))
		return FED_FAIL;
	struct fed_training *g = idle_training(t);
	if (!g) {
		vacate_slot(t, *slot);
		return fed_fail_memory(err, sizeof *g, "training");
	}
	*g = (struct fed_training){
		.job = {.run = fed__training_run, .due = due, .seq = t->started++},
		.references = 1,
		.trainer = t,
		.aggregator = t->federation->aggregator,
		.client = client,
		.row = *row,
		.data_faults = fed_data_faults_for(t->federation->faults, client, model->version),
		.version = model->version,
		.round = model->round,
		.plan = t->federation->plan,
		.seed = (uint64_t)t->federation->settings->seed,
		.model = fed_shared_vectors_ref(model->payload),
		.codec = fed_shared_codec_ref(t->federation->codec),
		.coding = fed__coding_of(t->federation, client, model->version, t->federation->net->dim),
		.feedback = t->federation->feedback,
		.noise = t->federation->noise,
		.reports_rms = t->federation->reports_rms,
		.residual = residual_of(t, row),
		.sharing = fed_sharing_ref(t->federation->sharing),
	};
	fed_shared_vectors_ref(g->row.kept);
	t->slot[*slot] = g;
	if (begin_with_own(g, t->federation, err))
		return FED_FAIL;
	g->place = fed__training_place_for(g);
	g->job.portable = g->place->far ? FED_PORTABLE_TRAINING : 0;
	return submit(t, g, err);
}

/* Wait for a training's thread.  A training that stopped for an abort which is over (its version
 * was complete already, or the round was aborted before this training was joined) runs again. */
static int join_job(struct fed_trainer *t, struct fed_training *g, struct fed_error *err)
{
	for (;;) {
		if (g->submitted)
			fed_pool_join(t->federation->pool, &g->job);
		g->submitted = false;
		if (!g->stopped || fed_trainer_must_stop(t))
			return FED_OK;
		fed_shared_vectors_unref(g->kept);
		g->kept = NULL;
		fed_shared_vectors_unref(g->trained);
		g->trained = NULL;
		g->stopped = false;
		g->steps = 0;
		g->loss = g->squares = 0;
		if (submit(t, g, err))
			return FED_FAIL;
	}
}

/* Result of a training, the caller's; a copy where a snapshot refers to the training. */
static struct fed_shared_vectors *result_of(struct fed_training *g)
{
	struct fed_shared_vectors *result = g->result;

	if (g->references == 1) {
		g->result = NULL;
		return result;
	}
	struct fed_shared_vectors *copy = fed_shared_vectors_new(result->n, result->dim);
	for (uint32_t k = 0; copy && k < copy->n; k++)
		memcpy(copy->vector[k], result->vector[k], copy->dim * sizeof(float));
	return copy;
}

/* Count the training for the guarded plugins that it called.  One that is set aside fails all
 * trainings from then on, also those that other threads have finished: what becomes of a training
 * depends on the order of events alone. */
static void count_training(const struct fed_trainer *t, struct fed_training *g)
{
	const struct fed_federation *f = t->federation;
	enum { POISON = 2 };
	const struct fed_instance *const plugin[] = {
		f->model_plugin,
		f->aggregator, [POISON] = g->data_faults.poison ? &g->data_faults.poison->instance : NULL,
		g->codec ? &g->codec->instance : NULL};

	if (g->stopped || g->no_memory)
		return;
	for (size_t i = 0; i < sizeof plugin / sizeof *plugin; i++) {
		if (!fed_is_guarded_at_clients(plugin[i]))
			continue;
		if (fed_check_client_failures(plugin[i], &g->why)) {
			/* in a scheme without rounds, every one that follows would fail as well */
			g->failed = true;
			g->plugin_failed = !f->scheme->overlaps || i == POISON;
			g->culprit = NULL;
			return;
		}
		if (g->seconds > 0)
			fed_count_training(plugin[i], g->seconds, g->lost && plugin[i] == g->culprit);
		if (!g->failed || plugin[i] == g->culprit)
			fed_count_client_call(plugin[i], g->failed);
	}
}

int fed__trainer_join(struct fed_trainer *t, uint32_t slot, struct fed_envelope *update,
                      bool *excusable, struct fed_error *err)
{
	struct fed_training *g = t->slot[slot];
	const struct fed_client *client = &g->row;
	int rc = FED_OK;

	*excusable = false;
	update->round = g->round;
	if (join_job(t, g, err)) {
		free_training(t, slot);
		return FED_FAIL;
	}
	count_training(t, g);
	*excusable = g->failed && g->plugin_failed;
	if (g->no_memory)
		rc = fed_fail(err, "out of memory for the update of client %u", g->client);
	else if (g->failed)
		rc = fed_fail(err, "%s", g->why.text);
	else if (g->stopped)
		rc = fed_reject(err, "aborted; the model is as before the round");
	else
		rc = fed__remember(t, g, err);
	if (rc == FED_OK) {
		const double seen = (double)client->count * (double)(g->plan.head_epochs + g->plan.epochs);
		update->version = g->version;
		update->samples = client->count;
		update->steps = g->steps;
		update->loss = (float)(g->loss / seen);
		update->loss_rms = g->reports_rms ? (float)sqrt(g->squares / seen) : NAN;
		update->reports_rms = g->reports_rms;
		update->first_loss = g->plan.first_loss ? (float)g->first_loss : NAN;
		update->reports_first = g->plan.first_loss;
		update->model = g->chosen;
		update->payload = result_of(g);
		/* one that was restored from a file is under the codec and the local layers that there are
		 */
		update->sharing = fed_sharing_ref(t->federation->sharing);
		const bool restored = g->code && !g->codec;
		update->codec = fed_shared_codec_ref(restored ? t->federation->codec : g->codec);
		update->code = fed_code_ref(g->code);
		update->coding =
			fed__coding_of(t->federation, g->client, g->version, t->federation->net->dim);
		if (!update->payload) {
			fed_envelope_release(update);
			rc = fed_fail(err, "out of memory for the update of client %u", g->client);
		}
	}
	free_training(t, slot);
	return rc;
}

void fed__trainer_cancel(struct fed_trainer *t)
{
	atomic_store(&t->stop, true);
	withdraw_trainings(t);
	for (uint32_t i = 0; i < t->slots; i++)
		if (t->slot[i])
			free_training(t, i);
	t->slots = t->n_vacant = 0;
	fed__forget_learned(t);
	atomic_store(&t->stop, false);
}

/* Snapshots ---------------------------------------------------------------------- */

bool fed__trainer_ref_all(const struct fed_trainer *t, struct fed_training ***out, uint32_t *slots)
{
	*out = fed_alloc_array((size_t)t->slots + 1, sizeof **out);
	if (!*out)
		return false;
	*slots = t->slots;
	for (uint32_t i = 0; i < t->slots; i++) {
		(*out)[i] = t->slot[i];
		if (t->slot[i])
			t->slot[i]->references++;
	}
	return true;
}

int fed__trainer_restore(struct fed_trainer *t, struct fed_training *const *training,
                         uint32_t slots, struct fed_error *err)
{
	if (make_slots(t, slots, err)) {
		for (uint32_t i = 0; i < slots; i++)
			fed__training_drop(training[i]);
		return FED_FAIL;
	}
	t->slots = slots;
	t->n_vacant = 0;
	for (uint32_t i = 0; i < slots; i++) {
		t->slot[i] = training[i];
		if (!training[i])
			vacate_slot(t, i);
		else
			training[i]->trainer = t;
	}
	if (release_trainings(t, err) == FED_OK)
		return FED_OK;
	fed__trainer_cancel(t);
	return FED_FAIL;
}

int fed__trainer_finish(struct fed_trainer *t, struct fed_training *const *training, uint32_t n,
                        struct fed_error *err)
{
	for (uint32_t i = 0; i < n; i++) {
		struct fed_training *g = training[i];

		if (!g)
			continue;
		if (join_job(t, g, err))
			return FED_FAIL;
		if (g->no_memory)
			return fed_fail(err, "out of memory for the update of client %u", g->client);
		if (g->stopped)
			return fed_reject(err, "interrupted");
	}
	return FED_OK;
}

struct fed_training_result fed_training_result(const struct fed_training *g)
{
	return (struct fed_training_result){
		.client = g->client,
		.steps = g->steps,
		.kept_vectors = g->kept ? fed_client_vectors(g->trainer->federation->aggregator) : 0,
		.version = g->version,
		.round = g->round,
		.samples = g->row.count,
		.epochs = g->plan.head_epochs + g->plan.epochs,
		.loss = g->loss,
		.code = g->code,
		.result = g->failed ? NULL : g->result,
		.left = g->left,
		.trained = g->trained,
		.had_residual = g->residual,
		.kept = g->kept,
		.why = g->why,
	};
}

struct fed_training *fed_training_restore(const struct fed_training_result *o)
{
	struct fed_training *g = fed_alloc(sizeof *g);
	/* Only its presence matters after the training. */
	struct fed_shared_vectors *residual = o->had_residual ? fed_shared_vectors_new(0, 0) : NULL;

	if (!g || (o->had_residual && !residual)) {
		fed_free(g);
		return NULL;
	}
	*g = (struct fed_training){
		.job = {.run = fed__training_run},
		.references = 1,
		.client = o->client,
		.row = {.count = o->samples},
		.version = o->version,
		.round = o->round,
		.plan = {.epochs = o->epochs},
		.code = o->code,
		.steps = o->steps,
		.loss = o->loss,
		.ran = true,
		.failed = !o->result,
		.plugin_failed = !o->result,
		.why = o->why,
		.result = o->result,
		.residual = residual,
		.left = o->left,
		.kept = o->kept,
	};
	return g;
}

void fed_training_give_layers(struct fed_training *g, struct fed_shared_vectors *own)
{
	fed_shared_vectors_unref(g->trained);
	g->trained = own;
}

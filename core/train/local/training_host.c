/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/training_host.c - set-ups, jobs and results of trainings that run at ranks: the end
 * that trains.
 */
#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "plug/calls/call.h"
#include "plug/wire.h"
#include "train/local/far_training.h"

/* Plugins of jobs ------------------------------------------------------------------------ */

/* Instances in the states that jobs came with: few, for states change when a user sets something.
 */
struct far_instance {
	enum fed_kind kind;
	char name[64];
	struct fed_text state;
	struct fed_instance *instance; /* in one of these two, or its own: */
	struct fed_shared_codec *codec;
	struct fed_shared_attack *attack;
	struct fed_instance alone;
};

struct fed_far_instances {
	struct far_instance **of; /* [n] */
	size_t n;
};

static void free_instance(struct far_instance *x)
{
	fed_text_release(&x->state);
	fed_shared_codec_unref(x->codec);
	fed_shared_attack_unref(x->attack);
	fed_instance_release(&x->alone);
	fed_free(x);
}

/* Give a new instance its home, by its kind. */
static int house(struct far_instance *x, struct fed_error *err)
{
	x->instance = &x->alone;
	if (x->kind == FED_KIND_CODEC) {
		x->codec = fed_alloc(sizeof *x->codec);
		if (!x->codec)
			return fed_fail_memory(err, sizeof *x->codec, "a codec");
		atomic_init(&x->codec->references, 1);
		x->codec->instance = x->alone;
		x->instance = &x->codec->instance;
	} else if (x->kind == FED_KIND_ATTACK) {
		x->attack = fed_shared_attack_new(&x->alone);
		if (!x->attack)
			return fed_fail_memory(err, sizeof *x->attack, "an attack");
		x->instance = &x->attack->instance;
	}
	if (x->instance != &x->alone)
		x->alone = (struct fed_instance){0};
	return FED_OK;
}

static int make_instance(struct far_instance *x, const struct fed_registry *plugins,
                         const char *name, const void *state, size_t size, struct fed_error *err)
{
	const struct fed_entry *entry;

	snprintf(x->name, sizeof x->name, "%s", name);
	fed_text_put(&x->state, state, size);
	if (x->state.failed)
		return fed_fail_memory(err, size, "a plugin's state");
	if (fed_registry_find(plugins, x->kind, name, &entry, err) ||
	    fed_instance_init(&x->alone, entry, NULL, 0, err) ||
	    fed_instance_set_state(&x->alone, state, size, err))
		return FED_FAIL;
	return house(x, err);
}

/* The instance that comes next in a job; *out NULL: there is none. */
static int get_instance(struct fed_packet_reader *r, struct fed_training_host *host,
                        enum fed_kind kind, struct far_instance **out, struct fed_error *err)
{
	struct fed_far_instances *all = host->instances;
	const char *name = fed_get_text(r);

	*out = NULL;
	if (!name)
		return FED_OK;
	const size_t size = fed_get_number(r);
	const void *state = fed_get_bytes(r, size);
	if (!state)
		return fed_fail(err, "a job is too short");
	for (size_t i = 0; i < all->n; i++) {
		struct far_instance *x = all->of[i];

		if (x->kind == kind && strcmp(x->name, name) == 0 && x->state.len == size &&
		    (size == 0 || memcmp(x->state.s, state, size) == 0)) {
			*out = x;
			return FED_OK;
		}
	}
	struct far_instance **grown =
		fed_resize(all->of, all->n * sizeof *grown, (all->n + 1) * sizeof *grown);
	if (grown)
		all->of = grown;
	struct far_instance *x = grown ? fed_alloc(sizeof *x) : NULL;
	if (!x)
		return fed_fail_memory(err, sizeof *x, "a plugin");
	x->kind = kind;
	if (make_instance(x, host->plugins, name, state, size, err)) {
		free_instance(x);
		return FED_FAIL;
	}
	all->of[all->n++] = x;
	*out = x;
	return FED_OK;
}

/* Datasets ------------------------------------------------------------------------------- */

int fed_get_far_data(struct fed_packet_reader *r, struct fed_far_data *d, struct fed_error *err)
{
	*d = (struct fed_far_data){0};
	FED_GET(r, d->head);
	d->fingerprint = fed_get_number(r);
	d->name = fed_get_text(r);
	if (d->name) {
		d->seed = fed_get_number(r);
		d->cached = fed_get_number(r) != 0;
		d->n = fed_get_number(r);
		d->assign = r->short_ ? NULL : fed_alloc_array(d->n + 1, sizeof *d->assign);
		if (!d->assign)
			return fed_fail_memory(err, d->n * sizeof *d->assign, "a dataset's settings");
	}
	for (size_t i = 0; i < d->n; i++) {
		d->assign[i].key = fed_get_text(r);
		d->assign[i].value = fed_get_text(r);
	}
	return r->short_ ? fed_fail(err, "a set-up is too short") : FED_OK;
}

static void *copy_of(struct fed_packet_reader *r, bool there, size_t n, size_t size, bool *bad)
{
	const void *from = there ? fed__far_get(r, n * size) : NULL;
	void *copy = from ? fed_copy_array(from, n, size) : NULL;

	*bad |= there && !copy;
	return copy;
}

static float *floats_of(struct fed_packet_reader *r, bool there, size_t n, bool *bad)
{
	const void *from = there ? fed__far_get(r, n * sizeof(float)) : NULL;
	float *copy = from ? fed_alloc_floats_unset(n) : NULL;

	if (copy)
		memcpy(copy, from, n * sizeof *copy);
	*bad |= there && !copy;
	return copy;
}

int fed_get_data(struct fed_packet_reader *r, const struct fed_far_data *d,
                 struct fed_dataset **out, struct fed_error *err)
{
	const struct fed_wire_dataset *h = &d->head;
	const size_t n = (size_t)h->train + h->test, cells = n * fed_shape_size(&h->shape);
	struct fed_dataset *data = fed_alloc(sizeof *data);
	bool bad = false;

	if (!data)
		return fed_fail_memory(err, sizeof *data, "a dataset");
	data->shape = h->shape;
	data->classes = h->classes;
	data->outputs = h->outputs;
	data->train = h->train;
	data->test = h->test;
	data->scale = h->scale;
	data->tokens = h->tokens;
	data->fingerprint = d->fingerprint;
	data->bytes = copy_of(r, h->bytes, cells, 1, &bad);
	data->values = floats_of(r, h->values, cells, &bad);
	data->label = copy_of(r, h->label, n, sizeof *data->label, &bad);
	data->target = floats_of(r, h->target, n * h->outputs, &bad);
	if (bad) {
		fed_dataset_free(data);
		return fed_fail_memory(err, cells, "a dataset");
	}
	*out = data;
	return FED_OK;
}

static int get_shared(struct fed_packet_reader *r, struct fed_shared_vectors **out,
                      struct fed_error *err)
{
	const uint64_t n = fed_get_number(r), dim = fed_get_number(r);

	*out = NULL;
	if (n == 0 || r->short_)
		return FED_OK;
	struct fed_shared_vectors *v = n < 1024 && dim <= (size_t)(r->end - r->at)
	                                   ? fed_shared_vectors_new((uint32_t)n, dim)
	                                   : NULL;
	if (!v)
		return fed_fail_memory(err, n * dim * sizeof(float), "a model");
	for (uint32_t k = 0; k < n; k++) {
		const void *from = fed__far_get(r, dim * sizeof(float));

		if (from)
			memcpy(v->vector[k], from, dim * sizeof(float));
	}
	*out = v;
	return FED_OK;
}

int fed_get_model(struct fed_packet_reader *r, const struct fed_far_body *body,
                  struct fed_vector_free_list *list, struct fed_shared_vectors **out,
                  struct fed_error *err)
{
	const uint64_t n = fed_get_number(r), dim = fed_get_number(r);
	const size_t sent = body->vectors ? body->bytes : (size_t)(r->end - r->at);

	if (r->short_ || n == 0 || n > UINT16_MAX || dim > sent)
		return fed_fail(err, "a model is too short");
	*out = fed_vector_free_list_take(list, (uint32_t)n, dim);
	if (!*out)
		return fed_fail_memory(err, n * dim * sizeof(float), "a model");
	if (fed__far_get_body(r, body, *out, 0, err) == FED_OK)
		return FED_OK;
	fed_shared_vectors_unref(*out);
	return FED_FAIL;
}

/* Set-up --------------------------------------------------------------------------------- */

/* The net, as session/model_net.c makes it. */
static int build(struct fed_training_host *host, const struct fed_dataset *data,
                 struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_net_builder builder;

	fed_net_init(&host->net, &data->shape, data->classes, data->outputs);
	host->net.tokens = data->tokens;
	host->net.whole = fed_get_number(r) != 0;
	if (fed_call_build(&host->model, fed_net_builder(&builder, &host->net), err) ||
	    fed_net_finish(&host->net, err))
		return FED_FAIL;
	const size_t dim = fed_get_number(r), frozen = fed_get_number(r);
	const void *values = fed__far_get(r, frozen * sizeof *host->net.frozen);
	if (r->short_ || dim != host->net.dim || frozen != host->net.frozen_dim)
		return fed_fail(err, "model %s has %zu parameters here, and %zu at rank 0",
		                host->model.entry->head->name, host->net.dim, dim);
	if (frozen)
		memcpy(host->net.frozen, values, frozen * sizeof *host->net.frozen);
	return FED_OK;
}

static int open_host(struct fed_training_host *host, const struct fed_dataset *data,
                     struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_entry *entry;
	const char *name = fed_get_text(r);

	if (!name || fed_registry_find(host->plugins, FED_KIND_MODEL, name, &entry, err) ||
	    fed_instance_init(&host->model, entry, NULL, 0, err) ||
	    fed_get_state(r, &host->model, err) || build(host, data, r, err))
		return FED_FAIL;
	name = fed_get_text(r);
	if (!name || fed_registry_find(host->plugins, FED_KIND_AGGREGATOR, name, &entry, err) ||
	    fed_instance_init(&host->aggregator, entry, NULL, 0, err))
		return FED_FAIL;
	host->instances = fed_alloc(sizeof *host->instances);
	if (!host->instances)
		return fed_fail_memory(err, sizeof *host->instances, "plugins");
	return FED_OK;
}

int fed_training_host_init(struct fed_training_host *host, const struct fed_registry *plugins,
                           const struct fed_dataset *data, struct fed_pool *pool,
                           struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_federation *f = &host->federation;

	*host = (struct fed_training_host){.plugins = plugins};
	fed_fail(err, "a set-up is too short");
	if (open_host(host, data, r, err)) {
		fed_training_host_release(host);
		return FED_FAIL;
	}
	f->data = data;
	f->net = &host->net;
	f->model_plugin = &host->model;
	f->aggregator = &host->aggregator;
	f->settings = &host->settings;
	f->pool = pool;
	if (fed_trainer_init(&f->trainer, f, err)) {
		f->trainer = NULL;
		fed_training_host_release(host);
		return FED_FAIL;
	}
	return FED_OK;
}

void fed_training_host_release(struct fed_training_host *host)
{
	fed__trainer_free(host->federation.trainer);
	fed_residents_release(&host->residents);
	for (size_t i = 0; host->instances && i < host->instances->n; i++)
		free_instance(host->instances->of[i]);
	if (host->instances)
		fed_free(host->instances->of);
	fed_free(host->instances);
	fed_sharing_unref(host->sharing);
	fed_instance_release(&host->aggregator);
	if (host->model.entry)
		fed_net_release(&host->net);
	fed_instance_release(&host->model);
	*host = (struct fed_training_host){0};
}

/* Jobs ----------------------------------------------------------------------------------- */

static void run_far(struct fed_job *job, int worker)
{
	struct fed_far_training *x = (struct fed_far_training *)job;
	const double began = fed_wall_seconds();

	fed__training_run(job, worker);
	x->seconds = fed_wall_seconds() - began;
	x->done(x);
}

static void run_far_evaluation(struct fed_job *job, int worker)
{
	struct fed_far_training *x = (struct fed_far_training *)job;
	const double began = fed_wall_seconds();

	fed__evaluation_run(&x->evaluation->job, worker);
	x->seconds = fed_wall_seconds() - began;
	x->done(x);
}

int fed_get_evaluation(struct fed_packet_reader *r, struct fed_training_host *host,
                       struct fed_shared_vectors *model, struct fed_far_training **out,
                       struct fed_error *err)
{
	const struct fed_dataset *data = host->federation.data;
	const uint64_t first = fed_get_number(r), n = fed_get_number(r), seq = fed_get_number(r);
	struct fed_far_training *x = fed_alloc(sizeof *x);
	struct fed_evaluation_job *e = x ? fed_alloc(sizeof *e) : NULL;
	const size_t batches =
		fed_evaluation_batches((uint32_t)n, fed_trainer_evaluation_batch(host->federation.trainer));

	if (!e || r->short_ || n == 0 || first + n > (uint64_t)data->train + data->test ||
	    model->dim != host->net.dim) {
		fed_free(x);
		fed_free(e);
		fed_shared_vectors_unref(model);
		return fed_fail(err, "an evaluation does not fit its model");
	}
	*e = (struct fed_evaluation_job){.trainer = host->federation.trainer,
	                                 .model = model,
	                                 .first = (uint32_t)first,
	                                 .n = (uint32_t)n,
	                                 .loss = fed_alloc_array(batches, sizeof *e->loss),
	                                 .hits = fed_alloc_array(batches, sizeof *e->hits)};
	x->host = host;
	x->evaluation = e;
	x->training.model = model;
	x->training.job = (struct fed_job){.run = run_far_evaluation, .due = -HUGE_VAL, .seq = seq};
	if (e->loss && e->hits) {
		*out = x;
		return FED_OK;
	}
	fed_far_training_free(x);
	return fed_fail_memory(err, batches * sizeof *e->loss, "an evaluation");
}

void fed_put_evaluated(struct fed_packet *p, const struct fed_evaluation_job *e)
{
	const size_t batches = fed_evaluation_batches(e->n, e->trainer->evaluation);

	fed__far_put(p, e->loss, batches * sizeof *e->loss);
	fed__far_put(p, e->hits, batches * sizeof *e->hits);
}

static int get_codec(struct fed_packet_reader *r, struct fed_training_host *host,
                     struct fed_training *g, struct fed_error *err)
{
	struct far_instance *codec;

	if (get_instance(r, host, FED_KIND_CODEC, &codec, err))
		return FED_FAIL;
	FED_GET(r, g->coding);
	const size_t bytes = g->coding.matrices * sizeof *g->coding.matrix;
	const void *matrix = fed__far_get(r, bytes);
	g->coding.matrix = matrix ? fed_copy_array(matrix, 1, bytes) : NULL;
	if (g->coding.matrices && !g->coding.matrix)
		return fed_fail_memory(err, bytes, "a job");
	g->feedback = fed_get_number(r) != 0;
	FED_GET(r, g->noise);
	g->codec = codec ? fed_shared_codec_ref(codec->codec) : NULL;
	return FED_OK;
}

/* What travels, as it was with the job before it in most cases. */
static int get_sharing(struct fed_training_host *host, const char *text, struct fed_sharing **out,
                       struct fed_error *err)
{
	if (strcmp(text, host->sharing_text) != 0) {
		struct fed_sharing *made = NULL;

		if (fed_local_layers_make(text, &host->net, &made, err))
			return FED_FAIL;
		fed_sharing_unref(host->sharing);
		host->sharing = made;
		snprintf(host->sharing_text, sizeof host->sharing_text, "%s", text);
	}
	*out = fed_sharing_ref(host->sharing);
	return FED_OK;
}

/* Vectors of a client, which follow or are here. */
static int get_held(struct fed_packet_reader *r, struct fed_shared_vectors *here,
                    struct fed_shared_vectors **out, struct fed_error *err)
{
	if (!fed_get_number(r))
		return get_shared(r, out, err);
	if (!here)
		return fed_fail(err, "what the client keeps is not here any more");
	*out = fed_shared_vectors_ref(here);
	return FED_OK;
}

/* All that a client keeps. */
static int get_client(struct fed_packet_reader *r, const struct fed_training_host *host,
                      struct fed_training *g, struct fed_error *err)
{
	struct fed_resident here = fed_residents_find(&host->residents, g->client);

	if (here.job != fed_get_number(r))
		here = (struct fed_resident){0};
	return get_held(r, here.kept, &g->row.kept, err) ||
	       get_held(r, here.residual, &g->residual, err) || get_held(r, here.own, &g->own, err);
}

static int get_job(struct fed_packet_reader *r, struct fed_far_training *x, struct fed_error *err)
{
	struct fed_training_host *host = x->host;
	struct fed_training *g = &x->training;
	struct far_instance *aggregator, *poison;
	struct fed_wire_training head;
	double due;

	FED_GET(r, head);
	FED_GET(r, due);
	const uint64_t seq = fed_get_number(r);
	x->most = (uint32_t)fed_get_number(r);
	const void *ids = fed__far_get(r, head.count * sizeof(uint32_t));
	uint32_t *examples = ids ? fed_copy_array(ids, head.count, sizeof *examples) : NULL;
	struct fed_shared_vectors *model = g->model;
	*g = fed_wire_training_open(&head, examples);
	g->model = model;
	if (!examples)
		return fed_fail(err, "a job is too short");
	g->job = (struct fed_job){.run = run_far, .due = due, .seq = seq};
	g->trainer = host->federation.trainer;
	head.local_layers[sizeof head.local_layers - 1] = '\0';
	if (get_sharing(host, head.local_layers, &g->sharing, err) ||
	    get_instance(r, host, FED_KIND_AGGREGATOR, &aggregator, err) ||
	    get_instance(r, host, FED_KIND_ATTACK, &poison, err) || get_codec(r, host, g, err) ||
	    get_client(r, host, g, err))
		return FED_FAIL;
	if (r->short_ || !aggregator || g->model->n != 1 + head.broadcasts ||
	    g->model->dim != host->net.dim ||
	    (g->row.kept && (g->row.kept->n != head.kept || g->row.kept->dim != host->net.dim)))
		return fed_fail(err, "a job does not fit its model");
	g->aggregator = aggregator->instance;
	g->data_faults.poison = poison ? fed__shared_attack_ref(poison->attack) : NULL;
	g->place = fed__training_place_for(g);
	return FED_OK;
}

int fed_get_training(struct fed_packet_reader *r, struct fed_training_host *host,
                     struct fed_shared_vectors *model, struct fed_far_training **out,
                     struct fed_error *err)
{
	struct fed_far_training *x = fed_alloc(sizeof *x);

	if (!x) {
		fed_shared_vectors_unref(model);
		return fed_fail_memory(err, sizeof *x, "a job");
	}
	x->host = host;
	x->training.model = model;
	if (get_job(r, x, err)) {
		fed_far_training_free(x);
		return FED_FAIL;
	}
	*out = x;
	return FED_OK;
}

void fed_far_training_free(struct fed_far_training *x)
{
	if (!x)
		return;
	struct fed_training *g = &x->training;

	fed_free((uint32_t *)(uintptr_t)g->row.examples);
	fed_free((struct fed_matrix *)(uintptr_t)g->coding.matrix);
	fed_data_faults_release(&g->data_faults);
	fed_shared_vectors_unref(g->model);
	fed_shared_vectors_unref(g->result);
	fed_shared_vectors_unref(g->residual);
	fed_shared_vectors_unref(g->left);
	fed_shared_vectors_unref(g->own);
	fed_shared_vectors_unref(g->trained);
	fed_shared_codec_unref(g->codec);
	fed_code_unref(g->code);
	fed_sharing_unref(g->sharing);
	fed_shared_vectors_unref(g->kept);
	fed_shared_vectors_unref(g->row.kept);
	if (x->evaluation) {
		fed_free(x->evaluation->loss);
		fed_free(x->evaluation->hits);
		fed_free(x->evaluation);
	}
	fed_free(x);
}

void fed_put_trained(struct fed_packet *p, const struct fed_training *g)
{
	const struct fed_wire_trained head = {.steps = g->steps,
	                                      .chosen = g->chosen,
	                                      .loss = g->loss,
	                                      .squares = g->squares,
	                                      .first_loss = g->first_loss};
	const struct fed_wire_outcome outcome = {
		.complete = !g->stopped && !g->no_memory && !g->failed,
		.stopped = g->stopped,
		.no_memory = g->no_memory,
		.failed = g->failed,
		.plugin_failed = g->plugin_failed,
		.coded = g->code,
		.kept = g->kept,
		.own = g->trained,
		.left = g->left ? g->left->n : 0,
		.why = g->why,
	};
	const size_t bytes = g->trainer->federation->net->dim * sizeof(float);
	const uint32_t keeps = fed_client_vectors(g->trainer->federation->aggregator);

	FED_PUT(p, head);
	FED_PUT(p, outcome);
	if (!outcome.complete)
		return;
	if (g->code) {
		fed_put_number(p, g->code->len);
		fed_put(p, g->code->bytes, g->code->len);
	}
	for (uint32_t k = 0; g->kept && k < keeps; k++)
		fed__far_put(p, g->kept->vector[k], bytes);
	for (uint32_t k = 0; g->left && k < g->left->n; k++)
		fed__far_put(p, g->left->vector[k], bytes);
	if (g->trained)
		fed__far_put(p, g->trained->vector[0], g->trained->dim * sizeof(float));
}

struct fed_shared_vectors *fed_trained_body(const struct fed_training *g, uint32_t *first)
{
	*first = g->code ? 1 : 0;
	if (g->stopped || g->no_memory || g->failed || *first == g->result->n)
		return NULL;
	return fed_shared_vectors_ref(g->result);
}

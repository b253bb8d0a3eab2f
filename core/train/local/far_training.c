/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/far_training.c - set-ups, jobs and results of trainings that run at ranks: the end
 * that has the session.
 */
#include "train/local/far_training.h"

#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "plug/calls/call_codec.h"
#include "plug/wire.h"

void fed__far_put(struct fed_packet *p, const void *array, size_t bytes)
{
	static const char zeros[FED_FAR_ALIGNMENT];

	fed_put(p, zeros, -p->bytes.len % FED_FAR_ALIGNMENT);
	fed_put(p, array, bytes);
}

const void *fed__far_get(struct fed_packet_reader *r, size_t bytes)
{
	fed_get_bytes(r, -(uintptr_t)r->at % FED_FAR_ALIGNMENT);
	return fed_get_bytes(r, bytes);
}

int fed__far_get_body(struct fed_packet_reader *r, const struct fed_far_body *body,
                      struct fed_shared_vectors *v, uint32_t first, struct fed_error *err)
{
	const size_t bytes = v->dim * sizeof(float);

	if (body->vectors && (body->vectors != v->n - first || body->bytes != bytes))
		return fed_fail(err, "a message has %u vectors of %zu bytes and should have %u of %zu",
		                body->vectors, body->bytes, v->n - first, bytes);
	for (uint32_t k = first; k < v->n; k++) {
		const void *from = body->vectors ? NULL : fed_get_bytes(r, bytes);

		if (body->vectors && body->next(body->ctx, v->vector[k], err))
			return FED_FAIL;
		if (!body->vectors && !from)
			return fed_fail(err, "a message with vectors is too short");
		if (from)
			memcpy(v->vector[k], from, bytes);
	}
	return FED_OK;
}

/* Set-up --------------------------------------------------------------------------------- */

static void put_origin(struct fed_packet *p, const struct fed_data_origin *o)
{
	fed_put_text(p, o ? o->name : NULL);
	if (!o || !o->name)
		return;
	fed_put_number(p, o->seed);
	fed_put_number(p, o->cached);
	fed_put_number(p, o->n);
	for (size_t i = 0; i < o->n; i++) {
		fed_put_text(p, o->assign[i].key);
		fed_put_text(p, o->assign[i].value);
	}
}

void fed_put_set_up(struct fed_packet *p, const struct fed_trainer *t)
{
	const struct fed_federation *f = t->federation;
	const struct fed_wire_dataset head = fed__wire_dataset_of(f->data);

	FED_PUT(p, head);
	fed_put_number(p, f->data->fingerprint);
	put_origin(p, f->origin);
	fed_put_text(p, f->model_plugin->entry->head->name);
	fed_put_state(p, f->model_plugin);
	fed_put_number(p, f->net->whole);
	fed_put_number(p, f->net->dim);
	fed_put_number(p, f->net->frozen_dim);
	fed__far_put(p, f->net->frozen, f->net->frozen_dim * sizeof *f->net->frozen);
	fed_put_text(p, f->aggregator->entry->head->name);
}

void fed_put_data(struct fed_packet *p, const struct fed_dataset *data)
{
	const size_t n = (size_t)data->train + data->test, cells = n * fed_shape_size(&data->shape);

	if (data->bytes)
		fed__far_put(p, data->bytes, cells);
	if (data->values)
		fed__far_put(p, data->values, cells * sizeof *data->values);
	if (data->label)
		fed__far_put(p, data->label, n * sizeof *data->label);
	if (data->target)
		fed__far_put(p, data->target, n * data->outputs * sizeof *data->target);
}

void fed_put_model(struct fed_packet *p, const struct fed_shared_vectors *model)
{
	fed_put_number(p, model->n);
	fed_put_number(p, model->dim);
}

/* Jobs ----------------------------------------------------------------------------------- */

/* An instance by its name and state; without what works before it, which clients do not see. */
static void put_instance(struct fed_packet *p, const struct fed_instance *x)
{
	const struct fed_instance alone = {.entry = x ? x->entry : NULL, .state = x ? x->state : NULL};

	fed_put_text(p, x ? x->entry->head->name : NULL);
	if (x)
		fed_put_state(p, &alone);
}

static void put_vectors(struct fed_packet *p, const struct fed_shared_vectors *v)
{
	fed_put_number(p, v ? v->n : 0);
	fed_put_number(p, v ? v->dim : 0);
	for (uint32_t k = 0; v && k < v->n; k++)
		fed__far_put(p, v->vector[k], v->dim * sizeof(float));
}

/* Vectors of a client, unless they are there. */
static void put_held(struct fed_packet *p, const struct fed_shared_vectors *v,
                     const struct fed_shared_vectors *there)
{
	const bool is_there = v && v == there;

	fed_put_number(p, is_there);
	if (!is_there)
		put_vectors(p, v);
}

static void put_codec(struct fed_packet *p, const struct fed_training *g)
{
	struct fed_coding coding = g->coding;

	put_instance(p, g->codec ? &g->codec->instance : NULL);
	coding.matrix = NULL;
	coding.memory = coding.scratch = NULL;
	FED_PUT(p, coding);
	fed__far_put(p, g->coding.matrix, coding.matrices * sizeof *g->coding.matrix);
	fed_put_number(p, g->feedback);
	FED_PUT(p, g->noise);
}

void fed_put_training(struct fed_packet *p, const struct fed_training *g,
                      const struct fed_resident *there)
{
	const struct fed_federation *f = g->trainer->federation;
	const struct fed_wire_training head = fed__wire_training_of(g);
	const struct fed_shared_attack *poison = g->data_faults.poison;

	FED_PUT(p, head);
	FED_PUT(p, g->job.due);
	fed_put_number(p, g->job.seq);
	fed_put_number(p, g->trainer->order_capacity);
	fed__far_put(p, g->row.examples, head.count * sizeof *g->row.examples);
	put_instance(p, f->aggregator);
	put_instance(p, poison ? &poison->instance : NULL);
	put_codec(p, g);
	fed_put_number(p, there->job);
	put_held(p, g->row.kept, there->kept);
	put_held(p, g->residual, there->residual);
	put_held(p, g->own, there->own);
}

void fed_training_stopped(struct fed_training *g)
{
	g->ran = g->stopped = true;
}

double fed_training_flops(const struct fed_training *g)
{
	return fed__trainer_flops(g->trainer, &g->row);
}

void fed_put_evaluation(struct fed_packet *p, const struct fed_evaluation_job *e)
{
	fed_put_number(p, e->first);
	fed_put_number(p, e->n);
	fed_put_number(p, e->job.seq);
}

double fed_evaluation_flops(const struct fed_evaluation_job *e)
{
	const struct fed_net *net = e->trainer->federation->net;

	return e->n * fed_net_flops(net, 0, net->layers);
}

int fed_take_evaluated(struct fed_packet_reader *r, struct fed_evaluation_job *e,
                       struct fed_error *err)
{
	const size_t batches = fed_evaluation_batches(e->n, e->trainer->evaluation);
	const void *loss = fed__far_get(r, batches * sizeof *e->loss);
	const void *hits = fed__far_get(r, batches * sizeof *e->hits);

	if (r->short_)
		return fed_fail(err, "a rank gave an evaluation that is too short");
	memcpy(e->loss, loss, batches * sizeof *e->loss);
	memcpy(e->hits, hits, batches * sizeof *e->hits);
	return FED_OK;
}

/* Results -------------------------------------------------------------------------------- */

/* Vectors that the training gives back, until they are its own. */
struct far_result {
	struct fed_wire_trained head;
	struct fed_wire_outcome outcome;
	struct fed_shared_vectors *result, *kept, *left, *own;
	struct fed_code *code;
};

static void release(struct far_result *x)
{
	fed_shared_vectors_unref(x->result);
	fed_shared_vectors_unref(x->left);
	fed_shared_vectors_unref(x->own);
	fed_code_unref(x->code);
	fed_shared_vectors_unref(x->kept);
}

static int get_vector(struct fed_packet_reader *r, float *to, size_t dim, struct fed_error *err)
{
	const void *from = fed__far_get(r, dim * sizeof *to);

	if (!from)
		return fed_fail(err, "a rank gave an update that is too short");
	memcpy(to, from, dim * sizeof *to);
	return FED_OK;
}

static int get_vectors(struct fed_packet_reader *r, uint32_t n, size_t dim,
                       struct fed_shared_vectors **out, struct fed_error *err)
{
	int rc = FED_OK;

	if (n == 0)
		return FED_OK;
	*out = fed_shared_vectors_new(n, dim);
	if (!*out)
		return fed_fail_memory(err, n * dim * sizeof(float), "an update");
	for (uint32_t k = 0; rc == FED_OK && k < n; k++)
		rc = get_vector(r, (*out)->vector[k], dim, err);
	return rc;
}

/* The delta of its code. */
static int get_code(struct fed_packet_reader *r, const struct fed_training *g, struct far_result *x,
                    struct fed_error *err)
{
	float *delta = x->result->vector[0];
	const size_t n = fed_get_number(r);
	const unsigned char *bytes = fed_get_bytes(r, n);
	if (!bytes || !g->codec)
		return fed_fail(err, "a rank gave an update without its code");
	x->code = fed_code_new(bytes, n);
	if (!x->code)
		return fed_fail_memory(err, n, "an update");
	if (fed_call_decode(&g->codec->instance, &g->coding, x->code->bytes, n, delta, err))
		return FED_FAIL;
	if (g->sharing)
		fed_sharing_unpack(g->sharing, delta, delta);
	return FED_OK;
}

static int get_trained(struct fed_packet_reader *r, const struct fed_far_body *body,
                       struct fed_training *g, struct far_result *x, struct fed_error *err)
{
	const struct fed_federation *f = g->trainer->federation;
	const uint32_t returned = fed_returned_vectors(f->aggregator);
	const uint32_t keeps = fed_client_vectors(f->aggregator);
	const size_t dim = f->net->dim;
	int rc = FED_OK;

	x->result = fed_vector_free_list_take(&g->trainer->results, 1 + returned, dim);
	if (!x->result)
		return fed_fail_memory(err, dim * sizeof(float), "an update");
	if (x->outcome.coded)
		rc = get_code(r, g, x, err);
	if (rc == FED_OK && x->outcome.kept)
		rc = get_vectors(r, keeps, dim, &x->kept, err);
	if (rc == FED_OK)
		rc = get_vectors(r, x->outcome.left, dim, &x->left, err);
	if (rc == FED_OK && x->outcome.own && !g->sharing)
		return fed_fail(err, "a rank gave own layers of a client that has none");
	if (rc == FED_OK && x->outcome.own)
		rc = get_vectors(r, 1, g->sharing->local, &x->own, err);
	if (rc == FED_OK)
		rc = fed__far_get_body(r, body, x->result, x->outcome.coded ? 1 : 0, err);
	return rc;
}

int fed_take_trained(struct fed_packet_reader *r, const struct fed_far_body *body,
                     struct fed_training *g, struct fed_error *err)
{
	const uint32_t broadcasts = fed_instance_broadcasts(g->trainer->federation->aggregator);
	struct far_result x = {0};

	FED_GET(r, x.head);
	FED_GET(r, x.outcome);
	if (r->short_)
		return fed_fail(err, "a rank gave no update");
	if (x.outcome.complete && get_trained(r, body, g, &x, err)) {
		release(&x);
		return FED_FAIL;
	}
	g->ran = true;
	g->steps = x.head.steps;
	g->loss = x.head.loss;
	g->squares = x.head.squares;
	g->chosen = x.head.chosen <= broadcasts ? x.head.chosen : 0;
	g->first_loss = x.head.first_loss;
	g->begins_own = !g->row.kept;
	g->stopped = x.outcome.stopped;
	g->no_memory = x.outcome.no_memory;
	g->failed = x.outcome.failed;
	g->plugin_failed = x.outcome.plugin_failed;
	if (g->failed)
		fed_fail(&g->why, "%.*s", (int)sizeof x.outcome.why.text - 1, x.outcome.why.text);
	fed_shared_vectors_unref(g->result); /* of one that was stopped before */
	g->result = x.result;
	g->left = x.left;
	g->trained = x.own;
	g->kept = x.kept;
	g->code = x.code;
	return FED_OK;
}

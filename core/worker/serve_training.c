/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_training.c - local trainings, on a federation that is just what they need of one.
 */
#include "worker/serve_training.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "train/local/internal.h"
#include "train/local/training_wire.h"

#define ALIVE 0.25 /* seconds between two packets that say so */

static struct {
	struct fed_entry *entry[FED_WORKER_FILES]; /* model, aggregator, attack or NULL */
	struct fed_instance model, aggregator;
	struct fed_shared_attack attack;
	struct fed_dataset data;
	struct fed_net net;
	struct fed_settings settings;
	struct fed_federation federation;
	bool ready;
	double told; /* when fedsh was told that the training goes on */
	struct fed_server *server;
} lab;

static void tell_alive(void *ctx)
{
	struct fed_packet p = {0};
	const double now = fed_wall_seconds();

	(void)ctx;
	if (now < lab.told + ALIVE)
		return;
	lab.told = now;
	fed_packet_clear(&p, FED_ALIVE);
	fed__serve_ask(lab.server, &p, NULL);
	fed_packet_release(&p);
}

int fed__training_open(struct fed_server *s, const char *const path[FED_WORKER_FILES],
                       struct fed_error *err)
{
	struct fed_instance *const instance[] = {&lab.model, &lab.aggregator, &lab.attack.instance};

	lab.server = s;
	lab.attack.references = 1;
	for (int i = 0; i < FED_WORKER_FILES; i++) {
		if (!path[i])
			continue;
		const int rc = fed_entry_open(&lab.entry[i], path[i], err);
		if (rc != FED_OK)
			return rc;
		if (fed_instance_init(instance[i], lab.entry[i], NULL, 0, err))
			return FED_FAIL;
	}
	return FED_OK;
}

const struct fed_entry *fed__training_entry(int i)
{
	return lab.entry[i];
}

/* Set-up ------------------------------------------------------------------- */

static const void *get_array(struct fed_server *s, struct fed_packet_reader *r, bool has, size_t n,
                             size_t size)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);

	return has ? fed_get_input(r, &memory, n * size) : NULL;
}

static void get_dataset(struct fed_server *s, struct fed_packet_reader *r)
{
	struct fed_wire_dataset head;

	FED_GET(r, head);
	const size_t n = head.train, example = n * fed_shape_size(&head.shape);
	lab.data = (struct fed_dataset){
		.shape = head.shape,
		.classes = head.classes,
		.outputs = head.outputs,
		.train = head.train,
		.test = head.test,
		.scale = head.scale,
		.tokens = head.tokens,
		.bytes = (uint8_t *)(uintptr_t)get_array(s, r, head.bytes, example, 1),
		.values = (float *)(uintptr_t)get_array(s, r, head.values, example, sizeof(float)),
		.label = (int32_t *)(uintptr_t)get_array(s, r, head.label, n, sizeof(int32_t)),
		.target = (float *)(uintptr_t)get_array(s, r, head.target, n * head.outputs, sizeof(float)),
	};
}

/* The net, as session/model_net.c makes it. */
static int build(bool whole, struct fed_error *err)
{
	struct fed_net_builder builder;

	fed_net_init(&lab.net, &lab.data.shape, lab.data.classes, lab.data.outputs);
	lab.net.tokens = lab.data.tokens;
	lab.net.whole = whole;
	if (fed_call_build(&lab.model, fed_net_builder(&builder, &lab.net), err))
		return FED_FAIL;
	return fed_net_finish(&lab.net, err);
}

static int get_frozen(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const size_t n = fed_get_number(r), bytes = n * sizeof *lab.net.frozen;

	if (r->short_ || n != lab.net.frozen_dim)
		return fed_fail(err, "build() froze %zu parameters, and before %zu", lab.net.frozen_dim, n);
	const void *frozen = get_array(s, r, n > 0, n, sizeof *lab.net.frozen);
	if (n && !frozen)
		return fed_fail(err, "its process is not set up");
	if (n)
		memcpy(lab.net.frozen, frozen, bytes);
	return FED_OK;
}

int fed__serve_set_up(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_federation *f = &lab.federation;

	if (lab.ready)
		return fed_fail(err, "its process is set up already");
	get_dataset(s, r);
	const uint64_t dim = fed_get_number(r), whole = fed_get_number(r);
	if (fed_get_state(r, &lab.model, err) || r->short_ || build(whole, err))
		return FED_FAIL;
	if (get_frozen(s, r, err))
		return FED_FAIL;
	if (lab.net.dim != dim)
		return fed_fail(err, "build() made a model of %zu parameters, and before one of %llu",
		                lab.net.dim, (unsigned long long)dim);
	f->data = &lab.data;
	f->net = &lab.net;
	f->aggregator = &lab.aggregator;
	f->settings = &lab.settings;
	if (fed_trainer_init(&f->trainer, f, err))
		return FED_FAIL;
	f->trainer->progress = tell_alive;
	lab.ready = true;
	return FED_OK;
}

/* Trainings ---------------------------------------------------------------- */

/* Pointers to n vectors one behind another. */
static float **point(float *values, uint32_t n, size_t dim)
{
	float **vector = fed_alloc_array(n + 1, sizeof *vector);

	for (uint32_t k = 0; vector && k < n; k++)
		vector[k] = values + k * dim;
	return vector;
}

static int get_states(struct fed_server *s, struct fed_packet_reader *r, bool poisoned,
                      struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);

	if (fed_get_state(r, &lab.aggregator, err))
		return FED_FAIL;
	const uint64_t dim = fed_get_number(r);
	const size_t bytes = fed_instance_vector_bytes(&lab.aggregator, dim);
	/* read-only: the hooks see a constant state */
	const void *block = dim ? fed_get_input(r, &memory, bytes) : NULL;
	fed_instance_lend_vectors(&lab.aggregator, dim, (double *)(uintptr_t)block);
	if (poisoned && (!lab.entry[2] || fed_get_state(r, &lab.attack.instance, err)))
		return FED_FAIL;
	return r->short_ ? FED_FAIL : FED_OK;
}

/* Train, with everything in place. */
static int train(struct fed_training *g, const struct fed_training_vectors *v,
                 struct fed_error *err)
{
	struct fed_trainer *t = lab.federation.trainer;

	lab.federation.plan = g->plan;
	lab.told = fed_wall_seconds();
	if (fed_trainer_prepare(t, g->row.count, err))
		return FED_FAIL;
	fed_train_here(g, &t->worker[0], v);
	if (g->failed)
		*err = g->why;
	return g->failed ? FED_FAIL : FED_OK;
}

static int serve(struct fed_server *s, struct fed_packet_reader *r,
                 const struct fed_wire_training *head, struct fed_training *g,
                 const float **broadcast, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	const size_t dim = lab.net.dim;
	size_t bytes = 0;

	if (get_states(s, r, head->poisoned, err))
		return FED_FAIL;
	struct fed_training_vectors v = {.received = fed_get_input(r, &memory, dim * sizeof(float)),
	                                 .broadcast = broadcast};
	for (uint32_t k = 0; k < head->broadcasts; k++)
		broadcast[k] = fed_get_input(r, &memory, dim * sizeof(float));
	float *values = fed__get_output(r, &s->memory, &bytes);
	if (r->short_ || bytes != (1 + head->kept + head->returned) * dim * sizeof *values)
		return FED_FAIL;
	float **kept = point(values + dim, head->kept, dim);
	float **returned = point(values + (1 + head->kept) * dim, head->returned, dim);
	int rc = FED_FAIL;
	if (kept && returned) {
		v.params = values;
		v.kept = kept;
		v.returned = returned;
		rc = train(g, &v, err);
	} else {
		fed_fail_memory(err, bytes, "an update");
	}
	fed_free(kept);
	fed_free(returned);
	return rc;
}

int fed__serve_train(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	enum { VECTORS_MOST = 32 };
	struct fed_wire_training head;
	const float *broadcast[VECTORS_MOST];

	FED_GET(r, head);
	if (!lab.ready || r->short_ || head.broadcasts > VECTORS_MOST)
		return fed_fail(err, "its process is not set up");
	uint32_t *examples = fed_alloc_array(head.count, sizeof *examples);
	if (!examples)
		return fed_fail_memory(err, head.count * sizeof *examples, "a training");
	fed_get(r, examples, head.count * sizeof *examples);
	struct fed_training g = fed_wire_training_open(&head, examples);
	g.trainer = lab.federation.trainer;
	g.aggregator = &lab.aggregator;
	g.data_faults.poison = head.poisoned ? &lab.attack : NULL;
	head.local_layers[sizeof head.local_layers - 1] = '\0';
	int rc = fed_local_layers_make(head.local_layers, &lab.net, &g.sharing, err);
	if (rc == FED_OK)
		rc = serve(s, r, &head, &g, broadcast, err);
	fed_sharing_unref(g.sharing);
	const struct fed_wire_trained done = {.steps = g.steps,
	                                      .chosen = g.chosen,
	                                      .loss = g.loss,
	                                      .squares = g.squares,
	                                      .first_loss = g.first_loss};
	FED_PUT(&s->reply, done);
	fed_free(examples);
	return rc;
}

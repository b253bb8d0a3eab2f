/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_attack.c - attacks, the plan and the client hooks of aggregators.
 */
#include "base/mem.h"
#include "worker/serve.h"

int fed__serve_plan(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_plan plan;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	FED_GET(r, plan);
	if (r->short_)
		return FED_FAIL;
	const int rc = fed_call_plan(&s->instance, &plan, err);
	FED_PUT(&s->reply, plan);
	return rc;
}

int fed__serve_craft(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	struct fed_attacker attacker;
	size_t bytes = 0;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	FED_GET(r, attacker);
	const size_t dim = attacker.dim;
	attacker.params = fed_get_input(r, &memory, dim * sizeof(float));
	attacker.delta = fed_get_input(r, &memory, dim * sizeof(float));
	const uint64_t remembered = fed_get_number(r);
	float *values = fed__get_output(r, &s->memory, &bytes);
	if (r->short_ || bytes != (remembered + dim) * sizeof(float))
		return FED_FAIL;
	attacker.memory = remembered ? values : NULL;
	const int rc = fed_call_craft(&s->instance, &attacker, values + remembered, err);
	if (rc == FED_OK)
		fed_put_state(&s->reply, &s->instance);
	return rc;
}

static int collude(struct fed_server *s, struct fed_packet_reader *r, struct fed_collusion *view,
                   const float **known, struct fed_error *err)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	size_t bytes = 0;

	view->params = fed_get_input(r, &memory, view->dim * sizeof(float));
	for (uint32_t i = 0; i < view->n_known && !r->short_; i++)
		known[i] = fed_get_input(r, &memory, view->dim * sizeof(float));
	view->known = known;
	/* aligned: the packet is read in place */
	uint32_t *sender = fed_alloc_array(view->n_known, sizeof *sender);
	if (!sender)
		return fed_fail_memory(err, view->n_known * sizeof *sender, "an attack");
	fed_get(r, sender, view->n_known * sizeof *sender);
	view->sender = sender;
	struct fed_pool *pool = fed__serve_pool(s, fed_get_number(r));
	float *out = fed__get_output(r, &s->memory, &bytes);
	const int rc = r->short_ || bytes != view->dim * sizeof *out
	                   ? FED_FAIL
	                   : fed_call_collude(&s->instance, view, pool, out, err);
	fed_free(sender);
	if (rc == FED_OK)
		fed_put_state(&s->reply, &s->instance);
	return rc;
}

int fed__serve_collude(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_collusion view;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	FED_GET(r, view);
	const float **known = r->short_ ? NULL : fed_alloc_array(view.n_known, sizeof *known);
	if (!known)
		return fed_fail_memory(err, view.n_known * sizeof *known, "an attack");
	const int rc = collude(s, r, &view, known, err);
	fed_free(known);
	return rc;
}

int fed__serve_suits(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_examples form;
	int32_t label = 0;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	FED_GET(r, form);
	form.label = fed_get_number(r) ? &label : NULL;
	return r->short_ ? FED_FAIL : fed_call_suits(&s->instance, &form, err);
}

int fed__serve_poison(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_examples examples;
	size_t bytes = 0;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	FED_GET(r, examples);
	const bool labels = fed_get_number(r);
	const size_t n = examples.n, label_bytes = labels ? n * sizeof *examples.label : 0;
	const size_t each = (size_t)examples.height * examples.width * examples.channels;
	uint32_t *id = fed_alloc_array(n, sizeof *id);
	if (!id)
		return fed_fail_memory(err, n * sizeof *id, "an attack");
	fed_get(r, id, n * sizeof *id);
	char *values = fed__get_output(r, &s->memory, &bytes);
	int rc = FED_FAIL;
	if (!r->short_ && bytes == label_bytes + n * each * sizeof(float)) {
		examples.label = labels ? (int32_t *)(void *)values : NULL;
		examples.x = (float *)(void *)(values + label_bytes);
		examples.id = id;
		rc = fed_call_poison(&s->instance, &examples, err);
	}
	fed_free(id);
	return rc;
}

/* Client hooks ----------------------------------------------------------- */

/* Vectors of a training.  A request has coordinates [j0, j1) of each: the pointers begin where
 * coordinate 0 would be. */
struct local_vectors {
	struct fed_local local;
	uint64_t j0, j1;
	const float *model;
	const float *broadcast[32];
	float *kept[32], *returned[32];
};

static const float *get_slice(struct fed_server *s, struct fed_packet_reader *r,
                              const struct local_vectors *v)
{
	const struct fed_wire_memory memory = fed__worker_inputs(&s->memory);
	const float *slice = fed_get_input(r, &memory, (v->j1 - v->j0) * sizeof *slice);

	return slice ? (const float *)((uintptr_t)slice - v->j0 * sizeof *slice) : NULL;
}

static int get_local(struct fed_server *s, struct fed_packet_reader *r, struct local_vectors *v,
                     struct fed_error *err)
{
	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	const uint32_t broadcasts = fed_instance_broadcasts(&s->instance);

	FED_GET(r, v->local);
	v->j0 = fed_get_number(r);
	v->j1 = fed_get_number(r);
	if (r->short_ || v->j1 < v->j0 || v->j1 > v->local.dim || broadcasts > 32)
		return FED_FAIL;
	v->model = get_slice(s, r, v);
	v->local.received = get_slice(s, r, v);
	for (uint32_t k = 0; k < broadcasts; k++)
		v->broadcast[k] = get_slice(s, r, v);
	v->local.broadcast = v->broadcast;
	v->local.kept = v->kept;
	v->local.returned = v->returned;
	return r->short_ ? FED_FAIL : FED_OK;
}

int fed__serve_local_gradient(struct fed_server *s, struct fed_packet_reader *r,
                              struct fed_error *err)
{
	const uint32_t kept = fed_client_vectors(&s->instance);
	struct local_vectors v = {0};
	size_t bytes = 0;

	if (get_local(s, r, &v, err))
		return FED_FAIL;
	for (uint32_t k = 0; k < kept && k < 32; k++)
		v.kept[k] = (float *)(uintptr_t)get_slice(s, r, &v);
	float *g = fed__get_output(r, &s->memory, &bytes);
	if (r->short_ || bytes != (v.j1 - v.j0) * sizeof *g)
		return FED_FAIL;
	g = (float *)((uintptr_t)g - v.j0 * sizeof *g);
	return fed_call_local_gradient(&s->instance, &v.local, v.model, g, v.j0, v.j1, err);
}

int fed__serve_local_end(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	const uint32_t kept = fed_client_vectors(&s->instance);
	const uint32_t returned = fed_returned_vectors(&s->instance);
	struct local_vectors v = {0};
	size_t bytes = 0;

	if (get_local(s, r, &v, err))
		return FED_FAIL;
	const size_t dim = v.local.dim;
	float *values = fed__get_output(r, &s->memory, &bytes);
	if (r->short_ || bytes != (kept + returned) * dim * sizeof *values || kept > 32 ||
	    returned > 32)
		return FED_FAIL;
	for (uint32_t k = 0; k < kept; k++)
		v.kept[k] = values + k * dim;
	for (uint32_t k = 0; k < returned; k++)
		v.returned[k] = values + (kept + k) * dim;
	return fed_call_local_end(&s->instance, &v.local, v.model, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_calls.c - attacks, and the client hooks of aggregators, in a worker process.
 */
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"

/* The plugin's state as the call left it. */
static int take_state(struct fed_instance *instance, struct fed_packet_reader *reply,
                      struct fed_error *err)
{
	const int rc = fed_get_state(reply, instance, err);

	return rc ? fed__fail_by_name(instance, err) : FED_OK;
}

int fed__remote_plan(const struct fed_instance *instance, struct fed_plan *plan,
                     struct fed_error *err)
{
	struct fed_packet_reader reply;

	if (fed__remote_request(instance, FED_ASK_PLAN, err))
		return FED_FAIL;
	FED_PUT(&instance->worker->packet, *plan);
	if (fed__remote_send(instance, "plan()", NULL, &reply, err))
		return FED_FAIL;
	FED_GET(&reply, *plan);
	fed__remote_leave(instance);
	return FED_OK;
}

/* Attacks ---------------------------------------------------------------- */

int fed__remote_craft(struct fed_instance *attack, const struct fed_attacker *attacker, float *out,
                      struct fed_error *err)
{
	const size_t dim = attacker->dim, bytes = dim * sizeof *out;
	const size_t memory = attacker->memory ? dim : 0;
	struct fed_attacker copy = *attacker;
	struct fed_packet_reader reply;

	if (fed__remote_request(attack, FED_ASK_CRAFT, err))
		return FED_FAIL;
	struct fed_worker *w = attack->worker;
	copy.params = copy.delta = NULL;
	copy.memory = NULL;
	FED_PUT(&w->packet, copy);
	fed_put_input(w, attacker->params, bytes);
	fed_put_input(w, attacker->delta, bytes);
	fed_put_number(&w->packet, memory);
	/* its memory, then what it sends, which ends where the page does */
	float *values = fed__remote_output(attack, (memory + dim) * sizeof *out, err);
	if (!values)
		return FED_FAIL;
	if (memory)
		memcpy(values, attacker->memory, bytes);
	memcpy(values + memory, attacker->delta, bytes);
	if (fed__remote_send(attack, "craft()", NULL, &reply, err))
		return FED_FAIL;
	const int rc = take_state(attack, &reply, err);
	if (rc == FED_OK) {
		memcpy(out, values + memory, bytes);
		if (memory)
			memcpy(attacker->memory, values, bytes);
	}
	fed__remote_leave(attack);
	return rc;
}

int fed__remote_collude(struct fed_instance *attack, const struct fed_collusion *view, int threads,
                        float *out, struct fed_error *err)
{
	const size_t bytes = view->dim * sizeof *out;
	struct fed_collusion copy = *view;
	struct fed_packet_reader reply;

	if (fed__remote_request(attack, FED_ASK_COLLUDE, err))
		return FED_FAIL;
	struct fed_worker *w = attack->worker;
	copy.params = NULL;
	copy.known = NULL;
	copy.sender = NULL;
	copy.work = NULL;
	copy.distances = NULL;
	FED_PUT(&w->packet, copy);
	fed_put_input(w, view->params, bytes);
	for (uint32_t i = 0; i < view->n_known; i++)
		fed_put_input(w, view->known[i], bytes);
	fed_put(&w->packet, view->sender, view->n_known * sizeof *view->sender);
	fed_put_number(&w->packet, (uint64_t)threads);
	float *values = fed__remote_output(attack, bytes, err);
	if (!values)
		return FED_FAIL;
	fed__fill_unwritten(values, view->dim);
	if (fed__remote_send(attack, "collude()", NULL, &reply, err))
		return FED_FAIL;
	const int rc = take_state(attack, &reply, err);
	if (rc == FED_OK)
		memcpy(out, values, bytes);
	fed__remote_leave(attack);
	return rc;
}

static void put_form(struct fed_packet *p, const struct fed_examples *examples)
{
	struct fed_examples copy = *examples;

	copy.x = NULL;
	copy.label = NULL;
	copy.id = NULL;
	FED_PUT(p, copy);
	fed_put_number(p, examples->label != NULL);
}

int fed__remote_suits(const struct fed_instance *attack, const struct fed_examples *form,
                      struct fed_error *err)
{
	struct fed_packet_reader reply;

	if (fed__remote_request(attack, FED_ASK_SUITS, err))
		return FED_FAIL;
	put_form(&attack->worker->packet, form);
	if (fed__remote_send(attack, "suits()", NULL, &reply, err))
		return FED_FAIL;
	fed__remote_leave(attack);
	return FED_OK;
}

int fed__remote_poison(const struct fed_instance *attack, const struct fed_examples *examples,
                       struct fed_error *err)
{
	const size_t each = (size_t)examples->height * examples->width * examples->channels;
	const size_t x = examples->n * each * sizeof *examples->x;
	const size_t labels = examples->label ? examples->n * sizeof *examples->label : 0;
	struct fed_packet_reader reply;

	if (fed__remote_request(attack, FED_ASK_POISON, err))
		return FED_FAIL;
	struct fed_worker *w = attack->worker;
	put_form(&w->packet, examples);
	fed_put(&w->packet, examples->id, examples->n * sizeof *examples->id);
	char *values = fed__remote_output(attack, labels + x, err);
	if (!values)
		return FED_FAIL;
	if (labels)
		memcpy(values, examples->label, labels);
	memcpy(values + labels, examples->x, x);
	if (fed__remote_send(attack, "poison()", NULL, &reply, err))
		return FED_FAIL;
	memcpy(examples->x, values + labels, x);
	if (labels)
		memcpy(examples->label, values, labels);
	fed__remote_leave(attack);
	return FED_OK;
}

/* Client hooks ----------------------------------------------------------- */

/* The vectors of a training, coordinates [j0, j1) of each. */
static void put_local(struct fed_worker *w, const struct fed_instance *aggregator,
                      const struct fed_local *local, const float *model, size_t j0, size_t j1)
{
	const size_t bytes = (j1 - j0) * sizeof *model;
	struct fed_local copy = *local;

	copy.received = NULL;
	copy.broadcast = NULL;
	copy.kept = copy.returned = NULL;
	FED_PUT(&w->packet, copy);
	fed_put_number(&w->packet, j0);
	fed_put_number(&w->packet, j1);
	fed_put_input(w, model + j0, bytes);
	fed_put_input(w, local->received + j0, bytes);
	for (uint32_t k = 0; k < fed_instance_broadcasts(aggregator); k++)
		fed_put_input(w, local->broadcast[k] + j0, bytes);
}

int fed__remote_local_gradient(const struct fed_instance *aggregator, const struct fed_local *local,
                               const float *model, float *g, size_t j0, size_t j1,
                               struct fed_error *err)
{
	const uint32_t kept = fed_client_vectors(aggregator);
	const size_t bytes = (j1 - j0) * sizeof *g;
	struct fed_packet_reader reply;

	if (fed__remote_request(aggregator, FED_ASK_LOCAL_GRADIENT, err))
		return FED_FAIL;
	struct fed_worker *w = aggregator->worker;
	put_local(w, aggregator, local, model, j0, j1);
	for (uint32_t k = 0; k < kept; k++)
		fed_put_input(w, local->kept[k] + j0, bytes);
	float *values = fed__remote_output(aggregator, bytes, err);
	if (!values)
		return FED_FAIL;
	memcpy(values, g + j0, bytes);
	if (fed__remote_send(aggregator, "local_gradient()", NULL, &reply, err))
		return FED_FAIL;
	memcpy(g + j0, values, bytes);
	fed__remote_leave(aggregator);
	return FED_OK;
}

int fed__remote_local_end(const struct fed_instance *aggregator, const struct fed_local *local,
                          const float *model, struct fed_error *err)
{
	const uint32_t kept = fed_client_vectors(aggregator);
	const uint32_t returned = fed_returned_vectors(aggregator);
	const size_t dim = local->dim, bytes = dim * sizeof(float);
	struct fed_packet_reader reply;

	if (fed__remote_request(aggregator, FED_ASK_LOCAL_END, err))
		return FED_FAIL;
	struct fed_worker *w = aggregator->worker;
	put_local(w, aggregator, local, model, 0, dim);
	float *values = fed__remote_output(aggregator, (kept + returned) * bytes, err);
	if (!values)
		return FED_FAIL;
	for (uint32_t k = 0; k < kept + returned; k++)
		memcpy(values + k * dim, k < kept ? local->kept[k] : local->returned[k - kept], bytes);
	if (fed__remote_send(aggregator, "local_end()", NULL, &reply, err))
		return FED_FAIL;
	for (uint32_t k = 0; k < kept + returned; k++)
		memcpy(k < kept ? local->kept[k] : local->returned[k - kept], values + k * dim, bytes);
	fed__remote_leave(aggregator);
	return FED_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call.c - calls of models, attacks and transports, and of the client hooks of
 * aggregators.
 */
#include "plug/calls/call.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/result_checks.h"
#include "plug/distances.h"
#include "plug/calls/remote.h"

/* Models ----------------------------------------------------------------- */

int fed_call_build(const struct fed_instance *model, struct fed_builder *builder,
                   struct fed_error *err)
{
	struct fed_error words = {{0}};

	if (model->worker)
		return fed__remote_build(model, builder, err);
	return fed__check_code(model, "build",
	                       model->entry->copy.model.build(model->state, builder, &words), false,
	                       &words, err);
}

static const struct fed_aggregator *aggregator_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.aggregator;
}

/* Client hooks ----------------------------------------------------------- */

int fed_call_plan(const struct fed_instance *aggregator, struct fed_plan *plan,
                  struct fed_error *err)
{
	const char *name = aggregator->entry->head->name;
	struct fed_plan p = *plan;

	p.size = sizeof p;

	if (!aggregator_of(aggregator)->plan)
		return FED_OK;
	if (!aggregator->worker)
		aggregator_of(aggregator)->plan(aggregator->state, &p);
	else if (fed__remote_plan(aggregator, &p, err))
		return FED_FAIL;
	if (p.epochs < 1)
		return fed_fail(err, "aggregator %s: plans %lld epochs, at least 1 is allowed", name,
		                (long long)p.epochs);
	if (p.batch < 0)
		return fed_fail(err, "aggregator %s: plans batches of %lld, 0 (all) or more are allowed",
		                name, (long long)p.batch);
	if (!isfinite(p.lr) || p.lr < 0)
		return fed_fail(err, "aggregator %s: plans the learning rate %g, 0 or more is allowed",
		                name, p.lr);
	if (!(p.momentum >= 0 && p.momentum < 1))
		return fed_fail(err, "aggregator %s: plans the momentum %g, allowed is [0, 1)", name,
		                p.momentum);
	if (!isfinite(p.weight_decay) || p.weight_decay < 0)
		return fed_fail(err, "aggregator %s: plans the weight decay %g, 0 or more is allowed", name,
		                p.weight_decay);
	if (p.head_epochs < 0 || p.own_epochs < 0 || p.head_epochs > 100000 || p.own_epochs > 100000)
		return fed_fail(
			err,
			"aggregator %s: plans %lld epochs of the head and %lld of an own model, 0 to "
			"100000 are allowed",
			name, (long long)p.head_epochs, (long long)p.own_epochs);
	if (p.own_epochs && !fed_own_model_vector(aggregator))
		return fed_fail(err, "aggregator %s: plans epochs of an own model, and keeps none", name);
	*plan = p;
	return FED_OK;
}

int fed_call_local_gradient(const struct fed_instance *aggregator, const struct fed_local *local,
                            const float *w, float *g, size_t j0, size_t j1, struct fed_error *err)
{
	if (!aggregator_of(aggregator)->local_gradient)
		return FED_OK;
	if (aggregator->worker)
		return fed__remote_local_gradient(aggregator, local, w, g, j0, j1, err);
	aggregator_of(aggregator)->local_gradient(aggregator->state, local, w, g, j0, j1);
	return FED_OK;
}

int fed_call_local_end(const struct fed_instance *aggregator, const struct fed_local *local,
                       const float *w, struct fed_error *err)
{
	if (!aggregator_of(aggregator)->local_end)
		return FED_OK;
	if (aggregator->worker)
		return fed__remote_local_end(aggregator, local, w, err);
	aggregator_of(aggregator)->local_end(aggregator->state, local, w);
	return FED_OK;
}

uint32_t fed_updates_per_step(const struct fed_instance *aggregator)
{
	const struct fed_aggregator *a = aggregator_of(aggregator);
	uint32_t n = 1;

	if (a->updates_per_step && aggregator->worker)
		n = (uint32_t)fed__remote_number(aggregator, FED_NUMBER_UPDATES_PER_STEP, 0, 0, 1);
	else if (a->updates_per_step)
		n = a->updates_per_step(aggregator->state);

	return n ? n : 1;
}

/* Attacks ---------------------------------------------------------------- */

static const struct fed_attack *attack_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.attack;
}

int fed_call_craft(struct fed_instance *attack, const struct fed_attacker *attacker, float *out,
                   struct fed_error *err)
{
	struct fed_attacker seen = *attacker;
	struct fed_error words = {{0}};

	if (attack->worker)
		return fed__remote_craft(attack, attacker, out, err);
	seen.size = sizeof seen;
	memcpy(out, attacker->delta, attacker->dim * sizeof *out);
	return fed__check_code(attack, "craft",
	                       attack_of(attack)->craft(attack->state, &seen, out, &words), false,
	                       &words, err);
}

/* A collusion as the plugin sees it, and what the host computes for it on demand. */
struct collusion_context {
	struct fed_collusion view; /* first: the plugin passes it back */
	struct fed_pool *pool;
	double *distances;
};

static const double *distances_of(const struct fed_collusion *view)
{
	struct collusion_context *c = (struct collusion_context *)(void *)(uintptr_t)view;
	const size_t n = view->n_known;
	struct fed_error why;

	if (!c->distances) {
		c->distances = fed_alloc_array(n, n * sizeof *c->distances);
		if (c->distances && fed_distances(view->known, n, view->dim, c->pool, c->distances, &why)) {
			fed_free(c->distances);
			c->distances = NULL;
		}
	}
	return c->distances;
}

static int collude(struct fed_instance *attack, const struct fed_collusion *view,
                   struct fed_pool *pool, float *out, struct fed_error *err)
{
	struct collusion_context c = {.view = *view, .pool = pool};
	struct fed_error words = {{0}};

	c.view.size = sizeof c.view;
	c.view.work = fed_alloc_array(view->n_known, 4 * sizeof *c.view.work);
	if (!c.view.work)
		return fed_fail_memory(err, 4 * view->n_known * sizeof *c.view.work, "an attack");
	c.view.distances = distances_of;
	fed__fill_unwritten(out, view->dim);
	const int rc = attack_of(attack)->collude(attack->state, &c.view, out, &words);
	fed_free(c.view.work);
	fed_free(c.distances);
	return fed__check_code(attack, "collude", rc, false, &words, err);
}

int fed_call_collude(struct fed_instance *attack, const struct fed_collusion *view,
                     struct fed_pool *pool, float *out, struct fed_error *err)
{
	const int rc = attack->worker
	                   ? fed__remote_collude(attack, view, fed_pool_threads(pool), out, err)
	                   : collude(attack, view, pool, out, err);

	if (rc)
		return FED_FAIL;
	const size_t j = fed__find_unwritten(out, view->dim);
	if (j < view->dim)
		return fed_fail(err, "attack %s: number %zu of what it sends was never written",
		                attack->entry->head->name, j);
	return FED_OK;
}

int fed_call_suits(const struct fed_instance *attack, const struct fed_examples *form,
                   struct fed_error *err)
{
	struct fed_examples seen = *form;
	struct fed_error words = {{0}};

	if (!attack_of(attack)->suits)
		return FED_OK;
	if (attack->worker)
		return fed__remote_suits(attack, form, err);
	seen.size = sizeof seen;
	return fed__check_code(attack, "suits", attack_of(attack)->suits(attack->state, &seen, &words),
	                       false, &words, err);
}

int fed_call_poison(const struct fed_instance *attack, const struct fed_examples *examples,
                    struct fed_error *err)
{
	struct fed_examples seen = *examples;

	seen.size = sizeof seen;
	if (!attack->worker)
		attack_of(attack)->poison(attack->state, &seen);
	else if (fed__remote_poison(attack, examples, err))
		return FED_FAIL;
	for (uint32_t i = 0; examples->label && i < examples->n; i++)
		if ((uint32_t)examples->label[i] >= examples->classes)
			return fed_fail(err, "attack %s: gave example %u the label %d, allowed are 0 to %u",
			                attack->entry->head->name, examples->id[i], examples->label[i],
			                examples->classes - 1);
	return FED_OK;
}

/* Transports ------------------------------------------------------------- */

static const struct fed_transport *transport_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.transport;
}

int fed_call_open(struct fed_instance *transport, const struct fed_transport_host *wire,
                  struct fed_error *err)
{
	struct fed_error words = {{0}};
	int rc;

	if (!transport_of(transport)->open)
		return FED_OK;
	if (transport->worker)
		rc = fed__remote_transport(transport, FED_TRANSPORT_OPEN, wire, NULL, NULL, &words);
	else
		rc = transport_of(transport)->open(transport->state, wire, &words);
	return fed__check_code(transport, "open", rc, false, &words, err);
}

int fed_call_send(struct fed_instance *transport, const struct fed_transport_host *wire,
                  const struct fed_message *message, struct fed_error *err)
{
	struct fed_message seen = *message;
	struct fed_error words = {{0}};
	int rc;

	seen.size = sizeof seen;
	if (transport->worker)
		rc = fed__remote_transport(transport, FED_TRANSPORT_SEND, wire, &seen, NULL, &words);
	else
		rc = transport_of(transport)->send(transport->state, wire, &seen, &words);
	return fed__check_code(transport, "send", rc, true, &words, err);
}

int fed_call_poll(struct fed_instance *transport, const struct fed_transport_host *wire,
                  double timeout, struct fed_error *err)
{
	struct fed_error words = {{0}};
	int rc;

	if (fed_is_simulated(transport))
		return FED_OK;
	if (transport->worker)
		rc = fed__remote_transport(transport, FED_TRANSPORT_POLL, wire, NULL, &timeout, &words);
	else
		rc = transport_of(transport)->poll(transport->state, wire, timeout, &words);
	return fed__check_code(transport, "poll", rc, false, &words, err);
}

double fed_call_now(const struct fed_instance *transport, const struct fed_transport_host *wire)
{
	const struct fed_transport *t = transport_of(transport);
	struct fed_error unused;
	double now = 0;

	if (!t->now)
		return wire->clock(wire);
	if (!transport->worker)
		return t->now(transport->state, wire);
	/* its state may change in the worker; instances are never constant objects */
	if (fed__remote_transport((struct fed_instance *)transport, FED_TRANSPORT_NOW, wire, NULL, &now,
	                          &unused) ||
	    !isfinite(now))
		return wire->clock(wire);
	return now;
}

void fed_call_close(struct fed_instance *transport, const struct fed_transport_host *wire)
{
	struct fed_error unused;

	if (transport_of(transport)->close && transport->worker)
		(void)fed__remote_transport(transport, FED_TRANSPORT_CLOSE, wire, NULL, NULL, &unused);
	else if (transport_of(transport)->close)
		transport_of(transport)->close(transport->state, wire);
}

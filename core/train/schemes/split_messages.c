/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_messages.c - messages between the parts of a cut model: heads, smashed data,
 * gradients, updates.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "train/round/attacks.h"
#include "train/faults/faults.h"
#include "train/round/coding.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/clients/noise.h"
#include "train/schemes/split_internal.h"

/* The client's parameters -------------------------------------------------------- */

struct fed_shared_vectors *fed__pack_client(const struct fed_split *s, const struct fed_net *net,
                                            const float *params)
{
	size_t from, to;

	fed__server_params(s, net, &from, &to);
	const size_t dim = net->dim - (to - from);
	struct fed_shared_vectors *p = fed_shared_vectors_new(dim ? 1 : 0, dim);
	if (p && dim) {
		memcpy(p->vector[0], params, from * sizeof *params);
		if (to < net->dim) /* a turn's params may end at `from` */
			memcpy(p->vector[0] + from, params + to, (net->dim - to) * sizeof *params);
	}
	return p;
}

bool fed__unpack_client(const struct fed_split *s, const struct fed_net *net,
                        const struct fed_shared_vectors *p, float *params)
{
	size_t from, to;

	fed__server_params(s, net, &from, &to);
	const size_t dim = net->dim - (to - from);
	if (p->dim != dim || p->n != (dim ? 1 : 0))
		return false;
	if (dim) {
		memcpy(params, p->vector[0], from * sizeof *params);
		if (to < net->dim)
			memcpy(params + to, p->vector[0] + from, (net->dim - to) * sizeof *params);
	}
	return true;
}

/* Attacks ----------------------------------------------------------------------------- */

static const struct fed_fault *attack_on(const struct fed_turn *t)
{
	const struct fed_federation *f = t->federation;

	return fed_fault_on(f->faults, FED_FAULT_BYZANTINE, t->client, f->version, NULL);
}

/* Rewrite the activations of a client under an attack of the form `alone`.  Attacks with a memory
 * apply to whole models only.  Fails as fed__attack_craft_alone(). */
static int craft_smashed(const struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	const struct fed_fault *fault = attack_on(t);
	const size_t bytes = e->payload->dim * sizeof(float);

	if (!fault || fed_attack_remembers(&fault->attack->instance))
		return FED_OK;
	float *nothing =
		fed_alloc_floats(e->payload->dim); /* zeros, as the vector that they are a delta to */
	if (!nothing)
		return fed_fail_memory(err, bytes, "an attack");
	memset(nothing, 0, bytes);
	const int rc =
		fed__attack_craft_alone(t->federation, e, nothing, fed_random(t->number, t->batch), err);
	fed_free_floats(nothing);
	return rc;
}

/* Rewrite the head that a client under an attack relays: a crafted delta to the one that it
 * received. */
static int craft_head(const struct fed_turn *t, struct fed_shared_vectors *head,
                      struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	struct fed_envelope change = {
		.head = {.from = t->client}, .version = f->version, .round = t->number};
	int rc = FED_OK;

	if (!attack_on(t) || head->dim == 0)
		return FED_OK;
	struct fed_shared_vectors *before = fed__pack_client(t->split, f->net, t->split->params);
	struct fed_shared_vectors *honest = fed_shared_vectors_new(1, head->dim);
	change.payload = fed_shared_vectors_new(1, head->dim);
	if (!before || !honest || !change.payload)
		rc = fed_fail_memory(err, head->dim * sizeof(float), "an attack");
	for (size_t j = 0; rc == FED_OK && j < head->dim; j++)
		honest->vector[0][j] = change.payload->vector[0][j] =
			head->vector[0][j] - before->vector[0][j];
	if (rc == FED_OK)
		rc = fed__attack_craft_alone(t->federation, &change, before->vector[0], t->number, err);
	for (size_t j = 0; rc == FED_OK && j < head->dim; j++)
		if (change.payload->vector[0][j] != honest->vector[0][j])
			head->vector[0][j] = before->vector[0][j] + change.payload->vector[0][j];
	fed_shared_vectors_unref(before);
	fed_shared_vectors_unref(honest);
	fed_shared_vectors_unref(change.payload);
	return rc;
}

/* Batches --------------------------------------------------------------------------- */

/* Text of a message's event. */
static void name_batch(const struct fed_turn *t, const struct fed_envelope *e, char *text,
                       size_t size)
{
	static const char *const what[] = {
		[FED_MESSAGE_SMASHED] = "activations",
		[FED_MESSAGE_GRADIENT] = "gradient",
		[FED_MESSAGE_FEATURES] = "features",
		[FED_MESSAGE_FEATURES_GRADIENT] = "gradient of the features",
	};

	snprintf(text, size, "batch %u: %s %u x %zu%s", t->batch, what[e->head.kind], t->n,
	         t->n ? e->payload->dim / t->n : 0, e->labels ? " and labels" : "");
}

int fed__turn_message(struct fed_turn *t, enum fed_message_kind kind, bool up,
                      struct fed_envelope *e, struct fed_error *err)
{
	struct fed_federation *f = t->federation;

	*e = (struct fed_envelope){
		.head = {.from = up ? t->client : FED_SERVER,
	             .to = up ? FED_SERVER : t->client,
	             .kind = kind},
		.version = f->version,
		.round = t->number,
		.steps = t->batch,
		.loss = NAN,
		.payload = t->crossing,
		.labels = t->labels,
	};
	t->crossing = t->labels = NULL;
	int rc = kind == FED_MESSAGE_SMASHED ? craft_smashed(t, e, err) : FED_OK;
	if (rc == FED_OK)
		rc = fed__code_update(f, e, err);
	if (rc)
		fed_envelope_release(e);
	return rc;
}

/* Send a message of the present batch, and tell of it; takes its references. */
static int send_batch(struct fed_turn *t, const struct fed_envelope *e, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	const bool up = e->head.to == FED_SERVER;
	char text[96];
	uint64_t bytes;

	name_batch(t, e, text, sizeof text);
	if (fed__send(f, e, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, up ? FED_EVENT_SMASHED : FED_EVENT_GRADIENT, t->client, t->number, bytes,
	                text);
	return FED_OK;
}

int fed__turn_send(struct fed_turn *t, enum fed_message_kind kind, bool up, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_envelope e;
	int rc = fed__turn_message(t, kind, up, &e, err);

	if (rc == FED_OK && up && t->split->vertical) {
		rc = fed__put_nan_in_part(f, &e, fed__turn_sent(t), fed__turn_sends(t), err);
		if (rc)
			fed_envelope_release(&e);
	}
	/* a turn cannot go on without its message, nor the server without its answers */
	if (rc)
		return rc == FED_REJECT && up ? fed__skip_update(f, t->client, t->number, err) : FED_FAIL;
	if (up)
		return send_batch(t, &e, err);
	t->awaited = f->clock.now;
	return send_batch(t, &e, err) ? FED_FAIL : fed__split_set_deadline(f, t->split, err);
}

int fed__turn_passes_on(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	const int rc = e->head.kind == FED_MESSAGE_SMASHED ? craft_smashed(t, e, err) : FED_OK;

	if (rc == FED_OK)
		return send_batch(t, e, err);
	fed_envelope_release(e);
	return rc == FED_REJECT ? fed__skip_update(t->federation, t->client, t->number, err) : FED_FAIL;
}

/* Relays and updates ------------------------------------------------------------------------ */

static struct fed_envelope claim(const struct fed_turn *t, enum fed_message_kind kind)
{
	const double seen = (double)t->row.count * (double)t->federation->plan.epochs;

	return (struct fed_envelope){
		.head = {.from = t->client, .to = FED_SERVER, .kind = kind},
		.version = t->federation->version,
		.round = t->number,
		.samples = t->row.count,
		.steps = t->batch,
		.loss = (float)(t->loss / seen),
	};
}

bool fed__turn_ends_with_layers(const struct fed_turn *t)
{
	return t->split->parallel == FED_PARALLEL_OFF || (!t->federation->codec && t->sigma == 0);
}

int fed__turn_head(const struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	*e = claim(t, FED_MESSAGE_HEAD);
	e->payload = fed__pack_client(t->split, t->federation->net, t->params);
	return e->payload ? FED_OK
	                  : fed_fail_memory(err, t->federation->net->dim * sizeof(float), "a head");
}

int fed__turn_spoil_head(const struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	const int rc = craft_head(t, e->payload, err);

	return rc ? rc : fed__put_nan(t->federation, e, err);
}

int fed__turn_update(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_shared_vectors *before = fed__pack_client(t->split, f->net, f->params);

	*e = claim(t, FED_MESSAGE_UPDATE);
	e->payload = fed__pack_client(t->split, f->net, t->params);
	if (!e->payload || !before) {
		fed_shared_vectors_unref(before);
		fed_shared_vectors_unref(e->payload);
		return fed_fail_memory(err, f->net->dim * sizeof(float), "an update");
	}
	for (size_t j = 0; e->payload->n && j < e->payload->dim; j++)
		e->payload->vector[0][j] -= before->vector[0][j];
	fed_shared_vectors_unref(before);
	if (e->payload->n)
		fed_noise_add(&t->noise, t->sigma, e->payload->vector[0], e->payload->dim);
	const int rc = fed__code_update(f, e, err);
	if (rc)
		fed_envelope_release(e);
	return rc;
}

int fed__turn_sends_update(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_shared_vectors *before = fed__pack_client(t->split, f->net, f->params);

	if (!before) {
		fed_envelope_release(e);
		return fed_fail_memory(err, f->net->dim * sizeof(float), "an update");
	}
	const int rc = fed__send_update(f, e, before->n ? before->vector[0] : NULL, err);
	fed_shared_vectors_unref(before);
	return rc;
}

int fed__complete_update(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	const struct fed_split *s = t->split;
	const size_t dim = f->net->dim;
	size_t from, to;
	struct fed_shared_vectors *all = fed_shared_vectors_new(1, dim);

	if (!all)
		return fed_fail_memory(err, dim * sizeof(float), "an update");
	if (!fed__unpack_client(s, f->net, e->payload, all->vector[0])) {
		fed_shared_vectors_unref(all); /* unchanged: the gate will refuse it */
		return FED_OK;
	}
	fed__server_params(s, f->net, &from, &to);
	for (size_t j = from; j < to; j++)
		all->vector[0][j] = s->parallel == FED_PARALLEL_V1 ? t->params[j] - f->params[j] : 0;
	fed_envelope_release(e);
	e->payload = all;
	e->labels = NULL;
	e->codec = NULL;
	e->code = NULL;
	return FED_OK;
}

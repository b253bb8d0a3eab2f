/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_turn.c - turn of one client: batch after batch, until it relays its layers.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "train/faults/faults.h"
#include "train/participants.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/schemes/split_internal.h"
#include "train/local/internal.h"

/* Time ------------------------------------------------------------------------ */

/* Virtual time at which the client will have computed so many FLOPs. */
static double done_at(const struct fed_turn *t, double flops)
{
	const struct fed_federation *f = t->federation;
	const double slow = fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, t->client, f->version);

	return f->clock.now + (t->row.device > 0 ? slow * flops / (double)t->row.device : 0);
}

/* FLOPs of a part's forward pass on one example. */
static double part_flops(const struct fed_turn *t, enum fed_split_part part)
{
	size_t first, last;

	if (t->split->vertical && part == FED_PART_HEAD)
		return fed__party_flops(t);
	fed__part_layers(t->split, t->federation->net, part, &first, &last);
	return fed_net_flops(t->federation->net, first, last);
}

/* The same backward. */
static double part_back(const struct fed_turn *t, enum fed_split_part part)
{
	size_t first, last;

	if (t->split->vertical && part == FED_PART_HEAD)
		return 2 * fed__party_flops(t);
	fed__part_layers(t->split, t->federation->net, part, &first, &last);
	return fed_net_backward_flops(t->federation->net, first, last, part != FED_PART_HEAD);
}

/* Start a computation of the client: it takes virtual time, and is charged.  That of a client on
 * another machine has begun, and its result will be reported (split_remote.c). */
static int compute(struct fed_turn *t, enum fed_turn_phase phase,
                   void (*run)(struct fed_job *, int), double flops, struct fed_error *err)
{
	const struct fed_costs work = {.client_flops = flops};

	t->phase = phase;
	t->since = t->federation->clock.now;
	if (fed__charge(t->federation, t->client, &work, err))
		return FED_FAIL;
	if (t->remote)
		return FED_OK;
	return fed__turn_compute(t, run, done_at(t, flops), err);
}

/* Batches ----------------------------------------------------------------------- */

static void open_epoch(struct fed_turn *t)
{
	const uint32_t batch = fed__training_batch(&t->federation->plan, t->row.count);

	t->from = t->n = 0;
	if (batch < t->row.count) /* one batch of all has no order */
		fed_stream_shuffle(&t->shuffle, t->order, t->row.count);
}

/* Advance to the next batch; false after the last. */
bool fed__turn_next_batch(struct fed_turn *t)
{
	const struct fed_plan *plan = &t->federation->plan;
	const uint32_t count = t->row.count, batch = fed__training_batch(plan, count);

	t->from += t->n;
	if (t->from >= count) {
		if (count == 0 || ++t->epoch >= plan->epochs)
			return false;
		open_epoch(t);
	}
	t->n = count - t->from < batch ? count - t->from : batch;
	t->batch++;
	return true;
}

/* Release all that the client needs for its training. */
static void release_training(struct fed_turn *t)
{
	for (enum fed_split_part part = FED_PART_HEAD; part < FED_PARTS; part++)
		fed_workspace_release(&t->space[part]);
	fed_data_faults_release(&t->data_faults);
	fed_shared_vectors_unref(t->crossing);
	fed_shared_vectors_unref(t->labels);
	fed_shared_vectors_unref(t->answer);
	t->crossing = t->labels = t->answer = NULL;
	fed_free(t->order);
	fed_free(t->label);
	fed_free(t->target);
	t->order = NULL;
	t->label = NULL;
	t->target = NULL;
}

int fed__turn_expects_activations(struct fed_turn *t, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	const size_t outputs = f->net->classes ? f->net->positions : f->net->outputs;
	const bool sends_labels = t->split->labels == FED_LABELS_SERVER && !t->split->vertical;

	fed_shared_vectors_unref(t->crossing); /* the last gradient */
	t->crossing = NULL;
	t->answer = fed_vector_free_list_take(&f->messages, 1, t->n * fed__turn_width(t));
	t->labels = sends_labels ? fed_shared_vectors_new(1, t->n * outputs) : NULL;
	return t->answer && (t->labels || !sends_labels)
	           ? FED_OK
	           : fed_fail_memory(err, t->n * sizeof(float), "activations");
}

/* Continue a turn: forward through the head, or the end after the last batch. */
static int continue_turn(struct fed_turn *t, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_split *s = t->split;

	if (!fed__turn_next_batch(t)) {
		release_training(t);
		t->phase = FED_TURN_RELAYING;
		t->since = f->clock.now;
		return t->remote ? FED_OK : fed__turn_ended(f, s, t, err);
	}
	if (!t->remote && fed__turn_expects_activations(t, err))
		return FED_FAIL;
	return compute(t, FED_TURN_FORWARD, fed__work_forward, t->n * part_flops(t, FED_PART_HEAD),
	               err);
}

/* The beginning ------------------------------------------------------------------- */

/* Reserve workspaces for the parts, and the client's order and labels. */
static int reserve_turn(struct fed_turn *t, struct fed_error *err)
{
	const struct fed_federation *f = t->federation;
	const struct fed_split *s = t->split;
	const uint32_t count = t->row.count, batch = fed__training_batch(&f->plan, count);
	const uint32_t capacity = batch ? batch : 1;
	const size_t dim = fed__turn_dim(s, f->net);

	t->order = fed_alloc_array(count ? count : 1, sizeof *t->order);
	t->label = fed_alloc_array((size_t)capacity * f->net->positions, sizeof *t->label);
	t->target = fed_alloc_array((size_t)capacity * f->net->outputs, sizeof *t->target);
	t->params = fed_alloc_floats(dim);
	if (!t->order || !t->label || !t->target || !t->params)
		return fed_fail_memory(err, dim * sizeof(float), "a turn");
	memcpy(t->order, t->row.examples, count * sizeof *t->order);
	memcpy(t->params, s->parallel == FED_PARALLEL_OFF ? s->params : f->params,
	       dim * sizeof *t->params);
	for (enum fed_split_part part = FED_PART_HEAD; part < FED_PARTS; part++) {
		size_t first, last;

		if (!fed__turn_has_memory(s, f->net, part) || (t->remote && part != FED_PART_SERVER))
			continue;
		fed__part_layers(s, f->net, part, &first, &last);
		if (fed_workspace_init_for(&t->space[part], fed__trainer_scratch(f->trainer), first, last,
		                           capacity, part != FED_PART_HEAD, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* FLOPs that the whole turn costs its client. */
static double turn_flops(const struct fed_turn *t)
{
	const double example = part_flops(t, FED_PART_HEAD) + part_back(t, FED_PART_HEAD) +
	                       part_flops(t, FED_PART_TAIL) + part_back(t, FED_PART_TAIL);

	return example * t->row.count * (double)t->federation->plan.epochs;
}

/* The attack on the client's data, or NULL. */
static const struct fed_instance *poison_of(const struct fed_turn *t)
{
	return t->data_faults.poison ? &t->data_faults.poison->instance : NULL;
}

/* Set what the turn draws from, and the examples that it goes through. */
static void open_streams(struct fed_turn *t)
{
	const struct fed_federation *f = t->federation;

	t->row = fed__row_of(f, t->client, f->version);
	if (t->split->vertical) {
		t->row.examples = t->split->common;
		t->row.count = t->split->n_common;
	}
	t->data_faults = fed_data_faults_for(f->faults, t->client, f->version);
	/* the parties take the same examples in the same order */
	t->shuffle = fed_stream_open((uint64_t)f->settings->seed, FED_FOR_SHUFFLE, f->version,
	                             t->split->vertical ? t->split->turn[0].client : t->client);
	t->noise = fed_stream_open((uint64_t)f->settings->seed, FED_FOR_NOISE, f->version, t->client);
	t->sigma = f->settings->noise;
}

int fed__turn_open_here(struct fed_turn *t, const struct fed_envelope *head, struct fed_error *err)
{
	open_streams(t);
	if (reserve_turn(t, err))
		return FED_FAIL;
	if (!fed__unpack_client(t->split, t->federation->net, head->payload, t->params))
		return fed_reject(err, "brings layers of another size");
	open_epoch(t);
	return FED_OK;
}

int fed__turn_begin(struct fed_turn *t, const struct fed_envelope *head, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_client *client = fed_clients_get(f->clients, t->client);
	const struct fed_envelope received = {.head = {.to = t->client}, .round = t->number};
	bool struck;

	if (!client)
		return fed__invitation_lost(f, t->client, "left before it could begin", err);
	open_streams(t);
	int rc = fed__client_before_keep(f, t->client, err);
	if (rc)
		return rc;
	client->version = f->version;
	fed__emit_about(f, FED_EVENT_RECEIVED, t->client, t->number, 0, NULL);
	const double flops = turn_flops(t);
	if (fed__strike_training(f, &received, done_at(t, flops) - f->clock.now, 0, &struck, err))
		return FED_FAIL;
	t->phase = FED_TURN_FORWARD;
	if (struck && t->remote)
		return fed__invitation_lost(f, t->client, "hangs or crashes, by a fault", err);
	/* A client that will crash computes until then. */
	if (struck && fed__fault_strikes(f->faults, FED_FAULT_HANG, t->client, f->version, t->number))
		return FED_OK;
	rc = fed__excuse(f, poison_of(t), fed_check_client_failures(poison_of(t), err));
	if (rc)
		return rc == FED_REJECT ? fed__skip_update(f, t->client, t->number, err) : rc;
	if (reserve_turn(t, err))
		return FED_FAIL;
	if (head && !fed__unpack_client(t->split, f->net, head->payload, t->params))
		return fed__invitation_lost(f, t->client, "its layers came in another size", err);
	open_epoch(t);
	return continue_turn(t, err);
}

/* Messages ------------------------------------------------------------------------ */

/* Emit the end of the client's wait. */
static void emit_arrival(const struct fed_turn *t, bool features)
{
	char text[48];

	snprintf(text, sizeof text, "batch %u: %s", t->batch, features ? "features" : "gradient");
	fed__emit_about(t->federation, FED_EVENT_ARRIVED, t->client, t->number, 0, text);
}

/* A client on another machine has the data: it computes until it sends something. */
static int go_on_elsewhere(struct fed_turn *t, bool features, struct fed_error *err)
{
	if (features)
		return compute(t, FED_TURN_TAIL, NULL,
		               t->n * (part_flops(t, FED_PART_TAIL) + part_back(t, FED_PART_TAIL)), err);
	if (compute(t, FED_TURN_BACKWARD, NULL, t->n * part_back(t, FED_PART_HEAD), err))
		return FED_FAIL;
	return continue_turn(t, err);
}

int fed__turn_receives(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	const bool features = e->head.kind == FED_MESSAGE_FEATURES;
	const enum fed_turn_phase awaited = features ? FED_TURN_FEATURES : FED_TURN_DOWN;
	const size_t width =
		features ? fed__cut_width(t->federation->net, t->split->at[1]) : fed__turn_width(t);

	if (t->phase != awaited || e->steps != t->batch || e->payload->dim != t->n * width)
		return FED_OK; /* duplicate, or of a former batch */
	emit_arrival(t, features);
	if (t->remote)
		return go_on_elsewhere(t, features, err);
	t->crossing = fed_shared_vectors_ref(e->payload);
	if (!features)
		return compute(t, FED_TURN_BACKWARD, fed__work_backward, t->n * part_back(t, FED_PART_HEAD),
		               err);
	t->answer = fed_vector_free_list_take(&t->federation->messages, 1, e->payload->dim);
	if (!t->answer)
		return fed_fail_memory(err, e->payload->dim * sizeof(float), "a gradient");
	return compute(t, FED_TURN_TAIL, fed__work_tail,
	               t->n * (part_flops(t, FED_PART_TAIL) + part_back(t, FED_PART_TAIL)), err);
}

/* Count a call of the attack on the client's data; a turn whose attack failed ends without its
 * layers where the session goes on (on-plugin-error). */
static int poisoned(struct fed_turn *t, struct fed_error *err)
{
	const struct fed_instance *poison = poison_of(t);

	fed_count_client_call(poison, t->failed);
	if (!t->failed)
		return FED_OK;
	return fed__excuse(t->federation, poison, fed_fail(err, "%s", t->why.text));
}

int fed__turn_worked(struct fed_turn *t, struct fed_error *err)
{
	fed__turn_join(t);
	const int rc = t->phase == FED_TURN_FORWARD ? poisoned(t, err) : FED_OK;
	if (rc)
		return rc == FED_REJECT ? fed__skip_update(t->federation, t->client, t->number, err) : rc;
	switch (t->phase) {
	case FED_TURN_FORWARD:
		t->phase = FED_TURN_UP;
		return fed__turn_send(t, FED_MESSAGE_SMASHED, true, err);
	case FED_TURN_TAIL:
		t->phase = FED_TURN_TAIL_UP;
		return fed__turn_send(t, FED_MESSAGE_FEATURES_GRADIENT, true, err);
	case FED_TURN_BACKWARD:
		return continue_turn(t, err);
	default:
		return FED_OK;
	}
}

/* The end ------------------------------------------------------------------------------ */

void fed__turn_close(struct fed_turn *t)
{
	if (t->submitted) {
		fed_pool_cancel(t->federation->pool, &t->job);
		t->submitted = false;
	}
	release_training(t);
	if (t->reported && t->split->parallel != FED_PARALLEL_OFF)
		return;
	fed_free_floats(t->params);
	t->params = NULL;
}

void fed__turn_release(struct fed_turn *t)
{
	fed__turn_close(t);
	fed_free_floats(t->params);
	fed_free_floats(t->corrected);
	t->params = t->corrected = NULL;
}

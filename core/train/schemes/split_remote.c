/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_remote.c - turns of clients on other machines.
 *
 * At the server such a turn has the phases of any other, but the client's computations are awaited:
 * what it reports goes on where a finished computation would, so that attacks and faults act on it
 * at the server's door.  In the client's process a message of the server is answered by the next
 * message of its turn, computed by the same code.  A client begins a turn with the head, which with
 * relay=peer comes from the client before and passes through the server.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "train/local/internal.h"
#include "train/participants.h"
#include "train/remote_clients.h"
#include "train/round/coding.h"
#include "train/round/invitations.h"
#include "train/faults/faults.h"
#include "train/schemes/split_internal.h"

/* Bytes that sealing a head adds at most: a box for each of the members that a room can have. */
#define SEAL_MOST (64u << 10)

/* What is expected ----------------------------------------------------------------- */

/* Numbers of the client's layers under these cuts. */
static size_t client_dim(const struct fed_split *s, const struct fed_net *net)
{
	size_t from, to;

	fed__server_params(s, net, &from, &to);
	return net->dim - (to - from);
}

/* Floats of one example in a message of a batch. */
static size_t width_of(const struct fed_split *s, const struct fed_net *net, uint32_t kind)
{
	const bool above = kind == FED_MESSAGE_FEATURES || kind == FED_MESSAGE_FEATURES_GRADIENT;

	return fed__cut_width(net, s->at[above]);
}

/* Batches of an epoch of so many examples. */
static uint32_t batches_of(const struct fed_federation *f, uint32_t count)
{
	const uint32_t size = fed__training_batch(&f->plan, count);

	return size ? (count + size - 1) / size : 0;
}

/* Examples of the batch of this number, from 1, of a client's turn. */
static uint32_t examples_of(const struct fed_federation *f, uint32_t client, uint32_t batch)
{
	const uint32_t count = fed__row_of(f, client, f->version).count;
	const uint32_t size = fed__training_batch(&f->plan, count), epoch = batches_of(f, count);

	if (!batch || !epoch)
		return 0;
	const uint32_t from = (batch - 1) % epoch * size;
	return count - from < size ? count - from : size;
}

static bool is_batch(uint32_t kind, bool up)
{
	return up ? kind == FED_MESSAGE_SMASHED || kind == FED_MESSAGE_FEATURES_GRADIENT
	          : kind == FED_MESSAGE_GRADIENT || kind == FED_MESSAGE_FEATURES;
}

size_t fed__split_expect(const struct fed_federation *f, const void *state,
                         struct fed_envelope *sent)
{
	const struct fed_split *scheme = state;
	/* the settings alone: a thread may write to the rest, and its cuts are those of a round */
	struct fed_split s = {.cut = scheme->cut,
	                      .relay = scheme->relay,
	                      .labels = scheme->labels,
	                      .parallel = scheme->parallel,
	                      .smashed = scheme->smashed,
	                      .vertical = scheme->vertical};
	const bool up = sent->head.to == FED_SERVER;
	const uint32_t client = up ? sent->head.from : sent->head.to, kind = sent->head.kind;
	struct fed_error unused;
	size_t n;

	if (!fed_clients_get(f->clients, client) || fed_split_cuts(&s, f->net, s.at, &unused))
		return 0;
	const bool seals = s.relay == FED_RELAY_PEER && s.parallel == FED_PARALLEL_OFF;
	if (kind == FED_MESSAGE_SEALED && up && seals)
		return client_dim(&s, f->net) + SEAL_MOST / sizeof(float);
	if (kind == FED_MESSAGE_HEAD || (up && kind == FED_MESSAGE_UPDATE)) {
		n = client_dim(&s, f->net);
		if (kind == FED_MESSAGE_HEAD && up && seals)
			return 0; /* the server is not to read it */
		if (kind == FED_MESSAGE_HEAD || n == 0)
			return n ? n : 1;
	} else if (is_batch(kind, up)) {
		n = examples_of(f, client, sent->steps) * width_of(&s, f->net, kind);
	} else {
		return 0;
	}
	sent->codec = f->codec;
	sent->coding = fed__coding_of_message(f, sent, n);
	return n;
}

/* At the server --------------------------------------------------------------------- */

/* Who has fewer batches ends first, as where computing takes no time. */
uint64_t fed__split_place(const struct fed_federation *f, const void *state, uint64_t number)
{
	const struct fed_split *s = state;
	const struct fed_turn *t = fed__turn_of(s, number);
	const uint64_t batches = t ? batches_of(f, t->row.count) : 0;

	return batches << 32 | (uint32_t)(number - s->first);
}

static bool has_shape(const struct fed_envelope *e, size_t n)
{
	return e->payload->dim == n && e->payload->n == (n > 0);
}

/* Whether this is what the turn waits for; *expected: numbers. */
static bool is_awaited(const struct fed_turn *t, const struct fed_envelope *e, size_t *expected)
{
	const struct fed_net *net = t->federation->net;

	*expected = client_dim(t->split, net);
	switch (e->head.kind) {
	case FED_MESSAGE_UPDATE:
		return t->phase == FED_TURN_RELAYING && t->split->parallel != FED_PARALLEL_OFF;
	case FED_MESSAGE_HEAD:
		return t->phase == FED_TURN_RELAYING && fed__turn_ends_with_layers(t);
	case FED_MESSAGE_SEALED:
		*expected = 0;
		return t->phase == FED_TURN_RELAYING;
	case FED_MESSAGE_SMASHED:
	case FED_MESSAGE_FEATURES_GRADIENT:
		*expected = t->n * width_of(t->split, net, e->head.kind);
		return e->steps == t->batch &&
		       t->phase == (e->head.kind == FED_MESSAGE_SMASHED ? FED_TURN_FORWARD : FED_TURN_TAIL);
	default:
		return false;
	}
}

/* Put in place of what a message claims what the server knows. */
static void set_claims(struct fed_turn *t, struct fed_envelope *e)
{
	const double seen = (double)t->row.count * (double)t->federation->plan.epochs;

	if (t->split->labels == FED_LABELS_CLIENT)
		t->loss = (double)e->loss * seen;
	else
		e->loss = (float)(t->loss / seen);
	e->version = t->federation->version;
	e->samples = t->row.count;
	e->steps = t->batch;
}

/* Seconds that a fault on the client's speed adds to its present computation.  The end of a turn
 * in parallel with others has had its place in the order, and waits no longer. */
static double slowed(const struct fed_turn *t, const struct fed_envelope *e)
{
	const struct fed_federation *f = t->federation;

	if (e->delayed || (t->phase == FED_TURN_RELAYING && t->split->parallel != FED_PARALLEL_OFF))
		return 0;
	return (fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, t->client, f->version) - 1) *
	       (f->clock.now - t->since);
}

static int refuse_kind(struct fed_turn *t, const struct fed_envelope *e, struct fed_error *err)
{
	fed_reject(err, "sends a message of kind %u about batch %u, which is not awaited now",
	           e->head.kind, e->steps);
	return fed__skip_update(t->federation, t->client, t->number, err);
}

static int refuse_shape(struct fed_turn *t, const struct fed_envelope *e, size_t expected,
                        struct fed_error *err)
{
	fed_reject(err, "sends %u vectors of %zu numbers as batch %u, and one of %zu is awaited",
	           e->payload->n, e->payload->dim, e->steps, expected);
	return fed__skip_update(t->federation, t->client, t->number, err);
}

/* The delta of the layers that a client of a parallel round has sent, in their place.  The server
 * keeps them: the model of a round with one client is theirs, and x + (y - x) may differ from y. */
static int make_delta(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	struct fed_federation *f = t->federation;

	if (!fed__unpack_client(t->split, f->net, e->payload, t->params)) {
		fed_envelope_release(e);
		return fed_reject(err, "sends layers of another size");
	}
	fed_envelope_release(e);
	return fed__turn_update(t, e, err);
}

/* Go on with what a client sent, as where its computation has ended here. */
static int go_on(struct fed_turn *t, struct fed_envelope *e, struct fed_error *err)
{
	if (is_batch(e->head.kind, true)) {
		t->phase = e->head.kind == FED_MESSAGE_SMASHED ? FED_TURN_UP : FED_TURN_TAIL_UP;
		return fed__turn_passes_on(t, e, err);
	}
	if (e->head.kind == FED_MESSAGE_HEAD && t->split->parallel != FED_PARALLEL_OFF) {
		const float loss = e->loss;

		if (make_delta(t, e, err))
			return FED_FAIL;
		e->loss = loss;
	}
	set_claims(t, e);
	return e->head.kind == FED_MESSAGE_UPDATE ? fed__turn_sends_update(t, e, err)
	                                          : fed__turn_relays(t, e, err);
}

int fed__split_reported(struct fed_federation *f, void *state, struct fed_envelope *e,
                        struct fed_error *err)
{
	struct fed_turn *t = fed__turn_of(state, e->round);
	struct fed_envelope moved = fed_envelope_move(e);
	size_t expected;
	int rc = FED_OK;

	*e = (struct fed_envelope){.head = moved.head};
	if (!t || t->phase == FED_TURN_OVER || t->client != moved.head.from) {
		fed__emit_about(f, FED_EVENT_REFUSED, moved.head.from, moved.round, 0, fed_stray_update);
	} else if (!is_awaited(t, &moved, &expected)) {
		rc = refuse_kind(t, &moved, err); /* the network brings each once: it is out of step */
	} else if (!has_shape(&moved, expected)) {
		rc = refuse_shape(t, &moved, expected, err);
	} else if (slowed(t, &moved) > 0) {
		const double wait = slowed(t, &moved);

		moved.delayed = true;
		return fed_messenger_report(&f->messenger, &moved, f->clock.now + wait, err);
	} else {
		return go_on(t, &moved, err);
	}
	fed_envelope_release(&moved);
	return rc;
}

/* In the client's process ----------------------------------------------------------- */

/* The invitation of the turn, on which attacks that the client agreed to depend. */
static int open_invitation(struct fed_federation *f, const struct fed_envelope *head,
                           struct fed_error *err)
{
	if (fed_invitation_of(f, head->head.to))
		fed__invitation_close(f, head->head.to);
	if (fed__invitations_reserve(f, 1, err))
		return FED_FAIL;
	f->invitations = head->round - 1;
	fed__invitation_open(f, head->head.to, f->model);
	return FED_OK;
}

/* Begin a turn: what was received is the model as far as this client knows it. */
static int begin_turn(struct fed_federation *f, struct fed_split *s,
                      const struct fed_envelope *head, struct fed_error *err)
{
	fed__split_end(f, s);
	const int rc = fed_split_cuts(s, f->net, s->at, err);
	if (rc)
		return rc;
	if (!fed__unpack_client(s, f->net, head->payload, f->model->vector[0]))
		return fed_reject(err, "brings %zu numbers for the client's layers, which have %zu",
		                  head->payload->dim, client_dim(s, f->net));
	s->turn = fed_alloc(sizeof *s->turn);
	s->params = fed_alloc_floats(f->net->dim);
	if (!s->turn || !s->params)
		return fed_fail_memory(err, f->net->dim * sizeof *s->params, "a turn");
	memcpy(s->params, f->params, f->net->dim * sizeof *s->params);
	s->turns = s->called = 1;
	s->first = head->round;
	s->turn[0] = (struct fed_turn){
		.federation = f, .split = s, .client = head->head.to, .number = head->round};
	if (open_invitation(f, head, err))
		return FED_FAIL;
	return fed__turn_open_here(&s->turn[0], head, err);
}

/* The end of the turn: its layers, or what changed in them. */
static int end_turn(struct fed_turn *t, struct fed_envelope *answer, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	int rc;

	t->phase = FED_TURN_OVER;
	if (fed__turn_ends_with_layers(t)) {
		rc = fed__turn_head(t, answer, err);
		if (rc)
			return rc;
		rc = t->split->parallel == FED_PARALLEL_OFF ? fed__turn_spoil_head(t, answer, err) : FED_OK;
		if (rc)
			fed_envelope_release(answer);
	} else {
		rc = fed__turn_update(t, answer, err);
	}
	f->clients->client[t->client].rounds += rc == FED_OK;
	if (rc == FED_OK && t->split->labels == FED_LABELS_SERVER)
		answer->loss = NAN; /* the server knows it */
	return rc;
}

/* Forward through the head, or the end after the last batch. */
static int next_batch(struct fed_turn *t, struct fed_envelope *answer, struct fed_error *err)
{
	if (!fed__turn_next_batch(t))
		return end_turn(t, answer, err);
	if (fed__turn_expects_activations(t, err))
		return FED_FAIL;
	fed__turn_compute_here(t, fed__work_forward);
	if (t->failed)
		return fed_fail(err, "%s", t->why.text);
	t->phase = t->split->labels == FED_LABELS_CLIENT ? FED_TURN_FEATURES : FED_TURN_DOWN;
	return fed__turn_message(t, FED_MESSAGE_SMASHED, true, answer, err);
}

static int work_on_batch(struct fed_turn *t, const struct fed_envelope *in,
                         struct fed_envelope *answer, struct fed_error *err)
{
	fed_shared_vectors_unref(t->crossing);
	t->crossing = fed_shared_vectors_ref(in->payload);
	if (in->head.kind == FED_MESSAGE_GRADIENT) {
		fed__turn_compute_here(t, fed__work_backward);
		return next_batch(t, answer, err);
	}
	t->answer = fed_vector_free_list_take(&t->federation->messages, 1, in->payload->dim);
	if (!t->answer)
		return fed_fail_memory(err, in->payload->dim * sizeof(float), "a gradient");
	fed__turn_compute_here(t, fed__work_tail);
	t->phase = FED_TURN_DOWN;
	return fed__turn_message(t, FED_MESSAGE_FEATURES_GRADIENT, true, answer, err);
}

/* Give up an answer, and the turn, where that was asked for meanwhile. */
static int check_stop(struct fed_federation *f, struct fed_turn *t, struct fed_envelope *answer,
                      struct fed_error *err)
{
	if (atomic_load(&f->stop) < 2)
		return FED_OK;
	fed_envelope_release(answer);
	t->phase = FED_TURN_OVER;
	return fed_reject(err, "stopped; its turn is over");
}

int fed__split_works(struct fed_federation *f, void *state, const struct fed_envelope *in,
                     struct fed_envelope *answer, bool *answers, struct fed_error *err)
{
	struct fed_split *s = state;
	int rc = FED_OK;

	*answers = false;
	if (in->head.kind == FED_MESSAGE_HEAD) {
		rc = begin_turn(f, s, in, err);
		if (rc == FED_OK)
			rc = next_batch(&s->turn[0], answer, err);
		if (rc == FED_OK)
			rc = check_stop(f, &s->turn[0], answer, err);
		*answers = rc == FED_OK;
		return rc;
	}
	struct fed_turn *t = fed__turn_of(s, in->round);
	const enum fed_turn_phase awaited =
		in->head.kind == FED_MESSAGE_FEATURES ? FED_TURN_FEATURES : FED_TURN_DOWN;
	if (!t || t->phase != awaited || in->steps != t->batch ||
	    !has_shape(in, t->n * width_of(s, f->net, in->head.kind)))
		return fed_reject(err, "is of batch %u, which is not under way here", in->steps);
	rc = work_on_batch(t, in, answer, err);
	if (rc == FED_OK)
		rc = check_stop(f, t, answer, err);
	*answers = rc == FED_OK;
	return rc;
}

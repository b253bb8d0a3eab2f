/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split.c - scheme `split`: settings, order of turns, and the model of a round.
 */
#include "train/schemes/split.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/rows.h"
#include "train/round/aggregate.h"
#include "train/round/arrivals.h"
#include "train/round/emit.h"
#include "train/round/gate.h"
#include "train/participants.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/schemes/schemes.h"
#include "train/selection.h"
#include "train/schemes/split_internal.h"

static const char *const relays[] = {"server", "peer", NULL};
static const char *const holders[] = {"server", "client", NULL};
static const char *const parallels[] = {"off", "v1", "v2", NULL};
static const char *const batches[] = {"single", "batch", NULL};
static const char *const orders[] = {"round-robin", "random", NULL};
static const char *const no_holder[] = {"nobody", NULL}; /* in saved files of format 1 */

static const struct fed_field fields[] = {
	FED_LIST(
		struct fed_split, cut, NULL, 1, 10000,
		"layers of the client before the cut, as `model` numbers them; with labels=client also "
		"the layers before the second cut; left out: in the middle"),
	FED_CHOICE(struct fed_split, relay, FED_RELAY_SERVER, relays,
               "how the next client gets the head; peer: the server does not see it"),
	FED_CHOICE(struct fed_split, labels, FED_LABELS_SERVER, holders,
               "who has labels and loss; client: the last layers are the client's too"),
	FED_CHOICE(struct fed_split, parallel, FED_PARALLEL_OFF, parallels,
               "off: one client after the other; v1, v2: SplitFed"),
	FED_CHOICE(struct fed_split, smashed, FED_SMASHED_SINGLE, batches,
               "batch: under v2 the activations of all clients are one batch of the server"),
	FED_CHOICE(struct fed_split, order, FED_ORDER_ROUND_ROBIN, orders, "whose turn is next"),
	FED_REAL(
		struct fed_split, deadline, 0, 0, 1e12,
		"virtual seconds that the server waits for a client's next message; then the round goes "
		"on without it; 0: it waits"),
	FED_REAL(struct fed_split, server_speed, 1e13, 0, 1e18,
             "FLOP/s of the server in virtual time; 0: computing takes no time"),
	FED_ROW(struct fed_split, holder, int64_t, FED_TYPE_INT, .def = -1, .min = -1,
            .max = UINT32_MAX - 1, .choice = no_holder, .flags = FED_FIELD_HIDDEN,
            .help = "relay=peer: the client that has the head between two rounds"),
	FED_END,
};

/* Checks of the settings ------------------------------------------------------------- */

/* Refuse combinations of settings that this scheme does not support. */
static int split_fits(const void *state, const struct fed_net *net, struct fed_error *err)
{
	const struct fed_split *s = state;
	size_t at[2];

	if (s->vertical && (s->parallel != FED_PARALLEL_V2 || s->smashed != FED_SMASHED_BATCH))
		return fed_reject(err, "scheme vertical has all parties at work on one batch; parallel and "
		                       "smashed are settings of scheme split");
	if (s->relay == FED_RELAY_PEER && s->parallel != FED_PARALLEL_OFF)
		return fed_reject(err,
		                  "relay=peer is for clients in turn; with parallel=%s the heads are "
		                  "averaged at the server: relay=server",
		                  parallels[s->parallel]);
	if (s->smashed == FED_SMASHED_BATCH && s->parallel != FED_PARALLEL_V2)
		return fed_reject(
			err,
			"smashed=batch needs parallel=v2, not %s: one step of the server's layers "
			"for all clients; or take smashed=single",
			parallels[s->parallel]);
	return net ? fed_split_cuts(s, net, at, err) : FED_OK;
}

/* Forget the holder: its head is of the former run's model. */
static void split_forget(void *state)
{
	((struct fed_split *)state)->holder = -1;
}

static int suits(const struct fed_federation *f, const struct fed_split *s, struct fed_error *err)
{
	const bool aggregates = s->parallel != FED_PARALLEL_OFF && !s->vertical;

	if (f->plan.momentum > 0 || f->plan.weight_decay > 0) {
		const bool momentum = f->plan.momentum > 0;

		return fed_reject(err, "split learning trains with plain SGD; %s is %g, set it to 0",
		                  momentum ? "momentum" : "weight-decay",
		                  momentum ? f->plan.momentum : f->plan.weight_decay);
	}
	if (aggregates &&
	    (fed_has_local_gradient(f->aggregator) || fed_instance_broadcasts(f->aggregator) ||
	     fed_returned_vectors(f->aggregator)))
		return fed_reject(err,
		                  "aggregator %s changes how clients train, which split learning cannot; "
		                  "take fedavg, or a robust one",
		                  f->aggregator->entry->head->name);
	return FED_OK;
}

/* Invitations ------------------------------------------------------------------------------- */

static int split_begin(struct fed_federation *f, void *state, struct fed_error *err)
{
	struct fed_split *s = state;
	int rc = split_fits(s, f->net, err);

	if (rc == FED_OK)
		rc = fed_split_cuts(s, f->net, s->at, err);
	if (rc == FED_OK)
		rc = suits(f, s, err);
	if (rc == FED_OK)
		rc = s->vertical ? fed__vertical_choose(f, s, err) : fed__split_choose(f, s, err);
	if (rc)
		return rc;
	s->ended = false;
	f->patience = s->deadline;
	s->seen = 0;
	s->called = s->queued = s->front = s->awaited = 0;
	s->serving = -1;
	s->free = f->clock.now;
	s->giver = s->holder;
	fed__split_take_sealed(f, s);
	s->first = f->invitations + 1;
	s->params = fed_alloc_floats(f->net->dim);
	if (!s->params)
		return fed_fail_memory(err, f->net->dim * sizeof *s->params, "the model");
	memcpy(s->params, f->params, f->net->dim * sizeof *s->params);
	if (s->parallel == FED_PARALLEL_OFF)
		return fed__split_call_next(f, s, err);
	if (s->vertical)
		return fed__split_begin_parties(f, s, err);
	if (fed__begin_aggregation(f, &s->aggregation, s->turns, err))
		return FED_FAIL;
	s->aggregating = true;
	while (s->called < s->turns)
		if (fed__split_call_next(f, s, err))
			return FED_FAIL;
	return FED_OK;
}

/* Ends of turns ---------------------------------------------------------------------- */

/* Close a turn, and begin the next one if no other turn is open. */
static int finish_turn(struct fed_federation *f, struct fed_split *s, struct fed_turn *t,
                       struct fed_error *err)
{
	t->phase = FED_TURN_OVER;
	if (!t->joined && s->serving != t - s->turn) /* else when the server has finished */
		fed__turn_close(t);
	if (s->vertical && !t->reported)
		return fed__vertical_lost(f, s, t, err);
	if (s->parallel != FED_PARALLEL_OFF)
		return fed__split_missed(f, s, err);
	return s->called < s->turns ? fed__split_call_next(f, s, err) : FED_OK;
}

/* Accept the layers that a client relayed: they are the model's from now on. */
static int take_head(struct fed_federation *f, struct fed_split *s, struct fed_turn *t,
                     struct fed_error *err)
{
	struct fed_client *client = fed_clients_get(f->clients, t->client);
	const double all = (double)t->row.count * (double)f->plan.epochs;
	const double seen = s->vertical ? s->seen : all;
	const double sent = fed_invitation_of(f, t->client)->sent;

	t->reported = true;
	s->giver = t->client;
	if (client)
		client->loss = (float)(t->loss / seen);
	fed__invitation_close(f, t->client);
	f->record.reported++;
	fed__emit_about(f, FED_EVENT_REPORTED, t->client, t->number, 0, NULL);
	if (fed__charge_participation(f, t->client, sent, (float)(t->loss / seen), NAN, err))
		return FED_FAIL;
	return finish_turn(f, s, t, err);
}

static int refuse_head(struct fed_federation *f, struct fed_turn *t, const char *why,
                       struct fed_error *err)
{
	fed__invitation_close(f, t->client);
	fed__refuse_update(f, t->client, t->number, f->nan, why);
	return f->scheme->lost(f, f->scheme_state, t->number, err);
}

/* Accept or refuse a relayed head, at the server or (relay=peer) at the next client. */
static int set_head_verdict(struct fed_federation *f, struct fed_split *s, struct fed_turn *t,
                            const struct fed_envelope *e, struct fed_error *err)
{
	struct fed_error why;
	const bool sealed = e->head.kind == FED_MESSAGE_SEALED;
	const int rc = e->payload->n || sealed ? fed__check_message(f, e, &why) : FED_OK;

	if (rc == FED_REJECT)
		return refuse_head(f, t, why.text, err);
	if (rc) {
		*err = why;
		return rc;
	}
	f->nan = !sealed && !fed__update_is_finite(e); /* the next client looks at sealed ones */
	if (sealed)
		fed__split_set_sealed(s, t, e);
	else if (f->nan || !fed__unpack_client(s, f->net, e->payload, s->params))
		return refuse_head(f, t, "its head is not finite", err);
	return take_head(f, s, t, err);
}

/* End a turn whose head is held at its client as late. */
static int head_is_late(struct fed_federation *f, struct fed_turn *t, struct fed_error *err)
{
	fed__invitation_close(f, t->client);
	f->record.late++;
	fed__emit_about(f, FED_EVENT_LATE, t->client, t->number, 0,
	                "the others go on without its head");
	return f->scheme->lost(f, f->scheme_state, t->number, err);
}

/* A party has trained: its layers stay with it, and only fedsh's copy of the joint model follows.
 */
static int party_ended(struct fed_turn *t, const char *why, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_split *s = t->split;

	fed__emit_about(f, FED_EVENT_TRAINED, t->client, t->number, 0, why);
	if (!fed_rows_kernels()->finite(t->params, fed__turn_dim(s, f->net)))
		return refuse_head(f, t, "its head is not finite", err);
	fed__vertical_keep(t, s->params);
	return take_head(f, s, t, err);
}

int fed__party_stops(struct fed_turn *t, const char *why, struct fed_error *err)
{
	fed__turn_join(t);
	return party_ended(t, why, err);
}

int fed__turn_relays(struct fed_turn *t, struct fed_envelope *head, struct fed_error *err)
{
	struct fed_federation *f = t->federation;
	struct fed_split *s = t->split;
	const bool sealed = head->head.kind == FED_MESSAGE_SEALED;
	int rc = sealed ? FED_OK : fed__turn_spoil_head(t, head, err);

	if (rc) {
		fed_envelope_release(head);
		return rc == FED_REJECT ? fed__skip_update(f, t->client, t->number, err) : FED_FAIL;
	}
	if (fed__holds_back(f, head)) {
		fed_envelope_release(head);
		return head_is_late(f, t, err);
	}
	if (s->relay == FED_RELAY_SERVER)
		return fed__send_trained(f, head, err);
	/* The server knew it when the last gradient left; the head stays until a peer needs it. */
	fed__emit_about(f, FED_EVENT_TRAINED, t->client, t->number, 0, NULL);
	rc = set_head_verdict(f, s, t, head, err);
	fed_envelope_release(head);
	return rc;
}

int fed__turn_ended(struct fed_federation *f, struct fed_split *s, struct fed_turn *t,
                    struct fed_error *err)
{
	struct fed_envelope made;

	if (s->vertical)
		return party_ended(t, NULL, err);
	if (s->parallel == FED_PARALLEL_OFF)
		return fed__turn_head(t, &made, err) ? FED_FAIL : fed__turn_relays(t, &made, err);
	const int rc = fed__turn_update(t, &made, err);
	if (rc)
		return rc == FED_REJECT ? fed__skip_update(f, t->client, t->number, err) : FED_FAIL;
	return fed__turn_sends_update(t, &made, err);
}

/* Messages ---------------------------------------------------------------------------- */

/* Turn to which a message belongs, or NULL when the turn is over or of another round. */
struct fed_turn *fed__turn_of(const struct fed_split *s, uint64_t number)
{
	if (number < s->first || number - s->first >= s->called)
		return NULL;
	return &s->turn[number - s->first];
}

static int split_message(struct fed_federation *f, void *state, struct fed_envelope *e,
                         struct fed_error *err)
{
	struct fed_split *s = state;
	struct fed_turn *t = fed__turn_of(s, e->round);
	const bool live = t && t->phase != FED_TURN_OVER;

	if (e->head.kind == FED_MESSAGE_UPDATE) {
		if (live && fed__complete_update(t, e, err))
			return FED_FAIL;
		const int rc = fed__take_update(f, e, err);
		/* That of a colluder waits for the others; those of a joined batch wait for it no longer.
		 */
		return rc || !live || t->phase == FED_TURN_OVER ? rc : fed__split_missed(f, s, err);
	}
	if (t && !live && e->head.kind == FED_MESSAGE_HEAD && e->head.to == FED_SERVER)
		fed__emit_about(f, FED_EVENT_REFUSED, t->client, e->round, 0, fed_stray_update);
	if (!live)
		return FED_OK;
	switch (e->head.kind) {
	case FED_MESSAGE_SEALED: /* to a client: the server cannot read it */
		return t->phase == FED_TURN_INVITED ? fed__turn_begin(t, NULL, err) : FED_OK;
	case FED_MESSAGE_HEAD:
		if (e->head.to == FED_SERVER)
			return t->phase == FED_TURN_RELAYING ? set_head_verdict(f, s, t, e, err) : FED_OK;
		return t->phase == FED_TURN_INVITED ? fed__turn_begin(t, e, err) : FED_OK;
	case FED_MESSAGE_SMASHED:
	case FED_MESSAGE_FEATURES_GRADIENT:
		return fed__split_serve(t, e, err);
	case FED_MESSAGE_GRADIENT:
	case FED_MESSAGE_FEATURES:
		return fed__turn_receives(t, e, err);
	default:
		return FED_OK;
	}
}

static int split_worked(struct fed_federation *f, void *state, uint32_t who, uint64_t ref,
                        struct fed_error *err)
{
	struct fed_split *s = state;
	struct fed_turn *t = fed__turn_of(s, ref);

	if (who == FED_SERVER)
		return fed__split_served(f, s, NULL, err);
	if (!t)
		return FED_OK;
	const bool served = t->phase == FED_TURN_SERVED || t->phase == FED_TURN_SERVED_BACK;
	if (served || s->serving == t - s->turn)
		return fed__split_served(f, s, t, err);
	return t->phase == FED_TURN_OVER ? FED_OK : fed__turn_worked(t, err);
}

/* Correct the server's layers in an attacker's update: the server knows them, and puts its own into
 * update->delta. */
static int correct(struct fed_federation *f, struct fed_turn *t, struct fed_update *update,
                   struct fed_error *err)
{
	const bool copies = t->split->parallel == FED_PARALLEL_V1;
	size_t from, to, j;

	fed__server_params(t->split, f->net, &from, &to);
	for (j = from; j < to; j++)
		if (update->delta[j] != (copies ? t->params[j] - f->params[j] : 0))
			break;
	if (j == to)
		return FED_OK;
	t->corrected = fed_alloc_floats(f->net->dim);
	if (!t->corrected)
		return fed_fail_memory(err, f->net->dim * sizeof(float), "an update");
	memcpy(t->corrected, update->delta, f->net->dim * sizeof(float));
	for (j = from; j < to; j++)
		t->corrected[j] = copies ? t->params[j] - f->params[j] : 0;
	update->delta = t->corrected;
	return FED_OK;
}

static int split_arrived(struct fed_federation *f, void *state, const struct fed_envelope *e,
                         const float *base, struct fed_error *err)
{
	struct fed_split *s = state;
	struct fed_turn *t = fed__turn_of(s, e->round);
	struct fed_update update = fed__update_of(f, e, base);

	if (correct(f, t, &update, err))
		return FED_FAIL;
	const int rc = fed_aggregation_add(&s->aggregation, &update, err);
	if (rc)
		return rc;
	t->reported = true;
	return t->phase == FED_TURN_OVER ? FED_OK : finish_turn(f, s, t, err);
}

static int split_lost(struct fed_federation *f, void *state, uint64_t number, struct fed_error *err)
{
	struct fed_split *s = state;
	struct fed_turn *t = fed__turn_of(s, number);

	return t && t->phase != FED_TURN_OVER ? finish_turn(f, s, t, err) : FED_OK;
}

/* Callback fed_scheme.waits: the turn waits for the others of a joined batch. */
static bool split_waits(const struct fed_federation *f, const void *state, uint32_t client)
{
	const struct fed_invitation *open = fed_invitation_of(f, client);
	const struct fed_turn *t = open ? fed__turn_of(state, open->number) : NULL;

	return t && (t->phase == FED_TURN_SERVED || t->phase == FED_TURN_SERVED_BACK);
}

/* Callback fed_scheme.drops_late. */
static bool split_drops_late(const void *state)
{
	return ((const struct fed_split *)state)->deadline > 0;
}

/* Callback fed_scheme.waits_for_all: of updates; clients in turn send none. */
static bool split_waits_for_all(const void *state)
{
	return ((const struct fed_split *)state)->parallel != FED_PARALLEL_OFF;
}

static bool split_complete(const struct fed_federation *f, const void *state)
{
	const struct fed_split *s = state;

	return s->called == s->turns && f->n_open == 0;
}

/* The model -------------------------------------------------------------------------- */

/* Metrics of a round without verdicts of an aggregator: all reported turns were used. */
static void count_turns(struct fed_federation *f, const struct fed_split *s)
{
	struct fed_record *r = &f->record;
	double loss = 0, examples = 0;

	for (uint32_t i = 0; i < s->turns; i++) {
		const struct fed_turn *t = &s->turn[i];
		struct fed_client *client = fed_clients_get(f->clients, t->client);

		if (!t->reported)
			continue;
		if (client)
			client->rounds++;
		loss += t->loss / (s->vertical ? 1 : (double)f->plan.epochs);
		examples += s->vertical ? s->seen : t->row.count;
	}
	r->used = r->reported;
	r->updates += r->used;
	r->staleness = 0;
	r->train_loss = examples > 0 ? loss / examples : NAN;
}

/* The only turn that reported, or NULL. */
static const struct fed_turn *single(const struct fed_split *s)
{
	const struct fed_turn *only = NULL;

	for (uint32_t i = 0; i < s->turns; i++) {
		if (!s->turn[i].reported)
			continue;
		if (only)
			return NULL;
		only = &s->turn[i];
	}
	return only;
}

/* Turn the step in out into the model.  Where the aggregator returned the only client's delta, as
 * it was trained, the model is bit for bit that client's: x + (y - x) may differ from y. */
static void apply(const struct fed_federation *f, const struct fed_split *s, float *out)
{
	const struct fed_turn *one = single(s);
	const struct fed_turn *only = one && fed__turn_ends_with_layers(one) ? one : NULL;
	size_t from, to;

	fed__server_params(s, f->net, &from, &to);
	if (s->parallel == FED_PARALLEL_V1)
		from = to;
	for (size_t j = 0; j < f->net->dim; j++) {
		if (j >= from && j < to) {
			out[j] = s->params[j];
			continue;
		}
		const bool same = only && out[j] == only->params[j] - f->params[j];
		out[j] = same ? only->params[j] : f->params[j] + out[j];
	}
}

static int split_finish(struct fed_federation *f, void *state, float *out, struct fed_error *err)
{
	struct fed_split *s = state;

	if (s->parallel == FED_PARALLEL_OFF || s->vertical) {
		count_turns(f, s);
		memcpy(out, s->params, f->net->dim * sizeof *out);
		s->holder = s->relay == FED_RELAY_PEER ? s->giver : -1;
		fed__split_keep_sealed(f, s);
		return FED_OK;
	}
	if (fed_aggregation_finish(&s->aggregation, out, err))
		return FED_FAIL;
	fed__verdicts_set(f, &s->aggregation);
	apply(f, s, out);
	return FED_OK;
}

/* Callback fed_scheme.mask: under v2 the server's layers are not part of the updates. */
static void split_mask(const struct fed_federation *f, const void *state, float *step)
{
	const struct fed_split *s = state;
	size_t from, to;

	if (s->parallel != FED_PARALLEL_V2 || s->vertical)
		return;
	fed__server_params(s, f->net, &from, &to);
	memset(step + from, 0, (to - from) * sizeof *step);
}

void fed__split_end(struct fed_federation *f, void *state)
{
	struct fed_split *s = state;

	if (s->serving == FED_SERVING_ALL)
		fed_pool_cancel(f->pool, &s->all_job);
	for (uint32_t i = 0; i < s->turns; i++)
		fed__turn_release(&s->turn[i]);
	if (s->aggregating)
		fed_aggregation_release(&s->aggregation);
	fed_workspace_release(&s->all);
	fed_free(s->turn);
	fed_free(s->queue);
	fed_free(s->common);
	s->common = NULL;
	fed_free_floats(s->params);
	fed_shared_vectors_unref(s->head);
	fed__split_drop_sealed(s);
	s->head = NULL;
	s->turn = NULL;
	s->queue = NULL;
	s->params = NULL;
	s->aggregating = false;
	s->turns = s->called = s->queued = 0;
	s->serving = -1;
}

static const char doc[] =
	"The model is cut: layers below the cut (the head) are the client's, those above\n"
	"it the server's. For each batch the client sends the activations at the cut\n"
	"(smashed data) and the server sends back the gradient by them; examples never\n"
	"leave the client, and most of the computing is the server's. `model` lists the\n"
	"cuts.\n"
	"\n"
	"  cut=2              the client has two layers\n"
	"  relay=server       the next client gets the head from the server, which sees it\n"
	"  relay=peer         ... from the client before, and the server never sees it: in a\n"
	"                     room it is sealed by the members' keys\n"
	"  labels=client      U-shape: the last layers and the loss are the client's too,\n"
	"                     no label leaves it; cut=1,3 gives both cuts\n"
	"  parallel=off       clients in turn: one model, passed from one to the next\n"
	"  parallel=v1        all at once, the server's layers copied for each client;\n"
	"                     heads and copies go through the aggregator (SplitFed V1)\n"
	"  parallel=v2        all at once, the server's layers learn from each in the\n"
	"                     order in which activations arrive; heads are aggregated\n"
	"  smashed=batch      under v2: one step of the server for a batch of all clients\n"
	"\n"
	"With smashed=batch the server waits for all clients still at work, and steps with\n"
	"the mean gradient of all n examples; a head gets its share of it, n_i / n of what\n"
	"it would get alone. With labels=client the server waits again for the gradients\n"
	"of the features and weights each by n_i / n; the last layers, which the server\n"
	"does not see, learn from the n_i examples of their client alone. Who fails in\n"
	"between is left out of the step, and n is what is left.\n"
	"\n"
	"A round is one turn of m clients (as under sync; a rule that `select` chose picks\n"
	"them, `order` says who of them begins), each of E epochs. Who fails in\n"
	"its turn is left out: the head is again that of the client before; what its\n"
	"batches taught the server's layers stays. With relay=peer the first client of\n"
	"all makes the head from the seed; when the client that has the head left, the\n"
	"next one makes it from fedsh's copy.\n"
	"\n"
	"A client that never answers is lost once nothing else is in flight. With\n"
	"deadline=10 it is late when the server has waited 10 seconds for its next message\n"
	"(its activations, the gradient of the features, its layers): its turn is over, the\n"
	"next one begins, and what it sends afterwards is refused. Who waits for the server,\n"
	"or for the others of a joined batch, is not late.\n"
	"\n"
	"In a room (`serve`) with relay=peer the members seal the head for each other, and\n"
	"the server passes on bytes that it cannot read. It has its own layers, and of the\n"
	"head only what the seed makes: no accuracy is measured, and a model that is saved\n"
	"lacks what the clients' layers learned. Each member shows a word of all keys, which\n"
	"the class compares: a server that lies about the keys shows another. A head that two\n"
	"clients cannot use is left; the round goes on with the one before it.\n"
	"\n"
	"Noise (`set noise`) is on activations and, under v1 and v2, on the change of the\n"
	"client's layers. The gradient of the features, which the tail's client sends,\n"
	"and a head that is relayed in turn are sent as they are.\n"
	"\n"
	"The codec for what clients send (`set codec`) compresses activations and their\n"
	"gradients, in both directions; one for the model (down=) has no effect.\n"
	"\n"
	"With clients in turn an aggregator has nothing to combine: it acts under v1\n"
	"and v2 only, and so do attacks that are made of the updates of a round.\n"
	"Other attacks change activations, and the layers that their client relays.\n"
	"\n"
	"Per batch of B examples: B x width numbers and B labels up, B x width numbers\n"
	"down. Plain SGD; with one client every variant is SGD without a cut, bit for bit.\n"
	"\n"
	"Source: Gupta, Raskar 2018; Vepakomma et al. 2018; Thapa et al. 2022 (SplitFed).\n";

const struct fed_scheme fed_scheme_split = {
	.name = "split",
	.help = "cut the model: clients run the first layers, the server the others",
	.doc = doc,
	.fields = fields,
	.state_size = sizeof(struct fed_split),
	.fits = split_fits,
	.forget = split_forget,
	.begin = split_begin,
	.arrived = split_arrived,
	.lost = split_lost,
	.deadline = fed__split_deadline,
	.drops_late = split_drops_late,
	.complete = split_complete,
	.finish = split_finish,
	.end = fed__split_end,
	.makes_model = true,
	.message = split_message,
	.worked = split_worked,
	.mask = split_mask,
	.waits = split_waits,
	.waits_for_all = split_waits_for_all,
	.place = fed__split_place,
	.expect = fed__split_expect,
	.reported = fed__split_reported,
	.works = fed__split_works,
	.unable = fed__split_unable,
	.hides_model = fed__split_hides_model,
	.client_layers = fed__split_client_layers,
};

const struct fed_scheme fed_scheme_vertical = {
	.name = "vertical",
	.help = "parties own different columns of the same examples",
	.doc = fed__vertical_doc,
	.fields = fed__vertical_fields,
	.state_size = sizeof(struct fed_split),
	.fits = split_fits,
	.begin = split_begin,
	.arrived = split_arrived,
	.lost = split_lost,
	.complete = split_complete,
	.finish = split_finish,
	.end = fed__split_end,
	.makes_model = true,
	.message = split_message,
	.worked = split_worked,
	.waits = split_waits,
};

bool fed_split_seals(const struct fed_scheme *scheme, const void *state)
{
	const struct fed_split *s = state;

	return scheme == &fed_scheme_split && s->relay == FED_RELAY_PEER;
}

bool fed_is_split(const struct fed_scheme *scheme)
{
	return scheme == &fed_scheme_split || scheme == &fed_scheme_vertical;
}

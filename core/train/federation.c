/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/federation.c - event loop of a round, and its commit, abort and cancellation.
 */
#include "train/federation.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"
#include "train/evaluation_messages.h"
#include "train/faults/faults.h"
#include "train/in_flight.h"
#include "train/local/data_faults.h"
#include "train/local/trainer.h"
#include "train/client_memory.h"
#include "train/loss_queries.h"
#include "train/participants.h"
#include "train/remote_clients.h"
#include "plug/calls/call_selection.h"
#include "train/round/aggregate.h"
#include "train/round/apply_step.h"
#include "train/round/personal.h"
#include "train/round/arrivals.h"
#include "train/round/coding.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"

/* Longest wait for a real transport between two checks for an interrupt, in seconds. */
#define POLL_SECONDS 0.1

/* Limit of finished trainings that wait to be joined: as many as fit into a cache, within a range
 * for each thread: enough to keep it busy, not more than help. */
#define AHEAD_BYTES ((size_t)16 << 20)
#define AHEAD_MOST 32
#define AHEAD_LEAST 2

/* Limit of the free list of former models. */
#define MODELS_BYTES ((size_t)256 << 20)

/* Callback fed_host.note: a plugin's line, as an event of the federation that contains the host. */
static void take_note(const struct fed_host *host, const char *text)
{
	const char *f = (const char *)host - offsetof(struct fed_federation, host);

	fed__emit((const struct fed_federation *)(const void *)f, FED_EVENT_PLUGIN, FED_SERVER, text);
}

static void link_of(void *ctx, uint32_t client, struct fed_link *link)
{
	const struct fed_federation *f = ctx;
	const struct fed_client *x = fed_clients_get(f->clients, client);

	/* Messages in flight to a removed client arrive at once. */
	*link = x ? fed__link_of(&x->link) : fed_link_profiles[0].link;
	const double slow = fed__faults_factor(f->faults, FED_FAULT_SLOW_LINK, client, f->version);
	link->latency *= slow;
	link->up /= slow;
	link->down /= slow;
}

static int make_pool(struct fed_federation *f, struct fed_error *err)
{
	const int threads = f->settings->threads ? (int)f->settings->threads : fed_cpu_count();
	const size_t fit = AHEAD_BYTES / sizeof(float) / f->net->dim / (size_t)threads;
	const int ahead = fit > AHEAD_MOST ? AHEAD_MOST : fit < AHEAD_LEAST ? AHEAD_LEAST : (int)fit;

	if (fed_pool_init(&f->pool, threads, ahead * threads, err))
		return FED_FAIL;
	return fed_trainer_init(&f->trainer, f, err);
}

static void free_pool(struct fed_federation *f)
{
	fed__trainer_free(f->trainer);
	fed_pool_free(f->pool);
	f->trainer = NULL;
	f->pool = NULL;
}

static int open_messenger(struct fed_federation *f, const struct fed_network_service *network,
                          struct fed_error *err)
{
	/* Transports draw by message id, and ids continue those of a former federation. */
	const uint64_t seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_TRANSPORT, 0, 0);

	if (fed_messenger_init(&f->messenger, f->transport, &f->clock, seed, link_of, f, err))
		return FED_FAIL;
	f->messenger.expect = fed__remote_expect;
	f->messenger.wire.network = network;
	return FED_OK;
}

int fed_federation_init(struct fed_federation *f, const struct fed_federation_parts *parts,
                        struct fed_error *err)
{
	*f = (struct fed_federation){
		.data = parts->data,
		.net = parts->net,
		.model_plugin = parts->model,
		.clients = parts->clients,
		.aggregator = parts->aggregator,
		.transport = parts->transport,
		.selection = parts->selection,
		.plugins = parts->plugins,
		.settings = parts->settings,
		.scheme = parts->scheme,
		.scheme_state = parts->scheme_state,
		.sink = parts->sink,
		.faults = parts->faults,
		.ledger = parts->ledger,
		.ranks = parts->ranks,
		.origin = parts->origin,
	};
	f->host = (struct fed_host){.size = sizeof f->host, .note = take_note};
	fed_event_queue_init(&f->clock);

	fed_vector_free_list_init(&f->models, MODELS_BYTES);
	fed_vector_free_list_init(&f->messages, MODELS_BYTES);
	f->model = fed_vector_free_list_take(&f->models, 1, f->net->dim);
	f->step = fed_alloc_floats(f->net->dim);
	if (!f->model || !f->step) {
		fed__federation_release(f);
		return fed_fail_memory(err, parts->net->dim * sizeof *f->params, "the model");
	}
	f->params = f->model->vector[0];
	fed_net_init_params(f->net, f->model->vector[0], (uint64_t)f->settings->seed);
	if (make_pool(f, err) || open_messenger(f, parts->network, err)) {
		fed__federation_release(f);
		return FED_FAIL;
	}
	return FED_OK;
}

void fed_cancel_open(struct fed_federation *f, bool held)
{
	if (f->n_open)
		fed__emit(f, FED_EVENT_CANCELLED, FED_SERVER, NULL);
	fed__in_flight_drop(f, held);
}

/* Release all owners of references to shared vectors, then the free lists to which those return. */
static void release(struct fed_federation *f)
{
	f->sink = (struct fed_sink){0};
	fed_federation_abort(f, "its end");
	fed__in_flight_forget(f);
	if (f->trainer)
		fed_cancel_open(f, true);
	if (f->scheme && f->scheme->works) /* the turn of a client in its own process */
		f->scheme->end(f, f->scheme_state);
	fed_backup_release(&f->before);
	fed_backup_release(&f->selection_before);
	fed__loss_queries_clear(f);
	fed__reports_release_memory(f);
	fed__collusion_state_release(&f->collusions);
	fed__verdicts_release(&f->verdicts);
	fed_free(f->held);
	fed_messenger_release(&f->messenger);
	fed_event_queue_release(&f->clock);
	fed_shared_vectors_unref(f->outgoing);
	fed__codings_release(f);
	free_pool(f);
	fed_vector_free_list_release(&f->models);
	fed_vector_free_list_release(&f->messages);
	fed_free_floats(f->step);
	fed_free(f->charges.charge);
	fed__clients_before_release(&f->clients_before);
	fed_free(f->open);
	fed_free(f->seen_ids);
	memset(f, 0, sizeof *f);
}

void fed__federation_release(struct fed_federation *f)
{
	fed_shared_vectors_unref(f->model);
	release(f);
}

float *fed_federation_dissolve(struct fed_federation *f)
{
	struct fed_shared_vectors *model = f->model;

	release(f);
	return fed_shared_vectors_detach(model);
}

int fed_federation_adopt(struct fed_federation *f, float *params, struct fed_error *err)
{
	struct fed_shared_vectors *model = f->model;

	if (atomic_load(&model->references) > 1) { /* a training has a reference */
		model = fed_vector_free_list_take(&f->models, 1, f->net->dim);
		if (!model)
			return fed_fail_memory(err, f->net->dim * sizeof *params, "the model");
		fed_shared_vectors_unref(f->model);
		f->model = model;
	}
	fed_free_floats(model->vector[0]);
	f->params = model->vector[0] = params;
	return FED_OK;
}

/* Make the clients' plan: the settings, then the aggregator's changes. */
static int make_plan(struct fed_federation *f, struct fed_error *err)
{
	const struct fed_settings *s = f->settings;

	f->plan = (struct fed_plan){
		.epochs = s->epochs,
		.batch = s->batch,
		.lr = s->lr * pow(s->lr_decay, (double)f->version),
		.momentum = s->momentum,
		.weight_decay = s->weight_decay,
	};
	f->feedback = s->error_feedback;
	f->noise = s->noise;
	const bool rule = f->selection && f->selection->entry && !f->scheme->overlaps;
	f->equal_weights = rule && fed_selection_weighs_equally(f->selection);
	f->reports_rms = rule && fed_selection_knows(f->selection) & FED_KNOWS_LOSS_SQUARES;
	struct fed_server_link_rates rates;
	if (fed__server_link_parse(s->server_link, &rates, err))
		return FED_FAIL;
	const int rc = fed__codings_prepare(f, err);
	if (rc)
		return rc;
	fed_messenger_set_server_link(&f->messenger, &rates);
	return fed_call_plan(f->aggregator, &f->plan, err);
}

/* Handle a model that reached its client: the training begins now and ends in virtual time. */
static int client_receives(struct fed_federation *f, const struct fed_envelope *model,
                           struct fed_error *err)
{
	const uint32_t id = model->head.to;
	struct fed_client *client = fed_clients_get(f->clients, id);
	uint32_t slot;

	if (!client || !fed__invitation_is_open(f, id, model->round))
		return FED_OK; /* removed or cancelled while the message was in flight */
	const struct fed_client row = fed__row_of(f, id, model->version);
	const double flops = fed__trainer_flops(f->trainer, &row);
	const double slow = fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, id, f->version);
	const double seconds = client->device > 0 ? slow * flops / client->device : 0;
	const double due = f->clock.now + seconds;
	bool struck;

	if (fed__client_before_keep(f, id, err))
		return FED_FAIL;
	client->version = model->version;
	fed__emit_about(f, FED_EVENT_RECEIVED, id, model->round, 0, NULL);
	if (fed__strike_training(f, model, seconds, flops, &struck, err))
		return FED_FAIL;
	if (struck)
		return fed_client_is_remote(f->clients, id)
		           ? fed__invitation_lost(f, id, "hangs or crashes, by a fault", err)
		           : FED_OK;
	const struct fed_costs work = {.client_flops = flops};
	if (fed__charge(f, id, &work, err))
		return FED_FAIL;
	if (fed_client_is_remote(f->clients, id))
		return FED_OK; /* it trains, and reports */
	if (fed__trainer_start(f->trainer, id, &row, model, due, &slot, err))
		return FED_FAIL;
	return fed_event_queue_add(&f->clock, due, FED_QUEUED_TRAINED, slot, id, err);
}

/* Handle word to begin: the client has the model since its loss was asked for. */
static int client_starts(struct fed_federation *f, struct fed_envelope *start,
                         struct fed_error *err)
{
	if (start->version != f->version || !f->outgoing)
		return FED_OK; /* of an aborted round */
	fed_shared_vectors_unref(start->payload);
	start->payload = fed_shared_vectors_ref(f->outgoing);
	return client_receives(f, start, err);
}

static int client_sends(struct fed_federation *f, uint32_t slot, uint32_t id, struct fed_error *err)
{
	struct fed_envelope update = {
		.head = {.from = id, .to = FED_SERVER, .kind = FED_MESSAGE_UPDATE},
	};
	bool excusable;
	const int rc = fed__trainer_join(f->trainer, slot, &update, &excusable, err);

	if (rc && excusable && fed__goes_on_without(f))
		return fed__skip_update(f, id, update.round, err);
	return rc ? rc : fed__send_update(f, &update, NULL, err);
}

static int message_lost(struct fed_federation *f, const struct fed_envelope *e,
                        struct fed_error *err)
{
	const uint32_t id = fed_invited(e);

	if (!fed__invitation_is_open(f, id, e->round))
		return FED_OK;
	return fed__invitation_lost(f, id, e->why, err);
}

static int deadline_comes(struct fed_federation *f, uint64_t number, struct fed_error *err)
{
	if (number != f->deadline || !f->scheme->deadline)
		return FED_OK; /* of a version that is complete */
	f->deadline = 0;
	return f->scheme->deadline(f, f->scheme_state, err);
}

static int dispatch(struct fed_federation *f, const struct fed_queued_event *due,
                    struct fed_error *err)
{
	if (due->kind == FED_QUEUED_TRAINED)
		return client_sends(f, (uint32_t)due->ref, due->who, err);
	if (due->kind == FED_QUEUED_DEADLINE)
		return deadline_comes(f, due->ref, err);
	if (due->kind == FED_QUEUED_CRASH)
		return fed__crash(f, due->who, due->ref, err);
	if (due->kind == FED_QUEUED_WORK)
		return f->scheme->worked(f, f->scheme_state, due->who, due->ref, err);
	if (due->kind == FED_QUEUED_ANSWER)
		return fed__loss_evaluated(f, due->ref, err);
	if (due->kind == FED_QUEUED_AT_SERVER_LINK)
		return fed__reaches_server_link(f, due->ref, err);
	if (due->kind == FED_QUEUED_DEPARTS)
		return fed_messenger_depart(&f->messenger, due->ref, err);
	if (due->kind == FED_QUEUED_PASSES) {
		fed__passes_server_link(f, due->ref);
		return FED_OK;
	}

	struct fed_envelope *e = fed_messenger_take(&f->messenger, due->ref);
	int rc = FED_OK;
	if (!e)
		return FED_OK; /* delivered twice: counted by the messenger */
	if (due->kind == FED_QUEUED_REPORT || due->kind == FED_QUEUED_GONE)
		rc = fed__remote_client_news(f, due->kind, e, err);
	else if (due->kind == FED_QUEUED_LOST && fed_is_loss_query(e))
		rc = fed__loss_query_lost(f, e, err);
	else if (due->kind == FED_QUEUED_LOST)
		rc = message_lost(f, e, err);
	else if (fed_is_loss_query(e))
		rc = fed__loss_query_arrives(f, e, err);
	else if (f->scheme->message)
		rc = f->scheme->message(f, f->scheme_state, e, err);
	else if (e->head.kind == FED_MESSAGE_MODEL)
		rc = client_receives(f, e, err);
	else if (e->head.kind == FED_MESSAGE_START)
		rc = client_starts(f, e, err);
	else if (e->head.kind == FED_MESSAGE_UPDATE)
		rc = fed__take_update(f, e, err);
	fed_messenger_done(&f->messenger, e);
	return rc;
}

/* Whether the scheme makes this client wait for others, so that its silence is not a loss. */
static bool waits(const struct fed_federation *f, uint32_t client)
{
	return f->scheme->waits && f->scheme->waits(f, f->scheme_state, client);
}

/* End as lost the open invitations that will never be answered, when nothing is in flight; the
 * scheme may invite other clients instead. */
static int end_silent_invitations(struct fed_federation *f, struct fed_error *err)
{
	const uint64_t last = f->invitations;
	const double ended = f->record.lost + f->record.late;

	for (uint32_t i = 0; i < f->open_capacity && f->n_open; i++) {
		while (f->open[i].number && f->open[i].number <= last && !waits(f, f->open[i].client)) {
			const struct fed_invitation open = f->open[i];

			if (!fed__is_held(f, open.client)) {
				if (fed__invitation_lost(f, open.client, "never answered", err))
					return FED_FAIL;
				continue;
			}
			fed__invitation_close(f, open.client);
			f->record.late++;
			fed__emit_about(f, FED_EVENT_LATE, open.client, open.number, 0,
			                "nothing else is in flight");
			if (f->scheme->lost(f, f->scheme_state, open.number, err))
				return FED_FAIL;
		}
	}
	if (f->n_open && f->record.lost + f->record.late == ended)
		return fed_fail(err, "nothing is in flight, and %u clients wait for each other", f->n_open);
	return FED_OK;
}

/* Handle one event, or wait for one. */
static int next_event(struct fed_federation *f, struct fed_error *err)
{
	struct fed_queued_event due;
	int rc;

	if (fed_messenger_next(&f->messenger, &due)) {
		rc = dispatch(f, &due, err);
		return rc ? rc : fed__reports_release(f, false, err);
	}
	if (!fed_is_simulated(f->transport) && !fed__all_are_held(f)) {
		rc = fed_messenger_poll(&f->messenger, POLL_SECONDS, err);
		fed__tell_transport(f);
		return rc;
	}
	if (fed__loss_queries_end(f, &rc, err))
		return rc;
	if (f->n_open)
		return end_silent_invitations(f, err);
	return fed_fail(err, "scheme %s waits for nothing", f->scheme->name);
}

static void count_rounds(struct fed_federation *f)
{
	for (size_t i = 0; i < f->verdicts.n; i++) {
		struct fed_client *client = fed_clients_get(f->clients, f->verdicts.of[i].client);
		if (client && f->verdicts.of[i].verdict.used)
			client->rounds++;
	}
}

/* Make the step of a complete version. */
static int make_step(struct fed_federation *f, struct fed_error *err)
{
	if (fed__craft_colluders(f, err))
		return FED_FAIL;
	if (f->record.reported == 0) {
		fed_fail(err,
		         "no update of %.0f client%s was accepted (%.0f lost, %.0f refused, %.0f late)",
		         f->record.invited, f->record.invited == 1 ? "" : "s", f->record.lost,
		         f->record.refused, f->record.late);
		return fed__fail_unreported(f, err);
	}

	if (f->scheme->finish(f, f->scheme_state, f->step, err)) {
		f->nan = fed_step_has_nonfinite(f->step, f->net->dim);
		return FED_FAIL;
	}
	if (fed__apply_step(f, f->step, err))
		return FED_FAIL;
	if (f->scheme->mask)
		f->scheme->mask(f, f->scheme_state, f->step);
	fed__verdicts_measure_step(f, f->step);
	return FED_OK;
}

/* Check whether a round can begin, and reserve its buffers, before anything is sent. */
static int prepare_round(struct fed_federation *f, struct fed_error *err)
{
	if (f->clients->n_present == 0)
		return fed_reject(err, fed_is_simulated(f->transport)
		                           ? "there are no clients; `add-client 10` makes some"
		                           : "no member of the room is a client yet; `serve` shows how to "
		                             "join, and `room` who does");
	const int rc = fed__list_seen(f, err);
	if (rc)
		return rc;
	f->messenger.outlives_transport = !f->transport->entry->builtin && fed__goes_on_without(f);
	return fed__federation_prepare(f, err);
}

int fed__federation_prepare(struct fed_federation *f, struct fed_error *err)
{
	if (f->aggregator->dim != f->net->dim &&
	    (fed_instance_size(f->aggregator, f->net->dim, err) || fed__draw_models(f, err)))
		return FED_FAIL;
	if (!f->step) /* the last one is kept with the verdicts */
		f->step = fed_alloc_floats(f->net->dim);
	if (!f->step)
		return fed_fail_memory(err, f->net->dim * sizeof *f->step, "the step");
	int rc = make_plan(f, err);
	if (rc)
		return rc;
	rc = fed__plan_suits(f, err);
	if (rc)
		return rc;
	rc = fed__poison_suits(f->faults, f->data, f->version, err);
	if (rc)
		return rc;
	return fed_trainer_prepare(f->trainer, f->clients->most, err);
}

static void begin_record(struct fed_federation *f)
{
	f->record = (struct fed_record){
		.round = (double)(f->version + 1),
		.train_loss = NAN,
		.staleness = NAN,
		.defence_precision = NAN,
		.defence_recall = NAN,
		.honest_distance = NAN,
		.client_memory = NAN,
		.updates = f->record.updates,
		.lr = f->plan.lr,
		.server_wait = fed_server_link_exists(&f->messenger.server) ? 0 : NAN,
	};
	fed_record_forget_evaluation(&f->record);
}

static int evaluate_round(struct fed_federation *f, struct fed_error *err)
{
	const int64_t every = f->settings->eval_every;

	f->record.client_memory = fed__client_memory(f);
	if (every == 0 || f->version % (uint64_t)every ||
	    (f->scheme->hides_model && f->scheme->hides_model(f, f->scheme_state)))
		return FED_OK;
	if (fed_federation_measure(f, f->params, &f->record, err))
		return FED_FAIL;
	return f->settings->evaluate_over == FED_EVALUATE_NETWORK || fed_clients_are_remote(f->clients)
	           ? fed__evaluate_by_messages(f, err)
	           : FED_OK;
}

static void close_round(struct fed_federation *f)
{
	f->scheme->end(f, f->scheme_state);
	fed__release_round_inputs(f);
	fed__in_flight_forget(f);
	fed__loss_queries_clear(f);
	fed__reports_clear(f);
	f->in_round = false;
	f->deadline = 0;
	f->packed = false;
	if (!f->scheme->overlaps)
		fed__collusion_state_clear(&f->collusions);
}

/* Roll back the counters by which faults, transports and ties in time are drawn.  Real connections
 * may still bring messages of the aborted round: their numbers are not used again. */
static void roll_back_counters(struct fed_federation *f)
{
	f->clock.now = f->started.clock;
	if (!fed_is_simulated(f->transport))
		return;
	f->invitations = f->started.invitations;
	f->clock.next_seq = f->started.next_seq;
	f->messenger.next_id = f->started.next_id;
}

void fed_federation_abort(struct fed_federation *f, const char *why)
{
	if (!f->in_round)
		return;
	fed__in_flight_roll_back(f);
	roll_back_counters(f);
	fed__clients_before_rollback(f);
	fed__faults_rollback(f->faults);
	fed__verdicts_rollback(&f->verdicts);
	f->charges.n = 0;
	fed_instance_rollback(f->aggregator, &f->before);
	if (f->selection && f->selection->entry)
		fed_instance_rollback(f->selection, &f->selection_before);
	close_round(f);
	fed__emit(f, FED_EVENT_ABORTED, FED_SERVER, why);
	f->record = f->started.record;
	if (f->started.lost)
		fed__emit(f, FED_EVENT_CANCELLED, FED_SERVER, NULL);
	f->nan = false;
}

/* Commit a version whose step is made, and evaluate it. */
static void complete_round(struct fed_federation *f)
{
	struct fed_error unknown;

	f->version++;
	fed__trainer_commit(f->trainer);
	fed__charges_commit(f);
	f->clients_before.n = 0;
	fed_faults_commit(f->faults);
	fed__verdicts_commit(&f->verdicts, &f->step);
	count_rounds(f);
	close_round(f);
	if (!f->scheme->overlaps)
		fed_cancel_open(f, false);
	f->record.clock = fed_clock_of(f);
	const double began = fed_wall_seconds();
	/* The step is committed even if there is no memory to evaluate it. */
	atomic_store(&f->evaluating, true);
	if (evaluate_round(f, &unknown))
		fed__emit(f, FED_EVENT_WARNING, FED_SERVER, unknown.text);
	atomic_store(&f->evaluating, false);
	f->record.wall -= fed_wall_seconds() - began; /* the caller counts all of it */
}

static int begin(struct fed_federation *f, bool may_be_repeated, struct fed_error *err)
{
	f->steps = 0;
	int rc = prepare_round(f, err);
	if (rc)
		return rc;
	if (fed_instance_backup(f->aggregator, &f->before, err) ||
	    (f->selection && f->selection->entry &&
	     fed_instance_backup(f->selection, &f->selection_before, err)))
		return FED_FAIL;
	/* Without it, held messages alone can be in flight before a round that does not overlap. */
	if ((may_be_repeated || (f->n_held && !f->scheme->overlaps)) &&
	    fed_is_simulated(f->transport) && fed__in_flight_remember(f, err))
		return FED_FAIL;
	f->in_round = true;
	f->patience = 0;
	fed__verdicts_release_updates(&f->verdicts);
	if (!fed_is_simulated(f->transport)) /* time went on since the last event */
		f->clock.now = fmax(f->clock.now, fed_messenger_now(&f->messenger));
	f->started.clock = f->clock.now;
	f->started.record = f->record;
	f->started.invitations = f->invitations;
	f->started.next_seq = f->clock.next_seq;
	f->started.next_id = f->messenger.next_id;
	f->started.n_open = f->n_open;
	f->started.open_capacity = f->open_capacity;
	f->started.n_held = f->n_held;
	begin_record(f);
	f->n_nonfinite = f->draws = 0;
	rc = f->scheme->begin(f, f->scheme_state, err);
	if (rc == FED_OK)
		rc = fed__release_held(f, err);
	if (rc)
		fed_federation_abort(f, err->text);
	else
		fed__emit(f, FED_EVENT_BEGIN, FED_SERVER, NULL);
	f->steps = rc == FED_OK;
	return rc;
}

static int open_round(struct fed_federation *f, bool may_be_repeated, struct fed_error *err)
{
	const double began = fed_wall_seconds();

	if (f->in_round)
		return FED_OK;
	const int rc = begin(f, may_be_repeated, err);
	if (rc == FED_OK)
		f->record.wall += fed_wall_seconds() - began;
	return rc;
}

int fed_federation_begin(struct fed_federation *f, struct fed_error *err)
{
	return open_round(f, true, err);
}

/* Handle one event of the round, and make the step if it was the last. */
static int advance(struct fed_federation *f, bool *made, struct fed_error *err)
{
	int rc = FED_OK;

	if (atomic_load(&f->stop) >= 2)
		return fed_reject(err, "aborted; the model is as before the round");
	if (!f->scheme->complete(f, f->scheme_state))
		rc = next_event(f, err);
	if (rc || !f->scheme->complete(f, f->scheme_state))
		return rc;
	rc = make_step(f, err);
	if (rc)
		return rc;
	complete_round(f);
	*made = true;
	return FED_OK;
}

/* Advance until `made`, or by one event only; adds the real time to the record. */
static int advance_timed(struct fed_federation *f, bool one, bool *made, struct fed_error *err)
{
	const double began = fed_wall_seconds();
	int rc;

	*made = false;
	do {
		rc = advance(f, made, err);
		f->steps += rc == FED_OK;
	} while (rc == FED_OK && !*made && !one);
	if (rc) {
		fed_federation_abort(f, err->text);
		return rc;
	}
	f->record.wall += fed_wall_seconds() - began;
	if (*made)
		fed__emit(f, FED_EVENT_ROUND, FED_SERVER, NULL);
	return FED_OK;
}

int fed_federation_advance(struct fed_federation *f, bool *made, struct fed_error *err)
{
	return advance_timed(f, true, made, err);
}

int fed_federation_round(struct fed_federation *f, struct fed_error *err)
{
	const int rc = open_round(f, false, err);
	bool made;

	return rc ? rc : advance_timed(f, false, &made, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/evaluation_messages.c - the messages of an evaluation, their faults, and its end.
 *
 * As with loss queries, the figures are computed when the models leave, in full batches, and are
 * known to the server when the answers arrive.
 */
#include "train/evaluation_messages.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "train/evaluate_clients.h"
#include "train/faults/faults.h"
#include "train/participants.h"
#include "train/remote_clients.h"
#include "train/round/emit.h"
#include "train/round/message_faults.h"

/* Ids of messages by which simulated transports draw: others than those of training, and each
 * version its own. */
#define FIRST_ID ((uint64_t)1 << 62)
#define ID_BITS 28

/* Longest wait for a real transport between two checks for an interrupt, in seconds. */
#define POLL_SECONDS 0.1

struct asked_client {
	struct fed_client_figures figures; /* its own; those of its answer once that arrived */
	bool over, measured;
};

struct by_messages {
	struct fed_federation *f;
	struct asked_client *of; /* [n] */
	uint32_t n, waiting;
	struct fed_shared_vectors *model; /* what is sent */
	/* Put aside while it lasts: */
	struct fed_event_queue training;
	uint64_t next_id;
	struct fed_server_link_busy busy;
	uint64_t first_id;        /* of its messages */
	struct fed_reports later; /* messages of training by clients on other machines */
};

/* The ends of an evaluation ------------------------------------------------------------ */

static void end_missing(struct by_messages *p, uint32_t k, const char *why)
{
	struct asked_client *a = &p->of[k];

	if (a->over)
		return;
	a->over = true;
	p->waiting--;
	p->f->record.clients_missing++;
	fed__emit_about(p->f, FED_EVENT_MISSING, a->figures.client, 0, 0, why);
}

static void end_all_missing(struct by_messages *p, const char *why)
{
	for (uint32_t k = 0; k < p->n; k++)
		end_missing(p, k, why);
}

/* Whether figures can be true; what a client says is checked before it is used. */
static bool are_plausible(const struct fed_envelope *e, bool classes)
{
	const double n = (double)e->samples;

	if (e->figures != FED_FIGURES || e->samples == 0 || e->samples > UINT32_MAX)
		return false;
	for (uint32_t k = 0; k < FED_FIGURES; k += 2)
		if (classes && !isnan(e->figure[k]) && !(e->figure[k] >= 0 && e->figure[k] <= n))
			return false;
	return true;
}

/* An answer has reached the server. */
static void take_figures(struct by_messages *p, uint32_t k, const struct fed_envelope *e)
{
	struct asked_client *a = &p->of[k];
	const double examples = (double)a->figures.examples;
	struct fed_error why;
	char text[96];

	if (a->over)
		return;
	if (fed__check_message(p->f, e, &why)) {
		end_missing(p, k, "its figures are damaged");
		return;
	}
	if (!are_plausible(e, p->f->net->classes > 0)) {
		end_missing(p, k, "its figures cannot be true");
		return;
	}
	a->figures.examples = (uint32_t)e->samples;
	a->figures.hits = e->figure[0];
	a->figures.loss = e->figure[1];
	a->figures.own_hits = e->figure[2];
	a->figures.own_loss = e->figure[3];
	a->over = a->measured = true;
	p->waiting--;
	if (p->f->net->classes)
		snprintf(text, sizeof text, "%.0f of %.0f right, mean loss %.4g", a->figures.hits, examples,
		         a->figures.loss / examples);
	else
		snprintf(text, sizeof text, "mean loss %.4g over %.0f", a->figures.loss / examples,
		         examples);
	fed__emit_about(p->f, FED_EVENT_MEASURED, a->figures.client, 0, 0, text);
}

/* Clients ------------------------------------------------------------------------------- */

/* Why a client that has the model will not answer, or NULL. */
static const char *silence_of(struct fed_federation *f, uint32_t id)
{
	static const struct {
		enum fed_fault_kind kind;
		const char *why;
	} silent[] = {{FED_FAULT_HANG, "hangs"}, {FED_FAULT_CRASH, "crashed while it evaluated"}};

	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
		struct fed_fault *fault =
			fed__fault_strikes(f->faults, silent[i].kind, id, f->version, FIRST_ID);

		if (!fault)
			continue;
		fault->strikes++;
		return silent[i].why;
	}
	return NULL;
}

static double flops_of(const struct fed_federation *f, const struct fed_client_figures *of)
{
	const double passes = isnan(of->own_loss) ? 1 : 2; /* of two models, where it has its own */

	return fed_net_flops(f->net, 0, f->net->layers) * of->examples * passes;
}

/* The model has reached a client, which evaluates it. */
static int client_evaluates(struct by_messages *p, uint32_t k, struct fed_error *err)
{
	struct fed_federation *f = p->f;
	const struct fed_client_figures *of = &p->of[k].figures;
	const uint32_t id = of->client;
	const struct fed_client *client = fed_clients_get(f->clients, id);
	const char *silence = silence_of(f, id);

	if (silence) {
		end_missing(p, k, silence);
		return FED_OK;
	}
	const struct fed_costs work = {.client_flops = flops_of(f, of)};
	const double slow = fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, id, f->version);
	const double seconds =
		client->device > 0 ? slow * work.client_flops / (double)client->device : 0;

	fed__emit_about(f, FED_EVENT_EVALUATING, id, 0, 0, NULL);
	if (fed_client_is_remote(f->clients, id))
		return FED_OK; /* it reports, and is charged then */
	if (fed__charge(f, id, &work, err))
		return FED_FAIL;
	return fed_event_queue_add(&f->clock, f->clock.now + seconds, FED_QUEUED_ANSWER, k, id, err);
}

/* A client has evaluated the model, and answers. */
static int client_answers(struct by_messages *p, uint32_t k, struct fed_error *err)
{
	struct fed_federation *f = p->f;
	const struct fed_client_figures *of = &p->of[k].figures;
	struct fed_fault *cut =
		fed_fault_on(f->faults, FED_FAULT_PARTITION, of->client, f->version, NULL);
	uint64_t bytes;

	if (cut) {
		cut->strikes++;
		end_missing(p, k, "the client is cut off");
		return FED_OK;
	}
	struct fed_envelope answer = {
		.head = {.from = of->client, .to = FED_SERVER, .kind = FED_MESSAGE_FIGURES},
		.version = f->version,
		.samples = of->examples,
		.loss = (float)(of->loss / of->examples),
		.figures = FED_FIGURES,
		.figure = {of->hits, of->loss, of->own_hits, of->own_loss},
		.payload = fed_shared_vectors_new(0, 0),
	};
	if (!answer.payload)
		return fed_fail_memory(err, sizeof *answer.payload, "a message");
	if (fed__send(f, &answer, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, FED_EVENT_EVALUATED, of->client, 0, bytes, NULL);
	return FED_OK;
}

/* The server ------------------------------------------------------------------------------ */

/* What is sent: the model as clients see it; the aggregator's broadcast vectors only where they are
 * models that clients choose from. */
static int pack(struct by_messages *p, struct fed_error *err)
{
	struct fed_federation *f = p->f;

	if (fed__pack_model(f, err))
		return FED_FAIL;
	if (f->outgoing->n == 1 || fed_instance_models(f->aggregator) > 1) {
		p->model = fed_shared_vectors_ref(f->outgoing);
		return FED_OK;
	}
	p->model = fed_shared_vectors_new(1, f->net->dim);
	if (!p->model)
		return fed_fail_memory(err, f->net->dim * sizeof(float), "the model's message");
	memcpy(p->model->vector[0], f->outgoing->vector[0], f->net->dim * sizeof(float));
	return FED_OK;
}

/* List who holds examples out, each with what it would answer. */
static int list_clients(struct by_messages *p, struct fed_error *err)
{
	struct fed_client_figures *all;

	if (fed__clients_evaluate(p->f, p->model->vector[0], NULL, &all, &p->n, err))
		return FED_FAIL;
	p->of = fed_alloc_array(p->n, sizeof *p->of);
	for (uint32_t k = 0; p->of && k < p->n; k++)
		p->of[k] = (struct asked_client){.figures = all[k]};
	fed_free(all);
	return p->of ? FED_OK : fed_fail_memory(err, p->n * sizeof *p->of, "the clients' evaluation");
}

static int send_model(struct by_messages *p, uint32_t k, struct fed_error *err)
{
	struct fed_federation *f = p->f;
	const uint32_t client = p->of[k].figures.client;
	struct fed_envelope model = {
		.head = {.from = FED_SERVER, .to = client, .kind = FED_MESSAGE_EVALUATE},
		.version = f->version,
		.loss = NAN,
	};
	uint64_t bytes;

	fed__attach_model(f, &model);
	fed_shared_vectors_unref(model.payload);
	model.payload = fed_shared_vectors_ref(p->model);
	if (fed__send(f, &model, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, FED_EVENT_EVALUATION, client, 0, bytes, NULL);
	return FED_OK;
}

/* Ask all that are there; the others are neither asked nor missing. */
static int ask_clients(struct by_messages *p, struct fed_error *err)
{
	struct fed_federation *f = p->f;

	p->waiting = p->n;
	for (uint32_t k = 0; k < p->n; k++) {
		if (!fed_faults_present(f->faults, p->of[k].figures.client, f->version)) {
			p->of[k].over = true;
			p->waiting--;
		} else if (send_model(p, k, err)) {
			return FED_FAIL;
		}
	}
	/* A client on another machine may sleep: a round that did not wait for it does not now. */
	const double set = f->settings->evaluate_deadline;
	const double deadline = set > 0 || fed_is_simulated(f->transport) ? set : f->patience;
	return deadline > 0 ? fed_event_queue_add(&f->clock, f->clock.now + deadline,
	                                          FED_QUEUED_DEADLINE, 0, FED_SERVER, err)
	                    : FED_OK;
}

/* Events ------------------------------------------------------------------------------------ */

/* The client's place; n: it was not asked. */
static uint32_t place_of(const struct by_messages *p, uint32_t client)
{
	uint32_t low = 0, high = p->n;

	while (low < high) { /* ascending */
		const uint32_t middle = low + (high - low) / 2;

		if (p->of[middle].figures.client < client)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->n && p->of[low].figures.client == client ? low : p->n;
}

/* Figures of a client on another machine: it answers as one here would. */
static int figures_reported(struct by_messages *p, uint32_t k, const struct fed_envelope *e,
                            struct fed_error *err)
{
	struct fed_client_figures *of = &p->of[k].figures;

	if (p->of[k].over)
		return FED_OK;
	if (e->samples != of->examples) {
		end_missing(p, k, "its figures are of another number of examples than it holds out");
		return FED_OK;
	}
	of->hits = e->figure[0];
	of->loss = e->figure[1];
	of->own_hits = e->figure[2];
	of->own_loss = e->figure[3];
	const struct fed_costs work = {.client_flops = flops_of(p->f, of)};
	return fed__charge(p->f, of->client, &work, err) ? FED_FAIL : client_answers(p, k, err);
}

/* News of a client on another machine; what is not about the evaluation waits for its end. */
static int remote_due(struct by_messages *p, uint32_t kind, struct fed_envelope *e,
                      struct fed_error *err)
{
	const uint32_t k = place_of(p, e->head.from);
	const bool gone = kind == FED_QUEUED_GONE;
	const bool figures =
		e->head.kind == FED_MESSAGE_FIGURES || (e->head.kind == FED_FRAME_UNABLE && e->round == 0);

	if (gone && (figures || !e->head.kind) && k < p->n)
		end_missing(p, k, e->why);
	else if (figures && k < p->n && e->version == p->f->version)
		return figures_reported(p, k, e, err);
	if (figures)
		return FED_OK;
	if (fed__reports_add(&p->later, e, err))
		return FED_FAIL;
	p->later.of[p->later.n - 1].gone = gone;
	return FED_OK;
}

static int message_due(struct by_messages *p, const struct fed_queued_event *due,
                       struct fed_error *err)
{
	struct fed_federation *f = p->f;

	if (due->ref < p->first_id) /* over real connections: of training, which waits */
		return fed_event_queue_add(&p->training, due->when, due->kind, due->ref, due->who, err);
	struct fed_envelope *e = fed_messenger_take(&f->messenger, due->ref);
	if (!e)
		return FED_OK;
	const uint32_t k = place_of(p, fed_invited(e));
	int rc = FED_OK;
	if (due->kind == FED_QUEUED_REPORT || due->kind == FED_QUEUED_GONE)
		rc = remote_due(p, due->kind, e, err);
	else if (k == p->n || e->version != f->version)
		rc = FED_OK; /* of another evaluation */
	else if (due->kind == FED_QUEUED_LOST)
		end_missing(p, k, e->why);
	else if (e->head.kind == FED_MESSAGE_EVALUATE && !p->of[k].over)
		rc = client_evaluates(p, k, err);
	else if (e->head.kind == FED_MESSAGE_FIGURES)
		take_figures(p, k, e);
	fed_messenger_done(&f->messenger, e);
	return rc;
}

static int handle(struct by_messages *p, const struct fed_queued_event *due, struct fed_error *err)
{
	struct fed_federation *f = p->f;

	switch (due->kind) {
	case FED_QUEUED_DEADLINE:
		end_all_missing(p, "the deadline has passed");
		return FED_OK;
	case FED_QUEUED_ANSWER:
		return p->of[due->ref].over ? FED_OK : client_answers(p, (uint32_t)due->ref, err);
	case FED_QUEUED_AT_SERVER_LINK:
		return fed__reaches_server_link(f, due->ref, err);
	case FED_QUEUED_DEPARTS:
		return fed_messenger_depart(&f->messenger, due->ref, err);
	case FED_QUEUED_PASSES:
		fed__passes_server_link(f, due->ref);
		return FED_OK;
	default:
		return message_due(p, due, err);
	}
}

static int wait_for_figures(struct by_messages *p, struct fed_error *err)
{
	struct fed_federation *f = p->f;
	struct fed_queued_event due;
	int rc = FED_OK;

	while (rc == FED_OK && p->waiting) {
		if (atomic_load(&f->stop) >= 2)
			return fed_reject(err,
			                  "the evaluation of version %llu was interrupted; the version is kept",
			                  (unsigned long long)f->version);
		if (fed_messenger_next(&f->messenger, &due))
			rc = handle(p, &due, err);
		else if (fed_is_simulated(f->transport))
			end_all_missing(p, "it never answered");
		else
			rc = fed_messenger_poll(&f->messenger, POLL_SECONDS, err);
		fed__tell_transport(f);
	}
	return rc;
}

/* Training stands still meanwhile ------------------------------------------------------------- */

static void put_training_aside(struct by_messages *p)
{
	struct fed_federation *f = p->f;

	p->training = f->clock;
	p->next_id = f->messenger.next_id;
	p->busy = f->messenger.server.busy;
	fed_event_queue_init(&f->clock);
	f->clock.now = p->training.now;
	f->clock.next_seq = p->training.next_seq;
	if (fed_is_simulated(f->transport))
		f->messenger.next_id = FIRST_ID | f->version << ID_BITS;
	p->first_id = f->messenger.next_id;
}

/* Bring on what clients on other machines sent meanwhile. */
static int resume_reports(struct by_messages *p, struct fed_error *err)
{
	struct fed_federation *f = p->f;
	int rc = FED_OK;

	for (uint32_t i = 0; i < p->later.n; i++) {
		const struct fed_envelope *e = &p->later.of[i].envelope;

		if (rc)
			fed_envelope_release(e);
		else
			rc = p->later.of[i].gone ? fed_messenger_gone(&f->messenger, e, f->clock.now, err)
			                         : fed_messenger_report(&f->messenger, e, f->clock.now, err);
	}
	fed_free(p->later.of);
	return rc;
}

static void resume_training(struct by_messages *p)
{
	struct fed_federation *f = p->f;
	const double now = f->clock.now;

	fed_messenger_cancel(&f->messenger, p->first_id);
	fed_event_queue_release(&f->clock);
	f->clock = p->training;
	if (!fed_is_simulated(f->transport)) {
		f->record.evaluation_seconds = now - f->clock.now;
		f->clock.now = now;
		return;
	}
	f->record.evaluation_seconds = now - f->clock.now;
	f->evaluation_seconds += f->record.evaluation_seconds;
	f->messenger.next_id = p->next_id;
	f->messenger.server.busy = p->busy;
}

/* The figures that arrived, into the table of clients and the record. */
static int record_figures(const struct by_messages *p, struct fed_error *err)
{
	struct fed_client_figures *came = fed_alloc_array(p->n, sizeof *came);
	uint32_t n = 0;

	if (!came)
		return fed_fail_memory(err, p->n * sizeof *came, "the clients' evaluation");
	for (uint32_t k = 0; k < p->n; k++)
		if (p->of[k].measured)
			came[n++] = p->of[k].figures;
	const int rc = fed__clients_record(p->f, came, n, &p->f->record, err);
	p->f->record.clients_measured = n;
	fed_free(came);
	return rc;
}

int fed__evaluate_by_messages(struct fed_federation *f, struct fed_error *err)
{
	struct by_messages p = {.f = f};
	const double bytes = f->record.bytes_up + f->record.bytes_down;
	struct fed_error unused;

	if (!fed_clients_evaluating(f->clients))
		return FED_OK;
	put_training_aside(&p);
	f->record.clients_missing = 0;
	int rc = pack(&p, err);
	if (rc == FED_OK)
		rc = list_clients(&p, err);
	if (rc == FED_OK)
		rc = ask_clients(&p, err);
	if (rc == FED_OK)
		rc = wait_for_figures(&p, err);
	resume_training(&p);
	if (resume_reports(&p, rc ? &unused : err) && rc == FED_OK)
		rc = FED_FAIL;
	f->packed = false;
	f->record.evaluation_bytes = f->record.bytes_up + f->record.bytes_down - bytes;
	if (rc == FED_OK)
		rc = record_figures(&p, err);
	fed__charges_commit(f);
	fed_faults_commit(f->faults);
	fed_shared_vectors_unref(p.model);
	fed_free(p.of);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/loss_queries.c - loss queries: sending them, the clients' evaluations, their answers.
 *
 * As with trainings, the losses are computed when the queries leave, in parallel, and are known to
 * the server when the answers arrive in virtual time.
 */
#include "train/loss_queries.h"

#include <math.h>

#include "base/mem.h"
#include "train/faults/faults.h"
#include "train/local/trainer.h"
#include "train/participants.h"
#include "train/round/message_faults.h"
#include "train/selection.h"

void fed__loss_queries_clear(struct fed_federation *f)
{
	fed_free(f->queries.of);
	f->queries = (struct fed_loss_queries){0};
}

/* Evaluation ----------------------------------------------------------------------- */

struct evaluations {
	struct fed_federation *federation;
	atomic_bool failed;
	struct fed_error why; /* of the first that failed */
};

static void evaluate(void *ctx, size_t i, int worker)
{
	struct evaluations *e = ctx;
	struct fed_federation *f = e->federation;
	struct fed_loss_query *q = &f->queries.of[i];
	const struct fed_client row = fed__row_of(f, q->client, f->version);
	struct fed_error why;

	if (fed_client_is_remote(f->clients, q->client))
		return; /* it reports its loss */
	if (fed__trainer_client_loss(f->trainer, worker, f->outgoing->vector[0], q->client, &row,
	                             &q->loss, &why) &&
	    !atomic_exchange(&e->failed, true))
		e->why = why;
}

static int evaluate_all(struct fed_federation *f, struct fed_error *err)
{
	struct evaluations e = {.federation = f};

	if (fed_pool_each(f->pool, f->queries.n, evaluate, &e, err))
		return FED_FAIL;
	if (!atomic_load(&e.failed))
		return FED_OK;
	*err = e.why;
	return FED_FAIL;
}

/* FLOPs of a forward pass over the client's examples. */
static double evaluation_flops(const struct fed_federation *f, const struct fed_client *row)
{
	return fed_net_flops(f->net, 0, f->net->layers) * row->count;
}

/* Messages --------------------------------------------------------------------------- */

static int send_query(struct fed_federation *f, uint32_t k, struct fed_error *err)
{
	const uint32_t client = f->queries.of[k].client;
	struct fed_envelope query = {
		.head = {.from = FED_SERVER, .to = client, .kind = FED_MESSAGE_QUERY},
		.version = f->version,
		.steps = k,
		.loss = NAN,
	};
	uint64_t bytes;

	fed__attach_model(f, &query);

	if (fed__send(f, &query, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, FED_EVENT_ASKED, client, 0, bytes, NULL);
	return FED_OK;
}

int fed__ask_losses(struct fed_federation *f, uint32_t wanted, bool *asks, struct fed_error *err)
{
	uint32_t *asked, n;
	int rc = fed__select_asked(f, wanted, &asked, &n, err);

	*asks = false;
	if (rc || n == 0)
		return rc;
	f->queries.of = fed_alloc_array(n, sizeof *f->queries.of);
	if (!f->queries.of)
		rc = fed_fail_memory(err, n * sizeof *f->queries.of, "the candidates");
	for (uint32_t k = 0; rc == FED_OK && k < n; k++)
		f->queries.of[k] = (struct fed_loss_query){.client = f->seen[asked[k]], .place = asked[k]};
	fed_free(asked);
	if (rc)
		return rc;
	f->queries.n = f->queries.waiting = n;
	if (fed__pack_model(f, err) || evaluate_all(f, err))
		return FED_FAIL;
	for (uint32_t k = 0; k < n; k++)
		if (send_query(f, k, err))
			return FED_FAIL;
	*asks = true;
	return FED_OK;
}

/* The query that a message or an evaluation belongs to, or NULL when it is over. */
static struct fed_loss_query *query_at(const struct fed_federation *f, uint64_t k, uint64_t version)
{
	struct fed_loss_query *q = k < f->queries.n ? &f->queries.of[k] : NULL;

	return q && !q->over && version == f->version ? q : NULL;
}

static int end_query(struct fed_federation *f, struct fed_loss_query *q, struct fed_error *err)
{
	q->over = true;
	if (--f->queries.waiting)
		return FED_OK;
	return f->scheme->answered(f, f->scheme_state, err);
}

/* The model has reached a candidate, which evaluates it. */
static int client_evaluates(struct fed_federation *f, const struct fed_envelope *e,
                            struct fed_error *err)
{
	const uint32_t id = e->head.to;
	const struct fed_client *client = fed_clients_get(f->clients, id);

	if (!client)
		return FED_OK;
	const struct fed_client row = fed__row_of(f, id, f->version);
	const struct fed_costs work = {.client_flops = evaluation_flops(f, &row)};
	const double slow = fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, id, f->version);
	const double seconds =
		client->device > 0 ? slow * work.client_flops / (double)client->device : 0;

	if (fed__charge(f, id, &work, err))
		return FED_FAIL;
	if (fed_client_is_remote(f->clients, id))
		return FED_OK;
	return fed_event_queue_add(&f->clock, f->clock.now + seconds, FED_QUEUED_ANSWER, e->steps, id,
	                           err);
}

int fed__loss_reported(struct fed_federation *f, const struct fed_envelope *e,
                       struct fed_error *err)
{
	struct fed_loss_query *q = query_at(f, e->steps, e->version);

	if (!q || q->client != e->head.from)
		return FED_OK;
	q->loss = (double)e->loss;
	return fed__loss_evaluated(f, e->steps, err);
}

int fed__loss_evaluated(struct fed_federation *f, uint64_t k, struct fed_error *err)
{
	struct fed_loss_query *q = query_at(f, k, f->version);
	uint64_t bytes;

	if (!q)
		return FED_OK;
	struct fed_envelope answer = {
		.head = {.from = q->client, .to = FED_SERVER, .kind = FED_MESSAGE_ANSWER},
		.version = f->version,
		.steps = (uint32_t)k,
		.loss = (float)q->loss,
		.payload = fed_shared_vectors_new(0, 0),
	};
	if (!answer.payload)
		return fed_fail_memory(err, sizeof *answer.payload, "a message");
	return fed__send(f, &answer, &bytes, err);
}

int fed__loss_query_arrives(struct fed_federation *f, const struct fed_envelope *e,
                            struct fed_error *err)
{
	struct fed_loss_query *q = query_at(f, e->steps, e->version);
	char text[64];

	if (!q)
		return FED_OK;
	if (e->head.kind == FED_MESSAGE_QUERY)
		return client_evaluates(f, e, err);
	q->loss = (double)e->loss;
	q->answered = true;
	snprintf(text, sizeof text, "its loss is %.4g", q->loss);
	fed__emit_about(f, FED_EVENT_ANSWERED, q->client, 0, 0, text);
	return end_query(f, q, err);
}

int fed__loss_query_gone(struct fed_federation *f, uint32_t client, struct fed_error *err)
{
	for (uint32_t k = 0; k < f->queries.n; k++)
		if (f->queries.of[k].client == client && !f->queries.of[k].over)
			return end_query(f, &f->queries.of[k], err);
	return FED_OK;
}

int fed__loss_query_lost(struct fed_federation *f, const struct fed_envelope *e,
                         struct fed_error *err)
{
	struct fed_loss_query *q = query_at(f, e->steps, e->version);

	return q ? end_query(f, q, err) : FED_OK;
}

bool fed__loss_queries_end(struct fed_federation *f, int *rc, struct fed_error *err)
{
	const bool waiting = f->queries.waiting > 0;

	*rc = FED_OK;
	for (uint32_t k = 0; *rc == FED_OK && f->queries.waiting && k < f->queries.n; k++)
		if (!f->queries.of[k].over)
			*rc = end_query(f, &f->queries.of[k], err);
	return waiting;
}

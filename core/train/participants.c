/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/participants.c - invitations of clients, and uniform draws of them.
 */
#include "train/participants.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/faults/faults.h"
#include "train/local/trainer.h"
#include "train/round/coding.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"

/* Encode the model's message, and replace its parameters by what clients decode. */
static int code_model(struct fed_federation *f, struct fed_shared_vectors *p, struct fed_error *err)
{
	const struct fed_coding coding = fed__coding_of(f, FED_SERVER, f->version, f->net->dim);

	if (!f->sharing)
		return fed_recode(f->codec_down, &coding, p->vector[0], &f->outgoing_code, err);
	fed_sharing_pack(f->sharing, p->vector[0], p->vector[0]);
	const int rc = fed_recode(f->codec_down, &coding, p->vector[0], &f->outgoing_code, err);
	fed_sharing_unpack(f->sharing, p->vector[0], p->vector[0]);
	fed_sharing_copy_local(f->sharing, f->params, p->vector[0]);
	return rc;
}

/* Set `outgoing`: parameters and the aggregator's broadcast vectors, shared by all messages of this
 * version; the model itself when there are no such vectors and no codec. */
int fed__pack_model(struct fed_federation *f, struct fed_error *err)
{
	const uint32_t sent = fed_instance_broadcasts(f->aggregator);
	const bool own = sent || f->codec_down;

	if (f->packed)
		return FED_OK;
	struct fed_shared_vectors *p =
		own ? fed_vector_free_list_take(&f->messages, 1 + sent, f->net->dim)
			: fed_shared_vectors_ref(f->model);
	if (!p)
		return fed_fail_memory(err, (1 + sent) * f->net->dim * sizeof(float),
		                       "the model's message");
	if (own)
		memcpy(p->vector[0], f->params, f->net->dim * sizeof *f->params);
	for (uint32_t k = 0; k < sent; k++) {
		const double *v = fed_instance_broadcast(f->aggregator, k);
		for (size_t j = 0; j < f->net->dim; j++)
			p->vector[1 + k][j] = (float)v[j];
	}
	fed_code_unref(f->outgoing_code);
	f->outgoing_code = NULL;
	if (f->codec_down && code_model(f, p, err)) {
		fed_shared_vectors_unref(p);
		return FED_FAIL;
	}
	fed_shared_vectors_unref(f->outgoing);
	f->outgoing = p;
	f->packed = true;
	return FED_OK;
}

void fed__attach_model(const struct fed_federation *f, struct fed_envelope *e)
{
	e->payload = fed_shared_vectors_ref(f->outgoing);
	e->sharing = fed_sharing_ref(f->sharing);
	e->codec = fed_shared_codec_ref(f->codec_down);
	e->code = fed_code_ref(f->outgoing_code);
	if (e->codec)
		e->coding = fed__coding_of(f, FED_SERVER, f->version, f->net->dim);
}

/* Whether the client has the model: it has answered a loss query of this round. */
static bool has_answered(const struct fed_federation *f, uint32_t client)
{
	uint32_t low = 0, high = f->queries.n;

	while (low < high) { /* ascending by client, as the candidates are */
		const uint32_t middle = low + (high - low) / 2;
		const struct fed_loss_query *q = &f->queries.of[middle];

		if (q->client == client)
			return q->answered;
		if (q->client < client)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Send the model, or word to begin where the client has it since its loss was asked for. */
static int send_model(struct fed_federation *f, uint32_t client, struct fed_error *err)
{
	const bool has_it = has_answered(f, client);
	struct fed_envelope model = {
		.head = {.from = FED_SERVER,
	             .to = client,
	             .kind = has_it ? FED_MESSAGE_START : FED_MESSAGE_MODEL},
		.version = f->version,
		.loss = NAN,
	};
	uint64_t bytes;

	if (has_it)
		model.payload = fed_shared_vectors_new(0, 0);
	else
		fed__attach_model(f, &model);
	if (!model.payload)
		return fed_fail_memory(err, sizeof *model.payload, "a message");
	model.round = fed__invitation_open(f, client, f->outgoing);
	if (fed__send(f, &model, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, FED_EVENT_SENT, client, model.round, bytes, NULL);
	return FED_OK;
}

int fed__invite_with(struct fed_federation *f, struct fed_envelope *first, struct fed_error *err)
{
	const uint32_t client = first->head.to;
	uint64_t bytes;

	if (fed__invitations_reserve(f, 1, err)) {
		fed_envelope_release(first);
		return FED_FAIL;
	}
	first->version = f->version;
	first->round = fed__invitation_open(f, client, f->model);
	if (fed__send(f, first, &bytes, err))
		return FED_FAIL;
	fed__emit_about(f, FED_EVENT_SENT, client, first->round, bytes, NULL);
	return FED_OK;
}

int fed__invite_silently(struct fed_federation *f, uint32_t client, struct fed_error *err)
{
	if (fed__invitations_reserve(f, 1, err))
		return FED_FAIL;
	const uint64_t number = fed__invitation_open(f, client, f->model);
	fed__emit_about(f, FED_EVENT_SENT, client, number, 0, NULL);
	return FED_OK;
}

int fed__invite(struct fed_federation *f, const uint32_t *clients, uint32_t n,
                struct fed_error *err)
{
	if (fed__pack_model(f, err) || fed__invitations_reserve(f, n, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (send_model(f, clients[i], err))
			return FED_FAIL;
	return FED_OK;
}

int fed__set_deadline(struct fed_federation *f, double when, struct fed_error *err)
{
	f->deadline = ++f->deadlines;
	return fed_event_queue_add(&f->clock, when, FED_QUEUED_DEADLINE, f->deadline, FED_SERVER, err);
}

struct fed_client fed__row_of(const struct fed_federation *f, uint32_t id, uint64_t version)
{
	struct fed_client row = f->clients->client[id];
	uint32_t first;

	fed__faults_window(f->faults, id, version, row.count, &first, &row.count);
	row.examples += first;
	return row;
}

double fed_federation_training_flops(const struct fed_federation *f, uint32_t client)
{
	const struct fed_client row = fed__row_of(f, client, f->version);

	return f->trainer ? fed__trainer_flops(f->trainer, &row) : 0;
}

static bool takes_no_part(const struct fed_clients *c, uint32_t id)
{
	return c->client[id].unseen || fed__client_is_away(c, id);
}

static int refuse_without_participants(const struct fed_federation *f, struct fed_error *err)
{
	if (fed_clients_are_remote(f->clients))
		return fed_reject(err, "none of the %u clients is here; `room` shows who is",
		                  f->clients->n_present);
	return fed_reject(
		err,
		"none of the %u clients takes part in training; `set unseen 0` and `add-client` "
		"make some that do",
		f->clients->n_present);
}

int fed__list_seen(struct fed_federation *f, struct fed_error *err)
{
	const struct fed_clients *c = f->clients;
	uint32_t without = 0, n = 0;

	for (uint32_t i = 0; i < c->n_present; i++)
		without += takes_no_part(c, c->present[i]);
	fed_free(f->seen_ids);
	f->seen_ids = NULL;
	f->seen = c->present;
	f->n_seen = c->n_present;
	if (!without)
		return FED_OK;
	if (without == c->n_present)
		return refuse_without_participants(f, err);
	f->seen_ids = fed_alloc_array(c->n_present, sizeof *f->seen_ids);
	if (!f->seen_ids)
		return fed_fail_memory(err, c->n_present * sizeof *f->seen_ids, "the clients");
	for (uint32_t i = 0; i < c->n_present; i++)
		if (!takes_no_part(c, c->present[i]))
			f->seen_ids[n++] = c->present[i];
	f->seen = f->seen_ids;
	f->n_seen = n;
	return FED_OK;
}

uint32_t fed__wanted_clients(const struct fed_federation *f)
{
	const uint32_t population = f->n_seen;
	const double share = floor(f->settings->fraction * population + 0.5);
	const double m = f->settings->participants ? (double)f->settings->participants : share;

	return m < 1 ? 1 : m > population ? population : (uint32_t)m;
}

/* Draw more candidates than are wanted, leave out those that are away, and draw again among the
 * rest: each present client is equally likely. */
static int draw_present(const struct fed_federation *f, struct fed_stream *draw, uint32_t n,
                        uint32_t *place, uint32_t *here, struct fed_error *err)
{
	const uint32_t *id = f->seen;
	uint32_t drawn = 0;

	if (fed_stream_choose(draw, f->n_seen, n, place, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (fed_faults_present(f->faults, id[place[i]], f->version))
			place[drawn++] = place[i];
	*here = drawn;
	return FED_OK;
}

int fed__draw_places(const struct fed_federation *f, uint32_t number, uint32_t n, uint32_t *chosen,
                     uint32_t *got, struct fed_error *err)
{
	const uint32_t population = f->n_seen;
	const bool churn = fed__faults_any(f->faults, FED_FAULT_CHURN);
	struct fed_stream draw =
		number ? fed_stream_open((uint64_t)f->settings->seed, FED_FOR_SELECTION, f->version, number)
			   : fed_stream_open((uint64_t)f->settings->seed, FED_FOR_SAMPLE, f->version, 0);

	*got = n;
	for (uint32_t more = churn ? 2 * n + 16 : n;;
	     more = more > population / 2 ? population : 2 * more) {
		const uint32_t tries = more < population ? more : population;
		uint32_t *place = fed_alloc_array(tries, sizeof *place), here = 0;

		if (!place)
			return fed_fail_memory(err, tries * sizeof *place, "the participants");
		int rc = draw_present(f, &draw, tries, place, &here, err);
		const bool enough = here >= n || tries == population;
		if (rc == FED_OK && enough) {
			*got = here < n ? here : n;
			rc = fed_stream_choose(&draw, here, *got, chosen, err);
			for (uint32_t i = 0; rc == FED_OK && i < *got; i++)
				chosen[i] = place[chosen[i]];
		}
		fed_free(place);
		if (rc || enough)
			return rc;
	}
}

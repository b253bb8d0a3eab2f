/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/client_work.c - trainings, losses and evaluations of a client in a process of its own.
 */
#include "train/client_work.h"

#include <math.h>

#include "base/mem.h"
#include "train/evaluate_clients.h"
#include "train/local/trainer.h"
#include "train/faults/faults.h"
#include "train/participants.h"
#include "train/round/attacks.h"
#include "train/round/coding.h"
#include "train/round/invitations.h"

int fed_client_decode(struct fed_federation *f, uint32_t client, const void *bytes, size_t len,
                      struct fed_envelope *e, struct fed_error *err)
{
	struct fed_envelope sent;
	size_t longest = f->net->dim;

	if (fed_frame_head(bytes, len, &sent, err))
		return FED_REJECT;
	const struct fed_message head = sent.head;
	if (head.to != client)
		return fed_reject(err, "is for client %u, and this is client %u", head.to, client);
	if (!fed_frame_is_whole(bytes, len))
		return fed_reject(err, "is damaged: its checksum does not match");
	f->version = sent.version;
	int rc = fed__federation_prepare(f, err); /* plan and codecs */
	if (rc)
		return rc;
	switch (head.kind) {
	case FED_MESSAGE_MODEL:
	case FED_MESSAGE_START:
	case FED_MESSAGE_QUERY:
	case FED_MESSAGE_EVALUATE:
		sent.payload = f->model;
		sent.sharing = f->sharing;
		sent.codec = f->codec_down;
		sent.coding = fed__coding_of(f, FED_SERVER, sent.version, f->net->dim);
		break;
	default:
		longest = f->scheme->expect ? f->scheme->expect(f, f->scheme_state, &sent) : 0;
	}
	if (longest == 0)
		return fed_reject(err, "is of kind %u, which no client gets under scheme %s", head.kind,
		                  f->scheme->name);
	rc = fed_messenger_decode(bytes, len, longest, &sent, e, err);
	if (rc)
		return rc;
	/* what does not travel is the client's copy, as it would be the server's */
	if (e->sharing && e->payload->n)
		fed_sharing_copy_local(e->sharing, f->params, e->payload->vector[0]);
	return FED_OK;
}

enum fed_client_activity fed_client_activity_of(const struct fed_envelope *e)
{
	return e->head.kind == FED_MESSAGE_QUERY || e->head.kind == FED_MESSAGE_EVALUATE
	           ? FED_CLIENT_EVALUATES
	           : FED_CLIENT_TRAINS;
}

/* Keep the received model for a message that says to begin. */
static void keep_model(struct fed_federation *f, const struct fed_envelope *e)
{
	fed_shared_vectors_unref(f->outgoing);
	f->outgoing = fed_shared_vectors_ref(e->payload);
	f->asked = e->version;
}

/* Rewrite the update where the client itself attacks (by its consent, or a role). */
static int attack(struct fed_federation *f, struct fed_envelope *update,
                  const struct fed_envelope *model, struct fed_error *err)
{
	const uint32_t client = update->head.from;

	if (!f->faults || !f->faults->n)
		return FED_OK;
	if (fed__invitations_reserve(f, 1, err))
		return FED_FAIL;
	f->invitations = model->round - 1;
	update->round = fed__invitation_open(f, client, model->payload);
	const int rc = fed__attack_craft_alone(f, update, NULL, update->round, err);
	fed__invitation_close(f, client);
	return rc;
}

/* Train on a model; the update is as fed__send_update() of a round would get it. */
static int train(struct fed_federation *f, uint32_t client, const struct fed_envelope *model,
                 struct fed_envelope *update, struct fed_error *err)
{
	const struct fed_client row = fed__row_of(f, client, model->version);
	uint32_t slot;
	bool excusable;

	fed_clients_get(f->clients, client)->version = model->version;
	*update = (struct fed_envelope){
		.head = {.from = client, .to = FED_SERVER, .kind = FED_MESSAGE_UPDATE}};
	if (fed__trainer_start(f->trainer, client, &row, model, f->clock.now, &slot, err))
		return FED_FAIL;
	int rc = fed__trainer_join(f->trainer, slot, update, &excusable, err);
	if (rc)
		return rc;
	rc = attack(f, update, model, err);
	if (rc) {
		fed_envelope_release(update);
		return rc;
	}
	fed__trainer_commit(f->trainer);
	struct fed_client *own = fed_clients_get(f->clients, client);
	own->loss = update->loss;
	own->model = (update->model + 1) & 63;
	own->rounds++;
	return FED_OK;
}

static int answer_query(struct fed_federation *f, uint32_t client, const struct fed_envelope *query,
                        struct fed_envelope *answer, struct fed_error *err)
{
	const struct fed_client row = fed__row_of(f, client, query->version);
	double loss;

	keep_model(f, query);
	if (fed__trainer_client_loss(f->trainer, 0, query->payload->vector[0], client, &row, &loss,
	                             err))
		return FED_FAIL;
	*answer = (struct fed_envelope){
		.head = {.from = client, .to = FED_SERVER, .kind = FED_MESSAGE_ANSWER},
		.version = query->version,
		.round = query->round,
		.steps = query->steps,
		.loss = (float)loss,
		.payload = fed_shared_vectors_new(0, 0),
	};
	return answer->payload ? FED_OK : fed_fail_memory(err, sizeof *answer, "a message");
}

static int answer_evaluation(struct fed_federation *f, uint32_t client,
                             const struct fed_envelope *model, struct fed_envelope *answer,
                             struct fed_error *err)
{
	struct fed_client_figures *of;
	uint32_t n;

	if (fed__clients_evaluate(f, model->payload->vector[0], model->payload, &of, &n, err))
		return FED_FAIL;
	if (n != 1) {
		fed_free(of);
		return fed_reject(err, "asks for an evaluation, and no example is held out here");
	}
	*answer = (struct fed_envelope){
		.head = {.from = client, .to = FED_SERVER, .kind = FED_MESSAGE_FIGURES},
		.version = model->version,
		.samples = of->examples,
		.loss = (float)(of->loss / of->examples),
		.figures = FED_FIGURES,
		.figure = {of->hits, of->loss, of->own_hits, of->own_loss},
		.payload = fed_shared_vectors_new(0, 0),
	};
	fed_free(of);
	return answer->payload ? FED_OK : fed_fail_memory(err, sizeof *answer, "a message");
}

int fed_client_work(struct fed_federation *f, uint32_t client, const struct fed_envelope *in,
                    struct fed_envelope *answer, bool *answers, struct fed_error *err)
{
	struct fed_envelope begin = *in;

	*answers = true;
	switch (in->head.kind) {
	case FED_MESSAGE_MODEL:
		return train(f, client, in, answer, err);
	case FED_MESSAGE_START:
		if (!f->outgoing || f->asked != in->version)
			return fed_reject(err, "says to begin, and the model of version %llu did not come",
			                  (unsigned long long)in->version);
		begin.payload = f->outgoing;
		return train(f, client, &begin, answer, err);
	case FED_MESSAGE_QUERY:
		return answer_query(f, client, in, answer, err);
	case FED_MESSAGE_EVALUATE:
		return answer_evaluation(f, client, in, answer, err);
	default:
		*answers = false;
		return f->scheme->works ? f->scheme->works(f, f->scheme_state, in, answer, answers, err)
		                        : fed_reject(err, "is of kind %u", in->head.kind);
	}
}

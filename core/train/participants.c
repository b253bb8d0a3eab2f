/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/participants.c - invitations, and updates as an aggregator sees them.
 */
#include "train/participants.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/faults/faults.h"
#include "train/round/message_faults.h"
#include "train/local/trainer.h"

/* The table of open invitations: by client, open addressing, at most half full. */
static uint32_t place_of(const struct fed_federation *f, uint32_t client)
{
	const uint32_t mask = f->open_room - 1;
	uint32_t at = (uint32_t)fed_random(client, 0) & mask;

	while (f->open[at].number && f->open[at].client != client)
		at = (at + 1) & mask;
	return at;
}

static int reserve(struct fed_federation *f, uint32_t n, struct fed_error *err)
{
	uint32_t room = f->open_room ? f->open_room : 16;

	while (room / 2 < f->n_open + n)
		room *= 2;
	if (room == f->open_room)
		return FED_OK;
	struct fed_invitation *grown = fed_alloc_array(room, sizeof *grown), *old = f->open;
	const uint32_t old_room = f->open_room;
	if (!grown)
		return fed_fail_memory(err, room * sizeof *grown, "the invitations");
	f->open = grown;
	f->open_room = room;
	for (uint32_t i = 0; i < old_room; i++)
		if (old[i].number)
			f->open[place_of(f, old[i].client)] = old[i];
	fed_free(old);
	return FED_OK;
}

const struct fed_invitation *fed_invitation_of(const struct fed_federation *f, uint32_t client)
{
	if (!f->n_open)
		return NULL;
	const struct fed_invitation *open = &f->open[place_of(f, client)];
	return open->number ? open : NULL;
}

void fed_invitation_close(struct fed_federation *f, uint32_t client)
{
	const uint32_t mask = f->open_room - 1;
	uint32_t hole = place_of(f, client);

	fed_parcel_drop(f->open[hole].model);
	f->open[hole] = (struct fed_invitation){0};
	f->n_open--;
	/* Those behind the hole move up, so that every search still ends at its client. */
	for (uint32_t at = (hole + 1) & mask; f->open[at].number; at = (at + 1) & mask) {
		const struct fed_invitation moved = f->open[at];
		f->open[at] = (struct fed_invitation){0};
		f->open[place_of(f, moved.client)] = moved;
	}
}

/* The parameters and the aggregator's SENT vectors, as one parcel for all who get this version: the
 * model itself when there are no others. */
static int pack_model(struct fed_federation *f, struct fed_error *err)
{
	const uint32_t sent = fed_instance_sent(f->aggregator);

	if (f->packed)
		return FED_OK;
	struct fed_parcel *p =
		sent ? fed_stock_take(&f->messages, 1 + sent, f->net->dim) : fed_parcel_share(f->model);
	if (!p)
		return fed_fail_memory(err, (1 + sent) * f->net->dim * sizeof(float),
		                       "the model's message");
	fed_parcel_drop(f->outgoing);
	f->outgoing = p;
	f->packed = true;
	if (sent)
		memcpy(p->vector[0], f->params, f->net->dim * sizeof *f->params);
	for (uint32_t k = 0; k < sent; k++) {
		const double *v = fed_instance_sent_vector(f->aggregator, k);
		for (size_t j = 0; j < f->net->dim; j++)
			p->vector[1 + k][j] = (float)v[j];
	}
	return FED_OK;
}

/* The table has room. */
static uint64_t open_invitation(struct fed_federation *f, uint32_t client, struct fed_parcel *model)
{
	const uint64_t number = ++f->invitations;

	f->open[place_of(f, client)] = (struct fed_invitation){
		.number = number,
		.version = f->version,
		.sent = f->clock.now,
		.model = fed_parcel_share(model),
		.client = client,
	};
	f->n_open++;
	f->record.invited++;
	return number;
}

static int send_model(struct fed_federation *f, uint32_t client, struct fed_error *err)
{
	const struct fed_envelope model = {
		.head = {.from = FED_SERVER, .to = client, .kind = FED_MESSAGE_MODEL},
		.version = f->version,
		.round = open_invitation(f, client, f->outgoing),
		.loss = NAN,
		.parcel = fed_parcel_share(f->outgoing),
	};
	uint64_t bytes;

	if (fed_send(f, &model, &bytes, err))
		return FED_FAIL;
	fed_emit_about(f, FED_EVENT_SENT, client, model.round, bytes, NULL);
	return FED_OK;
}

int fed_invite_with(struct fed_federation *f, struct fed_envelope *first, struct fed_error *err)
{
	const uint32_t client = first->head.to;
	uint64_t bytes;

	if (reserve(f, 1, err)) {
		fed_envelope_let_go(first);
		return FED_FAIL;
	}
	first->version = f->version;
	first->round = open_invitation(f, client, f->model);
	if (fed_send(f, first, &bytes, err))
		return FED_FAIL;
	fed_emit_about(f, FED_EVENT_SENT, client, first->round, bytes, NULL);
	return FED_OK;
}

int fed_invite_silently(struct fed_federation *f, uint32_t client, struct fed_error *err)
{
	if (reserve(f, 1, err))
		return FED_FAIL;
	const uint64_t number = open_invitation(f, client, f->model);
	fed_emit_about(f, FED_EVENT_SENT, client, number, 0, NULL);
	return FED_OK;
}

int fed_invite(struct fed_federation *f, const uint32_t *clients, uint32_t n, struct fed_error *err)
{
	if (pack_model(f, err) || reserve(f, n, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (send_model(f, clients[i], err))
			return FED_FAIL;
	return FED_OK;
}

void fed_invitations_expire_before(struct fed_federation *f, uint64_t version, const char *why)
{
	for (uint32_t i = 0; i < f->open_room && f->n_open; i++) {
		/* closing may move another one here */
		while (f->open[i].number && f->open[i].version < version) {
			const struct fed_invitation open = f->open[i];

			fed_invitation_close(f, open.client);
			f->record.late++;
			fed_emit_about(f, FED_EVENT_LATE, open.client, open.number, 0, why);
		}
	}
}

void fed_invitations_expire(struct fed_federation *f, const char *why)
{
	fed_invitations_expire_before(f, UINT64_MAX, why);
}

int fed_invitation_lost(struct fed_federation *f, uint32_t client, const char *why,
                        struct fed_error *err)
{
	const uint64_t number = fed_invitation_of(f, client)->number;

	fed_invitation_close(f, client);
	f->record.lost++;
	fed_emit_about(f, FED_EVENT_LOST, client, number, 0, why);
	return f->scheme->lost(f, f->scheme_state, number, err);
}

void fed_recall(struct fed_federation *f, bool held)
{
	if (f->n_open)
		fed_emit(f, FED_EVENT_RECALLED, FED_SERVER, NULL);
	for (uint32_t i = 0; i < f->open_room; i++) {
		fed_parcel_drop(f->open[i].model);
		f->open[i] = (struct fed_invitation){0};
	}
	f->n_open = 0;
	fed_trainer_recall(f->trainer);
	fed_post_clear(&f->post);
	fed_vclock_clear(&f->clock);
	fed_collusions_clear(&f->collusions);
	if (held)
		fed_forget_held(f);
}

int fed_set_deadline(struct fed_federation *f, double seconds, struct fed_error *err)
{
	f->deadline = ++f->deadlines;
	return fed_vclock_add(&f->clock, f->clock.now + seconds, FED_DUE_DEADLINE, f->deadline,
	                      FED_SERVER, err);
}

uint32_t fed_wanted_clients(const struct fed_federation *f)
{
	const uint32_t population = f->clients->n_present;
	const double share = floor(f->settings->fraction * population + 0.5);
	const double m = f->settings->participants ? (double)f->settings->participants : share;

	return m < 1 ? 1 : m > population ? population : (uint32_t)m;
}

/* Draw some more than are wanted, leave out who is away, and draw again among the rest: whoever is
 * here is as likely as any other. */
static int draw_present(const struct fed_federation *f, struct fed_stream *draw, uint32_t n,
                        uint32_t *place, uint32_t *here, struct fed_error *err)
{
	const uint32_t *id = f->clients->present;
	uint32_t drawn = 0;

	if (fed_stream_choose(draw, f->clients->n_present, n, place, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < n; i++)
		if (fed_faults_here(f->faults, id[place[i]], f->version))
			place[drawn++] = id[place[i]];
	*here = drawn;
	return FED_OK;
}

int fed_draw_clients(const struct fed_federation *f, uint32_t n, uint32_t *chosen, uint32_t *got,
                     struct fed_error *err)
{
	const uint32_t population = f->clients->n_present;
	const bool churn = fed_faults_any(f->faults, FED_FAULT_CHURN);
	struct fed_stream draw =
		fed_stream_open((uint64_t)f->settings->seed, FED_FOR_SAMPLE, f->version, 0);

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

void fed_let_go(struct fed_federation *f)
{
	for (int k = 0; k < 2; k++) {
		fed_parcel_drop(f->handed_in[k]);
		f->handed_in[k] = NULL;
	}
}

int fed_hand_in(struct fed_federation *f, const struct fed_envelope *e, struct fed_parcel *model,
                struct fed_error *err)
{
	fed_let_go(f);
	f->handed_in[0] = fed_parcel_share(e->parcel);
	f->handed_in[1] = fed_parcel_share(model);
	const int rc = f->scheme->arrived(f, f->scheme_state, e, model->vector[0], err);

	return rc ? rc : fed_judge_taken(f, e, err);
}

int fed_begin_aggregation(struct fed_federation *f, struct fed_aggregation *a, uint32_t most,
                          struct fed_error *err)
{
	const struct fed_round round = {
		.version = f->version,
		.seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_PLUGIN, f->version, 0),
		.dim = f->net->dim,
		.params = f->params,
		.invited = most,
		.population = f->clients->n_present,
		.lr = f->plan.lr,
		.host = &f->host,
	};

	return fed_aggregation_begin(a, f->aggregator, &round, most, f->pool, err);
}

struct fed_update fed_update_of(const struct fed_federation *f, const struct fed_envelope *e,
                                const float *base)
{
	const bool equal = f->settings->weighting == FED_WEIGHT_EQUAL;

	return (struct fed_update){
		.delta = e->parcel->vector[0],
		.base = e->version == f->version ? f->params : base,
		.weight = equal ? 1 : (double)e->samples,
		.samples = e->samples,
		.client = e->head.from,
		.steps = e->steps,
		.staleness = (uint32_t)(f->version - e->version),
		.loss = e->loss,
		.returned = (const float *const *)(e->parcel->vector + 1),
	};
}

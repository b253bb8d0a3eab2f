/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_order.c - whose turns a round of split learning has, in what order, and how
 * each is called.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "train/participants.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/round/message_faults.h"
#include "train/schemes/split_internal.h"
#include "train/selection.h"

static void shuffle(const struct fed_federation *f, uint32_t *chosen, uint32_t n)
{
	struct fed_stream order =
		fed_stream_open((uint64_t)f->settings->seed, FED_FOR_TURNS, f->version, 0);

	fed_stream_shuffle(&order, chosen, n);
}

/* Choose present clients in order of their ids, beginning where the last round would have ended. */
static uint32_t choose_in_turn(const struct fed_federation *f, uint32_t wanted, uint32_t *chosen)
{
	const uint32_t population = f->n_seen;
	const uint32_t first = (uint32_t)(f->version * wanted % population);
	uint32_t n = 0;

	for (uint32_t i = 0; i < population && n < wanted; i++) {
		const uint32_t id = f->seen[((uint64_t)first + i) % population];
		if (fed_faults_present(f->faults, id, f->version))
			chosen[n++] = id;
	}
	return n;
}

int fed__split_choose(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	const uint32_t wanted = fed__wanted_clients(f);
	uint32_t *chosen = fed_alloc_array(wanted, sizeof *chosen), n = 0;
	int rc = FED_OK;

	if (!chosen)
		return fed_fail_memory(err, wanted * sizeof *chosen, "the participants");
	if (fed__selects_by_query(f, wanted)) {
		rc = fed_reject(err,
		                "selection %s asks for the loss of the whole model, which no client of "
		                "split learning has; take a rule, or a variant, that asks for nothing",
		                f->selection->entry->head->name);
	} else if (s->order == FED_ORDER_RANDOM || fed__has_selection(f)) {
		rc = fed__select_clients(f, wanted, chosen, &n, err);
		if (rc == FED_OK && s->order == FED_ORDER_RANDOM)
			shuffle(f, chosen, n);
	} else {
		n = choose_in_turn(f, wanted, chosen);
	}
	if (rc == FED_OK && n == 0)
		rc =
			fed_reject(err, "no client is present: churn took away all %u; `heal` brings them back",
		               f->n_seen);
	if (rc == FED_OK)
		rc = fed__split_check_memory(f, s, chosen, n, err);
	if (rc == FED_OK) {
		s->turn = fed_alloc(n * sizeof *s->turn);
		s->queue = fed_alloc_array(n, sizeof *s->queue);
		if (!s->turn || !s->queue)
			rc = fed_fail_memory(err, n * sizeof *s->turn, "the turns");
	}
	for (uint32_t i = 0; rc == FED_OK && i < n; i++)
		s->turn[i] = (struct fed_turn){.federation = f,
		                               .split = s,
		                               .client = chosen[i],
		                               .remote = fed_client_is_remote(f->clients, chosen[i])};
	if (rc == FED_OK)
		s->turns = n;
	fed_free(chosen);
	return rc;
}

/* Invitations ---------------------------------------------------------------------- */

/* Begin a turn without a message: the client has its layers already, or makes them from the seed.
 */
static int begin_silently(struct fed_federation *f, struct fed_turn *t, struct fed_error *err)
{
	if (fed__invite_silently(f, t->client, err))
		return FED_FAIL;
	const char *why = fed__unreachable(f, t->client, t->number);
	return why ? fed__invitation_lost(f, t->client, why, err) : fed__turn_begin(t, NULL, err);
}

/* Head that all clients of a parallel round are sent. */
static struct fed_shared_vectors *pack_head(const struct fed_federation *f, struct fed_split *s)
{
	if (s->parallel == FED_PARALLEL_OFF)
		return fed__pack_client(s, f->net, s->params);
	if (!s->head)
		s->head = fed__pack_client(s, f->net, s->params);
	return fed_shared_vectors_ref(s->head);
}

int fed__split_begin_parties(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	while (s->called < s->turns) {
		struct fed_turn *t = &s->turn[s->called++];

		t->number = f->invitations + 1;
		t->phase = FED_TURN_INVITED;
		if (begin_silently(f, t, err))
			return FED_FAIL;
	}
	return FED_OK;
}

int fed__split_call_next(struct fed_federation *f, struct fed_split *s, struct fed_error *err)
{
	fed__split_swap_sealed(s);
	struct fed_turn *t = &s->turn[s->called++];
	const bool peer = s->relay == FED_RELAY_PEER;
	const bool sealed = peer && t->remote && s->sealed[0].bytes;
	const bool has_it = peer && (s->giver < 0 || s->giver == t->client ||
	                             !fed_clients_get(f->clients, (uint32_t)s->giver));

	t->number = f->invitations + 1;
	t->phase = FED_TURN_INVITED;
	t->awaited = f->clock.now;
	if (has_it && !t->remote) /* one elsewhere is told to begin, and may have begun anew */
		return begin_silently(f, t, err) ? FED_FAIL : fed__split_set_deadline(f, s, err);
	if (sealed)
		return fed__split_send_sealed(f, s, t, err);
	struct fed_envelope head = {
		.head = {.from = peer && !has_it && !t->remote ? (uint32_t)s->giver : FED_SERVER,
	             .to = t->client,
	             .kind = FED_MESSAGE_HEAD},
		.loss = NAN,
		.payload = pack_head(f, s),
	};
	if (!head.payload)
		return fed_fail_memory(err, f->net->dim * sizeof(float), "a head");
	return fed__invite_with(f, &head, err) ? FED_FAIL : fed__split_set_deadline(f, s, err);
}

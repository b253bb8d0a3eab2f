/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_sealed.c - heads that clients on other machines seal for each other, with
 * relay=peer: the server stores and sends bytes that it cannot read.
 *
 * A client seals its head for all that may come next, since who does is drawn after its turn; so
 * the head is there, too, when its client has left.  What is read here of the bytes is whom they
 * are for (network/protocol.md).  The head that two clients cannot open, one after the other, is
 * taken for a bad one: the round goes on with the one before it, and at last with the server's own
 * copy, which is as old as the run.
 */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "train/participants.h"
#include "train/round/emit.h"
#include "train/schemes/split_internal.h"

/* Of the bytes: how many boxes there are, where they begin, and bytes of each, which begins with
 * its client's number. */
enum { COUNT_AT = 56, BOXES_AT = 60, BOX = 116, UNOPENED_MOST = 2 };

static uint32_t number_at(const struct fed_code *code, size_t at)
{
	const unsigned char *b = code->bytes + at;

	return at + 4 > code->len
	           ? FED_SERVER
	           : b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool is_for(const struct fed_code *code, uint32_t client)
{
	const uint32_t n = code->len < BOXES_AT ? 0 : number_at(code, COUNT_AT);

	for (uint32_t i = 0; i < n && BOXES_AT + (uint64_t)i * BOX < code->len; i++)
		if (number_at(code, BOXES_AT + (size_t)i * BOX) == client)
			return true;
	return false;
}

/* Replace references by those of others. */
static void copy_heads(struct fed_sealed_head to[2], const struct fed_sealed_head from[2])
{
	for (int k = 0; k < 2; k++) {
		struct fed_code *bytes = fed_code_ref(from[k].bytes);

		fed_code_unref(to[k].bytes);
		to[k] = (struct fed_sealed_head){bytes, from[k].giver};
	}
}

void fed__split_take_sealed(const struct fed_federation *f, struct fed_split *s)
{
	copy_heads(s->sealed, f->sealed);
	if (s->giver < 0 || s->relay != FED_RELAY_PEER) { /* a run that began again */
		fed__split_drop_sealed(s);
	} else if (s->sealed[0].bytes) {
		s->giver = s->sealed[0].giver;
	} else if (fed_clients_are_remote(f->clients)) {
		s->giver = -1;
		fed__emit(f, FED_EVENT_NOTICE, FED_SERVER,
		          "the sealed head has gone with the program or the session that had it; the "
		          "clients begin with the server's own copy");
	}
}

void fed__split_keep_sealed(struct fed_federation *f, struct fed_split *s)
{
	if (s->sealed[0].bytes && !f->sealed[0].bytes)
		fed__emit(f, FED_EVENT_NOTICE, FED_SERVER,
		          "the clients seal the head for each other: the server has only its own layers, "
		          "and cannot evaluate the model; `scheme split relay=server` lets it");
	copy_heads(f->sealed, s->sealed);
}

void fed__split_drop_sealed(struct fed_split *s)
{
	for (int k = 0; k < 2; k++) {
		fed_code_unref(s->sealed[k].bytes);
		s->sealed[k] = (struct fed_sealed_head){NULL, -1};
	}
}

void fed__split_swap_sealed(struct fed_split *s)
{
	const struct fed_turn next = s->turn[s->called];

	if (!s->sealed[0].bytes || !next.remote || s->relay != FED_RELAY_PEER)
		return;
	for (uint32_t i = s->called; i < s->turns; i++) {
		if (!is_for(s->sealed[0].bytes, s->turn[i].client))
			continue;
		s->turn[s->called] = s->turn[i];
		s->turn[i] = next;
		return;
	}
}

int fed__split_send_sealed(struct fed_federation *f, struct fed_split *s, struct fed_turn *t,
                           struct fed_error *err)
{
	struct fed_envelope head = {
		.head = {.from = (uint32_t)s->giver, .to = t->client, .kind = FED_MESSAGE_SEALED},
		.loss = NAN,
		.payload = fed_shared_vectors_new(0, 0),
		.code = fed_code_ref(s->sealed[0].bytes),
	};

	if (!head.payload) {
		fed_envelope_release(&head);
		return fed_fail_memory(err, sizeof head, "a message");
	}
	return fed__invite_with(f, &head, err) ? FED_FAIL : fed__split_set_deadline(f, s, err);
}

void fed__split_set_sealed(struct fed_split *s, const struct fed_turn *t,
                           const struct fed_envelope *e)
{
	fed_code_unref(s->sealed[1].bytes);
	s->sealed[1] = s->sealed[0];
	s->sealed[0] = (struct fed_sealed_head){fed_code_ref(e->code), t->client};
	s->unopened = 0;
}

void fed__split_unable(struct fed_federation *f, void *state, uint64_t number)
{
	struct fed_split *s = state;
	const struct fed_turn *t = fed__turn_of(s, number);
	char text[160];

	if (!t || !t->remote || !s->sealed[0].bytes || t->batch > 1 ||
	    (t->phase != FED_TURN_INVITED && t->phase != FED_TURN_FORWARD) ||
	    !is_for(s->sealed[0].bytes, t->client) || ++s->unopened < UNOPENED_MOST)
		return;
	const long long bad = s->sealed[0].giver;
	fed_code_unref(s->sealed[0].bytes);
	s->sealed[0] = s->sealed[1];
	s->sealed[1] = (struct fed_sealed_head){NULL, -1};
	s->giver = s->sealed[0].giver;
	s->unopened = 0;
	if (s->sealed[0].bytes)
		snprintf(text, sizeof text,
		         "%d clients could not use the head of client %lld; the round goes on with that of "
		         "client %lld",
		         UNOPENED_MOST, bad, (long long)s->giver);
	else
		snprintf(text, sizeof text,
		         "%d clients could not use the head of client %lld; the round goes on with the "
		         "server's own copy",
		         UNOPENED_MOST, bad);
	fed__emit(f, FED_EVENT_NOTICE, FED_SERVER, text);
}

bool fed__split_hides_model(const struct fed_federation *f, const void *state)
{
	return ((const struct fed_split *)state)->relay == FED_RELAY_PEER && f->sealed[0].bytes;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/participants.h - invitations of clients, and uniform draws of them.
 */
#ifndef FED_TRAIN_PARTICIPANTS_H
#define FED_TRAIN_PARTICIPANTS_H

#include "train/federation.h"

/* Invite these clients, none of which has an open invitation: send each the model. */
int fed__invite(struct fed_federation *, const uint32_t *clients, uint32_t n, struct fed_error *);
/* Open an invitation to a client which has none, with this first message, from the server or from
 * another client; its sender, recipient, kind, claims and payload are set by the caller. */
int fed__invite_with(struct fed_federation *, struct fed_envelope *first, struct fed_error *);
/* Open an invitation without a message, to a client that has all that it needs. */
int fed__invite_silently(struct fed_federation *, uint32_t client, struct fed_error *);
/* Row of a client that trains on a model of this version: with the examples that it has then. */
struct fed_client fed__row_of(const struct fed_federation *, uint32_t id, uint64_t version);
/* Have the scheme's deadline() called at this virtual time, unless the round ends before. */
int fed__set_deadline(struct fed_federation *, double when, struct fed_error *);

/* List the clients that take part (f->seen), before a round.  FED_REJECT: none does. */
int fed__list_seen(struct fed_federation *, struct fed_error *);
/* Number of participants of a round: the share C of those that take part, or `participants`; at
 * least one. */
uint32_t fed__wanted_clients(const struct fed_federation *);
/* Uniform draw of at most n distinct places of f->seen, ascending, among the clients
 * that are not away by churn; *got of them: fewer when fewer are there.  number: of the draw in
 * this round, from 0. */
int fed__draw_places(const struct fed_federation *, uint32_t number, uint32_t n, uint32_t *chosen,
                     uint32_t *got, struct fed_error *);
/* Set f->outgoing to the message of the present version, if it is not. */
int fed__pack_model(struct fed_federation *, struct fed_error *);
/* Give it to a message: references to vectors, codec and code. */
void fed__attach_model(const struct fed_federation *, struct fed_envelope *);

#endif

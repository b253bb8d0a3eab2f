/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/participants.h - the clients of a round: how many are wanted, who is drawn, and the
 * messages that invite them.
 */
#ifndef FED_TRAIN_PARTICIPANTS_H
#define FED_TRAIN_PARTICIPANTS_H

#include "train/federation.h"

/* Send the model to these clients, none of which has an open invitation. */
int fed_invite(struct fed_federation *, const uint32_t *clients, uint32_t n, struct fed_error *);
/* Open an invitation to a client which has none, that begins with this message to it, from the
 * server or from another client; who sends what, its claims and parcel stand in *first already. */
int fed_invite_with(struct fed_federation *, struct fed_envelope *first, struct fed_error *);
/* The same, but the client has all that it needs: nothing is sent. */
int fed_invite_silently(struct fed_federation *, uint32_t client, struct fed_error *);
/* The client as it trains on a model of this version: with the examples that it has by then. */
struct fed_client fed_row_of(const struct fed_federation *, uint32_t id, uint64_t version);
/* Call the scheme's deadline() after so many virtual seconds, unless the round ends before. */
int fed_set_deadline(struct fed_federation *, double seconds, struct fed_error *);

/* Clients that a round wants: the share C of the population, or `participants`; at least one. */
uint32_t fed_wanted_clients(const struct fed_federation *);
/* At most n distinct clients that are here (no churn has taken them away), uniformly, ascending;
 * *got of them: fewer when fewer are here. */
int fed_draw_clients(const struct fed_federation *, uint32_t n, uint32_t *chosen, uint32_t *got,
                     struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/participants.h - what every scheme needs: invitations, and updates as an aggregator sees
 * them.
 *
 * An invitation is open from the moment the model leaves for a client until its update was taken
 * or refused, one of the messages was lost, or the scheme closed it (late).  Each ends in exactly
 * one of these, and is counted there: invited = reported + refused + lost + late + still open.
 * What arrives without an open invitation (late, twice, never asked) is refused before the scheme
 * hears of it.
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
/* The update of an invitation has arrived: the gate, then the scheme; counts it as what it is.  The
 * envelope stays the caller's. */
int fed_take_update(struct fed_federation *, struct fed_envelope *update, struct fed_error *);
/* The client as it trains on a model of this version: with the examples that it has by then. */
struct fed_client fed_row_of(const struct fed_federation *, uint32_t id, uint64_t version);
/* The open invitation of the client ends as lost. */
int fed_invitation_lost(struct fed_federation *, uint32_t client, const char *why,
                        struct fed_error *);
/* The open invitation of a client, or NULL. */
const struct fed_invitation *fed_invitation_of(const struct fed_federation *, uint32_t client);
/* It ends; the caller counts how. */
void fed_invitation_close(struct fed_federation *, uint32_t client);
/* All that are open end as late. */
void fed_invitations_expire(struct fed_federation *, const char *why);
/* Those of models before this version. */
void fed_invitations_expire_before(struct fed_federation *, uint64_t version, const char *why);
/* All that are open are forgotten (told as one event), trainings and messages with them; what
 * faults hold at clients goes too when `held`. */
void fed_recall(struct fed_federation *, bool held);
/* Call the scheme's deadline() after so many virtual seconds, unless the round ends before. */
int fed_set_deadline(struct fed_federation *, double seconds, struct fed_error *);

/* Clients that a round wants: the share C of the population, or `participants`; at least one. */
uint32_t fed_wanted_clients(const struct fed_federation *);
/* At most n distinct clients that are here (no churn has taken them away), uniformly, ascending;
 * *got of them: fewer when fewer are here. */
int fed_draw_clients(const struct fed_federation *, uint32_t n, uint32_t *chosen, uint32_t *got,
                     struct fed_error *);
/* Give an update that passed the gate, made from this model, to the scheme; both stay at least
 * until the version ends or the next one is given.  FED_REJECT refuses it in words. */
int fed_hand_in(struct fed_federation *, const struct fed_envelope *, struct fed_parcel *model,
                struct fed_error *);
void fed_let_go(struct fed_federation *); /* of both */
/* Begin an aggregation of at most `most` updates on the present model. */
int fed_begin_aggregation(struct fed_federation *, struct fed_aggregation *, uint32_t most,
                          struct fed_error *);
/* The update in an envelope that passed the gate; valid while envelope and base are. */
struct fed_update fed_update_of(const struct fed_federation *, const struct fed_envelope *,
                                const float *base);

#endif

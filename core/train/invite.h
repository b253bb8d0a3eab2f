/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/invite.h - what every scheme needs: invitations, and updates as an aggregator sees them.
 *
 * An invitation is open from the moment the model leaves for a client until its update was taken
 * or refused, or one of the messages was lost.  An update without an open invitation of this
 * round (late, twice, never asked) is refused before the scheme hears of it.
 */
#ifndef FED_TRAIN_INVITE_H
#define FED_TRAIN_INVITE_H

#include "train/federation.h"

/* Send the model to these clients (ascending ids); counts them in record.invited. */
int fed_invite(struct fed_federation *, const uint32_t *clients, uint32_t n, struct fed_error *);
uint32_t fed_invitations_open(const struct fed_federation *);
/* Whether it was open; then it no longer is. */
bool fed_invitation_close(struct fed_federation *, uint32_t client);

/* Begin an aggregation of at most `most` updates on the present model. */
int fed_begin_aggregation(struct fed_federation *, struct fed_aggregation *, uint32_t most,
                          struct fed_error *);
/* The update in an envelope that passed the gate; valid while the envelope is. */
struct fed_update fed_update_of(const struct fed_federation *, const struct fed_envelope *);
/* After a finished aggregation: who was used, with what weight, for records and views. */
int fed_keep_verdicts(struct fed_federation *, const struct fed_aggregation *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/message_faults.h - the way of a model to a client and of an update back, as faults
 * have it.
 *
 * The federation sends and receives through these; without faults they do nothing of their own.
 */
#ifndef FED_TRAIN_ROUND_MESSAGE_FAULTS_H
#define FED_TRAIN_ROUND_MESSAGE_FAULTS_H

#include "train/round/state.h"

/* A message that waits at a client: its link is cut, or it is late. */
struct fed_held {
	struct fed_envelope envelope;
	uint64_t release; /* version at which it leaves; 0: when no partition is on the client */
};

/* The client to whose invitation a message belongs: whom it goes to, or who sends to the server. */
uint32_t fed_invited(const struct fed_envelope *);
/* Send an envelope to or from a client, by way of the faults on its link; counts bytes and
 * messages.  *bytes: what left, 0 when nothing could.  Takes the shares of the parcels. */
int fed_send(struct fed_federation *, const struct fed_envelope *, uint64_t *bytes,
             struct fed_error *);

/* Why nothing can be sent to the client in this invitation, or NULL.  Counts as a strike. */
const char *fed_unreachable(const struct fed_federation *, uint32_t client, uint64_t number);
/* The model has arrived.  What strikes the client before it has trained, if anything: *struck, and
 * the training must not start.  seconds, flops: of the whole training. */
int fed_strike_training(struct fed_federation *, const struct fed_envelope *model, double seconds,
                        double flops, bool *struck, struct fed_error *);
/* A crash is due: the invitation `number` of the client ends. */
int fed_crash(struct fed_federation *, uint32_t client, uint64_t number, struct fed_error *);

/* The client has trained: what becomes of its update on the way out.
 * received: the parameters that it changed, as many as the update has (NULL: the whole model).
 * Takes the update's parcel. */
int fed_send_update(struct fed_federation *, struct fed_envelope *update, const float *received,
                    struct fed_error *);
/* Parts of it, for a client in turn that hands on its layers (scheme split).  A NaN in vector 0, if
 * such a fault strikes; whether the message stays with its client for now; the message leaves,
 * perhaps twice (takes its parcel). */
int fed_put_nan(struct fed_federation *, struct fed_envelope *, struct fed_error *);
bool fed_holds_back(struct fed_federation *, const struct fed_envelope *);
int fed_send_trained(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* A version begins: what was held and may leave now does. */
int fed_release_held(struct fed_federation *, struct fed_error *);
/* Whether a message of the client waits. */
bool fed_is_held(const struct fed_federation *, uint32_t client);
void fed_release_held_messages(struct fed_federation *);

/* An update has arrived: FED_REJECT when its message is damaged. */
int fed_check_message(struct fed_federation *, const struct fed_envelope *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/message_faults.h - message faults: drop, delay, hold, duplicate, corrupt; client
 * crashes.
 *
 * The federation sends and receives all messages through these functions; without faults they only
 * send and receive.
 */
#ifndef FED_TRAIN_ROUND_MESSAGE_FAULTS_H
#define FED_TRAIN_ROUND_MESSAGE_FAULTS_H

#include "train/round/state.h"

/* Message that a fault holds at a client: its link is cut, or the message is late. */
struct fed_held {
	struct fed_envelope envelope;
	uint64_t release; /* version at which it leaves; 0: when no partition is on the client */
};

/* Client to whose invitation a message belongs: its recipient or, of messages to the server, its
 * sender. */
uint32_t fed_invited(const struct fed_envelope *);
/* Send an envelope to or from a client, subject to the faults on its link; counts bytes and
 * messages.  *bytes: bytes sent, 0 when the link is cut.  Takes the references to the payload. */
int fed__send(struct fed_federation *, const struct fed_envelope *, uint64_t *bytes,
              struct fed_error *);
/* Tell of a transport that failed, and that the round goes on without (on-plugin-error). */
void fed__tell_transport(struct fed_federation *);

/* Why the client cannot be reached in this invitation, or NULL.  Counted by its fault. */
const char *fed__unreachable(const struct fed_federation *, uint32_t client, uint64_t number);
/* Apply faults to a client that has received the model.  *struck: it will not finish its training,
 * which must not start.  seconds, flops: of the whole training. */
int fed__strike_training(struct fed_federation *, const struct fed_envelope *model, double seconds,
                         double flops, bool *struck, struct fed_error *);
/* Handle a crash that is due: end the invitation `number` of the client. */
int fed__crash(struct fed_federation *, uint32_t client, uint64_t number, struct fed_error *);

/* Send a client's update, subject to attacks and faults.  received: the parameters that the update
 * is a delta to, as many as it has (NULL: the whole model).  Takes the reference to its payload. */
int fed__send_update(struct fed_federation *, struct fed_envelope *update, const float *received,
                     struct fed_error *);
/* Steps of fed__send_update(), for a client that relays its layers (scheme split): put a NaN into
 * vector 0, if such a fault takes effect; hold the message at its client, if one does (true: held);
 * send the message, perhaps twice (takes the reference to its payload). */
int fed__put_nan(struct fed_federation *, struct fed_envelope *, struct fed_error *);
/* The same for a message that is a part of what a client sends in a round, as the batches of scheme
 * vertical, where no update is sent: its numbers [from, ..) of `total`.  One number of all. */
int fed__put_nan_in_part(struct fed_federation *, struct fed_envelope *, size_t from, size_t total,
                         struct fed_error *);
bool fed__holds_back(struct fed_federation *, const struct fed_envelope *);
int fed__send_trained(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* Send the held messages whose time has come; called when a version begins. */
int fed__release_held(struct fed_federation *, struct fed_error *);
/* Whether a message is held at the client. */
bool fed__is_held(const struct fed_federation *, uint32_t client);
/* Whether that is its answer to the invitation of this number. */
bool fed__holds(const struct fed_federation *, uint64_t number);
/* Whether all open invitations wait for such messages, and nothing is due: none of them will end.
 */
bool fed__all_are_held(const struct fed_federation *);
void fed__release_held_messages(struct fed_federation *);

/* Handle a message that has reached the server's link, which counts what it waits there, and one
 * that begins to pass after it waited. */
int fed__reaches_server_link(struct fed_federation *, uint64_t id, struct fed_error *);
void fed__passes_server_link(const struct fed_federation *, uint64_t id);

/* Check a message that has arrived.  FED_REJECT: it is corrupted. */
int fed__check_message(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* The same for a part of what a client sends in a round, of which one message is corrupted. */
int fed__check_part(struct fed_federation *, const struct fed_envelope *, size_t from, size_t total,
                    struct fed_error *);

#endif

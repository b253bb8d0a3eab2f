/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/client_work.h - the work of one client in a process of its own: a message of the server in,
 * the message that answers it out.
 *
 * The federation is set up as the server's, but with the client's own examples and with no round:
 * what a simulated client computes is computed here by the same code.
 */
#ifndef FED_TRAIN_CLIENT_WORK_H
#define FED_TRAIN_CLIENT_WORK_H

#include "train/federation.h"

/* What a client that works is doing, for its screen. */
enum fed_client_activity {
	FED_CLIENT_WAITS,
	FED_CLIENT_TRAINS,
	FED_CLIENT_EVALUATES,
};

/* A frame from the server to this client, decoded: the caller's (fed_envelope_release). FED_REJECT:
 * it is not one, or of a kind that no client gets. */
int fed_client_decode(struct fed_federation *, uint32_t client, const void *bytes, size_t len,
                      struct fed_envelope *, struct fed_error *);
enum fed_client_activity fed_client_activity_of(const struct fed_envelope *);
/* Do what a message asks for, to its end.  *answers: *answer is to be sent, and the caller's.
 * FED_REJECT: it was stopped (federation->stop), or is not for this client now; FED_FAIL: it cannot
 * be done, and err says why. */
int fed_client_work(struct fed_federation *, uint32_t client, const struct fed_envelope *,
                    struct fed_envelope *answer, bool *answers, struct fed_error *);

#endif

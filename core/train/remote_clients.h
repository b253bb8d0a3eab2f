/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/remote_clients.h - clients on other machines, as the server sees them.
 *
 * The server runs the round as it does with simulated clients, but such a client's work is awaited,
 * not computed: what it reports enters where a finished training does.  So faults and attacks that
 * were injected act on its messages at the server's door, and gate, scheme and costs see no
 * difference.
 *
 * Where a round waits for all clients, updates go on in the order of the invitations, whatever the
 * order of arrival: a sum depends on its order, and this one is that of a simulation in which
 * computing takes no time.
 */
#ifndef FED_TRAIN_REMOTE_CLIENTS_H
#define FED_TRAIN_REMOTE_CLIENTS_H

#include "train/round/state.h"

/* struct fed_messenger's `expect`; ctx is the federation. */
size_t fed__remote_expect(void *ctx, struct fed_envelope *sent);
/* Handle FED_QUEUED_REPORT, a message of such a client, or FED_QUEUED_GONE: it will not answer what
 * it has, or sent what is no message of this federation (head.kind, round), and `why`.  The
 * envelope is the caller's. */
int fed__remote_client_news(struct fed_federation *, uint32_t kind, struct fed_envelope *,
                            struct fed_error *);
/* End the invitation that a client's message belongs to as refused; a message of none is stray. */
int fed__report_refuse(struct fed_federation *, const struct fed_envelope *, const char *why,
                       struct fed_error *);

/* Send on the updates whose turn has come; all: every one that waits. */
int fed__reports_release(struct fed_federation *, bool all, struct fed_error *);
/* Send on those that came in time, before a deadline that is due.  *waits: there were some, and the
 * deadline comes again behind them. */
int fed__reports_before_deadline(struct fed_federation *, bool *waits, struct fed_error *);
/* Whether the answer to the invitation of this number is there, and waits for those before it. */
bool fed__report_waits(const struct fed_federation *, uint64_t number);
/* Append one; moves the envelope's references. */
int fed__reports_add(struct fed_reports *, struct fed_envelope *, struct fed_error *);
void fed__reports_clear(struct fed_federation *);
void fed__reports_release_memory(struct fed_federation *);

#endif

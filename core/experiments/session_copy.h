/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/session_copy.h - independent copy of a session for experiments.
 *
 * A copy has the composition, the settings, the faults and the model of its original, and a run of
 * its own: plugins with an empty state, clients that never trained, no history, virtual time 0.  It
 * sends no events and logs none.  It borrows the dataset, the registry of plugins and the examples
 * of the clients, so the original must not change while copies exist.  Copies are made, changed and
 * dropped on the original's thread; each may run on any thread.
 */
#ifndef FED_EXPERIMENTS_SESSION_COPY_H
#define FED_EXPERIMENTS_SESSION_COPY_H

#include "session/session.h"

/* FED_FAIL: a copy of the session could not train, as its clients are on other machines. */
int fed_session_check_copies(const struct fed_session *, struct fed_error *);
/* Copy a complete session (fed_session_complete).  afresh: from version 0, parameters from the
 * seed; else from the present model and version.  *copy must be zeroed; drop it also on failure. */
int fed__session_copy(struct fed_session *copy, const struct fed_session *, bool afresh,
                      struct fed_error *);
void fed__session_drop(struct fed_session *copy); /* zeroed is fine */

/* Replace the copy's clients by n others.  The examples of the present clients, up to the rest of
 * the division, are partitioned over them in the same way, and the same shares are held out and
 * unseen; devices and links repeat those of the present clients in turn.  Refused if the present
 * clients have different partitions or that by the data's own users, or if faults name clients. */
int fed__session_partition_again(struct fed_session *copy, const struct fed_session *, uint32_t n,
                                 struct fed_error *);

/* The partition of the session's clients, refused if they have different ones or that by the data's
 * own users; *total: their examples. */
int fed__session_partition(const struct fed_session *, struct fed_partition *, uint64_t *total,
                           struct fed_error *);

/* Replace the copy's clients by one with all examples that the session's clients train on, each
 * once, on the first client's device. */
int fed__session_gather(struct fed_session *copy, const struct fed_session *, struct fed_error *);

/* Hash of the state that the session's next rounds depend on. */
uint64_t fed__session_hash(const struct fed_session *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/session_copy.h - a session beside a session, to try something out.
 *
 * A copy has the composition, the settings, the faults and the model of its original, and a run of
 * its own: plugins with an empty state, clients that never trained, no history, virtual time 0.
 * Nobody hears of it and nothing of it is recorded.  It borrows the dataset, the registry of
 * plugins and the examples of the clients, so the original must stay as it is while copies live.
 * Copies are made, changed and dropped on the original's thread; each may be run on any.
 */
#ifndef FED_EXPERIMENTS_SESSION_COPY_H
#define FED_EXPERIMENTS_SESSION_COPY_H

#include "session/session.h"

/* The original must be complete (fed_session_complete).  afresh: from version 0, parameters from
 * the seed; else from the present model and version.  *copy is zeroed before; drop it even when
 * this fails. */
int fed_session_copy(struct fed_session *copy, const struct fed_session *, bool afresh,
                     struct fed_error *);
void fed_session_drop(struct fed_session *copy); /* zeroed is fine */

/* The copy gets n clients in place of those it has.  The examples that the present ones hold, up to
 * the rest of the division, are dealt to them in the way in which these were dealt; devices and
 * links repeat those of the present ones in turn.  Refused where that makes no sense: clients that
 * were dealt in different ways or by the data's own users, faults that name clients. */
int fed_session_partition_again(struct fed_session *copy, const struct fed_session *, uint32_t n,
                                struct fed_error *);

#endif

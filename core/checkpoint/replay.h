/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/replay.h - replay of the open round of a snapshot.
 *
 * A snapshot holds no state within a round, but the session before the round, the number of steps
 * that the round had made, and the user's edits in it (session/round_edits.h).
 * Rounds depend on seed and virtual time alone, so that the same steps with the same edits give the
 * same bits.
 */
#ifndef FED_CHECKPOINT_REPLAY_H
#define FED_CHECKPOINT_REPLAY_H

#include "session/round_edits.h"
#include "session/session.h"

/* Open a round and make its steps, with each edit at its step.  The edits move to the session;
 * `edits` is empty then.  Events go to the event log, not to sinks.  On FED_FAIL the round is
 * rolled back, and the edits are made. */
int fed__replay(struct fed_session *, uint64_t steps, struct fed_round_edits *edits,
                struct fed_error *);

#endif

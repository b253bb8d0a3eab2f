/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/replay.h - make an open round again from a snapshot.
 *
 * A snapshot does not hold the middle of a round.  It holds the session as it was before the round,
 * how many steps the round had made, and what the user edited in between (session/round_edits.h).
 * Rounds depend on seed and virtual time alone, so that the same steps with the same edits give the
 * same bits.
 */
#ifndef FED_CHECKPOINT_REPLAY_H
#define FED_CHECKPOINT_REPLAY_H

#include "session/round_edits.h"
#include "session/session.h"

/* Open a round and make so many steps of it, each edit where it was made; these are the session's
 * then, `edits` is empty.  The event log hears of it, no sink does.  On FED_FAIL no round is open,
 * the model is as before it, and the edits are made. */
int fed_replay(struct fed_session *, uint64_t steps, struct fed_round_edits *edits,
               struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/midway.h - saving and restoring in the middle of a round.
 *
 * What is under way is not written down.  The file holds the session as it was before the round,
 * and how many steps the round had made; whoever restores it opens the round again and makes as
 * many.  Rounds depend on seed and virtual time alone, so the bits are the same.
 */
#ifndef FED_SESSION_MIDWAY_H
#define FED_SESSION_MIDWAY_H

#include "session/session.h"

/* Take the open round back, without a word: the session is as before it, to be saved.  *steps: what
 * it had made; 0: no round was open.  Refused, in words, where replaying it would come to something
 * else: what is under way is older than the round, or somebody has changed the session since. */
int fed_midway_rewind(struct fed_session *, uint64_t *steps, struct fed_error *);
/* Open the round again and make so many steps of it; told to the recorder when `told`, to no other
 * sink.  On FED_FAIL no round is open, the model is as before it. */
int fed_midway_replay(struct fed_session *, uint64_t steps, bool told, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/replay.h - saving and restoring in the middle of a round.
 *
 * What is under way is not written down.  The file holds the session as it was before the round,
 * how many steps the round had made, and what the user changed in between (session/round_edits.h);
 * whoever restores it opens the round again and makes as many, with the same changes at the same
 * steps.  Rounds depend on seed and virtual time alone, so the bits are the same.
 */
#ifndef FED_CHECKPOINT_REPLAY_H
#define FED_CHECKPOINT_REPLAY_H

#include "session/round_edits.h"
#include "checkpoint/sections.h"
#include "session/session.h"

/* An open round that was taken back. */
struct fed_midway {
	uint64_t steps; /* that it had made; 0: none was open */
	struct fed_changes changes;
};
void fed_midway_release(struct fed_midway *); /* zeroed is fine */

/* Take the open round back, without a word: the session is as before it, to be saved.  Refused over
 * real connections.  On FED_FAIL for lack of memory the round is given up. */
int fed_midway_rewind(struct fed_session *, struct fed_midway *, struct fed_error *);
/* Open the round again and make its steps and changes, which are the session's then; told to the
 * recorder when `told`, to no other sink.  On FED_FAIL no round is open, the model is as before it,
 * and the changes are made. */
int fed_midway_replay(struct fed_session *, struct fed_midway *, bool told, struct fed_error *);

/* The sections of a saved file, where runs stop (saved_stops.c) among them. */
int fed_save_midway(struct fed_saver *, const struct fed_session *, const struct fed_midway *,
                    struct fed_error *);
/* The session has all the rest.  The caller releases it, also on FED_FAIL. */
int fed_load_midway(struct fed_loader *, struct fed_session *, struct fed_midway *);
/* What a stop left of a run (`continue`), breakpoints, a pause.  The kept runs are there. */
void fed_save_stops(struct fed_saver *, const struct fed_session *);
int fed_load_stops(struct fed_loader *, struct fed_session *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/alone.h - clients of a session trained alone: a copy of the session for each, on all
 * threads.
 *
 * A copy has one client, the scheme sync and the plain mean, no faults, codec and noise; so its
 * model is what the client's local training makes of it.  Where a session has local layers, a copy
 * that goes on from the present model begins with the client's own.
 */
#ifndef FED_EXPERIMENTS_ALONE_H
#define FED_EXPERIMENTS_ALONE_H

#include "experiments/session_copy.h"

struct fed_alone_plan {
	const uint32_t *client; /* [n] present clients */
	uint32_t n;
	uint64_t rounds;
	bool afresh;    /* from version 0; else from the present model */
	int64_t epochs; /* of a round; 0: the session's */
	bool silent;    /* without evaluation */
	/* Optional, after a round of client i; on any thread. */
	void (*round)(void *ctx, uint32_t i, uint64_t round, const struct fed_session *copy);
	/* Optional, after the last; on the caller's thread. */
	int (*done)(void *ctx, uint32_t i, const struct fed_session *copy, struct fed_error *);
	void *ctx;
	void (*progress)(void *progress_ctx, uint64_t done, uint64_t all); /* likewise */
	void *progress_ctx;
};

/* The session must be started; it does not change.  Results do not depend on the threads.
 * *interrupted: stopped before the last client. */
int fed_alone_play(const struct fed_session *, const struct fed_alone_plan *, bool *interrupted,
                   struct fed_error *);
/* Make such a copy with all clients; copy zeroed, dropped by the caller also on failure. */
int fed__session_copy_plain(struct fed_session *copy, const struct fed_session *, bool afresh,
                            int threads, struct fed_error *);
/* Whether the session was interrupted. */
bool fed__alone_interrupted(const struct fed_session *);

#endif

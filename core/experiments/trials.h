/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/trials.h - copies of a session, each changed in one thing, played beside one another.
 *
 * Trials run in parallel, and what they show depends on nothing but the session's state and the
 * plan.  The session itself does not change.  What an interrupt left is played when they are played
 * again from the same state.  Tournaments, sweeps and bills are made of them.
 *
 * Trials that run at the same time share the free memory equally; one that needs more than its
 * share is played again by itself.
 */
#ifndef FED_EXPERIMENTS_TRIALS_H
#define FED_EXPERIMENTS_TRIALS_H

#include "experiments/session_copy.h"

struct fed_outcome {
	struct fed_record total; /* sums over its rounds; figures over the test examples at its end */
	const char *scheme;      /* name of the one that it is played under; NULL: not yet */
	uint32_t clients;        /* that were there */
	uint64_t rounds;
	bool played;
	bool reached;  /* the condition holds; false without one */
	char why[400]; /* it failed: the reason; "" otherwise */
};

struct fed_trials_plan {
	/* Change the copy into trial k.  On the caller's thread. */
	int (*make)(void *ctx, size_t k, struct fed_session *copy, struct fed_error *);
	void *ctx;
	uint64_t rounds;                   /* of each trial, at most */
	const struct fed_condition *until; /* ends a trial when it holds; NULL: none */
	bool afresh;                       /* from version 0, else from the present one */
};

struct fed_trials {
	struct fed_outcome *outcome; /* [n]; NULL: not begun */
	size_t n, played;
	size_t alone;   /* of these by themselves: with others beside them memory was too small */
	uint64_t start; /* hash of the session's state that they begin from */
};

/* n trials from the present state, none of them played.  *t is zeroed or released. */
int fed_trials_init(struct fed_trials *t, size_t n, const struct fed_session *, struct fed_error *);
void fed_trials_release(struct fed_trials *); /* zeroed is fine */
/* They were begun, from the state in which the session is now. */
bool fed_trials_fit(const struct fed_trials *, const struct fed_session *);
/* Whether trial k can be made. */
int fed_trials_check(const struct fed_session *, const struct fed_trials_plan *, size_t k,
                     struct fed_error *);
/* Play those that are left, with the same plan each time; the session was started
 * (fed_session_start).  told(told_ctx) after each few, on the caller's thread.  When the session is
 * interrupted it stops after those that run, twice: without them: *interrupted. */
int fed_trials_play(struct fed_trials *, struct fed_session *, const struct fed_trials_plan *,
                    void (*told)(void *told_ctx), void *told_ctx, bool *interrupted,
                    struct fed_error *);

#endif

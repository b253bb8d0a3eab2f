/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/trials.h - parallel runs of copies of a session, each with one change.
 *
 * Outcomes depend on the session's state and the plan alone, not on the number of threads.  The
 * session does not change.  Trials that an interrupt left are played by the next call from the same
 * state.  Tournaments and sweeps are made of trials.
 *
 * Parallel trials share the free memory equally; one that needs more than its share is played again
 * by itself.
 */
#ifndef FED_EXPERIMENTS_TRIALS_H
#define FED_EXPERIMENTS_TRIALS_H

#include "experiments/session_copy.h"

struct fed_outcome {
	struct fed_record total; /* sums over its rounds; figures over the test examples at its end */
	const char *scheme;      /* its name; NULL: not played yet */
	uint32_t clients;        /* present */
	uint64_t rounds;
	double seconds; /* wall */
	bool played;
	bool reached;  /* the condition became true; false without one */
	bool alone;    /* memory does not suffice for it beside others */
	char why[400]; /* why it failed; "" otherwise */
};

struct fed_trials_plan {
	/* Change the copy into trial k; called on the thread of fed__trials_play. */
	int (*make)(void *ctx, size_t k, struct fed_session *copy, struct fed_error *);
	void *ctx;
	uint64_t rounds;                   /* of each trial, at most */
	const struct fed_condition *until; /* ends a trial when it holds; NULL: none */
	bool afresh;                       /* from version 0, else from the present one */
	bool by_round; /* rounds are evaluated as the session says; else the last one alone */
	/* Take the run of a trial that was played, whose copy is dropped then; FED_FAIL ends the
	 * trials, and it was not played.  NULL: outcomes suffice.  On the thread of fed__trials_play,
	 * as: */
	int (*keep)(void *ctx, size_t k, struct fed_session *copy, const struct fed_outcome *,
	            struct fed_error *);
	void (*dropped)(void *ctx, size_t k); /* the copy of trial k is gone; NULL: not needed */
};

struct fed_trials {
	struct fed_outcome *outcome; /* [n]; NULL: not begun */
	size_t n, played;
	size_t alone;   /* played by themselves, because memory did not suffice for parallel trials */
	uint64_t start; /* hash of the session's state before the trials */
	atomic_ullong rounds; /* made so far, by trials that run, too */
	uint64_t each;        /* rounds of each trial; 0: a condition ends it, or not begun */
};

/* Prepare n trials from the present state.  *t must be zeroed or released. */
int fed__trials_init(struct fed_trials *t, size_t n, const struct fed_session *,
                     struct fed_error *);
void fed__trials_release(struct fed_trials *); /* zeroed is fine */
/* True if the trials were prepared from the session's present state. */
bool fed__trials_fit(const struct fed_trials *, const struct fed_session *);
/* FED_FAIL, with the reason of the first, if all were played and each failed.  rows: what messages
 * call them. */
int fed_trials_check_outcomes(const struct fed_trials *, const char *rows, struct fed_error *);
/* FED_OK if trial k can be made. */
int fed__trials_check(const struct fed_session *, const struct fed_trials_plan *, size_t k,
                      struct fed_error *);
/* Play the remaining trials, with the same plan each time; the session must be started
 * (fed_session_start).  Calls progress(progress_ctx) after each, and now and then in between, on
 * the caller's thread, while no trial is made or dropped.  An interrupt of the session stops after
 * the running trials, a second one drops them: *interrupted.
 */
int fed__trials_play(struct fed_trials *, struct fed_session *, const struct fed_trials_plan *,
                     void (*progress)(void *progress_ctx), void *progress_ctx, bool *interrupted,
                     struct fed_error *);

#endif

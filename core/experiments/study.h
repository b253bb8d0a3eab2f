/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study.h - study: every combination of the levels of some factors, each as a run from
 * version 0, kept round by round in a store.
 *
 * A run has the same bits as the same commands typed one after another.  Runs that the store has
 * are not made again: a study that was stopped, or killed, goes on where it was.
 */
#ifndef FED_EXPERIMENTS_STUDY_H
#define FED_EXPERIMENTS_STUDY_H

#include "experiments/factors.h"
#include "experiments/levels.h"
#include "experiments/store.h"
#include "experiments/trials.h"

#define FED_STUDY_ROUNDS 10
#define FED_STUDY_ROUNDS_UNTIL 1000

struct fed_study_plan {
	const char *name, *factors;      /* as typed */
	const char *until;               /* a condition that ends a run, or "" */
	uint64_t rounds;                 /* of each run, at most; 0: the defaults above */
	const char *program;             /* version of the program, kept with each run */
	const struct fed_text *snapshot; /* of the session, to go on from in another program */
	const char *commands;            /* that made the session, a line each; NULL: unknown */
};

struct fed_study {
	struct fed_stored_study stored;
	struct fed_factors factors;
	struct fed_trials trials; /* [cells] */
	struct fed_store *store;
	struct fed_session *session;
	struct fed_condition *until; /* NULL: none */
	const char *program;
	struct fed_example_sets sets;
	struct fed_dataset *
		*lent; /* [cells] what the copies that are alive have; NULL: the session's */
	bool locked;
};

/* Begin a study on a complete, started session with clients, or go on with the one of that name,
 * which must have the same factors, rounds and composition.  Refused (FED_REJECT) while another
 * program runs it, or if a level cannot be applied.  *s must be zeroed; close it also on failure.
 */
int fed_study_open(struct fed_study *s, struct fed_store *, struct fed_session *,
                   const struct fed_study_plan *, struct fed_error *);
/* Play the runs that are missing, as fed__trials_play() does.  A run that fails is kept with the
 * reason; FED_FAIL: the store cannot keep one, and the rest is left. */
int fed_study_play(struct fed_study *, void (*progress)(void *progress_ctx), void *progress_ctx,
                   bool *interrupted, struct fed_error *);
void fed_study_close(struct fed_study *); /* zeroed is fine; the store and the session stay */

/* FED_FAIL unless a study can have the name: a letter, then letters, digits, - and _. */
int fed_study_check_name(const char *name, struct fed_error *);

#endif

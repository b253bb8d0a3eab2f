/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/tournament.h - tournament of every attack against every aggregator from the same
 * state.
 *
 * The short form of a study (experiments/study.h) with two factors, from the present version on.
 * A match is a trial (experiments/trials.h) with one of the aggregators, and some clients Byzantine
 * with one of the attacks.
 */
#ifndef FED_EXPERIMENTS_TOURNAMENT_H
#define FED_EXPERIMENTS_TOURNAMENT_H

#include "experiments/trials.h"

#define FED_TOURNAMENT_SIDES 32 /* attacks, and aggregators, at most */

struct fed_tournament_plan {
	/* Joined by commas; parameters after colons: "sign-flip:scale=10,alie".  "none" as an attack
	 * is a match without one. */
	char attacks[1000], aggregators[1000];
	char byzantine[200]; /* WHO */
	int64_t rounds;
};

/* An attack or an aggregator, as typed. */
struct fed_contender {
	char name[64];
};

struct fed_tournament {
	struct fed_tournament_plan plan;
	struct fed_contender *attack, *aggregator;
	size_t attacks, aggregators;
	uint32_t *byzantine; /* [n_byzantine] ids, ascending */
	uint32_t n_byzantine;
	struct fed_trials trials; /* [attacks][aggregators] */
	struct fed_session *session;
};

/* Play the remaining matches of the plan, as fed__trials_play does.  Refused before any match
 * without clients or with an invalid plan.  *t is zeroed at first, or a tournament that was
 * interrupted. */
int fed_tournament_play(struct fed_tournament *t, struct fed_session *,
                        const struct fed_tournament_plan *, void (*progress)(void *progress_ctx),
                        void *progress_ctx, bool *interrupted, struct fed_error *);
void fed_tournament_release(struct fed_tournament *);

#endif

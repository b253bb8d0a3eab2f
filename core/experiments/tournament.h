/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/tournament.h - every attack against every aggregator, from the same state.
 *
 * A match is a trial (experiments/trials.h) with another aggregator and an attack on some of the
 * clients.
 */
#ifndef FED_EXPERIMENTS_TOURNAMENT_H
#define FED_EXPERIMENTS_TOURNAMENT_H

#include "experiments/trials.h"

#define FED_TOURNAMENT_SIDES 32 /* attacks, and aggregators, at most */

struct fed_tournament_plan {
	/* Joined by commas; parameters behind colons: "sign-flip:scale=10,alie".  "none" as an attack
	 * is a match without one. */
	char attacks[1000], aggregators[1000];
	char byzantine[200]; /* WHO */
	int64_t rounds;
};

/* One side of the table, as it was typed. */
struct fed_contender {
	char name[64];
	struct fed_instance instance; /* entry NULL: no attack */
};

struct fed_tournament {
	struct fed_tournament_plan plan;
	struct fed_contender *attack, *aggregator;
	size_t attacks, aggregators;
	uint32_t *byzantine; /* [n_byzantine] ids, ascending */
	uint32_t n_byzantine;
	struct fed_trials trials; /* [attacks][aggregators] */
};

/* Play what is left of the plan, as fed_trials_play does.  Without clients or with a plan that
 * makes no sense it is refused before anything is played.  *t is zeroed at first, and may be one
 * that was begun. */
int fed_tournament_play(struct fed_tournament *t, struct fed_session *,
                        const struct fed_tournament_plan *, void (*told)(void *told_ctx),
                        void *told_ctx, bool *interrupted, struct fed_error *);
void fed_tournament_release(struct fed_tournament *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/rounds.h - rounds that an aggregator is given (private to conformance/).
 *
 * A pre-aggregation plays before a mean of our own.  All memory is of the present check.
 */
#ifndef FED_CONFORMANCE_ROUNDS_H
#define FED_CONFORMANCE_ROUNDS_H

#include "conformance/checker.h"
#include "plug/calls/call.h"

struct fed_rounds {
	struct fed_checker *checker;
	struct fed_guarded plugin;
	struct fed_entry mean;           /* the aggregator behind a pre-aggregation */
	struct fed_instance behind;      /* of it; zeroed for an aggregator */
	struct fed_instance *aggregator; /* the plugin's instance, or `behind` */
	struct fed_round round;          /* version counts the rounds played */
	float *rows;                     /* [n][round.ld] */
	float *params, *out;             /* [dim] */
	struct fed_update *update;       /* [n] */
	float *returned;                 /* [n][returned vectors][dim] */
	const float **returned_at;       /* [n][returned vectors] */
	size_t n;
	uint32_t *order; /* [n]: update i is that of client number order[i] */
	bool reversed;   /* coordinates are in the opposite order */
	struct fed_pool *pool;
	struct fed_text *lines; /* where the lines of tell() go; NULL: it is not called */
	/* The result of the last round. */
	int rc;
	struct fed_error err;
	uint32_t refused;            /* updates left out */
	struct fed_verdict *verdict; /* [n], if none was refused */
};

/* extra: one more setting, or NULL.  False: the check has failed or the run ends. */
bool fed__rounds_init(struct fed_rounds *, struct fed_checker *, const struct fed_assign *extra,
                      size_t dim, size_t n);
void fed__rounds_release(struct fed_rounds *); /* zeroed is fine */
/* Make the updates of a round: near to each other, as honest ones; the same for the same key. */
void fed__rounds_fill(struct fed_rounds *, uint64_t key);
/* Declare updates, model and returned vectors inputs. */
void fed__rounds_seal(struct fed_rounds *);
/* Play one round, into out, rc, err and verdict. */
void fed__rounds_play(struct fed_rounds *);
/* Fail unless the last round has a step; unless it has a finite step or was refused in the
 * plugin's words. */
bool fed__rounds_made_step(struct fed_rounds *);
void fed__rounds_step_or_words(struct fed_rounds *);
/* Largest absolute value of the updates: what tolerances are relative to. */
double fed__rounds_scale(const struct fed_rounds *);

#endif

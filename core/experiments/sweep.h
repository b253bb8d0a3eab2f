/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/sweep.h - parameter sweep: one trial of the session for each value of a key.
 *
 * The short form of a study (experiments/study.h) with one factor, from the present version on.
 * Keys and values are levels (experiments/levels.h).  `cut` has rows for all cuts (pairs of cuts
 * with labels=client), and scheme sync to compare; under scheme split each number of clients is
 * also run under sync.
 */
#ifndef FED_EXPERIMENTS_SWEEP_H
#define FED_EXPERIMENTS_SWEEP_H

#include "experiments/trials.h"

#define FED_SWEEP_ROWS 64

struct fed_sweep_plan {
	char key[64];
	/* Joined by commas, or by | if a value has commas in it; empty: every cut. */
	char values[1000];
	int64_t rounds;    /* of each row; 0: ten, or with `until` at most a thousand */
	char until[500];   /* a condition, or empty */
	char metrics[500]; /* to show; no part of the sweep's identity */
};

struct fed_sweep_row {
	char value[64];                  /* as typed; empty: none (scheme sync has no cut) */
	const struct fed_scheme *scheme; /* replaces the session's, or NULL */
};

struct fed_sweep {
	struct fed_sweep_plan plan;
	struct fed_sweep_row row[FED_SWEEP_ROWS];
	size_t n;
	struct fed_condition *until; /* NULL: none */
	struct fed_trials trials;    /* [n] */
	struct fed_session *session;
};

/* Run the rest of the sweep, as fed_tournament_play does.  Values that cannot be set are refused
 * before any trial (FED_REJECT). */
int fed_sweep_play(struct fed_sweep *, struct fed_session *, const struct fed_sweep_plan *,
                   void (*progress)(void *progress_ctx), void *progress_ctx, bool *interrupted,
                   struct fed_error *);
void fed_sweep_release(struct fed_sweep *); /* zeroed is fine */
/* A metric of an outcome; bytes_up, bytes_down and client_flops per client.  NaN: not run, failed,
 * or not measured. */
double fed_outcome_figure(const struct fed_outcome *, const struct fed_field *metric);
bool fed_metric_is_shared(const struct fed_field *); /* per client: one of these three */

#endif

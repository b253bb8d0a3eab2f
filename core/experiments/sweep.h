/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/sweep.h - the same session once for each value of a key.
 *
 * Keys: whatever `set` takes; `aggregator`, `model`, `scheme`, `transport` with the names of
 * plugins (parameters behind colons); `device` and `link` of all clients; `clients`, the same
 * examples dealt to so many; `cut`, where scheme split cuts the model (pairs of cuts with
 * labels=client), beside scheme sync.  Under scheme split each number of clients is played under
 * sync, too.
 */
#ifndef FED_EXPERIMENTS_SWEEP_H
#define FED_EXPERIMENTS_SWEEP_H

#include "experiments/trials.h"

#define FED_SWEEP_ROWS 64

struct fed_sweep_plan {
	char key[64];
	/* Joined by commas, or by | where a value has commas in it; empty: every cut. */
	char values[1000];
	int64_t rounds;    /* of each row; 0: ten, or with `until` at most a thousand */
	char until[500];   /* a condition, or empty */
	char metrics[500]; /* what to show of it: another one is the same sweep */
};

struct fed_sweep_row {
	char value[64];                  /* as typed; empty: none (scheme sync has no cut) */
	const struct fed_scheme *scheme; /* in place of the session's, or NULL */
};

struct fed_sweep {
	struct fed_sweep_plan plan;
	struct fed_sweep_row row[FED_SWEEP_ROWS];
	size_t n;
	struct fed_condition *until; /* NULL: none */
	struct fed_trials trials;    /* [n] */
	const struct fed_session *session;
};

/* As fed_tournament_play.  Values that cannot be set are refused before anything is played
 * (FED_REJECT). */
int fed_sweep_play(struct fed_sweep *, struct fed_session *, const struct fed_sweep_plan *,
                   void (*told)(void *told_ctx), void *told_ctx, bool *interrupted,
                   struct fed_error *);
void fed_sweep_release(struct fed_sweep *); /* zeroed is fine */
/* A figure of an outcome; bytes_up, bytes_down and client_flops for each client.  NaN: not played,
 * failed, or there is none. */
double fed_outcome_figure(const struct fed_outcome *, const struct fed_field *metric);
bool fed_metric_is_shared(const struct fed_field *); /* one of these three */

#endif

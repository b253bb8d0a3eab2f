/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/baseline.h - baselines of a federation: the same data at one place, and each client
 * alone.
 *
 * Both begin with the model that the federation began with and take its local settings (epochs,
 * batch, learning rate, momentum), in the scheme sync with the plain mean, without faults, codec
 * and noise.  One round of `central` is E passes over the training examples of all clients; one of
 * `local` is E passes of each client over its own, and its record has the means over the clients.
 * Each client's held-out examples (setting holdout) measure the central model, or its own one.
 */
#ifndef FED_EXPERIMENTS_BASELINE_H
#define FED_EXPERIMENTS_BASELINE_H

#include "experiments/session_copy.h"
#include "history/metrics.h"

enum fed_baseline { FED_BASELINE_CENTRAL, FED_BASELINE_LOCAL };
extern const char *const fed_baseline_names[];

/* Append `rounds` records to an empty history.  The session must be started (fed_session_start); it
 * does not change.  *interrupted: stopped, and the history is incomplete.  Calls progress(ctx,
 * done, all) on the caller's thread, in rounds or clients. */
int fed_baseline_play(struct fed_session *, enum fed_baseline, uint64_t rounds,
                      struct fed_history *,
                      void (*progress)(void *progress_ctx, uint64_t done, uint64_t all),
                      void *progress_ctx, bool *interrupted, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/federation.h - a composed federation, running: server, clients, scheme, clock.
 *
 * It borrows dataset, net, clients and plugin instances from the session, and owns the model's
 * parameters, the clock, the post and the pool of threads.
 *
 * A round makes one version: fed_federation_begin() opens it, each fed_federation_advance() handles
 * one event of virtual time, the last one steps and evaluates.  Between two of these calls the
 * world stands still and may be looked at.  On any failure and on abort the model, the
 * aggregator's state and the clients' kept vectors are bit for bit what they were before the round,
 * and what was under way is recalled.  What is under way when a version is complete stays so if
 * the scheme wants it (async).
 */
#ifndef FED_TRAIN_FEDERATION_H
#define FED_TRAIN_FEDERATION_H

#include "train/round/emit.h"
#include "train/round/state.h"

/* Parameters start from the seed; version 0. */
int fed_federation_init(struct fed_federation *, const struct fed_dataset *, const struct fed_net *,
                        struct fed_clients *, struct fed_instance *aggregator,
                        struct fed_instance *transport, const struct fed_scheme *,
                        void *scheme_state, const struct fed_settings *, struct fed_sink,
                        struct fed_error *);
void fed_federation_release(struct fed_federation *); /* zeroed is fine */
/* The same, but the model's parameters [dim] are the caller's now (fed_free_floats). */
float *fed_federation_dissolve(struct fed_federation *);
/* The model has these parameters [dim] from now on, which are the federation's on success.  Cannot
 * fail before the first version begins. */
int fed_federation_adopt(struct fed_federation *, float *params, struct fed_error *);

/* Open a round if none is open.  FED_REJECT: refused before anything was sent (no clients).  What
 * it began with is kept in `started`, unless its messages are real. */
int fed_federation_begin(struct fed_federation *, struct fed_error *);
/* One event of the open round; *made when it was the last and the version stands.  FED_REJECT: it
 * was aborted because `stop` said so. */
int fed_federation_advance(struct fed_federation *, bool *made, struct fed_error *);
/* End the open round, if any, without a step; everything is as before it. */
void fed_federation_abort(struct fed_federation *, const char *why);
/* All open invitations are forgotten (told as one event), trainings and messages with them; what
 * faults hold at clients goes too when `held`. */
void fed_cancel_open(struct fed_federation *, bool held);
/* Begin, and advance until the version stands. */
int fed_federation_round(struct fed_federation *, struct fed_error *);

/* Loss and accuracy of params on examples [first, first + n) of the dataset, in parallel; the same
 * bits for any number of threads.  accuracy is NaN for regression. */
int fed_federation_evaluate(struct fed_federation *, const float *params, uint32_t first,
                            uint32_t n, double *loss, double *accuracy, struct fed_error *);
/* How often params fall for the first targeted attack that has begun (it may be over, not healed):
 * of the test examples whose label it changes, the share that gets the changed label.  NaN without
 * such an attack or such examples. */
int fed_federation_attacked(struct fed_federation *, const float *params, double *success,
                            struct fed_error *);
/* |params - (w*, 0)| for a linear model on data that were made from w*; NaN for any other. */
double fed_federation_parameter_error(const struct fed_federation *, const float *params);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/federation.h - round loop of a federation: event loop, evaluation, abort.
 *
 * A federation borrows dataset, net, clients and plugin instances from the session, and owns the
 * model's parameters, the event queue, the messenger and the thread pool.
 *
 * A round makes one version: fed_federation_begin() opens it, each fed_federation_advance() handles
 * one event of virtual time, the last one steps and evaluates.  Between two of these calls nothing
 * changes, and all state may be read.  On any failure and on abort the model, the aggregator's
 * state, the clients, the counters and what is in flight are bit for bit what they were before the
 * round: it would go the same way again.  Two exceptions: fed_federation_round() takes no snapshot
 * of work in flight from earlier versions (async), which its abort cancels (`started.lost`); and
 * over real connections all is cancelled and counters go on.  Invitations that are open when a
 * version is complete stay open under a scheme that `overlaps` (async).
 */
#ifndef FED_TRAIN_FEDERATION_H
#define FED_TRAIN_FEDERATION_H

#include "train/round/emit.h"
#include "train/round/state.h"

/* A federation at version 0, its parameters drawn from the seed. */
int fed_federation_init(struct fed_federation *, const struct fed_federation_parts *,
                        struct fed_error *);
void fed__federation_release(struct fed_federation *); /* zeroed is fine */
/* Release, but return the model's parameters [dim], which are the caller's (fed_free_floats). */
float *fed_federation_dissolve(struct fed_federation *);
/* Replace the model's parameters [dim]; takes them on success.  Cannot fail before the first
 * version begins. */
int fed_federation_adopt(struct fed_federation *, float *params, struct fed_error *);

/* FLOPs of one training of a client, by the plan of the open round, or of the last one. */
double fed_federation_training_flops(const struct fed_federation *, uint32_t client);

/* Make what a round of this version needs: vectors of the aggregator, plan, codecs, buffers.
 * FED_REJECT: the settings do not fit. */
int fed__federation_prepare(struct fed_federation *, struct fed_error *);
/* Open a round if none is open.  FED_REJECT: refused before anything was sent (no clients).  The
 * state at its beginning is kept in `started`, unless the transport is real. */
int fed_federation_begin(struct fed_federation *, struct fed_error *);
/* Handle one event of the open round; *made: it was the last, and the version is committed.
 * FED_REJECT: the round was aborted because of `stop`. */
int fed_federation_advance(struct fed_federation *, bool *made, struct fed_error *);
/* Abort the open round, if any: no step, and all state rolled back as above. */
void fed_federation_abort(struct fed_federation *, const char *why);
/* Cancel all open invitations (one event), their trainings and messages; `held`: also the messages
 * that faults hold at clients. */
void fed_cancel_open(struct fed_federation *, bool held);
/* Begin a round, and advance until its version is committed. */
int fed_federation_round(struct fed_federation *, struct fed_error *);

/* Loss and accuracy of params on examples [first, first + n) of the dataset, in parallel; the same
 * bits for any number of threads.  accuracy is NaN for regression. */
int fed__federation_evaluate(struct fed_federation *, const float *params, uint32_t first,
                             uint32_t n, double *loss, double *accuracy, struct fed_error *);
/* All that is measured on a model with these parameters, into the record: on the test examples,
 * with the metrics that are chosen (setting metrics), by each client, unless the clients answer by
 * messages (setting evaluate-over), and under a targeted attack. */
int fed_federation_measure(struct fed_federation *, const float *params, struct fed_record *,
                           struct fed_error *);
/* Evaluation of params by each client that holds examples out (setting holdout), on these, without
 * the faults of its data: the table of clients and the record's figures over clients, which are of
 * the clients' own models where they have any.  A
 * measurement of the laboratory: nothing is sent. */
int fed_federation_evaluate_clients(struct fed_federation *, const float *params,
                                    struct fed_record *, struct fed_error *);
/* Success rate of the first targeted attack that has begun (it may be over, not healed) on a model
 * with these parameters: of the test examples whose label the attack changes, the share that gets
 * the changed label.  NaN without such an attack or such examples. */
int fed__federation_attacked(struct fed_federation *, const float *params, double *success,
                             struct fed_error *);
/* |params - (w*, 0)| for a linear model on data that were generated from w*; NaN for any other. */
double fed__federation_parameter_error(const struct fed_federation *, const float *params);
/* e^loss of a language model; NaN of any other. */
double fed_federation_perplexity(const struct fed_federation *, double test_loss);

#endif

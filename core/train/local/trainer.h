/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/trainer.h - what clients compute, on the threads of the pool.
 *
 * A training starts when a client has received its model and is joined when its end is due in
 * virtual time; in between it runs on any thread.  What a client keeps (SCAFFOLD's c_i) changes
 * only when the round is committed.
 */
#ifndef FED_TRAIN_LOCAL_TRAINER_H
#define FED_TRAIN_LOCAL_TRAINER_H

#include "train/round/state.h"

int fed_trainer_init(struct fed_trainer **, struct fed_federation *, struct fed_error *);
void fed_trainer_free(struct fed_trainer *); /* NULL is fine; cancels what runs */
/* The pool's threads, for whoever computes with the model; lives as long as the trainer. */
const struct fed_thread_scratch *fed_trainer_crew(const struct fed_trainer *);

/* Before a round: buffers for federation->plan on clients of at most max_examples. */
int fed_trainer_prepare(struct fed_trainer *, uint32_t max_examples, struct fed_error *);
/* FLOPs that the round's plan costs a client on the examples of its row. */
double fed_trainer_flops(const struct fed_trainer *, const struct fed_client *);
/* Begin the training of a client on the model that it received; it will be wanted at `due`.
 * row: the client's, with the examples that it has at present; it is copied.  *slot names the
 * training.  Takes its own share of the parcel. */
int fed_trainer_start(struct fed_trainer *, uint32_t client, const struct fed_client *row,
                      const struct fed_envelope *model, double due, uint32_t *slot,
                      struct fed_error *);
/* Wait for it; fills the update's claims and parcel (the caller's).  The slot is free
 * again.  FED_REJECT: it saw that the round is to be aborted. */
int fed_trainer_join(struct fed_trainer *, uint32_t slot, struct fed_envelope *update,
                     struct fed_error *);

/* What clients that were joined since the last commit or recall have learned to keep (kept
 * vectors) becomes theirs. */
void fed_trainer_commit(struct fed_trainer *);
/* Put the residuals into copies of the clients' rows [clients->n] that they had at the last commit
 * or recall; borrowed. */
void fed_trainer_unlearn(const struct fed_trainer *, struct fed_client *row);
/* Trainings that run end at their next step and are forgotten, with what was not committed. */
void fed_trainer_cancel(struct fed_trainer *);

/* Trainings that outlive their slot: shares of all that are there, [*slots], NULL where none is
 * (the caller's: drop each, fed_free).  False: no memory. */
struct fed_training;
bool fed_trainer_share(const struct fed_trainer *, struct fed_training ***, uint32_t *slots);
/* None is there: these come back, in the same slots.  Takes the shares, also on FED_FAIL: then
 * none is. */
int fed_trainer_put(struct fed_trainer *, struct fed_training *const *, uint32_t slots,
                    struct fed_error *);
void fed_training_drop(struct fed_training *); /* NULL is fine */
/* Wait until such trainings have come to their end. */
int fed_trainer_finish(struct fed_trainer *, struct fed_training *const *, uint32_t n,
                       struct fed_error *);

/* What a training came to that has ended, to be saved. */
struct fed_training_result {
	uint32_t client, steps, kept_vectors;
	uint64_t version, round;
	uint32_t samples;
	int64_t epochs;
	double loss; /* sum over examples and epochs */
	struct fed_codec codec;
	uint64_t coded;
	struct fed_shared_vectors *result; /* NULL: it failed */
	struct fed_shared_vectors *left;   /* what the codec lost, or NULL */
	bool had_residual;
	float **kept; /* [kept_vectors], or NULL */
	struct fed_error why;
};
/* Borrowed from the training. */
struct fed_training_result fed_training_result(const struct fed_training *);
/* A training that came to this; takes parcels and kept on success.  NULL: no memory. */
struct fed_training *fed_training_of(const struct fed_training_result *);

/* Evaluation on thread `worker`: the sum of the losses of examples first .. first + n - 1, n at
 * most fed_trainer_evaluation_batch(); *hits grows by those classified right. */
uint32_t fed_trainer_evaluation_batch(const struct fed_trainer *);
double fed_trainer_forward(struct fed_trainer *, int worker, const float *params, uint32_t first,
                           uint32_t n, uint32_t *hits);
/* The same with poisoned examples: *changed of them have another label now, *hits of these get it
 * from the model. */
int fed_trainer_attacked(struct fed_trainer *, int worker, const float *params,
                         const struct fed_instance *attack, uint32_t first, uint32_t n,
                         uint32_t *changed, uint32_t *hits, struct fed_error *);

#endif

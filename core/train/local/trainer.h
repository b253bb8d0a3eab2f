/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/trainer.h - trainer: local trainings and evaluation as jobs of the thread pool.
 *
 * A training starts when a client has received its model and is joined when its end is due in
 * virtual time; in between it runs on any thread.  What a client keeps (SCAFFOLD's c_i) changes
 * only on commit.
 */
#ifndef FED_TRAIN_LOCAL_TRAINER_H
#define FED_TRAIN_LOCAL_TRAINER_H

#include "train/round/state.h"

int fed_trainer_init(struct fed_trainer **, struct fed_federation *, struct fed_error *);
void fed__trainer_free(struct fed_trainer *); /* NULL is fine; cancels trainings that run */
/* The pool's threads and their scratch, for computations with the model; lives as long as the
 * trainer. */
const struct fed_thread_scratch *fed__trainer_scratch(const struct fed_trainer *);

/* Reserve buffers for federation->plan on clients of at most max_examples, before a round. */
int fed_trainer_prepare(struct fed_trainer *, uint32_t max_examples, struct fed_error *);
/* FLOPs of the round's plan for a client with the examples of this row. */
double fed__trainer_flops(const struct fed_trainer *, const struct fed_client *);
/* Start the training of a client on the model that it received, to be joined at `due`.  row: the
 * client's, with the examples that it has at present; it is copied.  *slot names the training.
 * Adds a reference to the model. */
int fed__trainer_start(struct fed_trainer *, uint32_t client, const struct fed_client *row,
                       const struct fed_envelope *model, double due, uint32_t *slot,
                       struct fed_error *);
/* Wait for a training; fills the update's claims and payload (the caller's), and frees the slot.
 * FED_REJECT: the training stopped, for the round is to be aborted.  *excusable: FED_FAIL is the
 * failure of a loaded plugin, which need not end the round (on-plugin-error). */
int fed__trainer_join(struct fed_trainer *, uint32_t slot, struct fed_envelope *update,
                      bool *excusable, struct fed_error *);

/* Random numbers of a client's step, counted from 0, the same whole and behind a cut. */
struct fed_step_random fed__random_of_step(uint64_t seed, uint64_t version, uint32_t client,
                                           uint64_t step);

/* Commit what joined trainings leave at their clients (kept vectors) since the last commit or
 * cancellation. */
void fed__trainer_commit(struct fed_trainer *);
/* Set the residuals and own layers in copies of the clients' rows [clients->n] to those of the last
 * commit or cancellation; borrowed. */
void fed_trainer_unlearn(const struct fed_trainer *, struct fed_client *row);
/* Cancel all trainings: they end at their next step; rolls back what was not committed. */
void fed__trainer_cancel(struct fed_trainer *);

/* References to all trainings, [*slots], NULL where a slot is free (the caller's: drop each,
 * fed_free).  False: no memory. */
struct fed_training;
bool fed__trainer_ref_all(const struct fed_trainer *, struct fed_training ***, uint32_t *slots);
/* Put trainings back into the same slots of a trainer that has none.  Takes the references, also on
 * FED_FAIL, when the trainer stays empty. */
int fed__trainer_restore(struct fed_trainer *, struct fed_training *const *, uint32_t slots,
                         struct fed_error *);
void fed__training_drop(struct fed_training *); /* NULL is fine */
/* Wait until such trainings have ended. */
int fed__trainer_finish(struct fed_trainer *, struct fed_training *const *, uint32_t n,
                        struct fed_error *);

/* Result of a training that has ended, to be saved. */
struct fed_training_result {
	uint32_t client, steps, kept_vectors;
	uint64_t version, round;
	uint32_t samples;
	int64_t epochs;
	double loss;                        /* sum over examples and epochs */
	struct fed_code *code;              /* of the delta, or NULL */
	struct fed_shared_vectors *result;  /* NULL: it failed */
	struct fed_shared_vectors *left;    /* residual of the codec, or NULL */
	struct fed_shared_vectors *trained; /* the client's own layers, or NULL */
	bool had_residual;
	struct fed_shared_vectors *kept; /* [kept_vectors], or NULL */
	struct fed_error why;
};
/* Borrowed from the training. */
struct fed_training_result fed_training_result(const struct fed_training *);
/* Training with this result, restored; takes vectors and kept on success.  NULL: no memory. */
struct fed_training *fed_training_restore(const struct fed_training_result *);
/* Give a restored training the own layers that it had made; takes them. */
void fed_training_give_layers(struct fed_training *, struct fed_shared_vectors *);

/* Evaluation on thread `worker`: returns the sum of the losses of examples first .. first + n - 1,
 * n at most fed_trainer_evaluation_batch(); *hits grows by those classified right.  answers: where
 * to put the answers, from example `at` on, or NULL. */
uint32_t fed_trainer_evaluation_batch(const struct fed_trainer *);
struct fed_answers;
double fed__trainer_forward(struct fed_trainer *, int worker, const float *params, uint32_t first,
                            uint32_t n, uint32_t *hits, struct fed_answers *answers, uint32_t at);
/* Batches of an evaluation as a job of the pool, which a rank may take. */
struct fed_evaluation_job {
	struct fed_job job; /* first member */
	struct fed_trainer *trainer;
	struct fed_shared_vectors *model; /* borrowed */
	uint32_t first, n;                /* examples */
	double *loss;                     /* [batches] sums, the caller's, as are */
	uint32_t *hits;                   /* [batches] */
};
static inline uint32_t fed_evaluation_batches(uint32_t n, uint32_t batch)
{
	return (n + batch - 1) / batch;
}
/* The job of it: run on a thread. */
void fed__evaluation_run(struct fed_job *, int worker);
/* A part of a batch of evaluation: examples of one client. */
struct fed_evaluation_part {
	uint32_t client, n;
	const uint32_t *id; /* [n] */
	double loss;        /* sum */
	uint32_t hits;
};
/* Fill in loss and hits of parts with at most fed_trainer_evaluation_batch() examples together. */
void fed__trainer_forward_parts(struct fed_trainer *, int worker, const float *params,
                                struct fed_evaluation_part *, size_t parts);
/* Mean loss of a client's examples, with the faults of its data, on thread `worker`; row: with the
 * examples that it has at present.  Fails as an attack on its data does. */
int fed__trainer_client_loss(struct fed_trainer *, int worker, const float *params, uint32_t client,
                             const struct fed_client *row, double *loss, struct fed_error *);
/* Success of a targeted attack on poisoned examples: how many have another label then, and how many
 * of these the model gives it. */
struct fed_attack_hits {
	uint32_t changed, hits;
};
int fed__trainer_attacked(struct fed_trainer *, int worker, const float *params,
                          const struct fed_instance *attack, uint32_t first, uint32_t n,
                          struct fed_attack_hits *, struct fed_error *);

#endif

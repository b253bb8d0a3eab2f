/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/internal.h - the trainer's own: its jobs and what the threads work with.
 *
 * trainer.c starts and joins trainings; local_training.c is one of them, on a thread;
 * error_feedback.c puts its update under a codec; thread_buffers.c has the threads' buffers;
 * client_state.c what clients keep between their trainings.
 */
#ifndef FED_TRAIN_LOCAL_INTERNAL_H
#define FED_TRAIN_LOCAL_INTERNAL_H

#include "train/local/data_faults.h"
#include "train/local/trainer.h"

/* One client's training; the job is its first member. */
struct fed_training {
	struct fed_job job;
	struct fed_training *next;   /* among those that may be used again */
	uint32_t users;              /* its slot, and whoever set it aside (train/in_flight.h) */
	struct fed_trainer *trainer; /* NULL: of none yet, it was read from a file */
	uint32_t client;
	struct fed_client row; /* as it was when it began: the table may grow meanwhile */
	struct fed_data_faults data_faults;
	uint64_t version, round; /* of the model's message */
	struct fed_plan plan;    /* plan and seed as they were, too: `set` may come meanwhile */
	uint64_t seed;
	struct fed_shared_vectors
		*model; /* received: parameters, then the aggregator's broadcast vectors */
	struct fed_shared_vectors *result; /* delta, then returned vectors */
	float **kept;                      /* this training's copy of what the client keeps */
	struct fed_codec codec;
	bool feedback;
	double noise;
	struct fed_shared_vectors *residual; /* a share of the client's, or NULL */
	struct fed_shared_vectors *left; /* what takes its place: what the codec loses now, or NULL */
	uint64_t coded;                  /* bytes of the delta under the codec */
	uint32_t steps;
	double loss;    /* sum over examples and epochs */
	bool submitted; /* the pool has it */
	bool ran;       /* set by its thread; read when the pool has it no more */
	bool stopped, no_memory;
	bool failed; /* as `why` says */
	struct fed_error why;
};

/* What a client that was joined wants to keep.  Its residual is replaced at once, for it may train
 * again before the round ends; the old one is here until then. */
struct fed_learned {
	uint32_t client;
	bool settled; /* its residual was replaced */
	struct fed_shared_vectors *residual;
	float **kept;
};

/* What one thread needs. */
struct fed_thread_buffers {
	struct fed_workspace space;
	uint32_t *order; /* the client's examples in this epoch's order */
	int32_t *label;
	float *target;
	float *gradient, *velocity; /* [dim], when the plan needs them */
	unsigned char *coded;       /* [coded_capacity], when there is a codec */
	size_t coded_capacity;
};

struct fed_trainer {
	struct fed_federation *federation;
	struct fed_thread_scratch thread_scratch;
	struct fed_thread_buffers *worker;
	int workers;
	/* Of the net alone, so that results do not depend on what ran before: */
	uint32_t part;       /* largest batch that goes through in one piece */
	uint32_t evaluation; /* examples of an evaluation batch */
	/* What the workers' buffers hold at present: */
	uint32_t batch_capacity, order_capacity;
	struct fed_training **slot; /* [slots]; NULL: free */
	uint32_t slots, capacity;
	uint32_t *vacant; /* [n_vacant] free slots below `slots`, [capacity] long */
	uint32_t n_vacant;
	struct fed_learned *learned; /* [n_learned], to be committed */
	size_t n_learned, learned_capacity;
	struct fed_vector_free_list results;
	struct fed_training *idle;
	uint64_t started; /* trainings so far: the order among those due together */
	atomic_bool stop;
};

/* local_training.c */
void fed_training_run(struct fed_job *, int worker);
/* Examples of a step of a client that has so many. */
uint32_t fed_training_batch(const struct fed_plan *, uint32_t examples);
/* The owner may be waiting for this very training: an abort must be seen from its thread too. */
bool fed_told_to_stop(const struct fed_trainer *);

/* thread_buffers.c */
/* Of the net alone: the sizes of parts and of evaluation batches. */
void fed_workers_measure(struct fed_trainer *);
/* Buffers of at least this size for every thread, while none of them trains. */
int fed_workers_reserve(struct fed_trainer *, bool gradient, bool velocity, struct fed_error *);
bool fed_workers_have_memory(const struct fed_trainer *, uint32_t batch_capacity, uint32_t examples,
                             bool gradient, bool velocity);
void fed_workers_release(struct fed_trainer *);
/* Examples `ids` as the client sees them, into the thread's workspace; spoiler NULL: none.  Fails
 * with the spoiler. */
int fed_worker_gather(const struct fed_federation *, const struct fed_client *,
                      const struct fed_data_faults *, struct fed_thread_buffers *,
                      const uint32_t *ids, uint32_t n, struct fed_error *);

/* client_state.c */
/* The client's memory as its training may change it; NULL: no memory. */
float **fed_copy_kept(const struct fed_client *, uint32_t vectors, size_t dim);
/* Remember what the client wants to keep, until the round is committed or recalled. */
int fed_remember(struct fed_trainer *, struct fed_training *, struct fed_error *);
/* What was not committed: residuals are again what they were. */
void fed_forget_learned(struct fed_trainer *);

#endif

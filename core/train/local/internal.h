/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/internal.h - private interface of the trainer: trainings and thread buffers.
 *
 * trainer.c starts and joins trainings; local_training.c runs one, on a thread; error_feedback.c
 * encodes its update; thread_buffers.c has the threads' buffers; client_state.c what clients keep
 * between their trainings.
 */
#ifndef FED_TRAIN_LOCAL_INTERNAL_H
#define FED_TRAIN_LOCAL_INTERNAL_H

#include "train/local/data_faults.h"
#include "train/local/places.h"
#include "train/local/trainer.h"

/* Training of one client; the job is its first member. */
struct fed_training {
	struct fed_job job;
	struct fed_training *next;   /* in the free list */
	uint32_t references;         /* reference count: its slot, and snapshots (train/in_flight.h) */
	struct fed_trainer *trainer; /* NULL: none yet, it was restored from a file */
	const struct fed_training_place *place;
	const struct fed_instance *aggregator; /* whose hooks are called */
	uint32_t client;
	struct fed_client row; /* copied at its beginning: the table may grow meanwhile */
	struct fed_data_faults data_faults;
	uint64_t version, round; /* of the model's message */
	struct fed_plan plan;    /* plan and seed likewise: `set` may change them meanwhile */
	uint64_t seed;
	struct fed_shared_vectors
		*model; /* received: parameters, then the aggregator's broadcast vectors */
	struct fed_shared_vectors *result; /* delta, then returned vectors */
	struct fed_shared_vectors *kept;   /* this training's copy of what the client keeps */
	struct fed_shared_codec *codec;    /* a reference, as is the code of the delta */
	struct fed_coding coding;
	bool feedback;
	double noise;
	struct fed_sharing *sharing;         /* which parameters travel; NULL: all */
	struct fed_shared_vectors *own;      /* reference to the client's own layers, or NULL */
	struct fed_shared_vectors *trained;  /* those that this training made, or NULL */
	struct fed_shared_vectors *residual; /* reference to the client's, or NULL */
	struct fed_shared_vectors *left;     /* residual of this update, which replaces it; or NULL */
	struct fed_code *code;
	uint32_t steps;
	double loss;    /* sum over examples and epochs */
	double squares; /* sum of the squared losses, if `reports_rms` */
	bool reports_rms;
	bool begins_own;   /* the client has no model of its own yet */
	uint32_t chosen;   /* of several global models */
	double first_loss; /* of the received one; NaN unless it is asked for or compared */
	bool submitted;    /* to the pool */
	bool ran;          /* set by its thread; read after the pool has finished it */
	bool stopped, no_memory;
	bool failed;                        /* `why` has the cause */
	bool plugin_failed;                 /* in a loaded plugin, which the session may outlive */
	const struct fed_instance *culprit; /* the guarded one that failed, or NULL */
	double seconds;                     /* wall, in a worker process; 0: it ran here */
	bool lost;                          /* the process ended in it */
	struct fed_error why;
};

/* State that a joined training leaves at its client, not yet committed.  The client's residual and
 * own layers are replaced at once, for it may train again before the round ends; the old ones are
 * here until then. */
struct fed_learned {
	uint32_t client;
	bool settled; /* its residual was replaced */
	bool renewed; /* its own layers were */
	struct fed_shared_vectors *residual, *own;
	struct fed_shared_vectors *kept;
};

/* Buffers of one thread. */
struct fed_thread_buffers {
	struct fed_workspace space;
	uint32_t *order; /* the client's examples in this epoch's order */
	int32_t *label;
	float *target;
	float *gradient, *velocity; /* [dim], when the plan needs them */
	struct fed_codec_buffers codec;
};

struct fed_trainer {
	struct fed_federation *federation;
	struct fed_thread_scratch thread_scratch;
	struct fed_thread_buffers *worker;
	int workers;
	/* By the net alone, so that results do not depend on earlier trainings: */
	uint32_t part;       /* largest batch of one forward pass */
	uint32_t evaluation; /* examples of an evaluation batch */
	/* Capacity of the workers' buffers: */
	uint32_t batch_capacity, order_capacity;
	struct fed_training **slot; /* [slots]; NULL: free */
	uint32_t slots, capacity;
	uint32_t *vacant; /* [n_vacant] free slots below `slots`, a heap, the lowest first; [capacity]
	                     long */
	uint32_t n_vacant;
	struct fed_learned *learned; /* [n_learned], to be committed */
	size_t n_learned, learned_capacity;
	struct fed_vector_free_list results;
	struct fed_training *idle; /* free list */
	uint64_t started;          /* trainings so far: the order among those due together */
	struct fed_training_processes *processes; /* training_process.c; NULL: none is needed */
	void (*progress)(void *ctx);              /* called after each step; or NULL */
	void *progress_ctx;
	atomic_bool stop;
};

/* Vectors of a training: what its client received and keeps, and where the results go. */
struct fed_training_vectors {
	const float *received;                /* [dim] */
	const float *const *broadcast;        /* of the aggregator */
	float *const *kept, *const *returned; /* changed in place */
	float *params;                        /* [dim], the trained model */
};

/* On a thread of the pool, or in a worker process of that thread.  Both set steps and losses, or
 * `failed` with its reason, or `stopped`; the result is the same bits. */
void fed_train_here(struct fed_training *, struct fed_thread_buffers *,
                    const struct fed_training_vectors *);
/* training_process.c */
/* Whether the training calls a guarded plugin. */
bool fed__runs_in_process(const struct fed_training *);
void fed__train_in_process(struct fed_training *, int worker, const struct fed_training_vectors *);
/* Share what all processes need, before a round; nothing where no plugin is guarded. */
int fed__processes_prepare(struct fed_trainer *, struct fed_error *);
void fed__processes_release(struct fed_trainer *);

/* local_training.c */
void fed__training_run(struct fed_job *, int worker);
/* Batch size of a client that has so many examples. */
uint32_t fed__training_batch(const struct fed_plan *, uint32_t examples);

/* thread_buffers.c */
/* Whether trainings must stop; read on any thread, for the owner may be waiting for a training. */
bool fed_trainer_must_stop(const struct fed_trainer *);
/* Set the sizes of parts and of evaluation batches, by the net alone. */
void fed__workers_measure(struct fed_trainer *);
/* Reserve buffers of at least this size for every thread, while none of them trains. */
int fed__workers_reserve(struct fed_trainer *, bool gradient, bool velocity, struct fed_error *);
bool fed__workers_have_memory(const struct fed_trainer *, uint32_t batch_capacity,
                              uint32_t examples, bool gradient, bool velocity);
void fed__workers_release(struct fed_trainer *);
/* Gather examples `ids` into the thread's workspace, with the client's shift and the data faults
 * (NULL: none).  Fails as fed__data_faults_apply(). */
int fed__worker_gather(const struct fed_federation *, const struct fed_client *,
                       const struct fed_data_faults *, struct fed_thread_buffers *,
                       const uint32_t *ids, uint32_t n, struct fed_error *);

/* client_state.c */
/* Copy of the client's kept vectors, for its training to change; NULL: no memory. */
struct fed_shared_vectors *fed__copy_kept(const struct fed_client *, uint32_t vectors, size_t dim);
/* Record the state that a training leaves at its client, until the round is committed or rolled
 * back. */
int fed__remember(struct fed_trainer *, struct fed_training *, struct fed_error *);
/* Roll back what was not committed, residuals included. */
void fed__forget_learned(struct fed_trainer *);

#endif

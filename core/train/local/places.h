/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/places.h - places where trainings run: threads of this process, worker processes of
 * this machine, ranks of a cluster.
 *
 * A training is given to the first row that suits it when it is started, and waits in the queue of
 * the thread pool until a thread takes it or, for ranks, the cluster does (base/system/pool.h).
 * What it computes does not depend on the row.
 */
#ifndef FED_TRAIN_LOCAL_PLACES_H
#define FED_TRAIN_LOCAL_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_thread_buffers;
struct fed_trainer;
struct fed_training;
struct fed_training_vectors;

struct fed_training_place {
	const char *name; /* as it is said: "threads of this process" */
	/* Before rounds: what it needs is made, unless it is there.  NULL: nothing. */
	int (*prepare)(struct fed_trainer *, struct fed_error *);
	void (*release)(struct fed_trainer *); /* NULL: nothing */
	bool (*suits)(const struct fed_training *);
	bool far; /* the cluster may take it from the queue */
	/* On a thread of the pool, which may take any. */
	void (*train)(struct fed_training *, int worker, const struct fed_training_vectors *);
};

/* The rows, in the order in which they are tried; NULL past the last. */
const struct fed_training_place *fed__training_place_at(unsigned i);
/* The first that suits a training. */
const struct fed_training_place *fed__training_place_for(const struct fed_training *);
int fed__training_places_prepare(struct fed_trainer *, struct fed_error *);
void fed__training_places_release(struct fed_trainer *);

/* Ranks of a cluster, which core/cluster implements. */
enum fed_portable { FED_PORTABLE_TRAINING = 1, FED_PORTABLE_EVALUATION }; /* fed_job.portable */
struct fed_text;
struct fed_ranks_status {
	uint32_t ranks, busy;    /* those that have a training or an evaluation */
	uint32_t jobs;           /* how many they have */
	uint64_t sent, received; /* bytes */
	bool ended;              /* they are of no use any more */
};
/* What one of them does. */
struct fed_rank_report {
	uint32_t rank, threads, jobs;       /* trainings that it has */
	uint64_t trainings, sent, received; /* done; bytes */
	double busy, since;                 /* seconds: of its threads in trainings, since it joined */
	char host[64];
};
struct fed_ranks {
	uint32_t threads; /* of all of them */
	/* Announce a trainer, or that its set-up may have changed; before rounds.  Lines for the user
	 * are appended to `notes`. */
	int (*attach)(struct fed_ranks *, struct fed_trainer *, struct fed_text *notes,
	              struct fed_error *);
	/* The trainer ends; none of its trainings is with a rank. */
	void (*detach)(struct fed_ranks *, struct fed_trainer *);
	/* Now; on any thread. */
	void (*status)(struct fed_ranks *, struct fed_ranks_status *);
	/* Of the i-th of them, from 0; false: there is none. */
	bool (*report)(struct fed_ranks *, uint32_t i, struct fed_rank_report *);
};

#endif

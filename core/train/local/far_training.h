/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/far_training.h - trainings as bytes, for processes that share no memory with this
 * one: the ranks of a cluster.
 *
 * What one end puts the other gets.  A job has all that its result depends on but dataset, net and
 * received model, of which the other end has been told before.
 */
#ifndef FED_TRAIN_LOCAL_FAR_TRAINING_H
#define FED_TRAIN_LOCAL_FAR_TRAINING_H

#include "plug/guard/packet.h"
#include "train/local/far_body.h"
#include "train/local/internal.h"
#include "train/local/residents.h"
#include "train/local/training_wire.h"

/* Vectors and arrays lie at multiples of this in a packet, and in memory where it is read. */
enum { FED_FAR_ALIGNMENT = 16 };
void fed__far_put(struct fed_packet *, const void *, size_t bytes);
/* The packet's; NULL: it has fewer bytes. */
const void *fed__far_get(struct fed_packet_reader *, size_t bytes);

/* Read the vectors from `first` on, which follow the packet or are its last bytes. */
int fed__far_get_body(struct fed_packet_reader *, const struct fed_far_body *,
                      struct fed_shared_vectors *, uint32_t first, struct fed_error *);

/* This end ------------------------------------------------------------------------------- */

/* What another process needs of a federation: dataset, model and aggregator. */
void fed_put_set_up(struct fed_packet *, const struct fed_trainer *);
/* The arrays of its dataset, for one who could not load it. */
void fed_put_data(struct fed_packet *, const struct fed_dataset *);
/* Head of the message with a model that a training received and the aggregator's broadcast vectors;
 * the vectors themselves are its body. */
void fed_put_model(struct fed_packet *, const struct fed_shared_vectors *);
/* Job of a training that no thread has begun; without the vectors of its client that are there. */
void fed_put_training(struct fed_packet *, const struct fed_training *,
                      const struct fed_resident *there);
/* Set the result of a training, as if it had run here.  FED_FAIL: it is no result of it; the
 * training is as it was. */
int fed_take_trained(struct fed_packet_reader *, const struct fed_far_body *, struct fed_training *,
                     struct fed_error *);
/* Let a training be one that stopped because it was cancelled. */
void fed_training_stopped(struct fed_training *);
/* FLOPs of a training. */
double fed_training_flops(const struct fed_training *);
/* Likewise an evaluation (trainer.h). */
void fed_put_evaluation(struct fed_packet *, const struct fed_evaluation_job *);
int fed_take_evaluated(struct fed_packet_reader *, struct fed_evaluation_job *, struct fed_error *);
double fed_evaluation_flops(const struct fed_evaluation_job *);

/* The other end --------------------------------------------------------------------------- */

/* Dataset that a set-up names. */
struct fed_far_data {
	struct fed_wire_dataset head;
	uint64_t fingerprint;
	const char *name;          /* NULL: it cannot be loaded again */
	struct fed_assign *assign; /* [n], the caller's (fed_free); its strings are the packet's */
	size_t n;
	uint64_t seed;
	bool cached;
};
int fed_get_far_data(struct fed_packet_reader *, struct fed_far_data *, struct fed_error *);
/* Dataset of the arrays that were sent. */
int fed_get_data(struct fed_packet_reader *, const struct fed_far_data *, struct fed_dataset **,
                 struct fed_error *);
/* Into vectors of the free list. */
int fed_get_model(struct fed_packet_reader *, const struct fed_far_body *,
                  struct fed_vector_free_list *, struct fed_shared_vectors **, struct fed_error *);

/* A federation that is just what trainings need of one. */
struct fed_training_host {
	const struct fed_registry *plugins;
	struct fed_settings settings;
	struct fed_federation federation;
	struct fed_net net;
	struct fed_instance model, aggregator;
	struct fed_far_instances *instances; /* plugins of jobs, by their state */
	struct fed_sharing *sharing;         /* of the last job, made of `sharing_text` */
	char sharing_text[FED_LOCAL_LAYERS_TEXT];
	struct fed_residents residents;
};
/* The rest of a set-up, on a dataset and a pool that are the caller's. */
int fed_training_host_init(struct fed_training_host *, const struct fed_registry *,
                           const struct fed_dataset *, struct fed_pool *,
                           struct fed_packet_reader *, struct fed_error *);
void fed_training_host_release(struct fed_training_host *); /* no training runs; zeroed is fine */

/* Training of a job. */
struct fed_far_training {
	struct fed_training training; /* first member: it is a job of the pool */
	struct fed_training_host *host;
	void (*done)(struct fed_far_training *); /* on the thread that ran it */
	void *ctx;
	uint64_t number;
	uint32_t most; /* examples of the largest client */
	double seconds;
	struct fed_evaluation_job *evaluation; /* it is one, and no training; NULL: it is none */
	struct fed_far_training *next;
};
/* Make an evaluation, likewise. */
int fed_get_evaluation(struct fed_packet_reader *, struct fed_training_host *,
                       struct fed_shared_vectors *model, struct fed_far_training **,
                       struct fed_error *);
void fed_put_evaluated(struct fed_packet *, const struct fed_evaluation_job *);
/* Make a training; takes the reference to the model, also on failure. */
int fed_get_training(struct fed_packet_reader *, struct fed_training_host *,
                     struct fed_shared_vectors *model, struct fed_far_training **,
                     struct fed_error *);
void fed_far_training_free(struct fed_far_training *); /* NULL is fine */
/* Head of the message with a result, and its body: a reference, with the first vector that is sent;
 * NULL: there is none. */
void fed_put_trained(struct fed_packet *, const struct fed_training *);
struct fed_shared_vectors *fed_trained_body(const struct fed_training *, uint32_t *first);

#endif

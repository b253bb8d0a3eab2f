/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition_internal.h - shared declarations of the kinds of partition; for core/data alone.
 *
 * partition.c checks the request, then one of the functions below fills result->ids (capacity
 * result->start[n]).  None of them changes the pool: partition.c takes the ids out of it on
 * success.
 */
#ifndef FED_DATA_PARTITION_INTERNAL_H
#define FED_DATA_PARTITION_INTERNAL_H

#include "base/random.h"
#include "data/partition.h"

struct fed_partition_job {
	const struct fed_dataset *data;
	const struct fed_example_pool *pool;
	const struct fed_partition *how;
	uint32_t n;             /* clients */
	bool shared;            /* draw from all training examples, with replacement */
	struct fed_stream rand; /* of this partition; a client's own streams: fed_client_stream */
	uint64_t seed, number;
	struct fed_partition_result *result;
};

static inline bool fed_in_pool(const struct fed_example_pool *pool, uint32_t id)
{
	return pool->free_bits[id / 64] >> (id % 64) & 1;
}

static inline struct fed_stream fed_client_stream(const struct fed_partition_job *d,
                                                  uint32_t client)
{
	return fed_stream_open(d->seed, FED_FOR_PARTITION, d->number, client);
}

/* The class of each training example; for a regression the decile of its first target.  The caller
 * frees *class_of (fed_free). */
int fed__partition_by_classes(const struct fed_dataset *, int32_t **class_of, uint32_t *classes,
                              struct fed_error *);

int fed__partition_shards(struct fed_partition_job *, uint32_t shards, struct fed_error *);
int fed__partition_uniform(struct fed_partition_job *,
                           struct fed_error *); /* sizes from result->start */
int fed__partition_dirichlet(struct fed_partition_job *,
                             struct fed_error *); /* sizes from result->start */
/* Allocates and fills start and ids itself. */
int fed__partition_natural(struct fed_partition_job *, struct fed_error *);

#endif

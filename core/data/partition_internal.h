/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition_internal.h - what the kinds of partition share; for core/data alone.
 *
 * partition.c checks the request, then one of the dealers below fills deal->ids (room for
 * deal->start[n] ids).  No dealer changes the pool: partition.c takes the ids out of it when all
 * went well.
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
	bool shared;            /* deal from all training examples, again and again */
	struct fed_stream rand; /* of this deal; a client's own streams: fed_client_stream */
	uint64_t seed, number;
	struct fed_partition_result *deal;
};

static inline bool fed_in_pool(const struct fed_example_pool *pool, uint32_t id)
{
	return pool->free_bits[id / 64] >> (id % 64) & 1;
}

static inline struct fed_stream fed_client_stream(const struct fed_partition_job *d,
                                                  uint32_t client)
{
	return fed_stream_open(d->seed, FED_FOR_DEAL, d->number, client);
}

/* The class of each training example; for a regression the tenth of the sorted first targets that
 * it falls in.  The caller's (fed_free). */
int fed_partition_by_classes(const struct fed_dataset *, int32_t **class_of, uint32_t *classes,
                             struct fed_error *);

int fed_partition_shards(struct fed_partition_job *, uint32_t shards, struct fed_error *);
int fed_partition_uniform(struct fed_partition_job *,
                          struct fed_error *); /* sizes from deal->start */
int fed_partition_dirichlet(struct fed_partition_job *,
                            struct fed_error *); /* sizes from deal->start */
/* Allocates and fills start and ids itself. */
int fed_partition_natural(struct fed_partition_job *, struct fed_error *);

#endif

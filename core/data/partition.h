/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition.h - partitions: examples of the pool split over clients.
 *
 * The pool is the set of training examples that no client holds.  A partition takes examples from
 * it without replacement; with `reuse`, once it is too small, examples are drawn with replacement
 * over clients from all training examples (never twice within one client while there are enough).
 */
#ifndef FED_DATA_PARTITION_H
#define FED_DATA_PARTITION_H

#include "data/dataset.h"

struct fed_example_pool {
	uint64_t *free_bits; /* bit i: training example i is in the pool */
	uint32_t left;
};
int fed_example_pool_init(struct fed_example_pool *, uint32_t train, struct fed_error *);
void fed_example_pool_release(struct fed_example_pool *);
void fed_example_pool_return(struct fed_example_pool *, const uint32_t *ids, uint32_t n);

enum fed_partition_kind {
	FED_PARTITION_IID,
	FED_PARTITION_NONIID,    /* two label shards a client (McMahan 2017) */
	FED_PARTITION_SHARDS,    /* shards=K label shards a client */
	FED_PARTITION_DIRICHLET, /* class mix of each client ~ Dirichlet(alpha * K * share of class),
	                            K classes: the usual Dir(alpha) when the classes are equal */
	FED_PARTITION_QUANTITY,  /* iid, sizes lognormal with mean `samples` and sigma `spread` */
	FED_PARTITION_FEATURE,   /* iid, each client's inputs shifted by its own gain and offset */
	FED_PARTITION_NATURAL,   /* the data's own users, in order */
	FED_PARTITION_IN_ORDER,  /* the next `samples` examples of the pool, by number */
};
extern const char *const fed_partition_names[]; /* "iid", "noniid", ..., NULL */
extern const char *const fed_partition_docs[];  /* paragraphs about each, for people */

/* Default of examples a client. */
#define FED_PARTITION_SAMPLES 600

struct fed_partition {
	enum fed_partition_kind kind;
	int64_t samples; /* examples a client, >= 1 (a session takes 0, too: FED_PARTITION_SAMPLES) */
	int64_t shards;
	double alpha;  /* dirichlet */
	double spread; /* 0 to 10. quantity: sigma of the logarithm; feature: size of the shift */
	bool reuse;
};

/* The result of a partition: client i of n holds ids[start[i]] .. ids[start[i + 1] - 1]. */
struct fed_partition_result {
	uint32_t *ids;
	uint64_t *start;         /* [n + 1] */
	struct fed_shift *shift; /* [n] for `feature`, else NULL */
	bool shared;             /* reuse was needed: the ids were not taken from the pool */
};
/* Deterministic in (seed, number).  On FED_FAIL the pool is unchanged; the error names how many
 * examples are left and the two remedies (samples=, reuse). */
int fed_partition_run(const struct fed_dataset *, struct fed_example_pool *,
                      const struct fed_partition *, uint32_t n, uint64_t seed, uint64_t number,
                      struct fed_partition_result *, struct fed_error *);
void fed_partition_result_release(struct fed_partition_result *);

#endif

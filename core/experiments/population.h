/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/population.h - the clients and examples of a copy, composed again with another seed,
 * dataset or partition, as the same commands would from the beginning.
 */
#ifndef FED_EXPERIMENTS_POPULATION_H
#define FED_EXPERIMENTS_POPULATION_H

#include "data/partition.h"
#include "experiments/session_copy.h"

struct fed_dataset;

/* Datasets of the seeds and names that the copies which are alive have.  {0} is empty. */
struct fed_example_sets {
	struct fed_example_set {
		uint64_t seed;
		char *name; /* NULL: the session's own */
		struct fed_dataset *data;
		bool borrowed; /* data are the session's */
		uint32_t users;
	} * set; /* [n] */
	size_t n;
};
/* Lend the dataset for a seed; name: as after `dataset`, settings behind colons, or NULL for that
 * of the session.  It stays until it is given back. */
int fed__example_sets_lend(struct fed_example_sets *, struct fed_session *, uint64_t seed,
                           const char *name, struct fed_dataset **, struct fed_error *);
void fed__example_sets_give_back(struct fed_example_sets *, const struct fed_dataset *);
void fed__example_sets_release(struct fed_example_sets *); /* after all were given back */

/* What differs from the session. */
struct fed_population {
	uint64_t seed;
	struct fed_dataset *data;
	bool partitioned;         /* by `how`: */
	struct fed_partition how; /* samples 0: as many as the session's clients have */
	uint32_t n;               /* clients, with the same examples in all; 0: those of the session */
	double holdout, unseen;   /* NaN: as the session's clients */
};
/* Replace clients and examples of a copy at version 0.  Clients that the session removed are
 * missing here, too; devices and links that were changed one by one stay as they are. */
int fed__session_populate(struct fed_session *copy, const struct fed_session *,
                          const struct fed_population *, struct fed_error *);

#endif

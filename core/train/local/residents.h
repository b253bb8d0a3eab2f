/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/residents.h - residents: vectors of clients that a rank remembers from their last
 * trainings there, so that they need not be sent to it again.
 *
 * Both ends have such a table for a federation: a rank has the vectors, rank 0 the same ones by
 * address, which a reference keeps from being used again.  What counts is what rank 0 has: a client
 * whose vectors are others meanwhile (a rolled-back round, a restored session, a training
 * elsewhere) is just not known any more.
 */
#ifndef FED_TRAIN_LOCAL_RESIDENTS_H
#define FED_TRAIN_LOCAL_RESIDENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/shared_vectors.h"

struct fed_training;

/* What a client's training left; those that it did not leave are NULL. */
struct fed_resident {
	uint64_t job; /* that training's number; 0: none, and no vectors */
	struct fed_shared_vectors *kept, *residual, *own;
};
struct fed_residents {
	struct fed_resident *of; /* [n], by client */
	uint32_t n;
};
/* The client's; one without vectors where there is none. */
struct fed_resident fed_residents_find(const struct fed_residents *, uint32_t client);
/* Replace it by what a training left; NULL, or without memory: by nothing.  Whether it is there. */
bool fed_residents_put(struct fed_residents *, uint32_t client, uint64_t job,
                       const struct fed_training *);
void fed_residents_release(struct fed_residents *); /* zeroed is fine */

#endif

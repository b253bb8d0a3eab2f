/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/data_faults.h - data faults: label drift, input shift, poisoning.
 *
 * A training copies its faults from the fault table when it begins, so that it may run on any
 * thread while the table changes.
 */
#ifndef FED_TRAIN_LOCAL_DATA_FAULTS_H
#define FED_TRAIN_LOCAL_DATA_FAULTS_H

#include "data/dataset.h"
#include "train/clients/clients.h"
#include "train/faults/faults.h"

struct fed_data_faults {
	double moved;                     /* share of the examples whose label is increased by one */
	double shift;                     /* added to each input */
	uint64_t moved_key, poison_key;   /* for fed_random(): which examples */
	struct fed_shared_attack *poison; /* a reference; NULL: none */
};

/* Data faults of a client that received the model `version`. */
struct fed_data_faults fed_data_faults_for(const struct fed_faults *, uint32_t client,
                                           uint64_t version);
void fed_data_faults_release(struct fed_data_faults *); /* zeroed is fine */
static inline bool fed_data_faults_any(const struct fed_data_faults *s)
{
	return s->poison || s->moved > 0 || s->shift != 0;
}
/* Apply the faults to n gathered examples x (n, shape) and label [n] (NULL: regression).  FED_FAIL:
 * an attack wrote what it may not. */
int fed__data_faults_apply(const struct fed_data_faults *, const struct fed_dataset *,
                           const uint32_t *ids, uint32_t n, float *x, int32_t *label,
                           struct fed_error *);
/* Examples of a client that received the model `version`. */
struct fed_client_examples {
	uint32_t client;
	uint64_t version;
	const uint32_t *ids; /* [n] of the dataset */
	uint32_t n;
};
/* What the client trains on: x (n, shape), shifted by its partition and changed by its faults, and
 * label [n], which holds the dataset's before (NULL: regression). */
int fed_client_sees(const struct fed_faults *, const struct fed_dataset *,
                    const struct fed_client *, const struct fed_client_examples *, float *x,
                    int32_t *label, struct fed_error *);
/* Check that the poisoning attacks active at this version suit this dataset.  FED_REJECT: one does
 * not. */
int fed__poison_suits(const struct fed_faults *, const struct fed_dataset *, uint64_t version,
                      struct fed_error *);
/* Form of this dataset's examples, as attacks see it (n = 0). */
struct fed_examples fed_examples_of(const struct fed_dataset *);

#endif

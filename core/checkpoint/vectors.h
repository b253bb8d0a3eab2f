/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/vectors.h - the shared vectors that messages, invitations and trainings of a snapshot
 * refer to by number.
 */
#ifndef FED_CHECKPOINT_VECTORS_H
#define FED_CHECKPOINT_VECTORS_H

#include "checkpoint/sections.h"
#include "net/shared_vectors.h"

/* Shared vectors, each once, in the order of their first reference. */
struct fed_vectors_table {
	struct fed_shared_vectors **payload; /* [n] */
	uint32_t n, capacity;
	bool failed; /* no memory */
};
/* NULL and vectors that it has are not added. */
void fed__vectors_add(struct fed_vectors_table *, struct fed_shared_vectors *);
/* From 1; 0: none, NULL. */
uint32_t fed__vectors_number(const struct fed_vectors_table *, const struct fed_shared_vectors *);

/* A section with their number, then one for each.  model: the federation's, which must have no
 * owner beside it and its messages, or NULL. */
void fed__save_vectors(struct fed_saver *, const struct fed_vectors_table *,
                       const struct fed_shared_vectors *model);
/* The caller releases the references and the array, also when the loader failed. */
void fed__load_vectors(struct fed_loader *, struct fed_vectors_table *);

#endif

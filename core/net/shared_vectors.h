/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/shared_vectors.h - reference-counted float vectors, and a free list that recycles them.
 *
 * New vectors cost a page fault for each page; recycled ones are still in the cache.  Vectors
 * return to their free list when the last reference is released, on any thread.  All of them must
 * be released before the free list is, or have left it.
 *
 * The vectors of a free list may lie in shared memory, where worker processes read them without a
 * copy.
 */
#ifndef FED_NET_SHARED_VECTORS_H
#define FED_NET_SHARED_VECTORS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/system/shared_memory.h"

struct fed_vector_free_list;

/* Reference-counted float vectors; immutable once shared. */
struct fed_shared_vectors {
	atomic_uint references;
	uint32_t n;                             /* vectors */
	size_t dim;                             /* floats in each */
	struct fed_shared_memory *memory;       /* of the vectors; NULL: fed_alloc_floats */
	struct fed_vector_free_list *free_list; /* where it goes with the last reference; NULL: freed */
	struct fed_shared_vectors *next;        /* in the free list */
	float *vector[];                        /* [n] */
};
struct fed_shared_vectors *fed_shared_vectors_new(uint32_t n,
                                                  size_t dim); /* zeroed; NULL: no memory */
struct fed_shared_vectors *
fed_shared_vectors_ref(struct fed_shared_vectors *);        /* NULL stays NULL */
void fed_shared_vectors_unref(struct fed_shared_vectors *); /* NULL is fine */
/* Have them freed with the last reference instead of returned to a free list, which they may
 * outlive.  The caller has a reference. */
void fed_shared_vectors_leave_list(struct fed_shared_vectors *);
/* Move vector 0 out of vectors with one reference, not in shared memory, which are released; the
 * caller owns it. */
float *fed_shared_vectors_detach(struct fed_shared_vectors *);

/* A free list of vectors of one size, the last released first. */
struct fed_vector_free_list {
	pthread_mutex_t lock;
	struct fed_shared_vectors *first;
	size_t bytes, most; /* of the vectors in the list; limit */
	double share;       /* of the free memory, which is looked up when the limit is met; 0: none */
	uint32_t n;         /* vectors of each member */
	size_t dim;
	struct fed_shared_memory *memory;
};
void fed_vector_free_list_init(struct fed_vector_free_list *, size_t most_bytes);
/* Let the limit be this share of the memory that is free, where that is more. */
void fed_vector_free_list_widen(struct fed_vector_free_list *, double share);
void fed_vector_free_list_release(struct fed_vector_free_list *);
/* Where vectors lie that are taken from now on: NULL, the heap.  Short ones are always there, for a
 * block of shared memory has whole pages. */
void fed_vector_free_list_place(struct fed_vector_free_list *, struct fed_shared_memory *);
/* Bytes of the vectors in the list. */
size_t fed_vector_free_list_bytes(struct fed_vector_free_list *);
/* From the list, with undefined contents, or new; NULL: no memory.  Another size than before
 * empties the list. */
struct fed_shared_vectors *fed_vector_free_list_take(struct fed_vector_free_list *, uint32_t n,
                                                     size_t dim);

#endif

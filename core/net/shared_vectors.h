/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/shared_vectors.h - vectors that many share, and a stock of them to use again.
 *
 * A fresh parcel costs as many page faults as it has pages; one from a stock is still in the cache.
 * Parcels go back to their stock when the last share is dropped, on whatever thread.  All parcels
 * of a stock must be dropped before it is released.
 */
#ifndef FED_NET_SHARED_VECTORS_H
#define FED_NET_SHARED_VECTORS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct fed_vector_free_list;

/* Float vectors, counted by reference; immutable once shared. */
struct fed_shared_vectors {
	atomic_uint users;
	uint32_t n;                         /* vectors */
	size_t dim;                         /* floats in each */
	struct fed_vector_free_list *stock; /* where it goes when nobody has a share; NULL: none */
	struct fed_shared_vectors *next;    /* in the stock */
	float *vector[];                    /* [n]: fed_alloc_floats */
};
struct fed_shared_vectors *fed_shared_vectors_new(uint32_t n,
                                                  size_t dim); /* zeroed; NULL: no memory */
struct fed_shared_vectors *
fed_shared_vectors_ref(struct fed_shared_vectors *);        /* NULL stays NULL */
void fed_shared_vectors_unref(struct fed_shared_vectors *); /* NULL is fine */
/* Vector 0 of a parcel that nobody else has: the caller's; the parcel is gone. */
float *fed_shared_vectors_detach(struct fed_shared_vectors *);

/* Parcels of one size that nobody uses, those of the last use first. */
struct fed_vector_free_list {
	pthread_mutex_t lock;
	struct fed_shared_vectors *first;
	size_t bytes, most; /* of the vectors in stock */
	uint32_t n;         /* of the parcels in stock */
	size_t dim;
};
void fed_vector_free_list_init(struct fed_vector_free_list *, size_t most_bytes);
void fed_vector_free_list_release(struct fed_vector_free_list *);
/* Of the vectors in stock. */
size_t fed_vector_free_list_bytes(struct fed_vector_free_list *);
/* From the stock, with whatever stood in it, or new; NULL: no memory.  Another size than before
 * empties the stock. */
struct fed_shared_vectors *fed_vector_free_list_take(struct fed_vector_free_list *, uint32_t n,
                                                     size_t dim);

#endif

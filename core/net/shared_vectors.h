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

struct fed_stock;

/* Float vectors, counted by reference; immutable once shared. */
struct fed_parcel {
	atomic_uint users;
	uint32_t n;              /* vectors */
	size_t dim;              /* floats in each */
	struct fed_stock *stock; /* where it goes when nobody has a share; NULL: none */
	struct fed_parcel *next; /* in the stock */
	float *vector[];         /* [n]: fed_alloc_floats */
};
struct fed_parcel *fed_parcel_new(uint32_t n, size_t dim); /* zeroed; NULL: no memory */
struct fed_parcel *fed_parcel_share(struct fed_parcel *);  /* NULL stays NULL */
void fed_parcel_drop(struct fed_parcel *);                 /* NULL is fine */
/* Vector 0 of a parcel that nobody else has: the caller's; the parcel is gone. */
float *fed_parcel_unwrap(struct fed_parcel *);

/* Parcels of one size that nobody uses, those of the last use first. */
struct fed_stock {
	pthread_mutex_t lock;
	struct fed_parcel *first;
	size_t bytes, most; /* of the vectors in stock */
	uint32_t n;         /* of the parcels in stock */
	size_t dim;
};
void fed_stock_init(struct fed_stock *, size_t most_bytes);
void fed_stock_release(struct fed_stock *);
/* Of the vectors in stock. */
size_t fed_stock_bytes(struct fed_stock *);
/* From the stock, with whatever stood in it, or new; NULL: no memory.  Another size than before
 * empties the stock. */
struct fed_parcel *fed_stock_take(struct fed_stock *, uint32_t n, size_t dim);

#endif

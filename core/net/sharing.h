/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/sharing.h - which parameters of a model travel, and which stay with each client.
 *
 * Stretches of the flat vector in turn: shared ones, which travel and are averaged, and local ones,
 * which each client has for itself.  Vectors in memory have all coordinates; those on the wire only
 * the shared ones, one after another.  NULL stands for "all of them travel".
 */
#ifndef FED_NET_SHARING_H
#define FED_NET_SHARING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/shared_vectors.h"

struct fed_stretch {
	size_t from, to; /* coordinates from .. to - 1 */
	bool local;
};

/* Reference-counted; immutable. */
struct fed_sharing {
	atomic_uint references;
	size_t dim, local; /* coordinates, and how many of them are local */
	uint32_t n;
	struct fed_stretch stretch[]; /* [n], ascending, without gaps: all of [0, dim) */
};

/* is_local [dim]: which coordinates stay.  NULL: no memory. */
struct fed_sharing *fed_sharing_new(const bool *is_local, size_t dim);
struct fed_sharing *fed_sharing_ref(struct fed_sharing *); /* NULL stays NULL */
void fed_sharing_unref(struct fed_sharing *);              /* NULL is fine */
/* How many of `dim` coordinates travel. */
size_t fed_sharing_travels(const struct fed_sharing *, size_t dim);
/* packed [travels] <- the shared coordinates of v [dim]; they may be the same vector. */
void fed_sharing_pack(const struct fed_sharing *, const float *v, float *packed);
/* v [dim] <- packed [travels]; local coordinates become 0.  They may be the same vector. */
void fed_sharing_unpack(const struct fed_sharing *, const float *packed, float *v);
/* own [local] <- the local coordinates of v, and back. */
void fed_sharing_take_local(const struct fed_sharing *, const float *v, float *own);
void fed_sharing_put_local(const struct fed_sharing *, const float *own, float *v);
/* to <- from on the local coordinates; from NULL: 0. */
void fed_sharing_copy_local(const struct fed_sharing *, const float *from, float *to);
/* Whether these are local coordinates (one vector) of this model; NULL: no. */
static inline bool fed_sharing_fits(const struct fed_sharing *s,
                                    const struct fed_shared_vectors *own)
{
	return s && own && own->dim == s->local;
}
/* The coordinate of the k-th number that travels. */
size_t fed_sharing_coordinate(const struct fed_sharing *, size_t k);

#endif

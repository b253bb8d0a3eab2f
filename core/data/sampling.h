/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/sampling.h - sampling of example ids without replacement, by class; for core/data alone.
 *
 * The ids are in one block, class after class; the undrawn ones of a class are at its front.  A
 * draw swaps the drawn id behind them, so a refill only resets counts: a class keeps its ids, in
 * another order.
 */
#ifndef FED_DATA_SAMPLING_H
#define FED_DATA_SAMPLING_H

#include "data/partition_internal.h"

struct fed_sampler {
	uint32_t *ids;
	uint32_t *first; /* [classes + 1] */
	uint32_t *left;  /* [classes]: undrawn */
	uint32_t classes;
	uint32_t total; /* undrawn of all classes */
};

/* From the pool, or from all training examples when d->shared; class_of NULL: one class. */
int fed__sampler_init(struct fed_sampler *, const struct fed_partition_job *d,
                      const int32_t *class_of, uint32_t classes, struct fed_error *);
void fed__sampler_release(struct fed_sampler *);
void fed__sampler_refill(struct fed_sampler *);

/* left[c] > 0. */
static inline uint32_t fed_sampler_draw(struct fed_sampler *u, uint32_t c, struct fed_stream *r)
{
	uint32_t *ids = u->ids + u->first[c];
	uint32_t k = fed_stream_below(r, u->left[c]), last = --u->left[c];
	uint32_t id = ids[k];

	ids[k] = ids[last];
	ids[last] = id;
	u->total--;
	return id;
}

#endif

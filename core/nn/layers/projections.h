/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/projections.h - adapters of the projections of attention.  Private to
 * nn/layers/attention.c.
 */
#ifndef FED_NN_PROJECTIONS_H
#define FED_NN_PROJECTIONS_H

#include "nn/layers/lora.h"

enum fed_projection { FED_Q, FED_K, FED_V, FED_OUT, FED_PROJECTIONS };

/* The adapters of a layer, of each A (rank, width), then B (rank, width). */
struct fed__projections {
	size_t tokens, width, rank;
	float scale;
	size_t n;                   /* adapters */
	size_t at[FED_PROJECTIONS]; /* place of a projection's among them; n: it has none */
	/* during a pass */
	const float *params;
	float *grads;
	float *scratch; /* fed__projections_scratch() floats */
};

struct fed__projections fed__projections_of(const struct fed_lora *, const struct fed_shape *in);
size_t fed__projections_params(const struct fed__projections *);
/* Floats of what is kept from forward to backward: (x A') scaled, of an example. */
size_t fed__projections_cache(const struct fed__projections *);
size_t fed__projections_scratch(const struct fed__projections *);

static inline bool fed__projection_has(const struct fed__projections *p, enum fed_projection k)
{
	return p->at[k] < p->n;
}

/* Copies in scratch of what the examples of a pass need: gradients may go into params. */
void fed__projections_begin_forward(const struct fed__projections *);
void fed__projections_begin_backward(const struct fed__projections *);

/* One example's rows [first, tokens) of x (T, width) and y, of `line` numbers a row; nothing where
 * the projection has no adapter.  kept: fed__projections_cache() floats. */
void fed__projection_forward(const struct fed__projections *, enum fed_projection, const float *x,
                             float *y, size_t line, float *kept);
/* Add to the gradients, and to dx (T, width) unless it is NULL. */
void fed__projection_backward(const struct fed__projections *, enum fed_projection, size_t first,
                              const float *x, const float *dy, size_t line, const float *kept,
                              float *dx);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_layout.h - sizes and scratch memory of a convolution.  Private to
 * nn/layers/conv_pass.c and nn/layers/conv_winograd.c.
 */
#ifndef FED_NN_CONV_LAYOUT_H
#define FED_NN_CONV_LAYOUT_H

#include "nn/kernels/kernels.h"
#include "nn/layers/image.h"
#include "nn/layers/layers.h"

struct conv_geometry {
	uint32_t kernel, pad;
	struct fed_image in, out;
	uint32_t rows, columns; /* of the padded input */
	uint32_t vector;        /* floats */
	size_t filters;         /* filled up to whole vectors */
	uint32_t block, blocks; /* channels of a block */
	size_t span;
	size_t channels; /* padded to whole vectors: of the turned kernel */
	uint32_t reach;  /* padding of dy around which the turned kernel makes dx */
	bool winograd;   /* forward; then the input in its frame: */
	size_t framed_rows, framed_columns;
	bool winograd_back; /* backward, too; then dy in its frame: */
	size_t framed_dy_rows, framed_dy_columns;
	size_t longest_list; /* non-zero values of one example's dy up to which lists are faster */
};

/* Data computed once for a batch. */
struct conv_shared {
	float *kernel, *bias;  /* padded to whole vectors; unused when they need no padding */
	float *points;         /* Winograd's: (points, C, filters) */
	float *turned_points;  /* Winograd's of the turned kernel: (points, filters, C) */
	float *spans;          /* the kernel as (blocks, filters, kernel, span) */
	float *turned, *zeros; /* (kernel, kernel, filters, C) and a zero bias, padded by C */
};

/* Scratch memory of a thread for one example.  Edges are 0 from the beginning and stay 0. */
struct conv_lane {
	float *planar; /* (rows, C, columns) */
	float *framed; /* Winograd's: (framed_rows, framed_columns, C) */
	float *framed_dy;
	struct fed_winograd_scratch capacity;
	uint64_t *live, *live_dy; /* (rows, words): channels of planar and planar_dy that are not 0 */
	float *input, *gradient;  /* (blocks, rows, columns, block) */
	float *planar_dy;         /* (h + 2 reach, filters, w + 2 reach) */
	float *row;               /* one row of dy, filters padded */
	float *value;             /* (filters, pixels) */
	uint32_t *at;             /* (filters, pixels) */
	uint32_t *count;          /* (filters) */
};

/* Gradients of kernel and bias from some examples. */
struct conv_sum {
	float *by_lists, *by_taps; /* [1] examples of each method; 0: the part is not set */
	float *bias;               /* (filters) */
	float *spans;              /* as shared.spans */
	float *taps; /* (blocks, kernel, kernel, block, filters), or Winograd's: (points, C, filters) */
};

struct conv_geometry fed__conv_geometry(const struct fed_conv_config *, const struct fed_shape *in,
                                        const struct fed_shape *out);

/* Divide memory into parts; returns the total of floats.  Without a base it only counts. */
size_t fed__conv_divide_shared(const struct conv_geometry *, float *base, struct conv_shared *);
size_t fed__conv_divide_lane(const struct conv_geometry *, float *base, struct conv_lane *);
size_t fed__conv_divide_sum(const struct conv_geometry *, float *base, struct conv_sum *);

static inline size_t fed_conv_block_floats(const struct conv_geometry *g)
{
	return (size_t)g->rows * g->columns * g->block;
}

static inline size_t fed_conv_span_floats(const struct conv_geometry *g)
{
	return (size_t)g->blocks * g->out.c * g->kernel * g->span;
}

static inline size_t fed_conv_taps_floats(const struct conv_geometry *g)
{
	return g->winograd_back ? FED_WINOGRAD_POINTS * g->in.c * g->filters
	                        : (size_t)g->blocks * g->kernel * g->kernel * g->block * g->filters;
}

static inline size_t fed_conv_tap_count(const struct conv_geometry *g)
{
	return (size_t)g->kernel * g->kernel * g->in.c;
}

#endif

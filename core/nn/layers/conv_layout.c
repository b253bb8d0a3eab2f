/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_layout.c - sizes and scratch memory of a convolution.
 */
#include "nn/layers/conv_layout.h"

#define BLOCK_BYTES ((size_t)44 << 10) /* of the first-level cache, for input and gradient */
#define SMALLEST_BLOCK 16u             /* channels */
/* And filters: from this number on, Winograd's algorithm needs at most about half the operations; a
 * round of the CNN (32 and 64) takes a tenth less with it (measured). */
#define MANY_CHANNELS 16u
/* The kernel whose gradients Winograd's algorithm makes: it takes a quarter of the products, so
 * that no list of the gradients that are not 0 is shorter behind relu and max pooling. */
#define BACK_KERNEL 3u
#define FEW_TAPS 8u /* a shorter kernel row fills no vector: never by lists */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t whole_vectors(size_t n, uint32_t vector)
{
	return (n + vector - 1) / vector * vector;
}

/* Pixels of the tiles that cover n. */
static size_t covered(size_t n, size_t side)
{
	return (n + side - 1) / side * side;
}

/* Choose Winograd's algorithm by the shape alone, and its frames. */
static void choose_winograd(struct conv_geometry *g)
{
	const size_t side = FED_WINOGRAD_LINES + 1 - g->kernel;

	g->winograd = g->kernel >= 3 && g->kernel <= FED_WINOGRAD_KERNEL && g->in.c >= MANY_CHANNELS &&
	              g->out.c >= MANY_CHANNELS;
	if (!g->winograd)
		return;
	g->framed_rows = covered(g->out.h, side) + g->kernel - 1;
	g->framed_columns = covered(g->out.w, side) + g->kernel - 1;
	g->winograd_back = g->kernel == BACK_KERNEL;
	if (!g->winograd_back)
		return;
	/* read by the tiles of dx, and from the middle on by those of the kernel's gradient */
	g->framed_dy_rows =
		larger(covered(g->in.h, side) + g->kernel - 1, g->reach + covered(g->out.h, side));
	g->framed_dy_columns =
		larger(covered(g->in.w, side) + g->kernel - 1, g->reach + covered(g->out.w, side));
}

struct conv_geometry fed__conv_geometry(const struct fed_conv_config *c, const struct fed_shape *in,
                                        const struct fed_shape *out)
{
	struct conv_geometry g = {
		.kernel = c->kernel,
		.pad = c->pad,
		.in = fed_image_of(in),
		.out = fed_image_of(out),
		.vector = fed_kernels()->width,
	};

	g.rows = g.in.h + 2 * g.pad;
	g.columns = g.in.w + 2 * g.pad;
	g.filters = whole_vectors(g.out.c, g.vector);
	g.block = g.in.c;
	while (g.block >= 2 * SMALLEST_BLOCK &&
	       2 * sizeof(float) * g.rows * g.columns * g.block > BLOCK_BYTES)
		g.block = (g.block + 1) / 2;
	g.blocks = (g.in.c + g.block - 1) / g.block;
	g.span = whole_vectors((size_t)g.kernel * g.block, g.vector);
	g.channels = whole_vectors(g.in.c, g.vector);
	g.reach = g.kernel - 1 - g.pad;
	/* measured; lists suffer where pixels do not begin at vectors */
	g.longest_list = (size_t)g.out.h * g.out.w * g.out.c / (g.block % g.vector ? 8 : 2);
	if (g.kernel * g.in.c < FEW_TAPS)
		g.longest_list = 0;
	choose_winograd(&g);
	return g;
}

static size_t planar_dy_floats(const struct conv_geometry *g)
{
	return (size_t)(g->out.h + 2 * g->reach) * g->out.c * (g->out.w + 2 * g->reach);
}

static float *take_floats(float *base, size_t *used, size_t n)
{
	float *part = base ? base + *used : NULL;

	*used += whole_vectors(n, 16);
	return part;
}

size_t fed__conv_divide_shared(const struct conv_geometry *g, float *base, struct conv_shared *p)
{
	const size_t direct = g->winograd ? 0 : 1, back = g->winograd_back ? 1 : 0;
	size_t used = 0;

	p->kernel = take_floats(base, &used, direct * fed_conv_tap_count(g) * g->filters);
	p->bias = take_floats(base, &used, direct * g->filters);
	p->points = take_floats(base, &used, (1 - direct) * FED_WINOGRAD_POINTS * g->in.c * g->filters);
	p->turned_points =
		take_floats(base, &used, back * FED_WINOGRAD_POINTS * g->out.c * g->channels);
	p->spans = take_floats(base, &used, (1 - back) * fed_conv_span_floats(g));
	p->turned = take_floats(base, &used, (size_t)g->kernel * g->kernel * g->out.c * g->channels);
	p->zeros = take_floats(base, &used, g->channels);
	return used;
}

/* What the direct convolution and its gradients need. */
static void divide_direct(const struct conv_geometry *g, float *base, size_t *used,
                          struct conv_lane *p)
{
	const size_t pixels = (size_t)g->out.h * g->out.w;

	p->live_dy =
		(uint64_t *)take_floats(base, used, 2 * (g->out.h + 2 * g->reach) * LIVE_WORDS(g->out.c));
	/* the padding of the last span of the last block is behind it */
	p->input = take_floats(base, used, g->blocks * fed_conv_block_floats(g) + g->vector);
	p->gradient = take_floats(base, used, g->blocks * fed_conv_block_floats(g) + g->vector);
	p->planar_dy = take_floats(base, used, planar_dy_floats(g));
	p->row = take_floats(base, used, g->out.w * g->filters);
	p->value = take_floats(base, used, g->out.c * pixels);
	p->at = (uint32_t *)take_floats(base, used, g->out.c * pixels);
	p->count = (uint32_t *)take_floats(base, used, g->out.c);
}

size_t fed__conv_divide_lane(const struct conv_geometry *g, float *base, struct conv_lane *p)
{
	const size_t points = g->winograd ? FED_WINOGRAD_TILES * FED_WINOGRAD_POINTS : 0;
	const size_t planar = g->winograd ? 0 : (size_t)g->rows * g->in.c * g->columns;
	const size_t most_in = g->winograd_back ? larger(g->in.c, g->out.c) : g->in.c;
	const size_t most_out = g->winograd_back ? larger(g->filters, g->channels) : g->filters;
	size_t used = 0;

	*p = (struct conv_lane){0};
	p->planar = take_floats(base, &used, planar);
	p->framed = take_floats(base, &used, g->framed_rows * g->framed_columns * g->in.c);
	p->framed_dy = take_floats(base, &used, g->framed_dy_rows * g->framed_dy_columns * g->out.c);
	p->capacity.v = take_floats(base, &used, points * most_in);
	p->capacity.m = take_floats(base, &used, points * most_out);
	p->capacity.zeros = take_floats(base, &used, g->winograd ? most_out : 0);
	p->live = (uint64_t *)take_floats(base, &used, 2 * g->rows * LIVE_WORDS(g->in.c));
	if (!g->winograd_back)
		divide_direct(g, base, &used, p);
	return used;
}

size_t fed__conv_divide_sum(const struct conv_geometry *g, float *base, struct conv_sum *p)
{
	size_t used = 0;

	p->by_lists = take_floats(base, &used, 1);
	p->by_taps = take_floats(base, &used, 1);
	p->bias = take_floats(base, &used, g->filters);
	p->spans = take_floats(base, &used, g->winograd_back ? 0 : fed_conv_span_floats(g));
	p->taps = take_floats(base, &used, fed_conv_taps_floats(g));
	return used;
}

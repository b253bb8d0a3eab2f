/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/conv_pass.c - how the convolution lays out its data for the kernels of nn/kernels_conv.h.
 *
 * Forward reads a planar copy of each example, (H + 2 pad, C, W + 2 pad).  Backward reads a padded
 * copy in blocks of channels, (blocks, H + 2 pad, W + 2 pad, block), so that the part of the input
 * and of its gradient that a filter walks over stay in the first-level cache; kernels and their
 * gradients stand there as (blocks, filters, kernel, span), a span being the row (kx, c) of a
 * block, filled up to whole vectors.  The lanes that fill up meet zeros in the kernel, so what they
 * read beyond a row changes nothing.
 */
#include "nn/conv_pass.h"

#include <string.h>

#include "nn/image.h"
#include "nn/kernels.h"

#define BLOCK_BYTES ((size_t)44 << 10) /* of the first-level cache, for input and gradient */
#define SMALLEST_BLOCK 16u             /* channels */
#define FEW_TAPS 8u /* a kernel row that is shorter fills no vector: taps instead of lists */

struct geometry {
	uint32_t kernel, pad;
	struct fed_image in, out;
	uint32_t rows, columns; /* of the padded input */
	uint32_t vector;        /* floats */
	size_t filters;         /* filled up to whole vectors */
	uint32_t block, blocks; /* channels of a block */
	size_t span;
	bool by_taps; /* how the kernel's gradient is made */
};

static size_t whole_vectors(size_t n, uint32_t vector)
{
	return (n + vector - 1) / vector * vector;
}

static struct geometry geometry_of(const struct fed_conv_config *c, const struct fed_shape *in,
                                   const struct fed_shape *out)
{
	struct geometry g = {
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
	g.by_taps = g.kernel * g.in.c < FEW_TAPS;
	return g;
}

/* The parts of the scratch. */
struct parts {
	float *planar;            /* (rows, C, columns) */
	float *kernel, *bias;     /* filled up to whole vectors; unused when they are anyway */
	float *input, *gradient;  /* (blocks, rows, columns, block) */
	float *spans, *spans_sum; /* kernel and its gradient, (blocks, filters, kernel, span) */
	float *taps_sum;          /* (kernel, kernel, C, filters), by taps */
	float *bias_sum;          /* (filters) */
	float *row;               /* one row of dy, filters filled up */
	float *value;             /* (filters, pixels) */
	uint32_t *at;             /* (filters, pixels) */
	uint32_t *count;          /* (filters) */
};

static size_t block_floats(const struct geometry *g)
{
	return (size_t)g->rows * g->columns * g->block;
}

static size_t span_floats(const struct geometry *g)
{
	return (size_t)g->blocks * g->out.c * g->kernel * g->span;
}

static size_t tap_count(const struct geometry *g)
{
	return (size_t)g->kernel * g->kernel * g->in.c;
}

static float *take(float *base, size_t *used, size_t n)
{
	float *part = base ? base + *used : NULL;

	*used += whole_vectors(n, 16);
	return part;
}

/* Returns the floats in all; without a base it only counts. */
static size_t divide(const struct geometry *g, float *base, struct parts *p)
{
	const size_t pixels = (size_t)g->out.h * g->out.w;
	size_t used = 0;

	p->planar = take(base, &used, (size_t)g->rows * g->in.c * g->columns);
	p->kernel = take(base, &used, tap_count(g) * g->filters);
	p->bias = take(base, &used, g->filters);
	/* what fills up the last span of the last block lies behind it */
	p->input = take(base, &used, g->blocks * block_floats(g) + g->vector);
	p->gradient = take(base, &used, g->blocks * block_floats(g) + g->vector);
	p->spans = take(base, &used, span_floats(g));
	p->spans_sum = take(base, &used, span_floats(g));
	p->taps_sum = take(base, &used, tap_count(g) * g->filters);
	p->bias_sum = take(base, &used, g->filters);
	p->row = take(base, &used, g->out.w * g->filters);
	p->value = take(base, &used, g->out.c * pixels);
	p->at = (uint32_t *)take(base, &used, g->out.c * pixels);
	p->count = (uint32_t *)take(base, &used, g->out.c);
	return used;
}

size_t fed_conv_scratch(const struct fed_conv_config *c, const struct fed_shape *in,
                        const struct fed_shape *out)
{
	const struct geometry g = geometry_of(c, in, out);
	struct parts parts;

	return divide(&g, NULL, &parts);
}

/* What every pass begins with. */
static struct geometry open_pass(const struct fed_pass *p, struct parts *parts)
{
	const struct geometry g = geometry_of(p->config, &p->in, &p->out);

	divide(&g, p->scratch, parts);
	return g;
}

/* Forward ------------------------------------------------------------------- */

/* to (rows, filled) = from (rows, n), zeros behind. */
static void fill_up(const float *from, size_t rows, size_t n, float *to, size_t filled)
{
	for (size_t r = 0; r < rows; r++, from += n, to += filled) {
		memcpy(to, from, n * sizeof *to);
		memset(to + n, 0, (filled - n) * sizeof *to);
	}
}

void fed_conv_begin_forward(const struct fed_pass *p)
{
	struct parts s;
	const struct geometry g = open_pass(p, &s);

	memset(s.planar, 0, (size_t)g.rows * g.in.c * g.columns * sizeof *s.planar);
	if (g.filters == g.out.c)
		return;
	fill_up(p->params, tap_count(&g), g.out.c, s.kernel, g.filters);
	fill_up(p->params + tap_count(&g) * g.out.c, 1, g.out.c, s.bias, g.filters);
}

/* x (H, W, C) of one example into the middle of planar. */
static void make_planar(const struct geometry *g, const float *x, float *planar)
{
	const size_t c_count = g->in.c, w = g->in.w;

	for (size_t i = 0; i < g->in.h; i++, x += w * c_count) {
		float *row = planar + (i + g->pad) * c_count * g->columns + g->pad;

		if (c_count == 1) {
			memcpy(row, x, w * sizeof *row);
			continue;
		}
		for (size_t c = 0; c < c_count; c++, row += g->columns)
			for (size_t j = 0; j < w; j++)
				row[j] = x[j * c_count + c];
	}
}

void fed_conv_forward(const struct fed_pass *p)
{
	const struct fed_kernels *k = fed_kernels();
	struct parts s;
	const struct geometry g = open_pass(p, &s);
	const bool whole = g.filters == g.out.c;
	const float *kernel = whole ? p->params : s.kernel;
	const float *bias = whole ? p->params + tap_count(&g) * g.out.c : s.bias;
	const struct fed_conv_sizes sizes = {
		.kernel = g.kernel,
		.channels = g.in.c,
		.width = g.out.w,
		.line = g.columns,
		.filters = g.out.c,
		.padded_filters = g.filters,
	};

	for (size_t b = 0; b < p->batch; b++) {
		float *y = p->y + b * fed_shape_size(&p->out);

		make_planar(&g, p->x + b * fed_shape_size(&p->in), s.planar);
		for (size_t i = 0; i < g.out.h; i++)
			k->conv_row(&sizes, s.planar + i * g.in.c * g.columns, kernel, bias,
			            y + i * g.out.w * g.out.c);
	}
}

/* Backward ------------------------------------------------------------------ */

/* Between the kernel's own layout, (kernel, kernel, C, filters), and the spans; adds to the result.
 */
static void kernel_to_spans(const struct geometry *g, const float *kernel, float *spans)
{
	const size_t filters = g->out.c, line = g->kernel * g->span;

	for (size_t c = 0; c < g->in.c; c += g->block, spans += filters * line) {
		const size_t n = g->in.c - c < g->block ? g->in.c - c : g->block;

		for (size_t tap = 0; tap < (size_t)g->kernel * g->kernel; tap++)
			fed_kernels()->add_transposed(
				kernel + (tap * g->in.c + c) * filters, filters, n, filters,
				spans + tap / g->kernel * g->span + tap % g->kernel * g->block, line);
	}
}

static void spans_to_kernel(const struct geometry *g, const float *spans, float *kernel)
{
	const size_t filters = g->out.c, line = g->kernel * g->span;

	for (size_t c = 0; c < g->in.c; c += g->block, spans += filters * line) {
		const size_t n = g->in.c - c < g->block ? g->in.c - c : g->block;

		for (size_t tap = 0; tap < (size_t)g->kernel * g->kernel; tap++)
			fed_kernels()->add_transposed(
				spans + tap / g->kernel * g->span + tap % g->kernel * g->block, line, filters, n,
				kernel + (tap * g->in.c + c) * filters, filters);
	}
}

void fed_conv_begin_backward(const struct fed_pass *p)
{
	struct parts s;
	const struct geometry g = open_pass(p, &s);

	memset(s.input, 0, (g.blocks * block_floats(&g) + g.vector) * sizeof *s.input);
	memset(s.gradient, 0, (g.blocks * block_floats(&g) + g.vector) * sizeof *s.gradient);
	memset(s.bias_sum, 0, g.filters * sizeof *s.bias_sum);
	if (g.by_taps)
		memset(s.taps_sum, 0, tap_count(&g) * g.filters * sizeof *s.taps_sum);
	else
		memset(s.spans_sum, 0, span_floats(&g) * sizeof *s.spans_sum);
	if (p->dx) {
		memset(s.spans, 0, span_floats(&g) * sizeof *s.spans);
		kernel_to_spans(&g, p->params, s.spans);
	}
}

/* x (H, W, C) of one example into the middle of the blocks. */
static void make_blocks(const struct geometry *g, const float *x, float *blocks)
{
	for (size_t c = 0; c < g->in.c; c += g->block) {
		const size_t n = g->in.c - c < g->block ? g->in.c - c : g->block;

		for (size_t i = 0; i < g->in.h; i++) {
			const float *from = x + i * g->in.w * g->in.c + c;
			float *to = blocks + ((i + g->pad) * g->columns + g->pad) * g->block;

			for (size_t j = 0; j < g->in.w; j++, from += g->in.c, to += g->block)
				memcpy(to, from, n * sizeof *to);
		}
		blocks += block_floats(g);
	}
}

/* And back: the middle of the blocks into dx (H, W, C). */
static void take_blocks(const struct geometry *g, const float *blocks, float *dx)
{
	for (size_t c = 0; c < g->in.c; c += g->block) {
		const size_t n = g->in.c - c < g->block ? g->in.c - c : g->block;

		for (size_t i = 0; i < g->in.h; i++) {
			const float *from = blocks + ((i + g->pad) * g->columns + g->pad) * g->block;
			float *to = dx + i * g->in.w * g->in.c + c;

			for (size_t j = 0; j < g->in.w; j++, from += g->block, to += g->in.c)
				memcpy(to, from, n * sizeof *to);
		}
		blocks += block_floats(g);
	}
}

/* For each filter the pixels of dy (h, w, filters) that are not 0, in order. */
static void make_lists(const struct geometry *g, const float *dy, const struct parts *s)
{
	const size_t filters = g->out.c, pixels = (size_t)g->out.h * g->out.w;

	memset(s->count, 0, filters * sizeof *s->count);
	for (size_t q = 0; q < pixels; q++, dy += filters) {
		const size_t at = (q / g->out.w * g->columns + q % g->out.w) * g->block;

		for (size_t f = 0; f < filters; f++) { /* no branch: which are 0 nobody can predict */
			const size_t end = f * pixels + s->count[f];
			s->value[end] = dy[f];
			s->at[end] = (uint32_t)at;
			s->count[f] += dy[f] != 0;
		}
	}
}

static void backward_lists(const struct geometry *g, const struct parts *s, bool want_dx)
{
	const struct fed_kernels *k = fed_kernels();
	const size_t pixels = (size_t)g->out.h * g->out.w;
	const size_t row = (size_t)g->columns * g->block, own = g->kernel * g->span;

	for (size_t block = 0; block < g->blocks; block++)
		for (size_t f = 0; f < g->out.c; f++) {
			const size_t at = (block * g->out.c + f) * own;
			const struct fed_conv_list list = {s->count[f], s->at + f * pixels,
			                                   s->value + f * pixels};

			if (list.n)
				k->conv_list(&list, g->kernel, row, g->span, s->input + block * block_floats(g),
				             want_dx ? s->gradient + block * block_floats(g) : NULL, s->spans + at,
				             s->spans_sum + at);
		}
}

static void backward_taps(const struct geometry *g, const float *dy, const struct parts *s)
{
	const struct fed_kernels *k = fed_kernels();
	const size_t row = (size_t)g->columns * g->in.c;
	const uint32_t taps = g->kernel * g->in.c;

	for (size_t i = 0; i < g->out.h; i++, dy += g->out.w * g->out.c) {
		const float *d = dy;

		if (g->filters != g->out.c) {
			fill_up(dy, g->out.w, g->out.c, s->row, g->filters);
			d = s->row;
		}
		for (size_t ky = 0; ky < g->kernel; ky++)
			k->conv_taps(taps, g->out.w, g->in.c, s->input + (i + ky) * row, d, g->filters,
			             s->taps_sum + ky * taps * g->filters);
	}
}

/* By taps the lists are only made for dx: their sum for the kernel goes unused, so that the
 * kernel's gradient has the same bits whether or not somebody wants dx. */
void fed_conv_backward(const struct fed_pass *p)
{
	struct parts s;
	const struct geometry g = open_pass(p, &s);

	for (size_t b = 0; b < p->batch; b++) {
		const float *dy = p->dy + b * fed_shape_size(&p->out);

		make_blocks(&g, p->x + b * fed_shape_size(&p->in), s.input);
		fed_kernels()->add_rows(dy, (size_t)g.out.h * g.out.w, g.out.c, s.bias_sum);
		if (g.by_taps)
			backward_taps(&g, dy, &s);
		if (g.by_taps && !p->dx)
			continue;
		make_lists(&g, dy, &s);
		if (p->dx)
			memset(s.gradient, 0, g.blocks * block_floats(&g) * sizeof *s.gradient);
		backward_lists(&g, &s, p->dx != NULL);
		if (p->dx)
			take_blocks(&g, s.gradient, p->dx + b * fed_shape_size(&p->in));
	}
}

void fed_conv_end_backward(const struct fed_pass *p)
{
	struct parts s;
	const struct geometry g = open_pass(p, &s);
	const size_t filters = g.out.c;
	float *grads = p->grads;

	if (g.by_taps) {
		for (size_t tap = 0; tap < tap_count(&g); tap++)
			fed_kernels()->add_rows(s.taps_sum + tap * g.filters, 1, filters,
			                        grads + tap * filters);
	} else {
		spans_to_kernel(&g, s.spans_sum, grads);
	}
	fed_kernels()->add_rows(s.bias_sum, 1, filters, grads + tap_count(&g) * filters);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_pass.c - data layouts of the convolution for the kernels of
 * nn/kernels/kernels_conv.h.
 *
 * Forward reads a planar copy of each example, (H + 2 pad, C, W + 2 pad).  Where channels and
 * filters are many, nn/layers/conv_winograd.c is used instead: forward, and with kernels of 3x3
 * backward, too.
 *
 * Backward reads a padded copy in blocks of channels, (blocks, H + 2 pad, W + 2 pad, block), so
 * that the part of the input and of its gradient that a filter reads stay in the first-level cache.
 * Where most of dy is 0, as behind relu and max pooling, each filter has a list of the nonzeros,
 * each of which moves whole rows (kx, c) of its kernel; for that, kernels and their gradients are
 * stored as (blocks, filters, kernel, span), a span being such a row of a block, padded to whole
 * vectors.  The padding is zero in the kernel, so what is read beyond a row changes nothing.
 *
 * Where dy is dense, the kernel's gradient is summed by taps x filters, and dx is the convolution
 * of dy with the kernel turned by half a circle.  The choice for an example depends on its own dy
 * alone: the same bits in any batch and behind any cut.
 */
#include "nn/layers/conv_pass.h"

#include <string.h>

#include "nn/layers/conv_layout.h"
#include "nn/layers/conv_winograd.h"

struct fed_scratch_sizes fed__conv_scratch(const void *config, const struct fed_shape *in,
                                           const struct fed_shape *out)
{
	const struct conv_geometry g = fed__conv_geometry(config, in, out);
	struct conv_shared shared;
	struct conv_lane lane;
	struct conv_sum sum;

	return (struct fed_scratch_sizes){
		.batch = fed__conv_divide_shared(&g, NULL, &shared),
		.lane = fed__conv_divide_lane(&g, NULL, &lane),
		.sum = fed__conv_divide_sum(&g, NULL, &sum),
	};
}

static struct conv_geometry geometry_in(const struct fed_pass *p)
{
	return fed__conv_geometry(p->config, &p->in, &p->out);
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

void fed__conv_begin_forward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct conv_geometry g = geometry_in(p);
	struct conv_shared s;

	fed__conv_divide_shared(&g, capacity->batch, &s);
	if (g.winograd) {
		fed__winograd_begin_forward(&g, p, &s);
		return;
	}
	if (g.filters == g.out.c)
		return;
	fill_up(p->params, fed_conv_tap_count(&g), g.out.c, s.kernel, g.filters);
	fill_up(p->params + fed_conv_tap_count(&g) * g.out.c, 1, g.out.c, s.bias, g.filters);
}

/* An image (h, w, c) into the middle of (h + 2 pad, c, w + 2 pad); live (h + 2 pad, words) gets the
 * channels of each row that are not all 0. */
static void make_planar(const struct fed_image *image, const float *x, size_t pad, float *planar,
                        uint64_t *live)
{
	const size_t count = image->c, w = image->w, line = w + 2 * pad, words = LIVE_WORDS(count);

	memset(live, 0, (image->h + 2 * pad) * words * sizeof *live);
	live += pad * words;
	for (size_t i = 0; i < image->h; i++, x += w * count, live += words) {
		float *row = planar + (i + pad) * count * line + pad;

		for (size_t c = 0; c < count; c++, row += line) {
			uint32_t any = 0;

			for (size_t j = 0; j < w; j++) {
				row[j] = x[j * count + c];
				any |= row[j] != 0;
			}
			live[c / 64] |= (uint64_t)any << c % 64;
		}
	}
}

void fed__conv_forward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct fed_kernels *k = fed_kernels();
	const struct conv_geometry g = geometry_in(p);
	const bool whole = g.filters == g.out.c;
	struct conv_shared s;
	struct conv_lane own;

	fed__conv_divide_shared(&g, capacity->batch, &s);
	fed__conv_divide_lane(&g, capacity->lane, &own);
	if (g.winograd) {
		fed__winograd_forward(&g, p, &s, &own);
		return;
	}
	const float *kernel = whole ? p->params : s.kernel;
	const float *bias = whole ? p->params + fed_conv_tap_count(&g) * g.out.c : s.bias;
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

		make_planar(&g.in, p->x + b * fed_shape_size(&p->in), g.pad, own.planar, own.live);
		for (size_t i = 0; i < g.out.h; i++)
			k->conv_row(&sizes, own.live + i * LIVE_WORDS(g.in.c),
			            own.planar + i * g.in.c * g.columns, kernel, bias,
			            y + i * g.out.w * g.out.c);
	}
}

/* Backward ------------------------------------------------------------------ */

/* Between the kernel's own layout, (kernel, kernel, C, filters), and the spans; adds to the result.
 */
static void kernel_to_spans(const struct conv_geometry *g, const float *kernel, float *spans)
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

static void spans_to_kernel(const struct conv_geometry *g, const float *spans, float *kernel)
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

/* to (kernel, kernel, filters, line) = kernel (kernel, kernel, C, filters), last tap first. */
static void turn_kernel(const struct conv_geometry *g, const float *kernel, float *to, size_t line)
{
	const size_t taps = (size_t)g->kernel * g->kernel, filters = g->out.c;

	for (size_t tap = taps; tap-- > 0; to += filters * line)
		fed_kernels()->add_transposed(kernel + tap * g->in.c * filters, filters, g->in.c, filters,
		                              to, line);
}

void fed__conv_begin_backward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct conv_geometry g = geometry_in(p);
	const size_t turned = (size_t)g.kernel * g.kernel * g.out.c * g.channels;
	struct conv_shared s;

	if (!p->dx)
		return;
	fed__conv_divide_shared(&g, capacity->batch, &s);
	memset(s.turned, 0, turned * sizeof *s.turned);
	turn_kernel(&g, p->params, s.turned, g.winograd_back ? g.in.c : g.channels);
	memset(s.zeros, 0, g.channels * sizeof *s.zeros);
	if (g.winograd_back) {
		fed__winograd_begin_backward(&g, &s);
		return;
	}
	memset(s.spans, 0, fed_conv_span_floats(&g) * sizeof *s.spans);
	kernel_to_spans(&g, p->params, s.spans);
}

/* x (H, W, C) of one example into the middle of the blocks. */
static void make_blocks(const struct conv_geometry *g, const float *x, float *blocks)
{
	for (size_t c = 0; c < g->in.c; c += g->block) {
		const size_t n = g->in.c - c < g->block ? g->in.c - c : g->block;

		for (size_t i = 0; i < g->in.h; i++) {
			const float *from = x + i * g->in.w * g->in.c + c;
			float *to = blocks + ((i + g->pad) * g->columns + g->pad) * g->block;

			for (size_t j = 0; j < g->in.w; j++, from += g->in.c, to += g->block)
				memcpy(to, from, n * sizeof *to);
		}
		blocks += fed_conv_block_floats(g);
	}
}

/* The inverse: the middle of the blocks into dx (H, W, C). */
static void take_blocks(const struct conv_geometry *g, const float *blocks, float *dx)
{
	for (size_t c = 0; c < g->in.c; c += g->block) {
		const size_t n = g->in.c - c < g->block ? g->in.c - c : g->block;

		for (size_t i = 0; i < g->in.h; i++) {
			const float *from = blocks + ((i + g->pad) * g->columns + g->pad) * g->block;
			float *to = dx + i * g->in.w * g->in.c + c;

			for (size_t j = 0; j < g->in.w; j++, from += g->block, to += g->in.c)
				memcpy(to, from, n * sizeof *to);
		}
		blocks += fed_conv_block_floats(g);
	}
}

/* For each filter the pixels of dy (h, w, filters) that are not 0, in order.  false: there are too
 * many for lists, which are then incomplete. */
static bool make_lists(const struct conv_geometry *g, const float *dy, const struct conv_lane *s)
{
	const size_t filters = g->out.c, pixels = (size_t)g->out.h * g->out.w;
	size_t all = 0;

	memset(s->count, 0, filters * sizeof *s->count);
	for (size_t q = 0; q < pixels && all <= g->longest_list; q++, dy += filters) {
		const size_t at = (q / g->out.w * g->columns + q % g->out.w) * g->block;

		for (size_t first = 0; first < filters; first += 64) {
			const uint32_t n = filters - first < 64 ? (uint32_t)(filters - first) : 64;
			uint64_t set = fed_kernels()->nonzero(dy + first, n);

			for (; set; set &= set - 1, all++) {
				const size_t f = first + (uint32_t)__builtin_ctzll(set);
				const size_t end = f * pixels + s->count[f]++;

				s->value[end] = dy[f];
				s->at[end] = (uint32_t)at;
			}
		}
	}
	return all <= g->longest_list;
}

static void backward_lists(const struct conv_geometry *g, const struct conv_shared *shared,
                           const struct conv_lane *s, float *sum, bool want_dx)
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
				k->conv_list(&list, g->kernel, row, g->span,
				             s->input + block * fed_conv_block_floats(g),
				             want_dx ? s->gradient + block * fed_conv_block_floats(g) : NULL,
				             shared->spans + at, sum + at);
		}
}

/* The kernel's gradient from dense dy. */
static void backward_taps(const struct conv_geometry *g, const float *dy, const struct conv_lane *s,
                          float *sum)
{
	const struct fed_kernels *k = fed_kernels();
	const size_t row = (size_t)g->columns * g->block;
	const uint32_t taps = g->kernel * g->block;

	for (size_t i = 0; i < g->out.h; i++, dy += g->out.w * g->out.c) {
		const float *d = dy;

		if (g->filters != g->out.c) {
			fill_up(dy, g->out.w, g->out.c, s->row, g->filters);
			d = s->row;
		}
		for (size_t block = 0; block < g->blocks; block++)
			for (size_t ky = 0; ky < g->kernel; ky++)
				k->conv_taps(taps, g->out.w, g->block,
				             s->input + block * fed_conv_block_floats(g) + (i + ky) * row, d,
				             g->filters, sum + (block * g->kernel + ky) * taps * g->filters);
	}
}

/* dx from dense dy. */
static void backward_turned(const struct conv_geometry *g, const float *dy,
                            const struct conv_shared *shared, const struct conv_lane *s, float *dx)
{
	const struct fed_conv_sizes sizes = {
		.kernel = g->kernel,
		.channels = g->out.c,
		.width = g->in.w,
		.line = g->out.w + 2 * g->reach,
		.filters = g->in.c,
		.padded_filters = g->channels,
	};

	make_planar(&g->out, dy, g->reach, s->planar_dy, s->live_dy);
	for (size_t i = 0; i < g->in.h; i++)
		fed_kernels()->conv_row(&sizes, s->live_dy + i * LIVE_WORDS(g->out.c),
		                        s->planar_dy + i * g->out.c * sizes.line, shared->turned,
		                        shared->zeros, dx + i * g->in.w * g->in.c);
}

/* Count an example into a part of a sum, which is cleared for the first one. */
static float *add_one(float *part, size_t floats, float *count)
{
	if (*count == 0)
		memset(part, 0, floats * sizeof *part);
	++*count;
	return part;
}

void fed__conv_backward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct conv_geometry g = geometry_in(p);
	struct conv_shared s;
	struct conv_lane own;
	struct conv_sum sum;

	fed__conv_divide_shared(&g, capacity->batch, &s);
	fed__conv_divide_lane(&g, capacity->lane, &own);
	fed__conv_divide_sum(&g, capacity->sum, &sum);
	for (size_t b = 0; b < p->batch; b++) {
		const float *dy = p->dy + b * fed_shape_size(&p->out);
		float *dx = p->dx ? p->dx + b * fed_shape_size(&p->in) : NULL;

		fed_kernels()->add_rows(dy, (size_t)g.out.h * g.out.w, g.out.c, sum.bias);
		if (g.winograd_back) {
			fed__winograd_backward(&g, p->x + b * fed_shape_size(&p->in), dy, &s, &own,
			                       add_one(sum.taps, fed_conv_taps_floats(&g), sum.by_taps), dx);
			continue;
		}
		make_blocks(&g, p->x + b * fed_shape_size(&p->in), own.input);
		if (g.longest_list == 0 || !make_lists(&g, dy, &own)) {
			backward_taps(&g, dy, &own, add_one(sum.taps, fed_conv_taps_floats(&g), sum.by_taps));
			if (dx)
				backward_turned(&g, dy, &s, &own, dx);
			continue;
		}
		if (dx)
			memset(own.gradient, 0, g.blocks * fed_conv_block_floats(&g) * sizeof *own.gradient);
		backward_lists(&g, &s, &own, add_one(sum.spans, fed_conv_span_floats(&g), sum.by_lists),
		               dx != NULL);
		if (dx)
			take_blocks(&g, own.gradient, dx);
	}
}

/* Sums --------------------------------------------------------------------------- */

void fed__conv_clear_sum(const struct fed_pass *p, float *at)
{
	const struct conv_geometry g = geometry_in(p);
	struct conv_sum sum;

	fed__conv_divide_sum(&g, at, &sum);
	*sum.by_lists = *sum.by_taps = 0;
	memset(sum.bias, 0, g.filters * sizeof *sum.bias);
}

static void add_part(const float *from, float from_count, float *to, float *to_count, size_t floats)
{
	if (from_count == 0)
		return;
	if (*to_count == 0)
		memset(to, 0, floats * sizeof *to);
	fed_kernels()->add_rows(from, 1, floats, to);
	*to_count += from_count;
}

void fed__conv_add_sum(const struct fed_pass *p, const float *from, float *to)
{
	const struct conv_geometry g = geometry_in(p);
	struct conv_sum a, b;

	fed__conv_divide_sum(&g, (float *)from, &a);
	fed__conv_divide_sum(&g, to, &b);
	fed_kernels()->add_rows(a.bias, 1, g.filters, b.bias);
	add_part(a.spans, *a.by_lists, b.spans, b.by_lists, fed_conv_span_floats(&g));
	add_part(a.taps, *a.by_taps, b.taps, b.by_taps, fed_conv_taps_floats(&g));
}

/* taps of all blocks to the kernel's gradient. */
static void taps_to_kernel(const struct conv_geometry *g, const float *sum, float *kernel)
{
	const size_t filters = g->out.c;

	for (size_t c = 0; c < g->in.c; c += g->block)
		for (size_t tap = 0; tap < (size_t)g->kernel * g->kernel; tap++)
			for (size_t q = 0; q < g->block; q++, sum += g->filters)
				if (c + q < g->in.c)
					fed_kernels()->add_rows(sum, 1, filters,
					                        kernel + (tap * g->in.c + c + q) * filters);
}

void fed__conv_end_backward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct conv_geometry g = geometry_in(p);
	struct conv_sum sum;

	fed__conv_divide_sum(&g, capacity->sum, &sum);
	if (*sum.by_taps > 0 && g.winograd_back)
		fed__winograd_end_backward(&g, sum.taps, p->grads);
	else if (*sum.by_taps > 0)
		taps_to_kernel(&g, sum.taps, p->grads);
	if (*sum.by_lists > 0)
		spans_to_kernel(&g, sum.spans, p->grads);
	fed_kernels()->add_rows(sum.bias, 1, g.out.c, p->grads + fed_conv_tap_count(&g) * g.out.c);
}

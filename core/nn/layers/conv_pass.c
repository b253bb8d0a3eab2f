/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_pass.c - data layouts of the convolution for the kernels of
 * nn/kernels/kernels_conv.h.
 *
 * Forward reads a planar copy of each example, (H + 2 pad, C, W + 2 pad).  Where channels and
 * filters are many, Winograd's algorithm reads a copy with a frame of zeros instead, still (H, W,
 * C).
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

#include "nn/layers/image.h"
#include "nn/kernels/kernels.h"

#define BLOCK_BYTES ((size_t)44 << 10) /* of the first-level cache, for input and gradient */
#define SMALLEST_BLOCK 16u             /* channels */
/* And filters: from this number on, Winograd's algorithm needs at most about half the operations; a
 * round of the CNN (32 and 64) takes a tenth less with it (measured). */
#define MANY_CHANNELS 16u
#define FEW_TAPS 8u /* a shorter kernel row fills no vector: never by lists */

struct geometry {
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
	size_t longest_list; /* non-zero values of one example's dy up to which lists are faster */
};

static size_t whole_vectors(size_t n, uint32_t vector)
{
	return (n + vector - 1) / vector * vector;
}

/* Choose Winograd's algorithm for the forward pass, by the shape alone, and its frame. */
static void choose_winograd(struct geometry *g)
{
	g->winograd = g->kernel >= 3 && g->kernel <= FED_WINOGRAD_KERNEL && g->in.c >= MANY_CHANNELS &&
	              g->out.c >= MANY_CHANNELS;
	if (!g->winograd)
		return;
	const size_t side = FED_WINOGRAD_LINES + 1 - g->kernel;
	g->framed_rows = (g->out.h + side - 1) / side * side + g->kernel - 1;
	g->framed_columns = (g->out.w + side - 1) / side * side + g->kernel - 1;
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
	g.channels = whole_vectors(g.in.c, g.vector);
	g.reach = g.kernel - 1 - g.pad;
	/* measured; lists suffer where pixels do not begin at vectors */
	g.longest_list = (size_t)g.out.h * g.out.w * g.out.c / (g.block % g.vector ? 8 : 2);
	if (g.kernel * g.in.c < FEW_TAPS)
		g.longest_list = 0;
	choose_winograd(&g);
	return g;
}

/* Data computed once for a batch. */
struct shared {
	float *kernel, *bias;  /* padded to whole vectors; unused when they need no padding */
	float *points;         /* Winograd's: (points, C, filters) */
	float *spans;          /* the kernel as (blocks, filters, kernel, span) */
	float *turned, *zeros; /* (kernel, kernel, filters, C) and a zero bias, padded by C */
};

/* Scratch memory of a thread for one example.  Edges are 0 from the beginning and stay 0. */
struct lane {
	float *planar; /* (rows, C, columns) */
	float *framed; /* Winograd's: (framed_rows, framed_columns, C) */
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
struct sum {
	float *by_lists, *by_taps; /* [1] examples of each method; 0: the part is not set */
	float *bias;               /* (filters) */
	float *spans;              /* as shared.spans */
	float *taps;               /* (blocks, kernel, kernel, block, filters) */
};

static size_t block_floats(const struct geometry *g)
{
	return (size_t)g->rows * g->columns * g->block;
}

static size_t span_floats(const struct geometry *g)
{
	return (size_t)g->blocks * g->out.c * g->kernel * g->span;
}

static size_t taps_floats(const struct geometry *g)
{
	return (size_t)g->blocks * g->kernel * g->kernel * g->block * g->filters;
}

static size_t planar_dy_floats(const struct geometry *g)
{
	return (size_t)(g->out.h + 2 * g->reach) * g->out.c * (g->out.w + 2 * g->reach);
}

static size_t tap_count(const struct geometry *g)
{
	return (size_t)g->kernel * g->kernel * g->in.c;
}

static float *take_floats(float *base, size_t *used, size_t n)
{
	float *part = base ? base + *used : NULL;

	*used += whole_vectors(n, 16);
	return part;
}

/* Divide memory into parts; returns the total of floats.  Without a base it only counts. */
static size_t divide_shared(const struct geometry *g, float *base, struct shared *p)
{
	size_t used = 0;

	p->kernel = take_floats(base, &used, tap_count(g) * g->filters);
	p->bias = take_floats(base, &used, g->filters);
	p->points =
		take_floats(base, &used, g->winograd ? FED_WINOGRAD_POINTS * g->in.c * g->filters : 0);
	p->spans = take_floats(base, &used, span_floats(g));
	p->turned = take_floats(base, &used, (size_t)g->kernel * g->kernel * g->out.c * g->channels);
	p->zeros = take_floats(base, &used, g->channels);
	return used;
}

static size_t divide_lane(const struct geometry *g, float *base, struct lane *p)
{
	const size_t pixels = (size_t)g->out.h * g->out.w;
	const size_t points = g->winograd ? FED_WINOGRAD_TILES * FED_WINOGRAD_POINTS : 0;
	const size_t planar = g->winograd ? 0 : (size_t)g->rows * g->in.c * g->columns;
	size_t used = 0;

	p->planar = take_floats(base, &used, planar);
	p->framed = take_floats(base, &used, g->framed_rows * g->framed_columns * g->in.c);
	p->capacity.v = take_floats(base, &used, points * g->in.c);
	p->capacity.m = take_floats(base, &used, points * g->filters);
	p->capacity.zeros = take_floats(base, &used, g->winograd ? g->filters : 0);
	p->live = (uint64_t *)take_floats(base, &used, 2 * g->rows * LIVE_WORDS(g->in.c));
	p->live_dy =
		(uint64_t *)take_floats(base, &used, 2 * (g->out.h + 2 * g->reach) * LIVE_WORDS(g->out.c));
	/* the padding of the last span of the last block is behind it */
	p->input = take_floats(base, &used, g->blocks * block_floats(g) + g->vector);
	p->gradient = take_floats(base, &used, g->blocks * block_floats(g) + g->vector);
	p->planar_dy = take_floats(base, &used, planar_dy_floats(g));
	p->row = take_floats(base, &used, g->out.w * g->filters);
	p->value = take_floats(base, &used, g->out.c * pixels);
	p->at = (uint32_t *)take_floats(base, &used, g->out.c * pixels);
	p->count = (uint32_t *)take_floats(base, &used, g->out.c);
	return used;
}

static size_t divide_sum(const struct geometry *g, float *base, struct sum *p)
{
	size_t used = 0;

	p->by_lists = take_floats(base, &used, 1);
	p->by_taps = take_floats(base, &used, 1);
	p->bias = take_floats(base, &used, g->filters);
	p->spans = take_floats(base, &used, span_floats(g));
	p->taps = take_floats(base, &used, taps_floats(g));
	return used;
}

struct fed_scratch_sizes fed__conv_scratch(const void *config, const struct fed_shape *in,
                                           const struct fed_shape *out)
{
	const struct geometry g = geometry_of(config, in, out);
	struct shared shared;
	struct lane lane;
	struct sum sum;

	return (struct fed_scratch_sizes){
		.batch = divide_shared(&g, NULL, &shared),
		.lane = divide_lane(&g, NULL, &lane),
		.sum = divide_sum(&g, NULL, &sum),
	};
}

static struct geometry geometry_in(const struct fed_pass *p)
{
	return geometry_of(p->config, &p->in, &p->out);
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

static struct fed_winograd_sizes winograd_sizes(const struct geometry *g)
{
	return (struct fed_winograd_sizes){
		.kernel = g->kernel,
		.channels = g->in.c,
		.filters = g->out.c,
		.padded_filters = g->filters,
		.height = g->out.h,
		.width = g->out.w,
		.line = g->framed_columns * g->in.c,
	};
}

void fed__conv_begin_forward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct geometry g = geometry_in(p);
	struct shared s;

	divide_shared(&g, capacity->batch, &s);
	if (g.winograd) {
		const struct fed_winograd_sizes sizes = winograd_sizes(&g);

		fed_kernels()->winograd_kernel(&sizes, p->params, s.points);
		return;
	}
	if (g.filters == g.out.c)
		return;
	fill_up(p->params, tap_count(&g), g.out.c, s.kernel, g.filters);
	fill_up(p->params + tap_count(&g) * g.out.c, 1, g.out.c, s.bias, g.filters);
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

static void forward_winograd(const struct geometry *g, const struct fed_pass *p,
                             const struct shared *shared, const struct lane *own)
{
	const struct fed_winograd_sizes sizes = winograd_sizes(g);
	const size_t row = (size_t)g->in.w * g->in.c;
	float *middle = own->framed + g->pad * (sizes.line + g->in.c);

	for (size_t b = 0; b < p->batch; b++) {
		const float *x = p->x + b * fed_shape_size(&p->in);

		for (size_t i = 0; i < g->in.h; i++)
			memcpy(middle + i * sizes.line, x + i * row, row * sizeof *x);
		fed_kernels()->winograd_image(&sizes, own->framed, shared->points,
		                              p->params + tap_count(g) * g->out.c, &own->capacity,
		                              p->y + b * fed_shape_size(&p->out));
	}
}

void fed__conv_forward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct fed_kernels *k = fed_kernels();
	const struct geometry g = geometry_in(p);
	const bool whole = g.filters == g.out.c;
	struct shared s;
	struct lane own;

	divide_shared(&g, capacity->batch, &s);
	divide_lane(&g, capacity->lane, &own);
	if (g.winograd) {
		forward_winograd(&g, p, &s, &own);
		return;
	}
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

/* to (kernel, kernel, filters, channels) = kernel (kernel, kernel, C, filters), last tap first. */
static void turn_kernel(const struct geometry *g, const float *kernel, float *to)
{
	const size_t taps = (size_t)g->kernel * g->kernel, filters = g->out.c;

	for (size_t tap = taps; tap-- > 0; to += filters * g->channels)
		fed_kernels()->add_transposed(kernel + tap * g->in.c * filters, filters, g->in.c, filters,
		                              to, g->channels);
}

void fed__conv_begin_backward(const struct fed_pass *p, const struct fed_scratch *capacity)
{
	const struct geometry g = geometry_in(p);
	const size_t turned = (size_t)g.kernel * g.kernel * g.out.c * g.channels;
	struct shared s;

	if (!p->dx)
		return;
	divide_shared(&g, capacity->batch, &s);
	memset(s.spans, 0, span_floats(&g) * sizeof *s.spans);
	kernel_to_spans(&g, p->params, s.spans);
	memset(s.turned, 0, turned * sizeof *s.turned);
	turn_kernel(&g, p->params, s.turned);
	memset(s.zeros, 0, g.channels * sizeof *s.zeros);
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

/* The inverse: the middle of the blocks into dx (H, W, C). */
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

/* For each filter the pixels of dy (h, w, filters) that are not 0, in order.  false: there are too
 * many for lists, which are then incomplete. */
static bool make_lists(const struct geometry *g, const float *dy, const struct lane *s)
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

static void backward_lists(const struct geometry *g, const struct shared *shared,
                           const struct lane *s, float *sum, bool want_dx)
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
				             want_dx ? s->gradient + block * block_floats(g) : NULL,
				             shared->spans + at, sum + at);
		}
}

/* The kernel's gradient from dense dy. */
static void backward_taps(const struct geometry *g, const float *dy, const struct lane *s,
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
				             s->input + block * block_floats(g) + (i + ky) * row, d, g->filters,
				             sum + (block * g->kernel + ky) * taps * g->filters);
	}
}

/* dx from dense dy. */
static void backward_turned(const struct geometry *g, const float *dy, const struct shared *shared,
                            const struct lane *s, float *dx)
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
	const struct geometry g = geometry_in(p);
	struct shared s;
	struct lane own;
	struct sum sum;

	divide_shared(&g, capacity->batch, &s);
	divide_lane(&g, capacity->lane, &own);
	divide_sum(&g, capacity->sum, &sum);
	for (size_t b = 0; b < p->batch; b++) {
		const float *dy = p->dy + b * fed_shape_size(&p->out);
		float *dx = p->dx ? p->dx + b * fed_shape_size(&p->in) : NULL;

		make_blocks(&g, p->x + b * fed_shape_size(&p->in), own.input);
		fed_kernels()->add_rows(dy, (size_t)g.out.h * g.out.w, g.out.c, sum.bias);
		if (g.longest_list == 0 || !make_lists(&g, dy, &own)) {
			backward_taps(&g, dy, &own, add_one(sum.taps, taps_floats(&g), sum.by_taps));
			if (dx)
				backward_turned(&g, dy, &s, &own, dx);
			continue;
		}
		if (dx)
			memset(own.gradient, 0, g.blocks * block_floats(&g) * sizeof *own.gradient);
		backward_lists(&g, &s, &own, add_one(sum.spans, span_floats(&g), sum.by_lists), dx != NULL);
		if (dx)
			take_blocks(&g, own.gradient, dx);
	}
}

/* Sums --------------------------------------------------------------------------- */

void fed__conv_clear_sum(const struct fed_pass *p, float *at)
{
	const struct geometry g = geometry_in(p);
	struct sum sum;

	divide_sum(&g, at, &sum);
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
	const struct geometry g = geometry_in(p);
	struct sum a, b;

	divide_sum(&g, (float *)from, &a);
	divide_sum(&g, to, &b);
	fed_kernels()->add_rows(a.bias, 1, g.filters, b.bias);
	add_part(a.spans, *a.by_lists, b.spans, b.by_lists, span_floats(&g));
	add_part(a.taps, *a.by_taps, b.taps, b.by_taps, taps_floats(&g));
}

/* taps of all blocks to the kernel's gradient. */
static void taps_to_kernel(const struct geometry *g, const float *sum, float *kernel)
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
	const struct geometry g = geometry_in(p);
	struct sum sum;

	divide_sum(&g, capacity->sum, &sum);
	if (*sum.by_taps > 0)
		taps_to_kernel(&g, sum.taps, p->grads);
	if (*sum.by_lists > 0)
		spans_to_kernel(&g, sum.spans, p->grads);
	fed_kernels()->add_rows(sum.bias, 1, g.out.c, p->grads + tap_count(&g) * g.out.c);
}

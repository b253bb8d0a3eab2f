/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/strided.c - convolution with a stride, as products of patches: each output pixel's part
 * of the input is a row of a matrix (im2col; Chellapilla, Puri, Simard 2006).
 *
 * With a stride of s the rows hold each input pixel about (kernel / s)^2 times, so that the copy
 * costs little beside the product.
 */
#include "nn/layers/strided.h"

#include <string.h>

#include "base/blas.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/image.h"

struct patches {
	struct fed_image in, out;
	uint32_t kernel, pad, stride;
	size_t taps, pixels; /* columns and rows of the patches */
};

static struct patches geometry_of(const struct fed_conv_config *c, const struct fed_shape *in,
                                  const struct fed_shape *out)
{
	struct patches g = {
		.in = fed_image_of(in),
		.out = fed_image_of(out),
		.kernel = c->kernel,
		.pad = c->pad,
		.stride = c->stride,
	};

	g.taps = (size_t)g.kernel * g.kernel * g.in.c;
	g.pixels = (size_t)g.out.h * g.out.w;
	return g;
}

static struct patches geometry_in(const struct fed_pass *p)
{
	return geometry_of(p->config, &p->in, &p->out);
}

/* batch: the kernel transposed; lane: patches and their gradient; sum: kernel and biases. */
struct fed_scratch_sizes fed__strided_scratch(const void *config, const struct fed_shape *in,
                                              const struct fed_shape *out)
{
	const struct patches g = geometry_of(config, in, out);

	return (struct fed_scratch_sizes){
		.batch = g.taps * g.out.c,
		.lane = 2 * g.pixels * g.taps,
		.sum = (g.taps + 1) * g.out.c,
	};
}

/* Columns of row ky of a patch that lie inside the picture: [*from, *to). */
static void inside(const struct patches *g, int64_t left, size_t *from, size_t *to)
{
	const int64_t end = (int64_t)g->in.w - left;

	*from = left < 0 ? (size_t)-left : 0;
	*to = end < (int64_t)g->kernel ? (size_t)(end < 0 ? 0 : end) : g->kernel;
	if (*from > *to)
		*from = *to;
}

/* Call move() for each stretch of a patch's row that is inside the picture. */
static void each_stretch(const struct patches *g, float *x, float *patches,
                         void (*move)(float *image, float *patch, size_t n))
{
	for (size_t q = 0; q < g->pixels; q++)
		for (size_t ky = 0; ky < g->kernel; ky++) {
			const int64_t row = (int64_t)(q / g->out.w * g->stride + ky) - g->pad;
			const int64_t left = (int64_t)(q % g->out.w * g->stride) - g->pad;
			float *patch = patches + q * g->taps + ky * g->kernel * g->in.c;
			size_t from, to;

			inside(g, left, &from, &to);
			if (row < 0 || row >= (int64_t)g->in.h || from == to)
				continue;
			move(x + ((size_t)row * g->in.w + (size_t)(left + (int64_t)from)) * g->in.c,
			     patch + from * g->in.c, (to - from) * g->in.c);
		}
}

static void read_stretch(float *image, float *patch, size_t n)
{
	memcpy(patch, image, n * sizeof *patch);
}

static void add_stretch(float *image, float *patch, size_t n)
{
	fed_kernels()->add_rows(patch, 1, n, image);
}

static void make_patches(const struct patches *g, const float *x, float *patches)
{
	if (g->pad)
		memset(patches, 0, g->pixels * g->taps * sizeof *patches);
	each_stretch(g, (float *)x, patches, read_stretch);
}

void fed__strided_forward(const struct fed_pass *p, const struct fed_scratch *s)
{
	const struct patches g = geometry_in(p);
	const size_t filters = g.out.c;
	const float *bias = p->params + g.taps * filters;

	for (size_t b = 0; b < p->batch; b++) {
		float *y = p->y + b * g.pixels * filters;

		make_patches(&g, p->x + b * fed_shape_size(&p->in), s->lane);
		for (size_t q = 0; q < g.pixels; q++)
			memcpy(y + q * filters, bias, filters * sizeof *y);
		fed_gemm_nn((int)g.pixels, (int)filters, (int)g.taps, s->lane, (int)g.taps, p->params,
		            (int)filters, y, (int)filters);
	}
}

void fed__strided_begin_backward(const struct fed_pass *p, const struct fed_scratch *s)
{
	const struct patches g = geometry_in(p);

	if (!p->dx)
		return;
	memset(s->batch, 0, g.taps * g.out.c * sizeof *s->batch);
	fed_kernels()->add_transposed(p->params, g.out.c, g.taps, g.out.c, s->batch, g.taps);
}

void fed__strided_backward(const struct fed_pass *p, const struct fed_scratch *s)
{
	const struct patches g = geometry_in(p);
	const int pixels = (int)g.pixels, taps = (int)g.taps, filters = (int)g.out.c;
	float *gradient = s->lane + g.pixels * g.taps;

	for (size_t b = 0; b < p->batch; b++) {
		const float *dy = p->dy + b * g.pixels * g.out.c;
		float *dx = p->dx ? p->dx + b * fed_shape_size(&p->in) : NULL;

		make_patches(&g, p->x + b * fed_shape_size(&p->in), s->lane);
		fed_gemm_tn(taps, filters, pixels, s->lane, taps, dy, filters, s->sum, filters);
		fed_kernels()->add_rows(dy, g.pixels, g.out.c, s->sum + g.taps * g.out.c);
		if (!dx)
			continue;
		memset(gradient, 0, g.pixels * g.taps * sizeof *gradient);
		fed_gemm_nn(pixels, taps, filters, dy, filters, s->batch, taps, gradient, taps);
		memset(dx, 0, fed_shape_size(&p->in) * sizeof *dx);
		each_stretch(&g, dx, gradient, add_stretch);
	}
}

void fed__strided_clear_sum(const struct fed_pass *p, float *sum)
{
	const struct patches g = geometry_in(p);

	memset(sum, 0, (g.taps + 1) * g.out.c * sizeof *sum);
}

void fed__strided_add_sum(const struct fed_pass *p, const float *from, float *to)
{
	const struct patches g = geometry_in(p);

	fed_kernels()->add_rows(from, 1, (g.taps + 1) * g.out.c, to);
}

void fed__strided_end_backward(const struct fed_pass *p, const struct fed_scratch *s)
{
	fed__strided_add_sum(p, s->sum, p->grads);
}

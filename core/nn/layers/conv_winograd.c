/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_winograd.c - the convolution by Winograd's algorithm, for the kernels of
 * nn/kernels/kernels_winograd.h.
 *
 * Forward reads a copy of each example with a frame of zeros.  Backward, dx is the convolution of
 * dy, in its own frame, with the kernel turned by half a circle.  The kernel's gradient is a
 * convolution, too, of x with dy: it is summed at the points of all tiles and examples, and taken
 * back to the kernel once for a batch.
 */
#include "nn/layers/conv_winograd.h"

#include <string.h>

static struct fed_winograd_sizes forward_sizes(const struct conv_geometry *g)
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

/* From dy to dx. */
static struct fed_winograd_sizes turned_sizes(const struct conv_geometry *g)
{
	return (struct fed_winograd_sizes){
		.kernel = g->kernel,
		.channels = g->out.c,
		.filters = g->in.c,
		.padded_filters = g->channels,
		.height = g->in.h,
		.width = g->in.w,
		.line = g->framed_dy_columns * g->out.c,
	};
}

void fed__winograd_begin_forward(const struct conv_geometry *g, const struct fed_pass *p,
                                 const struct conv_shared *s)
{
	const struct fed_winograd_sizes sizes = forward_sizes(g);

	fed_kernels()->winograd_kernel(&sizes, p->params, s->points);
}

/* An image into the middle of its frame; `line` is from row to row of that. */
static void copy_to_middle(const struct fed_image *image, const float *x, float *middle,
                           size_t line)
{
	const size_t row = (size_t)image->w * image->c;

	for (size_t i = 0; i < image->h; i++)
		memcpy(middle + i * line, x + i * row, row * sizeof *x);
}

void fed__winograd_forward(const struct conv_geometry *g, const struct fed_pass *p,
                           const struct conv_shared *s, const struct conv_lane *own)
{
	const struct fed_winograd_sizes sizes = forward_sizes(g);

	for (size_t b = 0; b < p->batch; b++) {
		copy_to_middle(&g->in, p->x + b * fed_shape_size(&p->in),
		               own->framed + g->pad * (sizes.line + g->in.c), sizes.line);
		fed_kernels()->winograd_image(&sizes, own->framed, s->points,
		                              p->params + fed_conv_tap_count(g) * g->out.c, &own->capacity,
		                              p->y + b * fed_shape_size(&p->out));
	}
}

void fed__winograd_begin_backward(const struct conv_geometry *g, const struct conv_shared *s)
{
	const struct fed_winograd_sizes sizes = turned_sizes(g);

	fed_kernels()->winograd_kernel(&sizes, s->turned, s->turned_points);
}

void fed__winograd_backward(const struct conv_geometry *g, const float *x, const float *dy,
                            const struct conv_shared *s, const struct conv_lane *own, float *taps,
                            float *dx)
{
	const struct fed_winograd_sizes forward = forward_sizes(g), turned = turned_sizes(g);
	float *middle = own->framed_dy + g->reach * (turned.line + g->out.c);

	copy_to_middle(&g->in, x, own->framed + g->pad * (forward.line + g->in.c), forward.line);
	copy_to_middle(&g->out, dy, middle, turned.line);
	fed_kernels()->winograd_gradient(&forward, own->framed, middle, turned.line, &own->capacity,
	                                 taps);
	if (dx)
		fed_kernels()->winograd_image(&turned, own->framed_dy, s->turned_points, s->zeros,
		                              &own->capacity, dx);
}

void fed__winograd_end_backward(const struct conv_geometry *g, const float *taps, float *kernel)
{
	const struct fed_winograd_sizes sizes = forward_sizes(g);

	fed_kernels()->winograd_kernel_gradient(&sizes, taps, kernel);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/pool.c - max and mean pooling over (H, W, C), windows of size x size, stride size; the
 * mean over all pixels.
 *
 * A remainder at the lower and right edge is ignored and gets gradient 0.
 */
#include <string.h>

#include "nn/layers/image.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/stage.h"

static int pool_shape(const char *name, const void *config, const struct fed_shape *in,
                      struct fed_shape *out, struct fed_error *err)
{
	const uint32_t size = ((const struct fed_pool_config *)config)->size;
	char text[FED_SHAPE_TEXT];

	if (size < 1)
		return fed_fail(err, "%s 0 has no window, the size is at least 1", name);
	const struct fed_image image = fed_image_of(in);
	if (!fed_is_image(in) || image.h < size || image.w < size)
		return fed_fail(err, "%s %u needs at least %ux%u, gets %s", name, size, size, size,
		                fed_shape_text(in, text));
	*out = (struct fed_shape){.rank = 3, .dim = {image.h / size, image.w / size, image.c}};
	return FED_OK;
}

static int max_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                     struct fed_error *err)
{
	return pool_shape("max_pool", config, in, out, err);
}

static int mean_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	return pool_shape("mean_pool", config, in, out, err);
}

/* One operation for each value that some window covers. */
static double pool_flops(const void *config, const struct fed_shape *in)
{
	const uint32_t size = ((const struct fed_pool_config *)config)->size;
	const struct fed_image image = fed_image_of(in);

	return (double)(image.h / size * size) * (image.w / size * size) * image.c;
}

static void pool_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const uint32_t window = ((const struct fed_pool_config *)config)->size;

	(void)in;
	snprintf(text, size, "%ux%u", window, window);
}

/* The sizes of one call, in floats. */
struct pooling {
	struct fed_image in, out;
	size_t size;           /* of the window */
	size_t row, band;      /* one row of the input; the rows of one row of windows */
	size_t x_size, y_size; /* of one example */
};

static struct pooling pooling_of(const struct fed_pass *p)
{
	struct pooling g = {.size = ((const struct fed_pool_config *)p->config)->size};

	g.in = fed_image_of(&p->in);
	g.out = fed_image_of(&p->out);
	g.row = (size_t)g.in.w * g.in.c;
	g.band = g.size * g.row;
	g.x_size = fed_shape_size(&p->in);
	g.y_size = fed_shape_size(&p->out);
	return g;
}

/* y (w, C) of one row of windows of any size. */
static void max_row(const struct pooling *g, const float *x, float *y)
{
	const size_t c = g->in.c;

	for (size_t i = 0; i < g->out.w; i++, x += g->size * c, y += c) {
		memcpy(y, x, c * sizeof *y);
		for (size_t r = 0; r < g->size; r++)
			for (size_t q = 0; q < g->size * c; q++)
				if (x[r * g->row + q] > y[q % c])
					y[q % c] = x[r * g->row + q];
	}
}

static void max_forward(const struct fed_pass *p)
{
	const struct pooling g = pooling_of(p);
	const struct fed_kernels *k = fed_kernels();

	for (size_t b = 0; b < p->batch; b++)
		for (size_t i = 0; i < g.out.h; i++) {
			const float *x = p->x + b * g.x_size + i * g.band;
			float *y = p->y + b * g.y_size + i * g.out.w * g.out.c;

			if (g.size == 2)
				k->max_pool2(x, x + g.row, y, g.out.w, g.out.c);
			else
				max_row(&g, x, y);
		}
}

/* The first of equal values gets the gradient; dx is zero before. */
static void max_row_back(const struct pooling *g, const float *x, const float *y, const float *dy,
                         float *dx)
{
	const size_t c = g->in.c;

	for (size_t i = 0; i < g->out.w * c; i++) {
		const size_t corner = i / c * g->size * c + i % c;

		for (size_t q = 0; q < g->size * g->size; q++) {
			const size_t at = corner + q / g->size * g->row + q % g->size * c;
			if (x[at] == y[i]) {
				dx[at] = dy[i];
				break;
			}
		}
	}
}

static void max_backward(const struct fed_pass *p)
{
	const struct pooling g = pooling_of(p);
	const struct fed_kernels *k = fed_kernels();
	const bool whole = g.size == 2 && g.in.h % 2 == 0 && g.in.w % 2 == 0;

	if (!p->dx)
		return;
	if (!whole) /* else the kernel writes every value */
		memset(p->dx, 0, p->batch * g.x_size * sizeof *p->dx);
	for (size_t b = 0; b < p->batch; b++)
		for (size_t i = 0; i < g.out.h; i++) {
			const size_t at = b * g.x_size + i * g.band;
			const size_t out = b * g.y_size + i * g.out.w * g.out.c;

			if (g.size == 2)
				k->max_pool2_back(p->x + at, p->x + at + g.row, p->y + out, p->dy + out, p->dx + at,
				                  p->dx + at + g.row, g.out.w, g.out.c);
			else
				max_row_back(&g, p->x + at, p->y + out, p->dy + out, p->dx + at);
		}
}

static void mean_forward(const struct fed_pass *p)
{
	const struct pooling g = pooling_of(p);
	const size_t c = g.in.c;
	const float share = 1 / (float)(g.size * g.size);

	memset(p->y, 0, p->batch * g.y_size * sizeof *p->y);
	for (size_t b = 0; b < p->batch; b++)
		for (size_t r = 0; r < g.out.h * g.size; r++)
			for (size_t i = 0; i < g.out.w * g.size; i++) {
				const float *x = p->x + b * g.x_size + r * g.row + i * c;
				float *y = p->y + b * g.y_size + (r / g.size * g.out.w + i / g.size) * c;

				for (size_t q = 0; q < c; q++)
					y[q] += share * x[q];
			}
}

static void mean_backward(const struct fed_pass *p)
{
	const struct pooling g = pooling_of(p);
	const size_t c = g.in.c;
	const float share = 1 / (float)(g.size * g.size);

	if (!p->dx)
		return;
	memset(p->dx, 0, p->batch * g.x_size * sizeof *p->dx);
	for (size_t b = 0; b < p->batch; b++)
		for (size_t r = 0; r < g.out.h * g.size; r++)
			for (size_t i = 0; i < g.out.w * g.size; i++) {
				float *dx = p->dx + b * g.x_size + r * g.row + i * c;
				const float *dy = p->dy + b * g.y_size + (r / g.size * g.out.w + i / g.size) * c;

				for (size_t q = 0; q < c; q++)
					dx[q] = share * dy[q];
			}
}

/* The mean over everything but the last dimension. */
static int global_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                        struct fed_error *err)
{
	(void)config;
	if (in->rank < 2)
		return fed_fail(err, "global_pool needs channels (.., C), gets a row of %u numbers",
		                in->dim[0]);
	*out = (struct fed_shape){.rank = 1, .dim = {in->dim[in->rank - 1]}};
	return FED_OK;
}

static double global_flops(const void *config, const struct fed_shape *in)
{
	(void)config;
	return (double)fed_shape_size(in);
}

static void global_forward(const struct fed_pass *p)
{
	const size_t channels = p->out.dim[0], size = fed_shape_size(&p->in), pixels = size / channels;

	memset(p->y, 0, p->batch * channels * sizeof *p->y);
	for (size_t b = 0; b < p->batch; b++)
		fed_kernels()->add_rows(p->x + b * size, pixels, channels, p->y + b * channels);
	for (size_t j = 0; j < p->batch * channels; j++)
		p->y[j] /= (float)pixels;
}

static void global_backward(const struct fed_pass *p)
{
	const size_t channels = p->out.dim[0], pixels = fed_shape_size(&p->in) / channels;
	float *dx = p->dx;

	for (size_t b = 0; dx && b < p->batch; b++) {
		const float *row = dx;

		for (size_t c = 0; c < channels; c++)
			dx[c] = p->dy[b * channels + c] / (float)pixels;
		for (size_t q = 1; q < pixels; q++)
			memcpy(dx += channels, row, channels * sizeof *dx);
		dx += channels;
	}
}

const struct fed_layer fed__layer_global_pool = {
	.size = sizeof(struct fed_layer),
	.name = "global_pool",
	.shape = global_shape,
	.forward = global_forward,
	.backward = global_backward,
	.flops = global_flops,
};

const struct fed_stage fed__stage_global_pool = {
	.ops = &fed__layer_global_pool,
};

const struct fed_layer fed_layer_max_pool = {
	.size = sizeof(struct fed_layer),
	.name = "max_pool",
	.shape = max_shape,
	.forward = max_forward,
	.backward = max_backward,
	.flops = pool_flops,
	.describe = pool_describe,
};

const struct fed_layer fed_layer_mean_pool = {
	.size = sizeof(struct fed_layer),
	.name = "mean_pool",
	.shape = mean_shape,
	.forward = mean_forward,
	.backward = mean_backward,
	.flops = pool_flops,
	.describe = pool_describe,
};

const struct fed_stage fed__stage_max_pool = {
	.ops = &fed_layer_max_pool,
	.keeps_y = true,
};

const struct fed_stage fed__stage_mean_pool = {
	.ops = &fed_layer_mean_pool,
};

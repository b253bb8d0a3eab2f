/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/batch_norm.c - batch normalization over (.., C) (Ioffe, Szegedy 2015, algorithms 1, 2).
 *
 *     training     y = factor (x - mean) / sqrt(variance + epsilon) + offset, moments of the batch
 *     evaluation   the same with the running moments
 *     after a step running <- running + 0.1 (moment - running), variance unbiased: PyTorch's
 *
 * Parameters: factors (C), offsets (C); buffers: running mean (C), running variance (C).  Sums are
 * taken in float over a few hundred rows, and those sums in double.
 */
#include <math.h>

#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"
#include "nn/layers/norm.h"

#define MOMENTUM 0.1f
#define ROWS 256u /* summed in float */

static size_t norm_params(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 4 * fed_norm_channels(in);
}

static size_t buffers(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 2 * fed_norm_channels(in);
}

static void norm_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	const size_t channels = fed_norm_channels(in);

	fed_norm_init(config, in, params, key);
	for (size_t c = 0; c < channels; c++)
		params[3 * channels + c] = 1;
}

/* Mean and variance of the batch, in the first example's part. */
static size_t norm_cache(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 2 * fed_norm_channels(in);
}

struct norm_scratch {
	double *first, *second; /* (C) */
	float *part;            /* (C) */
	float *a, *b, *c;       /* (C): what a row is multiplied with */
};

static size_t norm_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)config, (void)batch;
	return 8 * fed_norm_channels(in);
}

static struct norm_scratch scratch_of(const struct fed_pass *p, size_t channels)
{
	double *at = (double *)p->scratch;
	float *part = (float *)(at + 2 * channels);

	return (struct norm_scratch){
		at, at + channels, part, part + channels, part + 2 * channels, part + 3 * channels};
}

static size_t rows_of(const struct fed_pass *p)
{
	return p->batch * (fed_shape_size(&p->in) / fed_norm_channels(&p->in));
}

enum row_sum { PLAIN, SQUARES, PRODUCTS };

/* to (C) = the sum over the rows of v, (v - mean)^2 or v (x - mean). */
static void sum_rows(enum row_sum what, const float *v, const float *x, const float *mean,
                     size_t rows, size_t channels, float *part, double *to)
{
	const struct fed_kernels *k = fed_kernels();

	memset(to, 0, channels * sizeof *to);
	for (size_t r = 0; r < rows; r += ROWS) {
		const size_t n = rows - r < ROWS ? rows - r : ROWS, at = r * channels;

		memset(part, 0, channels * sizeof *part);
		if (what == PLAIN)
			k->add_rows(v + at, n, channels, part);
		else if (what == SQUARES)
			k->add_squares(v + at, mean, n, channels, part);
		else
			k->add_products(v + at, x + at, mean, n, channels, part);
		for (size_t c = 0; c < channels; c++)
			to[c] += (double)part[c];
	}
}

/* Mean and variance that this pass uses. */
static const float *moments_of(const struct fed_pass *p)
{
	return p->training ? p->cache : p->params + 2 * fed_norm_channels(&p->in);
}

/* 1 / deviation.  A running variance is positive unless an attack or noise made it negative. */
static float scale_of(float variance)
{
	return 1 / sqrtf(fmaxf(variance, 0) + FED_NORM_EPSILON);
}

static void norm_forward(const struct fed_pass *p)
{
	const size_t channels = fed_norm_channels(&p->in), rows = rows_of(p);
	const struct norm_scratch s = scratch_of(p, channels);
	const float *moments = moments_of(p);

	if (p->training) {
		sum_rows(PLAIN, p->x, NULL, NULL, rows, channels, s.part, s.first);
		for (size_t c = 0; c < channels; c++)
			p->cache[c] = (float)(s.first[c] / (double)rows);
		sum_rows(SQUARES, p->x, NULL, p->cache, rows, channels, s.part, s.second);
		for (size_t c = 0; c < channels; c++)
			p->cache[channels + c] = (float)(s.second[c] / (double)rows);
	}
	for (size_t c = 0; c < channels; c++) {
		s.a[c] = p->params[c] * scale_of(moments[channels + c]);
		s.b[c] = p->params[channels + c] - moments[c] * s.a[c];
	}
	fed_kernels()->scale_rows(p->x, s.a, s.b, rows, channels, p->y);
}

static void norm_backward(const struct fed_pass *p)
{
	const size_t channels = fed_norm_channels(&p->in), rows = rows_of(p);
	const struct norm_scratch s = scratch_of(p, channels);
	const float *moments = moments_of(p);

	sum_rows(PLAIN, p->dy, NULL, NULL, rows, channels, s.part, s.first);
	sum_rows(PRODUCTS, p->dy, p->x, moments, rows, channels, s.part, s.second);
	for (size_t c = 0; c < channels; c++) {
		const float scale = scale_of(moments[channels + c]);
		const double share = p->training ? 1 / (double)rows : 0; /* the moments are constants */

		s.a[c] = p->params[c] * scale;
		s.b[c] = (float)(-(double)s.a[c] * (double)scale * (double)scale * s.second[c] * share);
		s.c[c] =
			(float)(-(double)s.a[c] * s.first[c] * share - (double)s.b[c] * (double)moments[c]);
		s.second[c] *= (double)scale;
	}
	if (p->dx)
		fed_kernels()->mix_rows(p->dy, p->x, s.a, s.b, s.c, rows, channels, p->dx);
	for (size_t c = 0; c < channels; c++) {
		p->grads[c] += (float)s.second[c];
		p->grads[channels + c] += (float)s.first[c];
	}
}

static void norm_update(const struct fed_pass *p, float *running)
{
	const size_t channels = fed_norm_channels(&p->in), rows = rows_of(p);
	const float unbiased = rows > 1 ? (float)((double)rows / (double)(rows - 1)) : 1;

	for (size_t c = 0; c < channels; c++) {
		float *mean = &running[c], *variance = &running[channels + c];

		*mean += MOMENTUM * (p->cache[c] - *mean);
		*variance += MOMENTUM * (unbiased * p->cache[channels + c] - *variance);
	}
}

static bool norm_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                        struct fed_tensor *t)
{
	(void)config;
	return fed_norm_tensor_of(in, k, 4, t);
}

static void norm_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	(void)config;
	snprintf(text, size, "%zu channels", fed_norm_channels(in));
}

const struct fed_layer fed__layer_batch_norm = {
	.size = sizeof(struct fed_layer),
	.name = "batch_norm",
	.shape = fed_norm_shape,
	.param_count = norm_params,
	.init = norm_init,
	.forward = norm_forward,
	.backward = norm_backward,
	.flops = fed_norm_flops,
	.cache_floats = norm_cache,
	.scratch_floats = norm_scratch,
	.tensor = norm_tensor,
	.describe = norm_describe,
	.mixes_examples = true,
	.buffer_count = buffers,
	.update = norm_update,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/group_norm.c - group normalization over (.., C) (Wu, He 2018): each example's groups of
 * channels get mean 0 and variance 1, then each channel a factor and an offset.
 *
 * It has no batch and no buffers, which federated training with few or skewed examples asks for
 * (Hsieh et al. 2020).
 */
#include <math.h>

#include "nn/kernels/kernels.h"
#include "nn/layers/image.h"
#include "nn/layers/norm.h"
#include "nn/layers/whole.h"

struct norm_groups {
	size_t channels, groups, together, rows; /* together: channels of a group */
};

static struct norm_groups sizes_of(const void *config, const struct fed_shape *in)
{
	const size_t channels = fed_norm_channels(in);
	const size_t groups = ((const struct fed_group_config *)config)->groups;

	return (struct norm_groups){channels, groups, channels / groups, fed_shape_size(in) / channels};
}

static int group_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                       struct fed_error *err)
{
	const uint32_t groups = ((const struct fed_group_config *)config)->groups;
	const size_t channels = fed_norm_channels(in);

	if (groups < 1 || channels % groups)
		return fed_fail(err, "group_norm groups=%u does not divide %zu channels", groups, channels);
	*out = *in;
	return FED_OK;
}

/* Mean and 1 / deviation of each group. */
static size_t group_cache(const void *config, const struct fed_shape *in)
{
	return 2 * sizes_of(config, in).groups;
}

struct norm_lane {
	float *mean, *sum, *product; /* (C) */
	float *a, *b, *c;            /* (C) */
};

static struct norm_lane lane_of(const struct norm_groups *s, float *at)
{
	const size_t n = s->channels;

	return (struct norm_lane){at, at + n, at + 2 * n, at + 3 * n, at + 4 * n, at + 5 * n};
}

static struct fed_scratch_sizes group_scratch(const void *config, const struct fed_shape *in,
                                              const struct fed_shape *out)
{
	const size_t channels = sizes_of(config, in).channels;

	(void)out;
	return (struct fed_scratch_sizes){.lane = 6 * channels, .sum = 2 * channels};
}

/* The mean over a group of sums over its channels. */
static float mean_of(const struct norm_groups *s, const float *sum, size_t group)
{
	double all = 0;

	for (size_t c = group * s->together; c < (group + 1) * s->together; c++)
		all += (double)sum[c];
	return (float)(all / (double)(s->together * s->rows));
}

static void find_moments(const struct norm_groups *s, const float *x, const struct norm_lane *l,
                         float *cache)
{
	const struct fed_kernels *k = fed_kernels();

	memset(l->sum, 0, 2 * s->channels * sizeof *l->sum); /* and product */
	k->add_rows(x, s->rows, s->channels, l->sum);
	for (size_t g = 0; g < s->groups; g++)
		cache[g] = mean_of(s, l->sum, g);
	for (size_t c = 0; c < s->channels; c++)
		l->mean[c] = cache[c / s->together];
	k->add_squares(x, l->mean, s->rows, s->channels, l->product);
	for (size_t g = 0; g < s->groups; g++)
		cache[s->groups + g] = 1 / sqrtf(mean_of(s, l->product, g) + FED_NORM_EPSILON);
}

static void group_forward(const struct fed_pass *p, const struct fed_scratch *scratch)
{
	const struct norm_groups s = sizes_of(p->config, &p->in);
	const struct norm_lane l = lane_of(&s, scratch->lane);
	const size_t size = s.rows * s.channels;

	for (size_t b = 0; b < p->batch; b++) {
		float *cache = p->cache + b * 2 * s.groups;

		find_moments(&s, p->x + b * size, &l, cache);
		for (size_t c = 0; c < s.channels; c++) {
			const size_t g = c / s.together;

			l.a[c] = p->params[c] * cache[s.groups + g];
			l.b[c] = p->params[s.channels + c] - cache[g] * l.a[c];
		}
		fed_kernels()->scale_rows(p->x + b * size, l.a, l.b, s.rows, s.channels, p->y + b * size);
	}
}

/* What dy and x are multiplied with to make dx. */
static void find_mix(const struct norm_groups *s, const float *factor, const float *cache,
                     const struct norm_lane *l)
{
	for (size_t g = 0; g < s->groups; g++) {
		const float mean = cache[g], scale = cache[s->groups + g];
		const double n = (double)(s->together * s->rows);
		double sum = 0, product = 0;

		for (size_t c = g * s->together; c < (g + 1) * s->together; c++) {
			sum += (double)factor[c] * (double)l->sum[c];
			product += (double)factor[c] * (double)l->product[c];
		}
		const double slope = -(double)scale * (double)scale * (double)scale * product / n;

		for (size_t c = g * s->together; c < (g + 1) * s->together; c++) {
			l->a[c] = factor[c] * scale;
			l->b[c] = (float)slope;
			l->c[c] = (float)(-(double)scale * sum / n - slope * (double)mean);
		}
	}
}

static void group_backward(const struct fed_pass *p, const struct fed_scratch *scratch)
{
	const struct fed_kernels *k = fed_kernels();
	const struct norm_groups s = sizes_of(p->config, &p->in);
	const struct norm_lane l = lane_of(&s, scratch->lane);
	const size_t size = s.rows * s.channels;

	for (size_t b = 0; b < p->batch; b++) {
		const float *cache = p->cache + b * 2 * s.groups;
		const float *x = p->x + b * size, *dy = p->dy + b * size;

		for (size_t c = 0; c < s.channels; c++)
			l.mean[c] = cache[c / s.together];
		memset(l.sum, 0, 2 * s.channels * sizeof *l.sum);
		k->add_rows(dy, s.rows, s.channels, l.sum);
		k->add_products(dy, x, l.mean, s.rows, s.channels, l.product);
		for (size_t c = 0; c < s.channels; c++) {
			scratch->sum[c] += l.product[c] * cache[s.groups + c / s.together];
			scratch->sum[s.channels + c] += l.sum[c];
		}
		if (!p->dx)
			continue;
		find_mix(&s, p->params, cache, &l);
		k->mix_rows(dy, x, l.a, l.b, l.c, s.rows, s.channels, p->dx + b * size);
	}
}

/* Sums of both norms that treat examples alone: factors, then offsets. */
static void clear_sum(const struct fed_pass *p, float *sum)
{
	memset(sum, 0, 2 * fed_norm_channels(&p->in) * sizeof *sum);
}

static void add_sum(const struct fed_pass *p, const float *from, float *to)
{
	fed_kernels()->add_rows(from, 1, 2 * fed_norm_channels(&p->in), to);
}

static void end_backward(const struct fed_pass *p, const struct fed_scratch *scratch)
{
	add_sum(p, scratch->sum, p->grads);
}

static void group_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const struct norm_groups s = sizes_of(config, in);

	snprintf(text, size, "%zu channels in %zu groups", s.channels, s.groups);
}

static size_t group_floats(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)batch;
	return fed__whole_floats(&fed__stage_group_norm, config, in);
}

static void whole_group_forward(const struct fed_pass *p)
{
	fed__whole_forward(&fed__stage_group_norm, p);
}

static void whole_group_backward(const struct fed_pass *p)
{
	fed__whole_backward(&fed__stage_group_norm, p);
}

const struct fed_layer fed__layer_group_norm = {
	.size = sizeof(struct fed_layer),
	.name = "group_norm",
	.shape = group_shape,
	.param_count = fed_norm_params,
	.init = fed_norm_init,
	.forward = whole_group_forward,
	.backward = whole_group_backward,
	.flops = fed_norm_flops,
	.cache_floats = group_cache,
	.scratch_floats = group_floats,
	.tensor = fed_norm_tensor,
	.describe = group_describe,
};

const struct fed_stage fed__stage_group_norm = {
	.ops = &fed__layer_group_norm,
	.capacity = group_scratch,
	.forward = group_forward,
	.backward = group_backward,
	.end_backward = end_backward,
	.clear_sum = clear_sum,
	.add_sum = add_sum,
};

/* Layer normalization (Ba, Kiros, Hinton 2016): over the last dimension alone. */

static size_t row_count(const struct fed_shape *in)
{
	return fed_shape_size(in) / fed_norm_channels(in);
}

static size_t layer_cache(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 2 * row_count(in);
}

static struct fed_scratch_sizes layer_scratch(const void *config, const struct fed_shape *in,
                                              const struct fed_shape *out)
{
	(void)config, (void)out;
	return (struct fed_scratch_sizes){.sum = 2 * fed_norm_channels(in)};
}

static void layer_forward(const struct fed_pass *p, const struct fed_scratch *scratch)
{
	const size_t width = fed_norm_channels(&p->in);

	(void)scratch;
	fed_kernels()->norm_rows(p->x, p->params, p->params + width, p->batch * row_count(&p->in),
	                         width, FED_NORM_EPSILON, p->y, p->cache);
}

static void layer_backward(const struct fed_pass *p, const struct fed_scratch *scratch)
{
	const size_t width = fed_norm_channels(&p->in);

	fed_kernels()->norm_rows_back(p->x, p->dy, p->params, p->cache, p->batch * row_count(&p->in),
	                              width, p->dx, scratch->sum, scratch->sum + width);
}

static void layer_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	(void)config;
	snprintf(text, size, "%zu of %zu", row_count(in), fed_norm_channels(in));
}

static size_t layer_floats(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)batch;
	return fed__whole_floats(&fed__stage_layer_norm, config, in);
}

static void whole_layer_forward(const struct fed_pass *p)
{
	fed__whole_forward(&fed__stage_layer_norm, p);
}

static void whole_layer_backward(const struct fed_pass *p)
{
	fed__whole_backward(&fed__stage_layer_norm, p);
}

const struct fed_layer fed__layer_layer_norm = {
	.size = sizeof(struct fed_layer),
	.name = "layer_norm",
	.shape = fed_norm_shape,
	.param_count = fed_norm_params,
	.init = fed_norm_init,
	.forward = whole_layer_forward,
	.backward = whole_layer_backward,
	.flops = fed_norm_flops,
	.cache_floats = layer_cache,
	.scratch_floats = layer_floats,
	.tensor = fed_norm_tensor,
	.describe = layer_describe,
};

const struct fed_stage fed__stage_layer_norm = {
	.ops = &fed__layer_layer_norm,
	.capacity = layer_scratch,
	.forward = layer_forward,
	.backward = layer_backward,
	.end_backward = end_backward,
	.clear_sum = clear_sum,
	.add_sum = add_sum,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/conv.c - convolution over (H, W, C), stride 1: K is (kernel, kernel, C, filters), then the
 * biases (filters).
 */
#include <string.h>

#include "nn/image.h"
#include "nn/init.h"
#include "nn/stage.h"

static int conv_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	const struct fed_conv_config *c = config;
	char text[FED_SHAPE_TEXT];

	if (c->filters < 1 || c->kernel < 1)
		return fed_fail(err, "conv with %u filters of %ux%u, both are at least 1", c->filters,
		                c->kernel, c->kernel);
	if (c->pad >= c->kernel)
		return fed_fail(err, "conv pad %u must be less than the kernel, %u", c->pad, c->kernel);
	if (!fed_is_image(in))
		return fed_fail(err, "conv needs an image (H, W, C), gets %s", fed_shape_text(in, text));
	const struct fed_image image = fed_image_of(in);
	if (image.h + 2 * c->pad < c->kernel || image.w + 2 * c->pad < c->kernel)
		return fed_fail(err, "conv %ux%u needs at least %ux%u, gets %s", c->kernel, c->kernel,
		                c->kernel - 2 * c->pad, c->kernel - 2 * c->pad, fed_shape_text(in, text));
	*out = (struct fed_shape){.rank = 3,
	                          .dim = {image.h + 2 * c->pad - c->kernel + 1,
	                                  image.w + 2 * c->pad - c->kernel + 1, c->filters}};
	return FED_OK;
}

/* Multiply-adds of one output value. */
static size_t fan_in(const void *config, const struct fed_shape *in)
{
	const struct fed_conv_config *c = config;
	const struct fed_image image = fed_image_of(in);

	return (size_t)c->kernel * c->kernel * image.c;
}

static size_t conv_params(const void *config, const struct fed_shape *in)
{
	return (fan_in(config, in) + 1) * ((const struct fed_conv_config *)config)->filters;
}

static void conv_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	fed_init_uniform(params, conv_params(config, in), fan_in(config, in), key);
}

static double conv_flops(const void *config, const struct fed_shape *in)
{
	struct fed_shape out;
	struct fed_error err;

	conv_shape(config, in, &out, &err);
	return 2.0 * (double)fan_in(config, in) * (double)fed_shape_size(&out);
}

/* Files have (filters, C, kernel, kernel). */
static bool conv_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                        struct fed_tensor *t)
{
	const struct fed_conv_config *c = config;
	const uint32_t f = c->filters, size = c->kernel;
	const struct fed_image image = fed_image_of(in);

	if (k == 1) {
		*t = (struct fed_tensor){.name = "bias",
		                         .offset = fan_in(config, in) * f,
		                         .rank = 1,
		                         .dim = {f},
		                         .stride = {1},
		                         .file_rank = 1,
		                         .file_shape = {f}};
		return true;
	}
	if (k > 1)
		return false;
	*t = (struct fed_tensor){
		.name = "weight",
		.rank = 4,
		.dim = {f, image.c, size, size},
		.stride = {1, f, (size_t)size * image.c * f, (size_t)image.c * f},
		.file_rank = 4,
		.file_shape = {f, image.c, size, size},
	};
	return true;
}

static void conv_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const struct fed_conv_config *c = config;

	(void)in;
	snprintf(text, size, "%ux%u, %u filters, pad %u", c->kernel, c->kernel, c->filters, c->pad);
}

static void conv_forward(const struct fed_pass *p)
{
	const struct fed_conv_config *c = p->config;
	const struct fed_image in = fed_image_of(&p->in), out = fed_image_of(&p->out);
	const size_t n = fan_in(c, &p->in) * c->filters;
	for (size_t b = 0; b < p->batch; b++)
		for (uint32_t i = 0; i < out.h; i++)
			for (uint32_t j = 0; j < out.w; j++) {
				float *y = p->y + ((b * out.h + i) * out.w + j) * out.c;
				memcpy(y, p->params + n, out.c * sizeof *y);
				for (uint32_t ky = 0; ky < c->kernel; ky++)
					for (uint32_t kx = 0; kx < c->kernel; kx++) {
						if (i + ky < c->pad || i + ky - c->pad >= in.h || j + kx < c->pad ||
						    j + kx - c->pad >= in.w)
							continue;
						const float *x =
							p->x + ((b * in.h + i + ky - c->pad) * in.w + j + kx - c->pad) * in.c;
						const float *k = p->params + (size_t)(ky * c->kernel + kx) * in.c * out.c;
						for (uint32_t q = 0; q < in.c; q++)
							for (uint32_t f = 0; f < out.c; f++)
								y[f] += x[q] * k[q * out.c + f];
					}
			}
}

static void conv_backward(const struct fed_pass *p)
{
	const struct fed_conv_config *c = p->config;
	const struct fed_image in = fed_image_of(&p->in), out = fed_image_of(&p->out);
	const size_t n = fan_in(c, &p->in) * c->filters;
	float *g = p->scratch;
	if (p->dx)
		memset(p->dx, 0, p->batch * fed_shape_size(&p->in) * sizeof *p->dx);
	for (size_t b = 0; b < p->batch; b++)
		for (uint32_t i = 0; i < out.h; i++)
			for (uint32_t j = 0; j < out.w; j++) {
				const float *dy = p->dy + ((b * out.h + i) * out.w + j) * out.c;
				for (uint32_t f = 0; f < out.c; f++)
					g[n + f] += dy[f];
				for (uint32_t ky = 0; ky < c->kernel; ky++)
					for (uint32_t kx = 0; kx < c->kernel; kx++) {
						if (i + ky < c->pad || i + ky - c->pad >= in.h || j + kx < c->pad ||
						    j + kx - c->pad >= in.w)
							continue;
						const size_t at =
							((b * in.h + i + ky - c->pad) * in.w + j + kx - c->pad) * in.c;
						const size_t ko = (size_t)(ky * c->kernel + kx) * in.c * out.c;
						for (uint32_t q = 0; q < in.c; q++) {
							float s = 0;
							for (uint32_t f = 0; f < out.c; f++) {
								s += dy[f] * p->params[ko + q * out.c + f];
								g[ko + q * out.c + f] += dy[f] * p->x[at + q];
							}
							if (p->dx)
								p->dx[at + q] += s;
						}
					}
			}
}

static void begin_backward(const struct fed_pass *p)
{
	memset(p->scratch, 0, conv_params(p->config, &p->in) * sizeof *p->scratch);
}

static void end_backward(const struct fed_pass *p)
{
	for (size_t j = 0; j < conv_params(p->config, &p->in); j++)
		p->grads[j] += p->scratch[j];
}

static void conv_backward_batch(const struct fed_pass *p)
{
	begin_backward(p);
	conv_backward(p);
	end_backward(p);
}

static size_t conv_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)batch;
	return conv_params(config, in);
}

const struct fed_layer fed_layer_conv = {
	.size = sizeof(struct fed_layer),
	.name = "conv",
	.shape = conv_shape,
	.param_count = conv_params,
	.init = conv_init,
	.forward = conv_forward,
	.backward = conv_backward_batch,
	.flops = conv_flops,
	.scratch_floats = conv_scratch,
	.tensor = conv_tensor,
	.describe = conv_describe,
};

const struct fed_stage fed_stage_conv = {
	.ops = &fed_layer_conv,
	.forward = conv_forward,
	.begin_backward = begin_backward,
	.backward = conv_backward,
	.end_backward = end_backward,
};

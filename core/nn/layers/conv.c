/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv.c - convolution over (H, W, C): K is (kernel, kernel, C, filters), then the
 * biases (filters).
 *
 * Two layers by the stride, which have all but their passes in common: nn/layers/conv_pass.c for 1,
 * nn/layers/strided.c for more.
 */
#include "nn/layers/conv_pass.h"
#include "nn/layers/image.h"
#include "nn/layers/init.h"
#include "nn/layers/strided.h"
#include "nn/layers/whole.h"

static uint32_t stride_of(const struct fed_conv_config *c)
{
	return c->stride ? c->stride : 1;
}

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
	                          .dim = {(image.h + 2 * c->pad - c->kernel) / stride_of(c) + 1,
	                                  (image.w + 2 * c->pad - c->kernel) / stride_of(c) + 1,
	                                  c->filters}};
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

/* The layout in files is (filters, C, kernel, kernel). */
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
	if (stride_of(c) > 1)
		snprintf(text, size, "%ux%u/%u, %u filters, pad %u", c->kernel, c->kernel, c->stride,
		         c->filters, c->pad);
	else
		snprintf(text, size, "%ux%u, %u filters, pad %u", c->kernel, c->kernel, c->filters, c->pad);
}

static size_t conv_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)batch;
	return fed__whole_floats(&fed__stage_conv, config, in);
}

static void conv_forward(const struct fed_pass *p)
{
	fed__whole_forward(&fed__stage_conv, p);
}

static void conv_backward(const struct fed_pass *p)
{
	fed__whole_backward(&fed__stage_conv, p);
}

static size_t strided_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)batch;
	return fed__whole_floats(&fed__stage_strided, config, in);
}

static void strided_forward(const struct fed_pass *p)
{
	fed__whole_forward(&fed__stage_strided, p);
}

static void strided_backward(const struct fed_pass *p)
{
	fed__whole_backward(&fed__stage_strided, p);
}

const struct fed_layer fed_layer_conv = {
	.size = sizeof(struct fed_layer),
	.name = "conv",
	.shape = conv_shape,
	.param_count = conv_params,
	.init = conv_init,
	.forward = conv_forward,
	.backward = conv_backward,
	.flops = conv_flops,
	.scratch_floats = conv_scratch,
	.tensor = conv_tensor,
	.describe = conv_describe,
};

const struct fed_layer fed__layer_strided = {
	.size = sizeof(struct fed_layer),
	.name = "conv",
	.shape = conv_shape,
	.param_count = conv_params,
	.init = conv_init,
	.forward = strided_forward,
	.backward = strided_backward,
	.flops = conv_flops,
	.scratch_floats = strided_scratch,
	.tensor = conv_tensor,
	.describe = conv_describe,
};

const struct fed_stage fed__stage_strided = {
	.ops = &fed__layer_strided,
	.capacity = fed__strided_scratch,
	.forward = fed__strided_forward,
	.begin_backward = fed__strided_begin_backward,
	.backward = fed__strided_backward,
	.end_backward = fed__strided_end_backward,
	.clear_sum = fed__strided_clear_sum,
	.add_sum = fed__strided_add_sum,
};

const struct fed_stage fed__stage_conv = {
	.ops = &fed_layer_conv,
	.capacity = fed__conv_scratch,
	.begin_forward = fed__conv_begin_forward,
	.forward = fed__conv_forward,
	.begin_backward = fed__conv_begin_backward,
	.backward = fed__conv_backward,
	.end_backward = fed__conv_end_backward,
	.clear_sum = fed__conv_clear_sum,
	.add_sum = fed__conv_add_sum,
};

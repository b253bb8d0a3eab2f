/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/elementwise.c - relu, tanh, gelu, dropout, flatten and add: layers without parameters
 * that keep every element.
 */
#include <string.h>

#include "nn/kernels/kernels.h"
#include "nn/layers/stage.h"

static size_t elements(const struct fed_pass *p)
{
	return p->batch * fed_shape_size(&p->in);
}

static int same_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	(void)config, (void)err;
	*out = *in;
	return FED_OK;
}

static double flop_each(const void *config, const struct fed_shape *in)
{
	(void)config;
	return (double)fed_shape_size(in);
}

static void relu_forward(const struct fed_pass *p)
{
	fed_kernels()->relu(p->x, p->y, elements(p));
}

static void relu_backward(const struct fed_pass *p)
{
	if (p->dx)
		fed_kernels()->relu_back(p->y, p->dy, p->dx, elements(p));
}

static void tanh_forward(const struct fed_pass *p)
{
	fed_kernels()->tanh(p->x, p->y, elements(p));
}

static void tanh_backward(const struct fed_pass *p)
{
	if (p->dx)
		fed_kernels()->tanh_back(p->y, p->dy, p->dx, elements(p));
}

/* x times the normal distribution function (Hendrycks, Gimpel 2016), in their form with tanh. */
static void gelu_forward(const struct fed_pass *p)
{
	fed_kernels()->gelu(p->x, p->y, elements(p));
}

static void gelu_backward(const struct fed_pass *p)
{
	if (p->dx)
		fed_kernels()->gelu_back(p->x, p->dy, p->dx, elements(p));
}

static double gelu_flops(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 8.0 * (double)fed_shape_size(in);
}

/* Dropout (Srivastava et al. 2014), scaled in training.  An element is 0 where its 16-bit random
 * number, by its place in the batch, is below rate 2^16; backward draws the same ones. */
static void drop(const struct fed_pass *p, const float *x, float *y)
{
	const double rate = ((const struct fed_dropout_config *)p->config)->rate;
	const size_t size = fed_shape_size(&p->in), room = (size + 3) / 4 * 4;
	const uint32_t limit = (uint32_t)(rate * 65536 + 0.5);

	if (!p->training || limit == 0) {
		if (y != x)
			memcpy(y, x, p->batch * size * sizeof *y);
		return;
	}
	for (size_t b = 0; b < p->batch; b++)
		fed_kernels()->dropout(x + b * size, y + b * size, size, p->key, (p->first + b) * room,
		                       limit, (float)(65536.0 / (65536.0 - limit)));
}

static void dropout_forward(const struct fed_pass *p)
{
	drop(p, p->x, p->y);
}

static void dropout_backward(const struct fed_pass *p)
{
	if (p->dx)
		drop(p, p->dy, p->dx);
}

static void dropout_describe(const void *config, const struct fed_shape *in, char *text,
                             size_t size)
{
	(void)in;
	snprintf(text, size, "rate %g", ((const struct fed_dropout_config *)config)->rate);
}

static int flat_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	(void)config, (void)err;
	*out = (struct fed_shape){.rank = 1, .dim = {(uint32_t)fed_shape_size(in)}};
	return FED_OK;
}

static double no_flops(const void *config, const struct fed_shape *in)
{
	(void)config, (void)in;
	return 0;
}

static void flatten_forward(const struct fed_pass *p)
{
	if (p->y != p->x)
		memcpy(p->y, p->x, elements(p) * sizeof *p->y);
}

static void flatten_backward(const struct fed_pass *p)
{
	if (p->dx && p->dx != p->dy)
		memcpy(p->dx, p->dy, elements(p) * sizeof *p->dx);
}

/* The executor adds the other input. */
static void add_forward(const struct fed_pass *p)
{
	flatten_forward(p);
}

static void add_backward(const struct fed_pass *p)
{
	flatten_backward(p);
}

const struct fed_layer fed__layer_relu = {
	.size = sizeof(struct fed_layer),
	.name = "relu",
	.shape = same_shape,
	.forward = relu_forward,
	.backward = relu_backward,
	.flops = flop_each,
};

const struct fed_layer fed__layer_tanh = {
	.size = sizeof(struct fed_layer),
	.name = "tanh",
	.shape = same_shape,
	.forward = tanh_forward,
	.backward = tanh_backward,
	.flops = flop_each,
};

const struct fed_layer fed_layer_flatten = {
	.size = sizeof(struct fed_layer),
	.name = "flatten",
	.shape = flat_shape,
	.forward = flatten_forward,
	.backward = flatten_backward,
	.flops = no_flops,
};

const struct fed_stage fed__stage_relu = {
	.ops = &fed__layer_relu,
	.in_place = true,
	.keeps_y = true,
};

const struct fed_stage fed__stage_tanh = {
	.ops = &fed__layer_tanh,
	.in_place = true,
	.keeps_y = true,
};

const struct fed_stage fed__stage_flatten = {
	.ops = &fed_layer_flatten,
	.in_place = true,
};

const struct fed_layer fed__layer_gelu = {
	.size = sizeof(struct fed_layer),
	.name = "gelu",
	.shape = same_shape,
	.forward = gelu_forward,
	.backward = gelu_backward,
	.flops = gelu_flops,
};

const struct fed_layer fed__layer_dropout = {
	.size = sizeof(struct fed_layer),
	.name = "dropout",
	.shape = same_shape,
	.forward = dropout_forward,
	.backward = dropout_backward,
	.flops = flop_each,
	.describe = dropout_describe,
};

const struct fed_layer fed__layer_add = {
	.size = sizeof(struct fed_layer),
	.name = "add",
	.shape = same_shape,
	.forward = add_forward,
	.backward = add_backward,
	.flops = flop_each,
};

const struct fed_stage fed__stage_gelu = {
	.ops = &fed__layer_gelu,
};

const struct fed_stage fed__stage_dropout = {
	.ops = &fed__layer_dropout,
	.in_place = true,
};

const struct fed_stage fed__stage_add = {
	.ops = &fed__layer_add,
	.in_place = true,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/elementwise.c - relu, tanh and flatten: layers without parameters that keep every
 * element.
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

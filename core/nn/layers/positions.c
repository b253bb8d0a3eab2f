/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/positions.c - learned positions (Gehring et al. 2017): y = x + P over (T, width);
 * choice of the last tokens.
 */
#include <string.h>

#include "base/random.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"

static int positions_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                           struct fed_error *err)
{
	(void)config;
	if (in->rank != 2)
		return fed_fail(err, "positions need a sequence (T, width), get examples of rank %u",
		                in->rank);
	*out = *in;
	return FED_OK;
}

static size_t positions_params(const void *config, const struct fed_shape *in)
{
	(void)config;
	return fed_shape_size(in);
}

/* N(0, 1), as tokens are embedded. */
static void positions_init(const void *config, const struct fed_shape *in, float *params,
                           uint64_t key)
{
	struct fed_stream r = {.key = key};

	(void)config;
	for (size_t j = 0; j < fed_shape_size(in); j++)
		params[j] = (float)fed_stream_normal(&r);
}

static void positions_forward(const struct fed_pass *p)
{
	const size_t size = fed_shape_size(&p->in);

	for (size_t b = 0; b < p->batch; b++)
		fed_kernels()->add(p->x + b * size, p->params, p->y + b * size, size);
}

static void positions_backward(const struct fed_pass *p)
{
	const size_t size = fed_shape_size(&p->in);

	if (p->dx && p->dx != p->dy)
		memcpy(p->dx, p->dy, p->batch * size * sizeof *p->dx);
	fed_kernels()->add_rows(p->dy, p->batch, size, p->grads);
}

static double positions_flops(const void *config, const struct fed_shape *in)
{
	(void)config;
	return (double)fed_shape_size(in);
}

static bool positions_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                             struct fed_tensor *t)
{
	(void)config;
	*t = (struct fed_tensor){.name = "weight",
	                         .rank = 2,
	                         .dim = {in->dim[0], in->dim[1]},
	                         .stride = {in->dim[1], 1},
	                         .file_rank = 2,
	                         .file_shape = {in->dim[0], in->dim[1]}};
	return k == 0;
}

const struct fed_layer fed__layer_positions = {
	.size = sizeof(struct fed_layer),
	.name = "positions",
	.shape = positions_shape,
	.param_count = positions_params,
	.init = positions_init,
	.forward = positions_forward,
	.backward = positions_backward,
	.flops = positions_flops,
	.tensor = positions_tensor,
};

/* The last tokens of (T) or (T, width); a single one of (T, width) is a row (width). */
static int last_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	const uint32_t tokens = ((const struct fed_last_config *)config)->tokens;

	if (in->rank > 2 || tokens < 1 || tokens > in->dim[0])
		return fed_fail(err, "last tokens=%u of a sequence of %u", tokens, in->dim[0]);
	*out = *in;
	out->dim[0] = tokens;
	if (in->rank == 2 && tokens == 1)
		*out = (struct fed_shape){.rank = 1, .dim = {in->dim[1]}};
	return FED_OK;
}

static double last_flops(const void *config, const struct fed_shape *in)
{
	(void)config, (void)in;
	return 0;
}

static void last_forward(const struct fed_pass *p)
{
	const size_t in = fed_shape_size(&p->in), out = fed_shape_size(&p->out);

	for (size_t b = 0; b < p->batch; b++)
		memcpy(p->y + b * out, p->x + (b + 1) * in - out, out * sizeof *p->y);
}

static void last_backward(const struct fed_pass *p)
{
	const size_t in = fed_shape_size(&p->in), out = fed_shape_size(&p->out);

	for (size_t b = 0; p->dx && b < p->batch; b++) {
		memset(p->dx + b * in, 0, (in - out) * sizeof *p->dx);
		memcpy(p->dx + (b + 1) * in - out, p->dy + b * out, out * sizeof *p->dx);
	}
}

static void last_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	snprintf(text, size, "%u of %u", ((const struct fed_last_config *)config)->tokens, in->dim[0]);
}

const struct fed_layer fed__layer_last = {
	.size = sizeof(struct fed_layer),
	.name = "last",
	.shape = last_shape,
	.forward = last_forward,
	.backward = last_backward,
	.flops = last_flops,
	.describe = last_describe,
};

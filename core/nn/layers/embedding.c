/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/embedding.c - embedding layer y[t] = E[x[t]]: x is (T), tokens as numbers; E is
 * (vocabulary, width).
 *
 * Tokens are categories: the gradient by the input is zero.
 */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"

static const struct fed_embedding_config *config_of(const struct fed_pass *p)
{
	return p->config;
}

static int embedding_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                           struct fed_error *err)
{
	const struct fed_embedding_config *c = config;

	if (c->vocabulary < 1 || c->width < 1)
		return fed_fail(err, "embedding %u %u has no table, both numbers are at least 1",
		                c->vocabulary, c->width);
	if (in->rank != 1)
		return fed_fail(err, "embedding needs a row of tokens, gets examples of rank %u", in->rank);
	*out = (struct fed_shape){.rank = 2, .dim = {in->dim[0], c->width}};
	return FED_OK;
}

static size_t embedding_params(const void *config, const struct fed_shape *in)
{
	const struct fed_embedding_config *c = config;

	(void)in;
	return (size_t)c->vocabulary * c->width;
}

/* N(0, 1), PyTorch's default. */
static void embedding_init(const void *config, const struct fed_shape *in, float *params,
                           uint64_t key)
{
	struct fed_stream r = {.key = key};

	for (size_t j = 0; j < embedding_params(config, in); j++)
		params[j] = (float)fed_stream_normal(&r);
}

static void embedding_forward(const struct fed_pass *p)
{
	const struct fed_embedding_config *c = config_of(p);

	for (size_t i = 0; i < (size_t)p->batch * p->in.dim[0]; i++)
		memcpy(p->y + i * c->width,
		       p->params + fed_nearest_token(p->x[i], c->vocabulary) * c->width,
		       c->width * sizeof *p->y);
}

static void embedding_backward(const struct fed_pass *p)
{
	const struct fed_embedding_config *c = config_of(p);
	const size_t n = (size_t)p->batch * p->in.dim[0];

	if (p->dx)
		memset(p->dx, 0, n * sizeof *p->dx);
	for (size_t i = 0; i < n; i++)
		fed_kernels()->add_rows(p->dy + i * c->width, 1, c->width,
		                        p->grads + fed_nearest_token(p->x[i], c->vocabulary) * c->width);
}

/* A table look-up is no arithmetic. */
static double embedding_flops(const void *config, const struct fed_shape *in)
{
	(void)config, (void)in;
	return 0;
}

static bool embedding_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                             struct fed_tensor *t)
{
	const struct fed_embedding_config *c = config;

	(void)in;
	*t = (struct fed_tensor){.name = "weight",
	                         .rank = 2,
	                         .dim = {c->vocabulary, c->width},
	                         .stride = {c->width, 1},
	                         .file_rank = 2,
	                         .file_shape = {c->vocabulary, c->width}};
	return k == 0;
}

static void embedding_describe(const void *config, const struct fed_shape *in, char *text,
                               size_t size)
{
	const struct fed_embedding_config *c = config;

	(void)in;
	snprintf(text, size, "%u tokens to %u", c->vocabulary, c->width);
}

const struct fed_layer fed__layer_embedding = {
	.size = sizeof(struct fed_layer),
	.name = "embedding",
	.shape = embedding_shape,
	.param_count = embedding_params,
	.init = embedding_init,
	.forward = embedding_forward,
	.backward = embedding_backward,
	.flops = embedding_flops,
	.tensor = embedding_tensor,
	.describe = embedding_describe,
};

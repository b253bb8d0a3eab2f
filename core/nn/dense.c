/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/dense.c - y = x W + b.  W is (in, units), then b (units); an input of any rank is one row.
 */
#include <math.h>
#include <string.h>

#include "base/blas.h"
#include "nn/image.h"
#include "nn/init.h"
#include "nn/kernels.h"
#include "nn/layers.h"

static uint32_t units_of(const void *config)
{
	return ((const struct fed_dense_config *)config)->units;
}

static int dense_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                       struct fed_error *err)
{
	(void)in;
	if (units_of(config) < 1)
		return fed_fail(err, "dense 0 has no output, the units are at least 1");
	*out = (struct fed_shape){.rank = 1, .dim = {units_of(config)}};
	return FED_OK;
}

static size_t dense_params(const void *config, const struct fed_shape *in)
{
	return (fed_shape_size(in) + 1) * units_of(config);
}

static void dense_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	fed_init_uniform(params, dense_params(config, in), fed_shape_size(in), key);
}

/* Where the kernels of nn/kernels_dense.h win over a product that packs W first (measured): small
 * batches, rows of W that are more than one vector, and vectors that a compiler's plain C has not.
 */
#define SMALL_BATCH 64u
#define NARROW 16u

static bool is_wide(const struct fed_pass *p)
{
	return units_of(p->config) > NARROW && fed_kernels()->isa != FED_ISA_PLAIN;
}

static bool is_small(const struct fed_pass *p)
{
	return p->batch <= SMALL_BATCH && is_wide(p);
}

/* The share of the inputs that are not 0 in one of `together` examples: a part of them, of the
 * first examples, tells. */
static double share_of_inputs(const struct fed_pass *p, uint32_t together)
{
	const size_t in = fed_shape_size(&p->in);
	size_t seen = 0, others = 0;

	for (uint32_t b = 0; b + together <= p->batch && b < 15; b += together) {
		for (size_t k = 0; k < in; k += 4 * 64) {
			const uint32_t n = in - k < 64 ? (uint32_t)(in - k) : 64;
			uint64_t set = 0;

			for (uint32_t i = 0; i < together; i++)
				set |= fed_kernels()->nonzero(p->x + (b + i) * in + k, n);
			others += (size_t)__builtin_popcountll(set);
			seen += n;
		}
	}
	return seen ? (double)others / (double)seen : 1;
}

/* Whether so much of x is 0, as in pictures on black, that skipping it wins over the rest
 * (measured): forward, where five examples meet at each row of W, and backward. */
static bool is_sparse_forward(const struct fed_pass *p)
{
	return is_wide(p) && share_of_inputs(p, 5) < 0.9;
}

static bool is_sparse_backward(const struct fed_pass *p)
{
	return is_wide(p) && share_of_inputs(p, 1) < 0.625;
}

static struct fed_dense_sizes sizes_of(const struct fed_pass *p)
{
	return (struct fed_dense_sizes){p->batch, (uint32_t)fed_shape_size(&p->in),
	                                units_of(p->config)};
}

static void dense_forward(const struct fed_pass *p)
{
	const struct fed_dense_sizes s = sizes_of(p);
	const float *bias = p->params + (size_t)s.in * s.units;
	const int batch = (int)s.batch, in = (int)s.in, units = (int)s.units;

	if (is_sparse_forward(p)) {
		fed_kernels()->dense_forward_sparse(&s, p->x, p->params, bias, p->y);
		return;
	}
	if (is_small(p)) {
		fed_kernels()->dense_forward(&s, p->x, p->params, bias, p->y);
		return;
	}
	for (size_t b = 0; b < s.batch; b++)
		memcpy(p->y + b * s.units, bias, s.units * sizeof *bias);
	fed_gemm_nn(batch, units, in, p->x, in, p->params, units, p->y, units);
}

static void dense_backward(const struct fed_pass *p)
{
	const struct fed_dense_sizes s = sizes_of(p);
	const int batch = (int)s.batch, in = (int)s.in, units = (int)s.units;
	const struct fed_kernels *k = fed_kernels();
	float *dx = p->dx;

	if (dx && !is_small(p)) {
		fed_gemm_nt(batch, in, units, p->dy, units, p->params, units, dx, in, p->scratch);
		dx = NULL;
	}
	if (is_small(p) || is_sparse_backward(p))
		k->dense_backward(&s, p->x, p->dy, p->params, dx, p->grads);
	else
		fed_gemm_tn(in, units, batch, p->x, in, p->dy, units, p->grads, units);
	k->add_rows(p->dy, s.batch, s.units, p->grads + (size_t)s.in * s.units);
}

static double dense_flops(const void *config, const struct fed_shape *in)
{
	return 2.0 * (double)fed_shape_size(in) * units_of(config);
}

static size_t dense_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	(void)batch;
	return fed_gemm_nt_scratch((int)fed_shape_size(in), (int)units_of(config));
}

/* Files have (out, in); what was an image is flattened there as (C, H, W), here as (H, W, C). */
static bool dense_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                         struct fed_tensor *t)
{
	const struct fed_dense_config *c = config;
	const uint32_t units = c->units, rows = (uint32_t)fed_shape_size(in);
	const size_t column = units; /* from one input to the next */

	if (k == 1) {
		*t = (struct fed_tensor){.name = "bias",
		                         .offset = (size_t)rows * units,
		                         .rank = 1,
		                         .dim = {units},
		                         .stride = {1},
		                         .file_rank = 1,
		                         .file_shape = {units}};
		return true;
	}
	if (k > 1)
		return false;
	*t = (struct fed_tensor){.name = "weight",
	                         .rank = 2,
	                         .dim = {units, rows},
	                         .stride = {1, column},
	                         .file_rank = 2,
	                         .file_shape = {units, rows}};
	if (c->image.rank == 3) {
		const uint32_t h = c->image.dim[0], w = c->image.dim[1], depth = c->image.dim[2];
		const uint32_t dim[4] = {units, depth, h, w};
		const size_t stride[4] = {1, column, (size_t)w * depth * column, depth * column};

		t->rank = 4;
		memcpy(t->dim, dim, sizeof dim);
		memcpy(t->stride, stride, sizeof stride);
	}
	return true;
}

static void dense_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	snprintf(text, size, "%zu to %u", fed_shape_size(in), units_of(config));
}

const struct fed_layer fed_layer_dense = {
	.size = sizeof(struct fed_layer),
	.name = "dense",
	.shape = dense_shape,
	.param_count = dense_params,
	.init = dense_init,
	.forward = dense_forward,
	.backward = dense_backward,
	.flops = dense_flops,
	.scratch_floats = dense_scratch,
	.tensor = dense_tensor,
	.describe = dense_describe,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/block_dense.c - a dense layer for each part of a row's columns, their outputs side by
 * side: the first layers of parties that own different columns of the same examples.
 *
 * Parameters, part after part: W (columns, units of the part), b (units of the part).
 */
#include <string.h>

#include "base/blas.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/init.h"
#include "nn/layers/layers.h"

/* Part k: its columns, its units among the outputs, and where its parameters begin. */
struct dense_block {
	uint32_t from, columns, units, at;
	size_t params;
};

static struct dense_block block_of(const struct fed_block_dense_config *c, uint32_t k)
{
	const uint32_t units = c->units / c->parts.n;
	struct dense_block b = {.units = units, .at = k * units};

	for (uint32_t i = 0; i < k; i++)
		b.params += (size_t)(fed_range_size(&c->parts.range[i]) + 1) * units;
	b.from = c->parts.range[k].first;
	b.columns = fed_range_size(&c->parts.range[k]);
	return b;
}

static int block_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                       struct fed_error *err)
{
	const struct fed_block_dense_config *c = config;
	const size_t columns = fed_shape_size(in);

	if (c->parts.n < 1 || c->units < 1 || c->units % c->parts.n)
		return fed_fail(err, "block_dense units=%u cannot be divided by its %u parts", c->units,
		                c->parts.n);
	const uint32_t last = c->parts.range[c->parts.n - 1].last;
	if (last >= columns)
		return fed_fail(err,
		                "block_dense has a part up to column %u, its input has columns 0 to %zu",
		                last, columns - 1);
	*out = (struct fed_shape){.rank = 1, .dim = {c->units}};
	return FED_OK;
}

static size_t block_params(const void *config, const struct fed_shape *in)
{
	const struct fed_block_dense_config *c = config;

	(void)in;
	return block_of(c, c->parts.n).params;
}

static void block_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	const struct fed_block_dense_config *c = config;

	(void)in;
	for (uint32_t k = 0; k < c->parts.n; k++) {
		const struct dense_block b = block_of(c, k);

		fed_init_uniform(params + b.params, (size_t)(b.columns + 1) * b.units, b.columns,
		                 fed_random(key, k));
	}
}

static void block_forward(const struct fed_pass *p)
{
	const struct fed_block_dense_config *c = p->config;
	const size_t in = fed_shape_size(&p->in), units = c->units;

	for (uint32_t k = 0; k < c->parts.n; k++) {
		const struct dense_block b = block_of(c, k);
		const float *w = p->params + b.params, *bias = w + (size_t)b.columns * b.units;

		for (size_t i = 0; i < p->batch; i++)
			memcpy(p->y + i * units + b.at, bias, b.units * sizeof *bias);
		fed_gemm_nn((int)p->batch, (int)b.units, (int)b.columns, p->x + b.from, (int)in, w,
		            (int)b.units, p->y + b.at, (int)units);
	}
}

static void block_backward(const struct fed_pass *p)
{
	const struct fed_block_dense_config *c = p->config;
	const size_t in = fed_shape_size(&p->in), units = c->units;

	if (p->dx) /* columns of no part */
		memset(p->dx, 0, p->batch * in * sizeof *p->dx);
	for (uint32_t k = 0; k < c->parts.n; k++) {
		const struct dense_block b = block_of(c, k);
		float *g = p->grads + b.params, *bias = g + (size_t)b.columns * b.units;
		const float *dy = p->dy + b.at;

		if (p->dx)
			fed_gemm_nt((int)p->batch, (int)b.columns, (int)b.units, dy, (int)units,
			            p->params + b.params, (int)b.units, p->dx + b.from, (int)in, p->scratch);
		fed_gemm_tn((int)b.columns, (int)b.units, (int)p->batch, p->x + b.from, (int)in, dy,
		            (int)units, g, (int)b.units);
		for (size_t i = 0; i < p->batch; i++)
			fed_kernels()->add_rows(dy + i * units, 1, b.units, bias);
	}
}

static double block_flops(const void *config, const struct fed_shape *in)
{
	const struct fed_block_dense_config *c = config;
	double flops = 0;

	(void)in;
	for (uint32_t k = 0; k < c->parts.n; k++)
		flops += 2.0 * block_of(c, k).columns * block_of(c, k).units;
	return flops;
}

static size_t block_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct fed_block_dense_config *c = config;
	size_t most = 0;

	(void)in, (void)batch;
	for (uint32_t k = 0; k < c->parts.n; k++) {
		const size_t n = (size_t)block_of(c, k).columns * block_of(c, k).units;

		most = n > most ? n : most;
	}
	return most;
}

/* Weights (units, columns) and biases of part after part. */
static bool block_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                         struct fed_tensor *t)
{
	const struct fed_block_dense_config *c = config;

	(void)in;
	if (k / 2 >= c->parts.n)
		return false;
	const struct dense_block b = block_of(c, k / 2);
	*t = (struct fed_tensor){.offset = b.params + (k % 2 ? (size_t)b.columns * b.units : 0),
	                         .rank = k % 2 ? 1 : 2,
	                         .dim = {b.units, k % 2 ? 0 : b.columns},
	                         .stride = {1, k % 2 ? 0 : b.units},
	                         .file_rank = k % 2 ? 1 : 2,
	                         .file_shape = {b.units, k % 2 ? 0 : b.columns}};
	snprintf(t->name, sizeof t->name, "%s%u", k % 2 ? "bias" : "weight", k / 2 % FED_RANGES_MAX);
	return true;
}

static void block_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const struct fed_block_dense_config *c = config;
	char parts[FED_RANGES_TEXT];

	(void)in;
	fed_ranges_print(&c->parts, parts);
	snprintf(text, size, "columns %s to %u", parts, c->units);
}

const struct fed_layer fed__layer_block_dense = {
	.size = sizeof(struct fed_layer),
	.name = "block_dense",
	.shape = block_shape,
	.param_count = block_params,
	.init = block_init,
	.forward = block_forward,
	.backward = block_backward,
	.flops = block_flops,
	.scratch_floats = block_scratch,
	.tensor = block_tensor,
	.describe = block_describe,
};

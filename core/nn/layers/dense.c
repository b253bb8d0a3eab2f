/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/dense.c - dense layer y = x W + b: W is (in, units), then b (units); an input of any
 * rank is one row.
 */
#include <math.h>
#include <string.h>

#include "base/blas.h"
#include "nn/layers/image.h"
#include "nn/layers/init.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/dense_rows.h"
#include "nn/layers/stage.h"

static uint32_t units_of(const void *config)
{
	return ((const struct fed_dense_config *)config)->units;
}

/* Numbers of a row: the whole example, or its last dimension. */
static size_t inputs_of(const void *config, const struct fed_shape *in)
{
	return ((const struct fed_dense_config *)config)->each ? in->dim[in->rank - 1]
	                                                       : fed_shape_size(in);
}

/* Rows of the batch that pass W. */
static uint32_t rows_of(const struct fed_pass *p)
{
	return p->batch * (uint32_t)(fed_shape_size(&p->in) / inputs_of(p->config, &p->in));
}

static int dense_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                       struct fed_error *err)
{
	if (units_of(config) < 1)
		return fed_fail(err, "dense 0 has no output, the units are at least 1");
	*out = (struct fed_shape){.rank = 1, .dim = {units_of(config)}};
	if (((const struct fed_dense_config *)config)->each) {
		*out = *in;
		out->dim[in->rank - 1] = units_of(config);
	}
	return FED_OK;
}

static size_t dense_params(const void *config, const struct fed_shape *in)
{
	return (inputs_of(config, in) + 1) * units_of(config);
}

static void dense_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	fed_init_uniform(params, dense_params(config, in), inputs_of(config, in), key);
}

/* Whether the kernels of nn/kernels/kernels_dense.h are faster than a product that packs W first
 * (measured): small batches, rows of W longer than one vector, and an instruction set above plain
 * C. */
#define SMALL_BATCH 64u
#define NARROW 16u

static bool is_wide(const struct fed_pass *p)
{
	return units_of(p->config) > NARROW && fed_kernels()->isa != FED_ISA_PLAIN;
}

static bool is_small(const struct fed_pass *p)
{
	return rows_of(p) <= SMALL_BATCH && is_wide(p);
}

/* Whether the rows are many because each example has some: nn/layers/dense_rows.c. */
static bool is_many_rows(const struct fed_pass *p)
{
	return ((const struct fed_dense_config *)p->config)->each && rows_of(p) > SMALL_BATCH;
}

/* The share of inputs that are not 0 in any of `together` examples, estimated from a sample of the
 * first examples. */
static double share_of_inputs(const struct fed_pass *p, uint32_t together)
{
	const size_t in = inputs_of(p->config, &p->in), rows = rows_of(p);
	size_t seen = 0, others = 0;

	for (uint32_t b = 0; b + together <= rows && b < 15; b += together) {
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

/* Whether this processor multiplies the kernels' vectors in halves. */
static bool is_flat(void)
{
	return fed_kernels()->isa == FED_ISA_AVX512 && fed_cpu_halves_vectors();
}

/* Whether so much of x is 0, as in pictures on black, that skipping zeros is faster (measured):
 * forward, where two or five examples share each row of W, and backward. */
static bool is_sparse_forward(const struct fed_pass *p)
{
	return is_wide(p) && share_of_inputs(p, is_flat() ? 2 : 5) < 0.9;
}

static bool is_sparse_backward(const struct fed_pass *p)
{
	return is_wide(p) && share_of_inputs(p, 1) < 0.625;
}

static struct fed_dense_sizes sizes_of(const struct fed_pass *p)
{
	const uint32_t in = (uint32_t)inputs_of(p->config, &p->in), units = units_of(p->config);

	return (struct fed_dense_sizes){rows_of(p), in, units, in, units};
}

/* Parts ---------------------------------------------------------------------------- Forward a part
 * is some columns of W, backward some of its rows.  The kernels compute each value the same way in
 * any part; BLAS may not, so for it the parts depend on the shape alone. */

#define BLAS_PART 256u  /* columns or rows */
#define THREAD_PARTS 2u /* for each thread: a late one takes fewer */
#define LEAST_PART 64u  /* columns or rows: fewer would read W in short pieces */

static bool forward_is_blas(const struct fed_pass *p)
{
	return !is_small(p) && !is_sparse_forward(p);
}

static bool backward_is_blas(const struct fed_pass *p)
{
	return !is_small(p);
}

static uint32_t parts_of(uint32_t lines, bool blas, int threads)
{
	const uint32_t most = lines / (blas ? BLAS_PART : LEAST_PART);
	const uint32_t wanted = blas ? most : threads > 1 ? THREAD_PARTS * (uint32_t)threads : 1;

	return most < 1 ? 1 : wanted < most ? wanted : most;
}

static uint32_t forward_parts(const struct fed_pass *p, int threads)
{
	if (is_many_rows(p) && !is_sparse_forward(p))
		return fed__dense_rows_forward_parts(rows_of(p));
	return parts_of(units_of(p->config), forward_is_blas(p), threads);
}

static uint32_t backward_parts(const struct fed_pass *p, int threads)
{
	if (is_many_rows(p) && !is_sparse_backward(p))
		return fed__dense_rows_backward_parts((uint32_t)inputs_of(p->config, &p->in));
	return parts_of((uint32_t)inputs_of(p->config, &p->in), backward_is_blas(p), threads);
}

/* The first line of a part, a multiple of the cache line for any vector width. */
static uint32_t begin_of(uint32_t lines, uint32_t part, uint32_t parts)
{
	return part == parts ? lines : (uint32_t)((uint64_t)lines * part / parts) / 16 * 16;
}

static void forward_part(const struct fed_pass *p, uint32_t part, uint32_t parts)
{
	const struct fed_kernels *k = fed_kernels();
	struct fed_dense_sizes s = sizes_of(p);
	const uint32_t units = s.units, first = begin_of(units, part, parts);
	const float *w = p->params + first, *bias = p->params + (size_t)s.in * units + first;
	float *y = p->y + first;

	if (is_many_rows(p) && !is_sparse_forward(p)) {
		fed__dense_rows_forward(p, &s, part);
		return;
	}
	s.units = begin_of(units, part + 1, parts) - first;
	if (is_sparse_forward(p)) {
		k->dense_forward_sparse(&s, is_flat(), p->x, w, bias, y);
	} else if (is_small(p)) {
		k->dense_forward(&s, p->x, w, bias, y);
	} else {
		for (size_t b = 0; b < s.batch; b++)
			memcpy(y + b * units, bias, s.units * sizeof *bias);
		fed_gemm_nn((int)s.batch, (int)s.units, (int)s.in, p->x, (int)s.in, w, (int)units, y,
		            (int)units);
	}
}

static void backward_part(const struct fed_pass *p, uint32_t part, uint32_t parts)
{
	const struct fed_kernels *k = fed_kernels();
	struct fed_dense_sizes s = sizes_of(p);
	const uint32_t in = s.in, first = begin_of(in, part, parts);
	const size_t from = (size_t)first * s.units;
	const int batch = (int)s.batch, units = (int)s.units;
	const float *x = p->x + first;
	float *dx = p->dx ? p->dx + first : NULL;

	if (is_many_rows(p) && !is_sparse_backward(p)) {
		fed__dense_rows_backward(p, &s, part);
		return;
	}
	s.in = begin_of(in, part + 1, parts) - first;
	if (dx && !is_small(p)) {
		fed_gemm_nt(batch, (int)s.in, units, p->dy, units, p->params + from, units, dx, (int)in,
		            p->scratch + from);
		dx = NULL;
	}
	if (is_small(p) || is_sparse_backward(p))
		k->dense_backward(&s, x, p->dy, p->params + from, dx, p->grads + from);
	else
		fed_gemm_tn((int)s.in, units, batch, x, (int)in, p->dy, units, p->grads + from, units);
	if (part == 0)
		k->add_rows(p->dy, s.batch, s.units, p->grads + (size_t)in * s.units);
}

static void dense_forward(const struct fed_pass *p)
{
	const uint32_t parts = forward_parts(p, 1);

	for (uint32_t i = 0; i < parts; i++)
		forward_part(p, i, parts);
}

static void dense_backward(const struct fed_pass *p)
{
	const uint32_t parts = backward_parts(p, 1);

	for (uint32_t i = 0; i < parts; i++)
		backward_part(p, i, parts);
}

static double dense_flops(const void *config, const struct fed_shape *in)
{
	return 2.0 * (double)fed_shape_size(in) * units_of(config); /* also for each row alone */
}

static size_t dense_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const size_t inputs = inputs_of(config, in), rows = fed_shape_size(in) / inputs;
	const size_t whole = fed_gemm_nt_scratch((int)inputs, (int)units_of(config));

	if (((const struct fed_dense_config *)config)->each && batch * rows > SMALL_BATCH)
		return whole + fed__dense_rows_scratch((uint32_t)inputs, units_of(config));
	return whole;
}

/* The layout in files is (out, in), with images flattened as (C, H, W); here as (H, W, C). */
static bool dense_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                         struct fed_tensor *t)
{
	const struct fed_dense_config *c = config;
	const uint32_t units = c->units, rows = (uint32_t)inputs_of(config, in);
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
	if (c->image.rank == 3 && !c->each) {
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
	const size_t inputs = inputs_of(config, in), rows = fed_shape_size(in) / inputs;

	if (((const struct fed_dense_config *)config)->each)
		snprintf(text, size, "%zu times %zu to %u", rows, inputs, units_of(config));
	else
		snprintf(text, size, "%zu to %u", inputs, units_of(config));
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

const struct fed_divided fed__divided_dense = {
	.ops = &fed_layer_dense,
	.forward_parts = forward_parts,
	.forward = forward_part,
	.backward_parts = backward_parts,
	.backward = backward_part,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/lora_dense.c - a dense layer that does not change, with a trained adapter.
 *
 *     y = x W + b + (alpha / rank) (x A') B
 *
 * W (in, units) and b (units) are the frozen base, those of fed_layer_dense.  Parameters: A (rank,
 * in), uniform in +-1/sqrt(in), then B (rank, units), zero at the start: the layer begins as its
 * base.  Rank 0 has no parameters: the base alone.
 */
#include <string.h>

#include "base/blas.h"
#include "base/random.h"
#include "nn/layers/init.h"
#include "nn/layers/lora.h"

struct lora_sizes {
	size_t rows, in, units, rank;
};

static struct lora_sizes sizes_of(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct fed_lora_config *c = config;
	const size_t all = fed_shape_size(in), one = c->dense.each ? in->dim[in->rank - 1] : all;

	return (struct lora_sizes){batch * (all / one), one, c->dense.units, c->lora.rank};
}

static int lora_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	const struct fed_lora_config *c = config;

	if (fed_layer_dense.shape(&c->dense, in, out, err))
		return FED_FAIL;
	const struct lora_sizes s = sizes_of(config, in, 1);
	return fed__lora_check(&c->lora, "a dense layer", s.in, s.units, err);
}

static size_t lora_params(const void *config, const struct fed_shape *in)
{
	const struct lora_sizes s = sizes_of(config, in, 1);

	return s.rank * (s.in + s.units);
}

/* Another stream than the base's weights have. */
static void lora_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	const struct lora_sizes s = sizes_of(config, in, 1);

	fed_init_uniform(params, s.rank * s.in, s.in, fed_random(key, 0));
}

/* The adapter's middle of an example, scaled: (alpha / rank) x A'. */
static size_t lora_cache(const void *config, const struct fed_shape *in)
{
	const struct lora_sizes s = sizes_of(config, in, 1);

	return s.rows * s.rank;
}

/* Of the largest product with a transposed matrix. */
static size_t product_scratch(const struct lora_sizes *s)
{
	const size_t widest = s->in > s->units ? s->in : s->units;
	const size_t base = fed_gemm_nt_scratch((int)s->in, (int)s->units),
				 own = fed_gemm_nt_scratch((int)s->rank, (int)widest);

	return base > own ? base : own;
}

static size_t lora_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct lora_sizes s = sizes_of(config, in, batch);

	return product_scratch(&s) + s.rows * s.rank;
}

static float scale_of(const struct fed_pass *p)
{
	const struct fed_lora_config *c = p->config;

	return fed__lora_scale(&c->lora);
}

static void lora_forward(const struct fed_pass *p)
{
	const struct lora_sizes s = sizes_of(p->config, &p->in, p->batch);
	const int rows = (int)s.rows, in = (int)s.in, units = (int)s.units, rank = (int)s.rank;
	struct fed_pass base = *p;

	base.params = p->frozen;
	fed_layer_dense.forward(&base);
	if (rank == 0)
		return;
	fed_gemm_nt(rows, rank, in, p->x, in, p->params, in, p->cache, rank, p->scratch);
	fed__lora_scale_by(p->cache, s.rows * s.rank, scale_of(p));
	fed_gemm_nn(rows, units, rank, p->cache, rank, p->params + s.rank * s.in, units, p->y, units);
}

static void lora_backward(const struct fed_pass *p)
{
	const struct lora_sizes s = sizes_of(p->config, &p->in, p->batch);
	const int rows = (int)s.rows, in = (int)s.in, units = (int)s.units, rank = (int)s.rank;
	const float *a = p->params, *b = a + s.rank * s.in;
	float *middle = p->scratch + product_scratch(&s); /* gradient by x A' */

	if (p->dx)
		fed_gemm_nt(rows, in, units, p->dy, units, p->frozen, units, p->dx, in, p->scratch);
	if (rank == 0)
		return;
	fed_gemm_nt(rows, rank, units, p->dy, units, b, units, middle, rank, p->scratch);
	fed__lora_scale_by(middle, s.rows * s.rank, scale_of(p));
	if (p->dx)
		fed_gemm_nn(rows, in, rank, middle, rank, a, in, p->dx, in);
	fed_gemm_tn(rank, in, rows, middle, rank, p->x, in, p->grads, in);
	fed_gemm_tn(rank, units, rows, p->cache, rank, p->dy, units, p->grads + s.rank * s.in, units);
}

static double lora_flops(const void *config, const struct fed_shape *in)
{
	const struct lora_sizes s = sizes_of(config, in, 1);

	return 2.0 * (double)s.rows *
	       ((double)s.in * (double)s.units + (double)s.rank * (double)(s.in + s.units));
}

/* The base by its input alone; the adapter's middle, its two matrices, and dx through A. */
double fed__lora_dense_back(const void *config, const struct fed_shape *in, bool dx)
{
	const struct lora_sizes s = sizes_of(config, in, 1);
	const double in_units = (double)s.in * (double)s.units, rank = (double)s.rank;
	const double own = rank * (double)(s.in + 2 * s.units);

	return 2.0 * (double)s.rows * (own + (dx ? in_units + rank * (double)s.in : 0));
}

/* In files A is (rank, in) and B (units, rank), as in PEFT; the columns of A are those of x here,
 * images as (H, W, C). */
static bool lora_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                        struct fed_tensor *t)
{
	const struct lora_sizes s = sizes_of(config, in, 1);
	const uint32_t rank = (uint32_t)s.rank, width = (uint32_t)s.in, units = (uint32_t)s.units;

	if (rank == 0 || k > 1)
		return false;
	if (k == 1) {
		*t = (struct fed_tensor){.name = "lora_B",
		                         .offset = s.rank * s.in,
		                         .rank = 2,
		                         .dim = {units, rank},
		                         .stride = {1, units},
		                         .file_rank = 2,
		                         .file_shape = {units, rank}};
		return true;
	}
	*t = (struct fed_tensor){.name = "lora_A",
	                         .rank = 2,
	                         .dim = {rank, width},
	                         .stride = {width, 1},
	                         .file_rank = 2,
	                         .file_shape = {rank, width}};
	const struct fed_shape *image = &((const struct fed_lora_config *)config)->dense.image;
	if (image->rank == 3 && !((const struct fed_lora_config *)config)->dense.each) {
		const uint32_t h = image->dim[0], w = image->dim[1], depth = image->dim[2];
		const uint32_t dim[4] = {rank, depth, h, w};
		const size_t stride[4] = {width, 1, (size_t)w * depth, depth};

		t->rank = 4;
		memcpy(t->dim, dim, sizeof dim);
		memcpy(t->stride, stride, sizeof stride);
	}
	return true;
}

static void lora_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const struct fed_lora_config *c = config;

	fed_layer_dense.describe(&c->dense, in, text, size);
	if (c->lora.rank)
		snprintf(text + strlen(text), size - strlen(text), ", rank %u", c->lora.rank);
}

const struct fed_layer fed__lora_dense = {
	.size = sizeof(struct fed_layer),
	.name = "dense",
	.shape = lora_shape,
	.param_count = lora_params,
	.init = lora_init,
	.forward = lora_forward,
	.backward = lora_backward,
	.flops = lora_flops,
	.cache_floats = lora_cache,
	.scratch_floats = lora_scratch,
	.tensor = lora_tensor,
	.describe = lora_describe,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/lora_conv.c - a convolution that does not change, with a trained adapter.
 *
 *     y = conv(x; K) + (alpha / rank) conv(x; A) B
 *
 * which is a kernel of K + (alpha / rank) A B, the kernels as matrices (kernel kernel C, filters).
 * Parameters: A (kernel, kernel, C, rank), uniform in +-1/sqrt(kernel kernel C), then B (rank,
 * filters), zero at the start.
 */
#include <string.h>

#include "base/blas.h"
#include "base/random.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/image.h"
#include "nn/layers/init.h"
#include "nn/layers/lora.h"
#include "nn/layers/whole.h"

struct thin_sizes {
	size_t taps, filters, rank; /* taps: multiply-adds of one output value */
	size_t rows, in;            /* output pixels and input numbers of the batch */
	float scale;
	const struct fed_stage *stage;
	struct fed_conv_config thin; /* the convolution with A */
	struct fed_shape out, middle;
};

static struct thin_sizes sizes_of(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct fed_lora_config *c = config;
	const struct fed_stage *stage = c->conv.stride > 1 ? &fed__stage_strided : &fed__stage_conv;
	struct thin_sizes s = {.filters = c->conv.filters,
	                       .rank = c->lora.rank,
	                       .in = batch * fed_shape_size(in),
	                       .scale = fed__lora_scale(&c->lora),
	                       .stage = stage,
	                       .thin = c->conv};
	struct fed_error unused;

	s.taps = (size_t)c->conv.kernel * c->conv.kernel * fed_image_of(in).c;
	s.thin.filters = c->lora.rank;
	stage->ops->shape(&c->conv, in, &s.out, &unused);
	s.middle = s.out;
	s.middle.dim[2] = c->lora.rank;
	s.rows = (size_t)batch * s.out.dim[0] * s.out.dim[1];
	return s;
}

static int adapted_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                         struct fed_error *err)
{
	const struct fed_lora_config *c = config;

	if (fed_layer_conv.shape(&c->conv, in, out, err))
		return FED_FAIL;
	return fed__lora_check(&c->lora, "a convolution",
	                       (size_t)c->conv.kernel * c->conv.kernel * fed_image_of(in).c,
	                       c->conv.filters, err);
}

static size_t adapted_params(const void *config, const struct fed_shape *in)
{
	const struct thin_sizes s = sizes_of(config, in, 1);

	return s.rank * (s.taps + s.filters);
}

/* Another stream than the base's kernel has. */
static void adapted_init(const void *config, const struct fed_shape *in, float *params,
                         uint64_t key)
{
	const struct thin_sizes s = sizes_of(config, in, 1);

	fed_init_uniform(params, s.rank * s.taps, s.taps, fed_random(key, 0));
}

/* conv(x; A) of an example, scaled. */
static size_t adapted_cache(const void *config, const struct fed_shape *in)
{
	const struct thin_sizes s = sizes_of(config, in, 1);

	return s.rows * s.rank;
}

/* Scratch memory: of the stage or a product; A with biases of 0, and their gradients; those of K,
 * which are not used; the gradients by the middle, and by x through A. */
struct memory {
	float *stage, *a, *by_a, *sink, *middle, *dx;
	size_t floats;
};

static struct memory memory_of(const struct thin_sizes *s, const void *config,
                               const struct fed_shape *in, float *at)
{
	const size_t wide = fed__whole_floats(s->stage, config, in),
				 thin = fed__whole_floats(s->stage, &s->thin, in),
				 product = fed_gemm_nt_scratch((int)s->rank, (int)s->filters);
	const size_t most = wide > thin ? wide : thin, stage = most > product ? most : product;
	const size_t offsets[] = {stage, (s->taps + 1) * s->rank, (s->taps + 1) * s->rank,
	                          (s->taps + 1) * s->filters, s->rows * s->rank};
	float *part[6] = {at};
	size_t floats = s->in;

	for (int k = 0; k < 5; k++) {
		floats += offsets[k];
		part[k + 1] = at ? part[k] + offsets[k] : NULL;
	}
	return (struct memory){part[0], part[1], part[2], part[3], part[4], part[5], floats};
}

static size_t adapted_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct thin_sizes s = sizes_of(config, in, batch);

	return memory_of(&s, config, in, NULL).floats;
}

/* The pass of the convolution with A, whose parameters are copied: grads may be params. */
static struct fed_pass thin_pass(const struct fed_pass *p, const struct thin_sizes *s,
                                 const struct memory *m)
{
	struct fed_pass thin = *p;

	memcpy(m->a, p->params, s->taps * s->rank * sizeof *m->a);
	memset(m->a + s->taps * s->rank, 0, s->rank * sizeof *m->a);
	thin.config = &s->thin;
	thin.out = s->middle;
	thin.params = m->a;
	thin.scratch = m->stage;
	return thin;
}

static void adapted_forward(const struct fed_pass *p)
{
	const struct thin_sizes s = sizes_of(p->config, &p->in, p->batch);
	const struct memory m = memory_of(&s, p->config, &p->in, p->scratch);
	struct fed_pass base = *p, thin = thin_pass(p, &s, &m);

	base.params = p->frozen;
	fed__whole_forward(s.stage, &base);
	thin.y = p->cache;
	fed__whole_forward(s.stage, &thin);
	fed__lora_scale_by(p->cache, s.rows * s.rank, s.scale);
	fed_gemm_nn((int)s.rows, (int)s.filters, (int)s.rank, p->cache, (int)s.rank,
	            p->params + s.taps * s.rank, (int)s.filters, p->y, (int)s.filters);
}

/* dx of the frozen kernel. */
static void base_backward(const struct fed_pass *p, const struct thin_sizes *s,
                          const struct memory *m)
{
	struct fed_pass base = *p;

	base.params = p->frozen;
	base.grads = m->sink;
	memset(m->sink, 0, (s->taps + 1) * s->filters * sizeof *m->sink);
	fed__whole_backward(s->stage, &base);
}

static void adapted_backward(const struct fed_pass *p)
{
	const struct thin_sizes s = sizes_of(p->config, &p->in, p->batch);
	const struct memory m = memory_of(&s, p->config, &p->in, p->scratch);
	const int rows = (int)s.rows, filters = (int)s.filters, rank = (int)s.rank;
	const float *b = p->params + s.taps * s.rank;
	struct fed_pass thin = thin_pass(p, &s, &m);

	if (p->dx)
		base_backward(p, &s, &m);
	fed_gemm_nt(rows, rank, filters, p->dy, filters, b, filters, m.middle, rank, m.stage);
	fed__lora_scale_by(m.middle, s.rows * s.rank, s.scale);
	thin.y = p->cache; /* scaled, which a convolution does not read */
	thin.dy = m.middle;
	thin.dx = p->dx ? m.dx : NULL;
	thin.grads = m.by_a;
	memset(m.by_a, 0, (s.taps + 1) * s.rank * sizeof *m.by_a);
	fed__whole_backward(s.stage, &thin);
	if (p->dx)
		fed_kernels()->add(p->dx, m.dx, p->dx, s.in);
	fed_kernels()->add(p->grads, m.by_a, p->grads, s.taps * s.rank);
	fed_gemm_tn(rank, filters, rows, p->cache, rank, p->dy, filters, p->grads + s.taps * s.rank,
	            filters);
}

static double adapted_flops(const void *config, const struct fed_shape *in)
{
	const struct thin_sizes s = sizes_of(config, in, 1);

	return 2.0 * (double)s.rows *
	       ((double)s.taps * (double)(s.filters + s.rank) + (double)(s.rank * s.filters));
}

/* The middle's gradient, B's and A's; for dx through K and A. */
double fed__lora_conv_back(const void *config, const struct fed_shape *in, bool dx)
{
	const struct thin_sizes s = sizes_of(config, in, 1);
	const double taps = (double)s.taps, filters = (double)s.filters, rank = (double)s.rank;

	return 2.0 * (double)s.rows *
	       (rank * (taps + 2 * filters) + (dx ? taps * (filters + rank) : 0));
}

/* In files as in PEFT: A (rank, C, kernel, kernel), B (filters, rank, 1, 1). */
static bool adapted_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                           struct fed_tensor *t)
{
	const struct thin_sizes s = sizes_of(config, in, 1);
	const uint32_t rank = (uint32_t)s.rank, filters = (uint32_t)s.filters;

	if (k == 1) {
		*t = (struct fed_tensor){.name = "lora_B",
		                         .offset = s.taps * s.rank,
		                         .rank = 2,
		                         .dim = {filters, rank},
		                         .stride = {1, filters},
		                         .file_rank = 4,
		                         .file_shape = {filters, rank, 1, 1}};
		return true;
	}
	if (k > 1)
		return false;
	fed_layer_conv.tensor(&s.thin, in, 0, t);
	snprintf(t->name, sizeof t->name, "lora_A");
	return true;
}

static void adapted_describe(const void *config, const struct fed_shape *in, char *text,
                             size_t size)
{
	const struct fed_lora_config *c = config;

	fed_layer_conv.describe(&c->conv, in, text, size);
	snprintf(text + strlen(text), size - strlen(text), ", rank %u", c->lora.rank);
}

#define ADAPTED_CONV                                                                               \
	{                                                                                              \
		.size = sizeof(struct fed_layer), .name = "conv", .shape = adapted_shape,                  \
		.param_count = adapted_params, .init = adapted_init, .forward = adapted_forward,           \
		.backward = adapted_backward, .flops = adapted_flops, .cache_floats = adapted_cache,       \
		.scratch_floats = adapted_scratch, .tensor = adapted_tensor, .describe = adapted_describe, \
	}

const struct fed_layer fed__lora_conv = ADAPTED_CONV, fed__lora_strided = ADAPTED_CONV;

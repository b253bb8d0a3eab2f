/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/lora_embedding.c - a table of tokens that does not change, with a trained adapter.
 *
 *     y[t] = E[x[t]] + (alpha / rank) A[x[t]] B
 *
 * Parameters: A (vocabulary, rank), zero at the start, then B (rank, width), from N(0, 1): as in
 * the authors' library (loralib), where A is a table, whose zeros make a step of B alone no step.
 */
#include <string.h>

#include "base/blas.h"
#include "base/random.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/lora.h"

struct table {
	size_t tokens, vocabulary, width, rank;
	float scale;
};

static struct table sizes_of(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct fed_lora_config *c = config;

	return (struct table){(size_t)batch * in->dim[0], c->embedding.vocabulary, c->embedding.width,
	                      c->lora.rank, fed__lora_scale(&c->lora)};
}

static int table_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                       struct fed_error *err)
{
	const struct fed_lora_config *c = config;

	return fed__layer_embedding.shape(config, in, out, err)
	           ? FED_FAIL
	           : fed__lora_check(&c->lora, "an embedding", c->embedding.vocabulary,
	                             c->embedding.width, err);
}

static size_t table_params(const void *config, const struct fed_shape *in)
{
	const struct table s = sizes_of(config, in, 1);

	return s.rank * (s.vocabulary + s.width);
}

/* Another stream than the base's rows have. */
static void table_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	const struct table s = sizes_of(config, in, 1);
	struct fed_stream r = {.key = fed_random(key, 0)};

	for (size_t j = 0; j < s.rank * s.width; j++)
		params[s.vocabulary * s.rank + j] = (float)fed_stream_normal(&r);
}

static const float *row_of(const struct fed_pass *p, const struct table *s, size_t i,
                           const float *params)
{
	return params + fed_nearest_token(p->x[i], (uint32_t)s->vocabulary) * s->rank;
}

static void table_forward(const struct fed_pass *p)
{
	const struct table s = sizes_of(p->config, &p->in, p->batch);
	struct fed_pass base = *p;

	base.params = p->frozen;
	fed__layer_embedding.forward(&base);
	for (size_t i = 0; i < s.tokens; i++)
		memcpy(p->cache + i * s.rank, row_of(p, &s, i, p->params), s.rank * sizeof *p->cache);
	fed__lora_scale_by(p->cache, s.tokens * s.rank, s.scale);
	fed_gemm_nn((int)s.tokens, (int)s.width, (int)s.rank, p->cache, (int)s.rank,
	            p->params + s.vocabulary * s.rank, (int)s.width, p->y, (int)s.width);
}

static void table_backward(const struct fed_pass *p)
{
	const struct table s = sizes_of(p->config, &p->in, p->batch);
	float *middle = p->scratch + fed_gemm_nt_scratch((int)s.rank, (int)s.width);

	if (p->dx)
		memset(p->dx, 0, s.tokens * sizeof *p->dx);
	fed_gemm_nt((int)s.tokens, (int)s.rank, (int)s.width, p->dy, (int)s.width,
	            p->params + s.vocabulary * s.rank, (int)s.width, middle, (int)s.rank, p->scratch);
	fed__lora_scale_by(middle, s.tokens * s.rank, s.scale);
	for (size_t i = 0; i < s.tokens; i++)
		fed_kernels()->add_rows(middle + i * s.rank, 1, (uint32_t)s.rank,
		                        (float *)row_of(p, &s, i, p->grads));
	fed_gemm_tn((int)s.rank, (int)s.width, (int)s.tokens, p->cache, (int)s.rank, p->dy,
	            (int)s.width, p->grads + s.vocabulary * s.rank, (int)s.width);
}

static size_t table_cache(const void *config, const struct fed_shape *in)
{
	const struct table s = sizes_of(config, in, 1);

	return s.tokens * s.rank;
}

static size_t table_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct table s = sizes_of(config, in, batch);

	return fed_gemm_nt_scratch((int)s.rank, (int)s.width) + s.tokens * s.rank;
}

/* Looking rows up is no arithmetic; the product with B is. */
static double table_flops(const void *config, const struct fed_shape *in)
{
	const struct table s = sizes_of(config, in, 1);

	return 2.0 * (double)(s.tokens * s.rank * s.width);
}

double fed__lora_embedding_back(const void *config, const struct fed_shape *in, bool dx)
{
	(void)dx; /* it is zero */
	return 2 * table_flops(config, in);
}

/* In files as in PEFT: A (rank, vocabulary), B (width, rank). */
static bool table_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                         struct fed_tensor *t)
{
	const struct table s = sizes_of(config, in, 1);
	const uint32_t rank = (uint32_t)s.rank, vocabulary = (uint32_t)s.vocabulary,
				   width = (uint32_t)s.width;

	*t = (struct fed_tensor){.name = "lora_A",
	                         .rank = 2,
	                         .dim = {rank, vocabulary},
	                         .stride = {1, rank},
	                         .file_rank = 2,
	                         .file_shape = {rank, vocabulary}};
	if (k == 1)
		*t = (struct fed_tensor){.name = "lora_B",
		                         .offset = s.vocabulary * s.rank,
		                         .rank = 2,
		                         .dim = {width, rank},
		                         .stride = {1, width},
		                         .file_rank = 2,
		                         .file_shape = {width, rank}};
	return k < 2;
}

static void table_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	fed__layer_embedding.describe(config, in, text, size);
	snprintf(text + strlen(text), size - strlen(text), ", rank %zu", sizes_of(config, in, 1).rank);
}

const struct fed_layer fed__lora_embedding = {
	.size = sizeof(struct fed_layer),
	.name = "embedding",
	.shape = table_shape,
	.param_count = table_params,
	.init = table_init,
	.forward = table_forward,
	.backward = table_backward,
	.flops = table_flops,
	.cache_floats = table_cache,
	.scratch_floats = table_scratch,
	.tensor = table_tensor,
	.describe = table_describe,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/attention.c - self-attention over (T, width) (Vaswani et al. 2017, sec. 3.2).
 *
 *     q, k, v = x W + b, each in `heads` parts of d = width / heads numbers
 *     of each head:  p = softmax(q k' / sqrt(d)) by rows,  c = p v
 *     y = c U + u, the heads side by side
 *
 * causal: a token attends to itself and to those before it.  Parameters: W (width, 3 width),
 * b (3 width), U (width, width), u (width).
 *
 * W and U meet all tokens of the batch in one product; heads are computed example by example.
 */
#include <math.h>
#include <string.h>

#include "base/blas.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/init.h"
#include "nn/layers/layers.h"

struct attention {
	size_t batch, tokens, width, heads, depth; /* depth: numbers of a head */
	bool causal;
};

static struct attention sizes_of(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct fed_attention_config *c = config;

	return (struct attention){batch,    in->dim[0], in->dim[1], c->heads, in->dim[1] / c->heads,
	                          c->causal};
}

struct weights {
	float *w, *b, *u, *bias;
};

static struct weights parts_of(const struct attention *s, const float *params)
{
	float *w = (float *)params, *b = w + 3 * s->width * s->width, *u = b + 3 * s->width;

	return (struct weights){w, b, u, u + s->width * s->width};
}

/* Kept from forward to backward. */
struct kept_heads {
	float *qkv;     /* (B, T, 3 width) */
	float *weight;  /* (B, heads, T, T) */
	float *context; /* (B, T, width) */
};

static struct kept_heads cache_of(const struct attention *s, float *at)
{
	const size_t rows = s->batch * s->tokens;
	float *weight = at + rows * 3 * s->width;

	return (struct kept_heads){at, weight, weight + rows * s->heads * s->tokens};
}

static int attention_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                           struct fed_error *err)
{
	const uint32_t heads = ((const struct fed_attention_config *)config)->heads;

	if (in->rank != 2)
		return fed_fail(err, "attention needs a sequence (T, width), gets examples of rank %u",
		                in->rank);
	if (heads < 1 || in->dim[1] % heads)
		return fed_fail(err, "attention heads=%u does not divide the width, %u", heads, in->dim[1]);
	*out = *in;
	return FED_OK;
}

static size_t attention_params(const void *config, const struct fed_shape *in)
{
	const size_t width = in->dim[1];

	(void)config;
	return 4 * width * (width + 1);
}

/* PyTorch's: W uniform in +-sqrt(6 / (4 width)) (Glorot, Bengio 2010), U in +-1/sqrt(width), biases
 * 0. */
static void attention_init(const void *config, const struct fed_shape *in, float *params,
                           uint64_t key)
{
	const struct attention s = sizes_of(config, in, 1);
	const struct weights p = parts_of(&s, params);
	const double bound = sqrt(6.0 / (4.0 * (double)s.width));
	const size_t n = 3 * s.width * s.width;

	for (size_t j = 0; j < n; j++)
		p.w[j] = (float)(bound * (2 * fed_random_real(key, j) - 1));
	fed_init_uniform(p.u, s.width * s.width, s.width, fed_random(key, n));
}

static double attention_flops(const void *config, const struct fed_shape *in)
{
	const struct attention s = sizes_of(config, in, 1);
	const double tokens = (double)s.tokens, width = (double)s.width;

	return 8 * tokens * width * width + 4 * tokens * tokens * width;
}

static size_t attention_cache(const void *config, const struct fed_shape *in)
{
	const struct attention s = sizes_of(config, in, 1);

	return s.tokens * (4 * s.width + s.heads * s.tokens);
}

/* Scratch memory: products against a transposed matrix, and backward the gradients. */
struct head_scratch {
	float *product; /* max(3 width^2, depth T) */
	float *context; /* (B, T, width) */
	float *qkv;     /* (B, T, 3 width) */
	float *weight;  /* (T, T) */
};

static size_t product_floats(const struct attention *s)
{
	const size_t a = 3 * s->width * s->width, b = s->depth * s->tokens;

	return a > b ? a : b;
}

static struct head_scratch scratch_of(const struct attention *s, float *at)
{
	const size_t rows = s->batch * s->tokens;
	struct head_scratch v = {.product = at};

	v.context = v.product + product_floats(s);
	v.qkv = v.context + rows * s->width;
	v.weight = v.qkv + rows * 3 * s->width;
	return v;
}

static size_t attention_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct attention s = sizes_of(config, in, batch);

	return product_floats(&s) + s.batch * s.tokens * 4 * s.width + s.tokens * s.tokens;
}

static void fill_rows(float *rows, size_t n, const float *row, size_t width)
{
	for (size_t i = 0; i < n; i++)
		memcpy(rows + i * width, row, width * sizeof *row);
}

/* One head of one example. */
static void head_forward(const struct attention *s, const float *q, float *weight, float *context,
                         float *product)
{
	const int tokens = (int)s->tokens, depth = (int)s->depth, line = 3 * (int)s->width;
	const float *k = q + s->width, *v = k + s->width;

	fed_gemm_nt(tokens, tokens, depth, q, line, k, line, weight, tokens, product);
	fed_kernels()->softmax_rows(weight, s->tokens, s->tokens, 1 / sqrtf((float)s->depth),
	                            s->causal);
	for (size_t t = 0; t < s->tokens; t++)
		memset(context + t * s->width, 0, s->depth * sizeof *context);
	fed_gemm_nn(tokens, depth, tokens, weight, tokens, v, line, context, (int)s->width);
}

static void attention_forward(const struct fed_pass *p)
{
	const struct attention s = sizes_of(p->config, &p->in, p->batch);
	const struct weights w = parts_of(&s, p->params);
	const struct kept_heads c = cache_of(&s, p->cache);
	const struct head_scratch v = scratch_of(&s, p->scratch);
	const int rows = (int)(s.batch * s.tokens), width = (int)s.width;

	fill_rows(c.qkv, (size_t)rows, w.b, 3 * s.width);
	fed_gemm_nn(rows, 3 * width, width, p->x, width, w.w, 3 * width, c.qkv, 3 * width);
	for (size_t i = 0; i < s.batch * s.heads; i++) {
		const size_t b = i / s.heads, at = i % s.heads * s.depth;

		head_forward(&s, c.qkv + b * s.tokens * 3 * s.width + at,
		             c.weight + i * s.tokens * s.tokens, c.context + b * s.tokens * s.width + at,
		             v.product);
	}
	fill_rows(p->y, (size_t)rows, w.bias, s.width);
	fed_gemm_nn(rows, width, width, c.context, width, w.u, width, p->y, width);
}

/* One head of one example; dq (with dk and dv behind it) is zero before. */
static void head_backward(const struct attention *s, const float *q, const float *weight,
                          const float *context, float *gradient, float *dq, float *product)
{
	const int tokens = (int)s->tokens, depth = (int)s->depth, width = (int)s->width;
	const int line = 3 * width;
	const float *k = q + s->width, *v = k + s->width;
	float *dk = dq + s->width, *dv = dk + s->width;

	fed_gemm_tn(tokens, depth, tokens, weight, tokens, context, width, dv, line);
	fed_gemm_nt(tokens, tokens, depth, context, width, v, line, gradient, tokens, product);
	fed_kernels()->softmax_rows_back(weight, gradient, s->tokens, s->tokens,
	                                 1 / sqrtf((float)s->depth), s->causal);
	fed_gemm_nn(tokens, depth, tokens, gradient, tokens, k, line, dq, line);
	fed_gemm_tn(tokens, depth, tokens, gradient, tokens, q, line, dk, line);
}

static void attention_backward(const struct fed_pass *p)
{
	const struct attention s = sizes_of(p->config, &p->in, p->batch);
	const struct weights w = parts_of(&s, p->params), g = parts_of(&s, p->grads);
	const struct kept_heads c = cache_of(&s, p->cache);
	const struct head_scratch v = scratch_of(&s, p->scratch);
	const int rows = (int)(s.batch * s.tokens), width = (int)s.width;

	fed_gemm_nt(rows, width, width, p->dy, width, w.u, width, v.context, width, v.product);
	memset(v.qkv, 0, (size_t)rows * 3 * s.width * sizeof *v.qkv);
	for (size_t i = 0; i < s.batch * s.heads; i++) {
		const size_t b = i / s.heads, at = i % s.heads * s.depth;
		const size_t row = b * s.tokens * 3 * s.width + at;

		head_backward(&s, c.qkv + row, c.weight + i * s.tokens * s.tokens,
		              v.context + b * s.tokens * s.width + at, v.weight, v.qkv + row, v.product);
	}
	if (p->dx)
		fed_gemm_nt(rows, width, 3 * width, v.qkv, 3 * width, w.w, 3 * width, p->dx, width,
		            v.product);
	fed_gemm_tn(width, 3 * width, rows, p->x, width, v.qkv, 3 * width, g.w, 3 * width);
	fed_kernels()->add_rows(v.qkv, (size_t)rows, 3 * s.width, g.b);
	fed_gemm_tn(width, width, rows, c.context, width, p->dy, width, g.u, width);
	fed_kernels()->add_rows(p->dy, (size_t)rows, s.width, g.bias);
}

/* Tensors with the names of torch.nn.MultiheadAttention: (3 width, width), (3 width), (width,
 * width), (width). */
static bool attention_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                             struct fed_tensor *t)
{
	static const char *const names[] = {"in_proj_weight", "in_proj_bias", "out_weight", "out_bias"};
	const struct attention s = sizes_of(config, in, 1);
	const size_t square = s.width * s.width;
	const size_t begin[] = {0, 3 * square, 3 * (square + s.width), 4 * square + 3 * s.width};
	const uint32_t width = (uint32_t)s.width, outputs = k < 2 ? 3 * width : width;

	if (k > 3)
		return false;
	*t = (struct fed_tensor){.offset = begin[k],
	                         .rank = k % 2 ? 1 : 2,
	                         .dim = {outputs, k % 2 ? 0 : width},
	                         .stride = {1, k % 2 ? 0 : outputs},
	                         .file_rank = k % 2 ? 1 : 2,
	                         .file_shape = {outputs, k % 2 ? 0 : width}};
	snprintf(t->name, sizeof t->name, "%s", names[k]);
	return true;
}

static void attention_describe(const void *config, const struct fed_shape *in, char *text,
                               size_t size)
{
	const struct attention s = sizes_of(config, in, 1);

	snprintf(text, size, "%zu heads of %zu%s", s.heads, s.depth, s.causal ? ", causal" : "");
}

const struct fed_layer fed__layer_attention = {
	.size = sizeof(struct fed_layer),
	.name = "attention",
	.shape = attention_shape,
	.param_count = attention_params,
	.init = attention_init,
	.forward = attention_forward,
	.backward = attention_backward,
	.flops = attention_flops,
	.cache_floats = attention_cache,
	.scratch_floats = attention_scratch,
	.tensor = attention_tensor,
	.describe = attention_describe,
};

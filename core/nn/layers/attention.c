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

static struct kept_heads kept_of(const struct attention *s, struct kept_heads all, size_t b)
{
	return (struct kept_heads){all.qkv + b * s->tokens * 3 * s->width,
	                           all.weight + b * s->heads * s->tokens * s->tokens,
	                           all.context + b * s->tokens * s->width};
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

/* Scratch memory: transposed matrices, and backward the gradients of one example. */
struct head_scratch {
	float *w, *u;   /* (3 width, width), (width, width) */
	float *turned;  /* (depth, T) */
	float *context; /* (T, width) */
	float *qkv;     /* (T, 3 width) */
	float *weight;  /* (T, T) */
};

static struct head_scratch scratch_of(const struct attention *s, float *at)
{
	struct head_scratch v = {.w = at};

	v.u = v.w + 3 * s->width * s->width;
	v.turned = v.u + s->width * s->width;
	v.context = v.turned + s->depth * s->tokens;
	v.qkv = v.context + s->tokens * s->width;
	v.weight = v.qkv + s->tokens * 3 * s->width;
	return v;
}

static size_t attention_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct attention s = sizes_of(config, in, batch);

	return 4 * s.width * s.width + s.tokens * (s.depth + 4 * s.width + s.tokens);
}

static void fill_rows(float *rows, size_t n, const float *row, size_t width)
{
	for (size_t i = 0; i < n; i++)
		memcpy(rows + i * width, row, width * sizeof *row);
}

/* to (columns, rows) = the transpose of from (rows, columns). */
static void transpose(const float *from, size_t line, size_t rows, size_t columns, float *to)
{
	memset(to, 0, rows * columns * sizeof *to);
	fed_kernels()->add_transposed(from, line, rows, columns, to, rows);
}

/* One head of one example. */
static void head_forward(const struct attention *s, const float *q, float *weight, float *context,
                         float *turned)
{
	const int tokens = (int)s->tokens, depth = (int)s->depth, line = 3 * (int)s->width;
	const float *k = q + s->width, *v = k + s->width;

	transpose(k, 3 * s->width, s->tokens, s->depth, turned);
	fed_gemm_nn_set(tokens, tokens, depth, q, line, turned, tokens, weight, tokens);
	fed_kernels()->softmax_rows(weight, s->tokens, s->tokens, 1 / sqrtf((float)s->depth),
	                            s->causal);
	fed_gemm_nn_set(tokens, depth, tokens, weight, tokens, v, line, context, (int)s->width);
}

/* Example after example, whose heads stay in the second-level cache. */
static void attention_forward(const struct fed_pass *p)
{
	const struct attention s = sizes_of(p->config, &p->in, p->batch);
	const struct weights w = parts_of(&s, p->params);
	const struct head_scratch v = scratch_of(&s, p->scratch);
	const int tokens = (int)s.tokens, width = (int)s.width;

	for (size_t b = 0; b < s.batch; b++) {
		const struct kept_heads c = kept_of(&s, cache_of(&s, p->cache), b);
		const float *x = p->x + b * s.tokens * s.width;
		float *y = p->y + b * s.tokens * s.width;

		fill_rows(c.qkv, s.tokens, w.b, 3 * s.width);
		fed_gemm_nn(tokens, 3 * width, width, x, width, w.w, 3 * width, c.qkv, 3 * width);
		for (size_t h = 0; h < s.heads; h++)
			head_forward(&s, c.qkv + h * s.depth, c.weight + h * s.tokens * s.tokens,
			             c.context + h * s.depth, v.turned);
		fill_rows(y, s.tokens, w.bias, s.width);
		fed_gemm_nn(tokens, width, width, c.context, width, w.u, width, y, width);
	}
}

/* Tokens at the beginning whose dy is 0, down to a multiple that few sizes have: where the loss is
 * at the last token alone, all but that. */
static size_t still_tokens(const struct attention *s, const float *dy)
{
	enum { MULTIPLE = 16 };
	const size_t n = s->tokens * s->width;

	for (size_t j = 0; j < n; j += 64)
		if (fed_kernels()->nonzero(dy + j, n - j < 64 ? (uint32_t)(n - j) : 64))
			return j / s->width / MULTIPLE * MULTIPLE;
	return s->tokens / MULTIPLE * MULTIPLE;
}

/* One head of one example, of which queries before `first` have no gradient; dq (with dk and dv
 * behind it) is written. */
static void head_backward(const struct attention *s, size_t first, const float *q,
                          const float *weight, const struct head_scratch *scratch, size_t at)
{
	const int tokens = (int)s->tokens, depth = (int)s->depth, width = (int)s->width;
	const int line = 3 * width, n = tokens - (int)first;
	const float *k = q + s->width, *v = k + s->width;
	const float *context = scratch->context + first * s->width + at;
	float *dq = scratch->qkv + at, *dk = dq + s->width, *dv = dk + s->width;
	float *gradient = scratch->weight;

	weight += first * s->tokens;
	transpose(v, 3 * s->width, s->tokens, s->depth, scratch->turned);
	fed_gemm_tn(tokens, depth, n, weight, tokens, context, width, dv, line);
	fed_gemm_nn_set(n, tokens, depth, context, width, scratch->turned, tokens, gradient, tokens);
	fed_kernels()->softmax_rows_back(weight, gradient, first, (size_t)n, s->tokens,
	                                 1 / sqrtf((float)s->depth), s->causal);
	fed_gemm_nn_set(n, depth, tokens, gradient, tokens, k, line, dq + first * 3 * s->width, line);
	fed_gemm_tn(tokens, depth, n, gradient, tokens, q + first * 3 * s->width, line, dk, line);
}

/* One example: dx and the gradients, which may be the weights, of which only copies are read. */
static void example_backward(const struct attention *s, const struct kept_heads *c, const float *x,
                             const float *dy, float *dx, const struct weights *g,
                             const struct head_scratch *v)
{
	const size_t first = still_tokens(s, dy), from = first * s->width;
	const int tokens = (int)s->tokens, width = (int)s->width, n = tokens - (int)first;

	memset(v->qkv, 0, s->tokens * 3 * s->width * sizeof *v->qkv);
	if (n) {
		fed_gemm_nn_set(n, width, width, dy + from, width, v->u, width, v->context + from, width);
		for (size_t h = 0; h < s->heads; h++)
			head_backward(s, first, c->qkv + h * s->depth, c->weight + h * s->tokens * s->tokens, v,
			              h * s->depth);
		fed_gemm_tn(width, width, n, c->context + from, width, dy + from, width, g->u, width);
		fed_gemm_tn(width, 3 * width, tokens, x, width, v->qkv, 3 * width, g->w, 3 * width);
		fed_kernels()->add_rows(v->qkv, s->tokens, 3 * s->width, g->b);
		fed_kernels()->add_rows(dy + from, (size_t)n, s->width, g->bias);
	}
	if (dx)
		fed_gemm_nn_set(tokens, width, 3 * width, v->qkv, 3 * width, v->w, width, dx, width);
}

static void attention_backward(const struct fed_pass *p)
{
	const struct attention s = sizes_of(p->config, &p->in, p->batch);
	const struct weights w = parts_of(&s, p->params), g = parts_of(&s, p->grads);
	const struct head_scratch v = scratch_of(&s, p->scratch);

	transpose(w.w, 3 * s.width, s.width, 3 * s.width, v.w);
	transpose(w.u, s.width, s.width, s.width, v.u);
	for (size_t b = 0; b < s.batch; b++) {
		const struct kept_heads c = kept_of(&s, cache_of(&s, p->cache), b);
		const size_t at = b * s.tokens * s.width;

		example_backward(&s, &c, p->x + at, p->dy + at, p->dx ? p->dx + at : NULL, &g, &v);
	}
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

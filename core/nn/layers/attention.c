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
 * Frozen, with adapters (nn/layers/projections.h): W, b, U and u stay as they are, and each
 * projection that has an adapter is q = x (W + (alpha / rank) A' B) + b.
 */
#include <math.h>
#include <string.h>

#include "base/blas.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/init.h"
#include "nn/layers/projections.h"

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

static const float *middle_of(const struct attention *s, const struct fed__projections *a,
                              const float *cache, size_t b)
{
	return cache + s->batch * s->tokens * (4 * s->width + s->heads * s->tokens) +
	       b * fed__projections_cache(a);
}

/* Example after example, whose heads stay in the second-level cache. */
static void forward(const struct fed_pass *p, const float *params, const struct fed__projections *a)
{
	const struct attention s = sizes_of(p->config, &p->in, p->batch);
	const struct weights w = parts_of(&s, params);
	const struct head_scratch v = scratch_of(&s, p->scratch);
	const int tokens = (int)s.tokens, width = (int)s.width;

	for (size_t b = 0; b < s.batch; b++) {
		const struct kept_heads c = kept_of(&s, cache_of(&s, p->cache), b);
		const float *x = p->x + b * s.tokens * s.width;
		float *y = p->y + b * s.tokens * s.width, *kept = (float *)middle_of(&s, a, p->cache, b);

		fill_rows(c.qkv, s.tokens, w.b, 3 * s.width);
		fed_gemm_nn(tokens, 3 * width, width, x, width, w.w, 3 * width, c.qkv, 3 * width);
		for (int k = FED_Q; k < FED_OUT; k++)
			fed__projection_forward(a, (enum fed_projection)k, x, c.qkv + (size_t)k * s.width,
			                        3 * s.width, kept);
		for (size_t h = 0; h < s.heads; h++)
			head_forward(&s, c.qkv + h * s.depth, c.weight + h * s.tokens * s.tokens,
			             c.context + h * s.depth, v.turned);
		fill_rows(y, s.tokens, w.bias, s.width);
		fed_gemm_nn(tokens, width, width, c.context, width, w.u, width, y, width);
		fed__projection_forward(a, FED_OUT, c.context, y, s.width, kept);
	}
}

static void attention_forward(const struct fed_pass *p)
{
	const struct fed__projections none = fed__projections_of(&(struct fed_lora){0}, &p->in);

	forward(p, p->params, &none);
}

/* A backward pass. */
struct attention_back {
	struct attention s;
	struct weights grads; /* frozen: w is NULL */
	struct head_scratch v;
	const struct fed__projections *adapters;
	bool q, k, vs; /* whose gradients are needed */
};

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
static void head_backward(const struct attention_back *b, size_t first, const float *q,
                          const float *weight, size_t at)
{
	const struct attention *s = &b->s;
	const int tokens = (int)s->tokens, depth = (int)s->depth, width = (int)s->width;
	const int line = 3 * width, n = tokens - (int)first;
	const float *k = q + s->width, *v = k + s->width;
	const float *context = b->v.context + first * s->width + at;
	float *dq = b->v.qkv + at, *dk = dq + s->width, *dv = dk + s->width;
	float *gradient = b->v.weight;

	weight += first * s->tokens;
	if (b->vs)
		fed_gemm_tn(tokens, depth, n, weight, tokens, context, width, dv, line);
	if (!b->q && !b->k)
		return;
	transpose(v, 3 * s->width, s->tokens, s->depth, b->v.turned);
	fed_gemm_nn_set(n, tokens, depth, context, width, b->v.turned, tokens, gradient, tokens);
	fed_kernels()->softmax_rows_back(weight, gradient, first, (size_t)n, s->tokens,
	                                 1 / sqrtf((float)s->depth), s->causal);
	if (b->q)
		fed_gemm_nn_set(n, depth, tokens, gradient, tokens, k, line, dq + first * 3 * s->width,
		                line);
	if (b->k)
		fed_gemm_tn(tokens, depth, n, gradient, tokens, q + first * 3 * s->width, line, dk, line);
}

/* The gradients by the heads' outputs, and of the second projection. */
static void output_backward(const struct attention_back *b, size_t first,
                            const struct kept_heads *c, const float *dy, const float *kept)
{
	const size_t from = first * b->s.width;
	const int width = (int)b->s.width, n = (int)(b->s.tokens - first);
	const bool inner = b->q || b->k || b->vs;

	if (inner)
		fed_gemm_nn_set(n, width, width, dy + from, width, b->v.u, width, b->v.context + from,
		                width);
	fed__projection_backward(b->adapters, FED_OUT, first, c->context, dy, b->s.width, kept,
	                         inner ? b->v.context : NULL);
	if (!b->grads.w)
		return;
	fed_gemm_tn(width, width, n, c->context + from, width, dy + from, width, b->grads.u, width);
	fed_kernels()->add_rows(dy + from, (size_t)n, b->s.width, b->grads.bias);
}

/* One example: dx and the gradients, which may be the weights, of which only copies are read. */
static void example_backward(const struct attention_back *b, const struct kept_heads *c,
                             const float *x, const float *dy, float *dx, const float *kept)
{
	const struct attention *s = &b->s;
	const size_t first = still_tokens(s, dy), line = 3 * s->width;
	const int tokens = (int)s->tokens, width = (int)s->width;

	memset(b->v.qkv, 0, s->tokens * line * sizeof *b->v.qkv);
	if (first < s->tokens) {
		output_backward(b, first, c, dy, kept);
		for (size_t h = 0; h < s->heads; h++)
			head_backward(b, first, c->qkv + h * s->depth, c->weight + h * s->tokens * s->tokens,
			              h * s->depth);
	}
	if (dx)
		fed_gemm_nn_set(tokens, width, 3 * width, b->v.qkv, 3 * width, b->v.w, width, dx, width);
	for (int k = FED_Q; k < FED_OUT; k++)
		fed__projection_backward(b->adapters, (enum fed_projection)k, 0, x,
		                         b->v.qkv + (size_t)k * s->width, line, kept, dx);
	if (first == s->tokens || !b->grads.w)
		return;
	fed_gemm_tn(width, 3 * width, tokens, x, width, b->v.qkv, 3 * width, b->grads.w, 3 * width);
	fed_kernels()->add_rows(b->v.qkv, s->tokens, line, b->grads.b);
}

static void backward(const struct fed_pass *p, const struct attention_back *b, const float *params)
{
	const struct attention *s = &b->s;
	const struct weights w = parts_of(s, params);

	if (p->dx)
		transpose(w.w, 3 * s->width, s->width, 3 * s->width, b->v.w);
	transpose(w.u, s->width, s->width, s->width, b->v.u);
	for (size_t i = 0; i < s->batch; i++) {
		const struct kept_heads c = kept_of(s, cache_of(s, p->cache), i);
		const size_t at = i * s->tokens * s->width;

		example_backward(b, &c, p->x + at, p->dy + at, p->dx ? p->dx + at : NULL,
		                 middle_of(s, b->adapters, p->cache, i));
	}
}

static void attention_backward(const struct fed_pass *p)
{
	const struct fed__projections none = fed__projections_of(&(struct fed_lora){0}, &p->in);
	struct attention_back b = {.s = sizes_of(p->config, &p->in, p->batch),
	                           .adapters = &none,
	                           .q = true,
	                           .k = true,
	                           .vs = true};

	b.grads = parts_of(&b.s, p->grads);
	b.v = scratch_of(&b.s, p->scratch);
	backward(p, &b, p->params);
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

/* Frozen, with adapters ----------------------------------------------------------- */

static struct fed__projections adapters_of(const void *config, const struct fed_shape *in)
{
	return fed__projections_of(&((const struct fed_lora_config *)config)->lora, in);
}

static int adapted_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                         struct fed_error *err)
{
	const struct fed_lora_config *c = config;

	return attention_shape(config, in, out, err)
	           ? FED_FAIL
	           : fed__lora_check(&c->lora, "a projection", in->dim[1], in->dim[1], err);
}

static size_t adapted_params(const void *config, const struct fed_shape *in)
{
	const struct fed__projections a = adapters_of(config, in);

	return fed__projections_params(&a);
}

/* Of each A uniform in +-1/sqrt(width), B 0. */
static void adapted_init(const void *config, const struct fed_shape *in, float *params,
                         uint64_t key)
{
	const struct fed__projections a = adapters_of(config, in);

	for (size_t k = 0; k < a.n; k++)
		fed_init_uniform(params + 2 * k * a.rank * a.width, a.rank * a.width, a.width,
		                 fed_random(key, k));
}

static size_t adapted_cache(const void *config, const struct fed_shape *in)
{
	const struct fed__projections a = adapters_of(config, in);

	return attention_cache(config, in) + fed__projections_cache(&a);
}

static size_t adapted_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct fed__projections a = adapters_of(config, in);

	return attention_scratch(config, in, batch) + fed__projections_scratch(&a);
}

/* The adapters of a pass. */
static struct fed__projections adapters_in(const struct fed_pass *p)
{
	struct fed__projections a = adapters_of(p->config, &p->in);

	a.params = p->params;
	a.grads = p->grads;
	a.scratch = p->scratch + attention_scratch(p->config, &p->in, p->batch);
	return a;
}

static void adapted_forward(const struct fed_pass *p)
{
	const struct fed__projections a = adapters_in(p);

	fed__projections_begin_forward(&a);
	forward(p, p->frozen, &a);
}

static void adapted_backward(const struct fed_pass *p)
{
	const struct fed__projections a = adapters_in(p);
	struct attention_back b = {.s = sizes_of(p->config, &p->in, p->batch),
	                           .adapters = &a,
	                           .q = p->dx || fed__projection_has(&a, FED_Q),
	                           .k = p->dx || fed__projection_has(&a, FED_K),
	                           .vs = p->dx || fed__projection_has(&a, FED_V)};

	b.v = scratch_of(&b.s, p->scratch);
	fed__projections_begin_backward(&a);
	backward(p, &b, p->frozen);
}

static double adapted_flops(const void *config, const struct fed_shape *in)
{
	const struct fed__projections a = adapters_of(config, in);

	return attention_flops(config, in) + 4.0 * (double)(a.n * a.tokens * a.width * a.rank);
}

/* What example_backward() computes of the sums of attention_flops() and of the adapters. */
double fed__lora_attention_back(const void *config, const struct fed_shape *in, bool dx)
{
	const struct fed__projections a = adapters_of(config, in);
	const bool q = dx || fed__projection_has(&a, FED_Q), k = dx || fed__projection_has(&a, FED_K),
			   v = dx || fed__projection_has(&a, FED_V), inner = q || k || v;
	const double tokens = (double)a.tokens, width = (double)a.width;
	const double square = 2 * tokens * width * width, scores = 2 * tokens * tokens * width,
				 thin = 2 * tokens * width * (double)a.rank; /* of a product with A or B */
	const double outer = fed__projection_has(&a, FED_OUT) ? 1 : 0;

	return (dx ? 3 * square : 0) + (inner ? square : 0) + scores * (v + q + k + (q || k)) +
	       thin * (3 * (double)a.n + (dx ? (double)a.n - outer : 0) + (inner ? outer : 0));
}

/* In files as in PEFT: A (rank, width), B (width, rank), with the projection's name. */
static bool adapted_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                           struct fed_tensor *t)
{
	static const char *const names[] = {"q", "k", "v", "out"};
	const struct fed__projections a = adapters_of(config, in);
	const uint32_t rank = (uint32_t)a.rank, width = (uint32_t)a.width;
	const bool second = k % 2;
	int which = 0;

	if (k >= 2 * a.n)
		return false;
	while (a.at[which] != k / 2)
		which++;
	*t = (struct fed_tensor){.offset = k * a.rank * a.width,
	                         .rank = 2,
	                         .dim = {second ? width : rank, second ? rank : width},
	                         .stride = {second ? 1 : width, second ? width : 1},
	                         .file_rank = 2,
	                         .file_shape = {second ? width : rank, second ? rank : width}};
	snprintf(t->name, sizeof t->name, "lora_%c_%s", second ? 'B' : 'A', names[which]);
	return true;
}

static void adapted_describe(const void *config, const struct fed_shape *in, char *text,
                             size_t size)
{
	const struct fed_lora_config *c = config;
	char on[FED_LORA_ON_TEXT];

	attention_describe(config, in, text, size);
	if (c->lora.rank)
		snprintf(text + strlen(text), size - strlen(text), ", rank %u on %s", c->lora.rank,
		         fed_lora_on_print(c->lora.on, on));
}

const struct fed_layer fed__lora_attention = {
	.size = sizeof(struct fed_layer),
	.name = "attention",
	.shape = adapted_shape,
	.param_count = adapted_params,
	.init = adapted_init,
	.forward = adapted_forward,
	.backward = adapted_backward,
	.flops = adapted_flops,
	.cache_floats = adapted_cache,
	.scratch_floats = adapted_scratch,
	.tensor = adapted_tensor,
	.describe = adapted_describe,
};

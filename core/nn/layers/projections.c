/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/projections.c - adapters of the projections of attention.
 */
#include "nn/layers/projections.h"

#include <string.h>

#include "base/blas.h"
#include "nn/kernels/kernels.h"

struct fed__projections fed__projections_of(const struct fed_lora *lora, const struct fed_shape *in)
{
	static const uint32_t on[] = {FED_LORA_Q, FED_LORA_K, FED_LORA_V, FED_LORA_OUT};
	struct fed__projections p = {.tokens = in->dim[0], .width = in->dim[1], .rank = lora->rank};

	if (lora->rank)
		p.scale = fed__lora_scale(lora);
	for (int k = 0; k < FED_PROJECTIONS; k++)
		p.at[k] = lora->rank && lora->on & on[k] ? p.n++ : SIZE_MAX;
	return p;
}

static size_t matrix_size(const struct fed__projections *p)
{
	return p->rank * p->width;
}

size_t fed__projections_params(const struct fed__projections *p)
{
	return 2 * p->n * matrix_size(p);
}

size_t fed__projections_cache(const struct fed__projections *p)
{
	return p->n * p->tokens * p->rank;
}

/* Two matrices of each adapter, and a middle. */
size_t fed__projections_scratch(const struct fed__projections *p)
{
	return p->n ? 2 * p->n * matrix_size(p) + p->tokens * p->rank : 0;
}

/* to (width, rank) = the transpose of from (rank, width). */
static void transpose(const struct fed__projections *p, const float *from, float *to)
{
	memset(to, 0, matrix_size(p) * sizeof *to);
	fed_kernels()->add_transposed(from, p->width, p->rank, p->width, to, p->rank);
}

/* A' and B of each. */
void fed__projections_begin_forward(const struct fed__projections *p)
{
	const size_t n = matrix_size(p);

	for (size_t k = 0; k < p->n; k++) {
		transpose(p, p->params + 2 * k * n, p->scratch + 2 * k * n);
		memcpy(p->scratch + (2 * k + 1) * n, p->params + (2 * k + 1) * n, n * sizeof(float));
	}
}

/* A and B' of each. */
void fed__projections_begin_backward(const struct fed__projections *p)
{
	const size_t n = matrix_size(p);

	for (size_t k = 0; k < p->n; k++) {
		memcpy(p->scratch + 2 * k * n, p->params + 2 * k * n, n * sizeof(float));
		transpose(p, p->params + (2 * k + 1) * n, p->scratch + (2 * k + 1) * n);
	}
}

void fed__projection_forward(const struct fed__projections *p, enum fed_projection which,
                             const float *x, float *y, size_t line, float *kept)
{
	const int tokens = (int)p->tokens, width = (int)p->width, rank = (int)p->rank;

	if (!fed__projection_has(p, which))
		return;
	const float *a = p->scratch + 2 * p->at[which] * matrix_size(p), *b = a + matrix_size(p);
	float *middle = kept + p->at[which] * p->tokens * p->rank;

	fed_gemm_nn_set(tokens, rank, width, x, width, a, rank, middle, rank);
	fed__lora_scale_by(middle, p->tokens * p->rank, p->scale);
	fed_gemm_nn(tokens, width, rank, middle, rank, b, width, y, (int)line);
}

void fed__projection_backward(const struct fed__projections *p, enum fed_projection which,
                              size_t first, const float *x, const float *dy, size_t line,
                              const float *kept, float *dx)
{
	const size_t size = matrix_size(p);
	const int n = (int)(p->tokens - first), width = (int)p->width, rank = (int)p->rank;

	if (!fed__projection_has(p, which) || n == 0)
		return;
	const float *a = p->scratch + 2 * p->at[which] * size, *b = a + size;
	const float *middle = kept + (p->at[which] * p->tokens + first) * p->rank;
	float *gradient = p->scratch + 2 * p->n * size; /* by the middle */
	float *by_a = p->grads + 2 * p->at[which] * size, *by_b = by_a + size;

	x += first * p->width;
	dy += first * line;
	fed_gemm_nn_set(n, rank, width, dy, (int)line, b, rank, gradient, rank);
	fed__lora_scale_by(gradient, (size_t)n * p->rank, p->scale);
	if (dx)
		fed_gemm_nn(n, width, rank, gradient, rank, a, width, dx + first * p->width, width);
	fed_gemm_tn(rank, width, n, gradient, rank, x, width, by_a, width);
	fed_gemm_tn(rank, width, n, middle, rank, dy, (int)line, by_b, width);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_norm.h - moments of columns and rows, softmax of rows, gelu and dropout.
 *
 * Sums have four terms in flight, in an order that the sizes alone decide.
 */
#include "fedsh/plugin.h"
#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_elementary.h"
#include "nn/kernels/kernels_vector.h"

/* Columns -------------------------------------------------------------------- */

INLINE vec square_term(const float *v, const float *unused, size_t at, vec mean, uint32_t n)
{
	const vec off = load_most(v + at, n) - mean;

	(void)unused;
	return off * off;
}

INLINE vec product_term(const float *dy, const float *x, size_t at, vec mean, uint32_t n)
{
	return load_most(dy + at, n) * (load_most(x + at, n) - mean);
}

/* sum += the terms of each row. */
#define ADD_TERMS(term, a, b)                                                    \
	for (size_t c = 0; c < n; c += FED_WIDTH) {                                  \
		const uint32_t some = n - c < FED_WIDTH ? (uint32_t)(n - c) : FED_WIDTH; \
		const vec middle = load_most(mean + c, some);                            \
		vec part[4] = {{0}};                                                     \
		size_t r = 0;                                                            \
                                                                                 \
		for (; r + 4 <= rows; r += 4) {                                          \
			part[0] += term(a, b, r * n + c, middle, some);                      \
			part[1] += term(a, b, (r + 1) * n + c, middle, some);                \
			part[2] += term(a, b, (r + 2) * n + c, middle, some);                \
			part[3] += term(a, b, (r + 3) * n + c, middle, some);                \
		}                                                                        \
		for (; r < rows; r++)                                                    \
			part[0] += term(a, b, r * n + c, middle, some);                      \
		const vec all = (part[0] + part[1]) + (part[2] + part[3]);               \
		store_most(sum + c, load_most(sum + c, some) + all, some);               \
	}

static void add_squares(const float *v, const float *mean, size_t rows, size_t n, float *sum)
{
	ADD_TERMS(square_term, v, v)
}

static void add_products(const float *dy, const float *x, const float *mean, size_t rows, size_t n,
                         float *sum)
{
	ADD_TERMS(product_term, dy, x)
}
#undef ADD_TERMS

static void scale_rows(const float *x, const float *a, const float *b, size_t rows, size_t n,
                       float *y)
{
	for (size_t c = 0; c < n; c += FED_WIDTH) {
		const uint32_t some = n - c < FED_WIDTH ? (uint32_t)(n - c) : FED_WIDTH;
		const vec factor = load_most(a + c, some), offset = load_most(b + c, some);

		for (size_t r = 0; r < rows; r++)
			store_most(y + r * n + c, factor * load_most(x + r * n + c, some) + offset, some);
	}
}

static void mix_rows(const float *dy, const float *x, const float *a, const float *b,
                     const float *c, size_t rows, size_t n, float *dx)
{
	for (size_t j = 0; j < n; j += FED_WIDTH) {
		const uint32_t some = n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH;
		const vec fa = load_most(a + j, some), fb = load_most(b + j, some);
		const vec fc = load_most(c + j, some);

		for (size_t r = 0; r < rows; r++) {
			const size_t at = r * n + j;

			store_most(dx + at, fa * load_most(dy + at, some) + (fb * load_most(x + at, some) + fc),
			           some);
		}
	}
}

/* Rows ------------------------------------------------------------------------ */

INLINE float sum_of(vec v)
{
	float memory[1 + FED_WIDTH], *lane = memory + 1; /* see centred() */

	store(lane, v);
	for (int half = FED_WIDTH / 2; half; half /= 2)
		for (int i = 0; i < half; i++)
			lane[i] += lane[i + half];
	return lane[0];
}

/* x with zeros behind n, whatever mean is taken off.  The lanes do not begin with the array: gcc 12
 * takes it for aligned to 64 bytes, which the stack of the address sanitizer is not. */
INLINE vec centred(const float *x, vec mean, uint32_t n)
{
	float memory[1 + FED_WIDTH], *lane = memory + 1;

	if (n >= FED_WIDTH)
		return load(x) - mean;
	store(lane, load_some(x, n) - mean);
	for (uint32_t i = n; i < FED_WIDTH; i++)
		lane[i] = 0;
	return load(lane);
}

static void norm_rows(const float *x, const float *factor, const float *offset, size_t rows,
                      size_t n, float epsilon, float *y, float *moments)
{
	for (size_t r = 0; r < rows; r++, x += n, y += n) {
		vec sum = {0}, squares = {0};

		for (size_t j = 0; j < n; j += FED_WIDTH)
			sum += load_most(x + j, n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH);
		const float mean = sum_of(sum) / (float)n;
		for (size_t j = 0; j < n; j += FED_WIDTH) {
			const vec off =
				centred(x + j, splat(mean), n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH);
			squares += off * off;
		}
		const float scale = 1 / __builtin_sqrtf(sum_of(squares) / (float)n + epsilon);
		moments[2 * r] = mean;
		moments[2 * r + 1] = scale;
		for (size_t j = 0; j < n; j += FED_WIDTH) {
			const uint32_t some = n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH;
			const vec even = (load_most(x + j, some) - mean) * scale;

			store_most(y + j, even * load_most(factor + j, some) + load_most(offset + j, some),
			           some);
		}
	}
}

static void norm_rows_back(const float *x, const float *dy, const float *factor,
                           const float *moments, size_t rows, size_t n, float *dx,
                           float *factor_gradient, float *offset_gradient)
{
	for (size_t r = 0; r < rows; r++, x += n, dy += n) {
		const float mean = moments[2 * r], scale = moments[2 * r + 1];
		vec sum = {0}, product = {0};

		for (size_t j = 0; j < n; j += FED_WIDTH) {
			const uint32_t some = n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH;
			const vec even = (load_most(x + j, some) - mean) * scale, d = load_most(dy + j, some);
			const vec weighted = d * load_most(factor + j, some); /* 0 behind n */

			sum += weighted;
			product += weighted * even;
		}
		const float a = sum_of(sum) / (float)n, b = sum_of(product) / (float)n;
		for (size_t j = 0; dx && j < n; j += FED_WIDTH) {
			const uint32_t some = n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH;
			const vec even = (load_most(x + j, some) - mean) * scale;
			const vec weighted = load_most(dy + j, some) * load_most(factor + j, some);

			store_most(dx + r * n + j, (weighted - a - even * b) * scale, some);
		}
		/* last, for the gradients may be the parameters; a row's dx needs the factors as they were
		 */
		for (size_t j = 0; factor_gradient && j < n; j += FED_WIDTH) {
			const uint32_t some = n - j < FED_WIDTH ? (uint32_t)(n - j) : FED_WIDTH;
			const vec even = (load_most(x + j, some) - mean) * scale, d = load_most(dy + j, some);

			store_most(factor_gradient + j, load_most(factor_gradient + j, some) + d * even, some);
			store_most(offset_gradient + j, load_most(offset_gradient + j, some) + d, some);
		}
	}
}

/* The largest of n numbers. */
static float largest(const float *v, size_t n)
{
	float part[16], top = v[0];
	size_t j = 0;

	for (int i = 0; i < 16; i++)
		part[i] = v[0];
	for (; j + 16 <= n; j += 16)
		for (int i = 0; i < 16; i++)
			part[i] = v[j + i] > part[i] ? v[j + i] : part[i];
	for (; j < n; j++)
		top = v[j] > top ? v[j] : top;
	for (int i = 0; i < 16; i++)
		top = part[i] > top ? part[i] : top;
	return top;
}

static void softmax_rows(float *s, size_t rows, size_t n, float factor, bool causal)
{
	for (size_t r = 0; r < rows; r++, s += n) {
		const size_t live = causal ? r + 1 : n;
		const float top = largest(s, live);
		float part[16] = {0};

		EACH
		for (size_t j = 0; j < live; j++)
			s[j] = exponential((s[j] - top) * factor);
		size_t j = 0;
		for (; j + 16 <= live; j += 16)
			for (size_t i = 0; i < 16; i++)
				part[i] += s[j + i];
		for (; j < live; j++)
			part[j % 16] += s[j];
		for (int half = 8; half; half /= 2)
			for (int i = 0; i < half; i++)
				part[i] += part[i + half];
		const float share = 1 / part[0];
		EACH
		for (j = 0; j < live; j++)
			s[j] *= share;
		memset(s + live, 0, (n - live) * sizeof *s);
	}
}

static void softmax_rows_back(const float *p, float *dp, size_t first, size_t rows, size_t n,
                              float factor, bool causal)
{
	for (size_t r = first; r < first + rows; r++, p += n, dp += n) {
		const size_t live = causal ? r + 1 : n;
		float part[16] = {0};
		size_t j = 0;

		for (; j + 16 <= live; j += 16)
			for (size_t i = 0; i < 16; i++)
				part[i] += p[j + i] * dp[j + i];
		for (; j < live; j++)
			part[j % 16] += p[j] * dp[j];
		for (int half = 8; half; half /= 2)
			for (int i = 0; i < half; i++)
				part[i] += part[i + half];
		const float mean = part[0];
		EACH
		for (j = 0; j < live; j++)
			dp[j] = p[j] * (dp[j] - mean) * factor;
		memset(dp + live, 0, (n - live) * sizeof *dp);
	}
}

/* Elements -------------------------------------------------------------------- */

/* 1 / (1 + e^-2u) with u = sqrt(2/pi) (x + 0.044715 x^3), which is (1 + tanh u) / 2: one
 * exponential, where tanh needs another form near 0. */
INLINE float gelu_share(float x)
{
	return 1 / (1 + exponential(-2 * 0.79788456f * (x + 0.044715f * x * x * x)));
}

static void gelu(const float *x, float *y, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * gelu_share(x[i]);
}

static void gelu_back(const float *x, const float *dy, float *dx, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++) {
		const float share = gelu_share(x[i]);
		const float inner = 2 * 0.79788456f * (1 + 3 * 0.044715f * x[i] * x[i]);

		dx[i] = dy[i] * (share + x[i] * share * (1 - share) * inner);
	}
}

static void dropout(const float *x, float *y, size_t n, uint64_t key, uint64_t from, uint32_t drop,
                    float scale)
{
	for (size_t i = 0; i < n; i += 4) {
		const uint64_t bits = fed_random(key, from / 4 + i / 4);

		for (size_t k = 0; k < 4 && i + k < n; k++)
			y[i + k] = (bits >> 16 * k & 0xffff) >= drop ? scale * x[i + k] : 0;
	}
}

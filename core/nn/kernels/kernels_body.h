/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_body.h - the source of nn/kernels/kernels.h, included by one file for each
 * instruction set.
 *
 * The including file defines FED_KERNELS, FED_KERNELS_ISA and FED_WIDTH, the floats of a vector.
 * These files are compiled with -O3 and contraction to fused multiply-adds.
 */
#include <string.h>

#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_conv.h"
#include "nn/kernels/kernels_dense.h"
#include "nn/kernels/kernels_elementary.h"
#include "nn/kernels/kernels_norm.h"
#include "nn/kernels/kernels_vector.h"
#include "nn/kernels/kernels_winograd.h"

static void relu(const float *x, float *y, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] < 0 ? 0 : x[i]; /* NaN stays NaN */
}

static void relu_back(const float *y, const float *dy, float *dx, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		dx[i] = y[i] > 0 ? dy[i] : 0;
}

static void exp_(const float *x, float shift, float *e, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		e[i] = exponential(x[i] - shift);
}

static void tanh_(const float *x, float *y, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = hyperbolic_tangent(x[i]);
}

static void tanh_back(const float *y, const float *dy, float *dx, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		dx[i] = (1 - y[i] * y[i]) * dy[i];
}

static void add_rows(const float *v, size_t rows, size_t n, float *sum)
{
	for (size_t r = 0; r < rows; r++) {
		EACH
		for (size_t i = 0; i < n; i++)
			sum[i] += v[r * n + i];
	}
}

static void add(const float *a, const float *b, float *y, size_t n)
{
	EACH
	for (size_t i = 0; i < n; i++)
		y[i] = a[i] + b[i];
}

static inline float larger(float a, float b)
{
	return b > a ? b : a;
}

static void max_pool2(const float *x0, const float *x1, float *y, size_t n, size_t channels)
{
	for (size_t i = 0; i < n; i++) {
		EACH
		for (size_t c = 0; c < channels; c++)
			y[c] = larger(larger(x0[c], x0[channels + c]), larger(x1[c], x1[channels + c]));
		x0 += 2 * channels;
		x1 += 2 * channels;
		y += channels;
	}
}

/* The first of equal values gets the gradient. */
static void max_pool2_back(const float *x0, const float *x1, const float *y, const float *dy,
                           float *dx0, float *dx1, size_t n, size_t channels)
{
	for (size_t i = 0; i < n; i++) {
		EACH
		for (size_t c = 0; c < channels; c++) {
			const float m = y[c], d = dy[c];
			const float a = x0[c] == m ? d : 0, d1 = x0[c] == m ? 0 : d;
			const float b = x0[channels + c] == m ? d1 : 0, d2 = x0[channels + c] == m ? 0 : d1;
			const float e = x1[c] == m ? d2 : 0, f = x1[c] == m ? 0 : d2;
			dx0[c] = a;
			dx0[channels + c] = b;
			dx1[c] = e;
			dx1[channels + c] = f;
		}
		x0 += 2 * channels;
		x1 += 2 * channels;
		dx0 += 2 * channels;
		dx1 += 2 * channels;
		y += channels;
		dy += channels;
	}
}

static void add_transposed(const float *from, size_t from_line, size_t rows, size_t columns,
                           float *to, size_t to_line)
{
	for (size_t r = 0; r < rows; r += FED_WIDTH) {
		const uint32_t n = rows - r < FED_WIDTH ? (uint32_t)(rows - r) : FED_WIDTH;

		for (size_t c = 0; c < columns; c += FED_WIDTH) {
			vec v[FED_WIDTH];

			load_transposed(from + r * from_line + c, from_line, n, columns - c, v);
			for (size_t i = 0; i < FED_WIDTH && c + i < columns; i++) {
				float *line = to + (c + i) * to_line + r;

				store_most(line, load_most(line, n) + v[i], n);
			}
		}
	}
}

static void momentum_step(float *w, float *v, float *g, size_t n, float lr, float momentum,
                          float decay)
{
	EACH
	for (size_t j = 0; j < n; j++) {
		float next = momentum * v[j] + (g[j] + decay * w[j]);
		/* before it decays into subnormal numbers, which cost a hundred times more */
		next = next * next < 1e-37f ? 0 : next;
		v[j] = next;
		w[j] -= lr * next;
		g[j] = 0;
	}
}

static void plain_step(float *w, float *g, size_t n, float lr, float decay)
{
	EACH
	for (size_t j = 0; j < n; j++) {
		w[j] -= lr * (g[j] + decay * w[j]);
		g[j] = 0;
	}
}

/* One number of the step; returns nonzero when the sum is not finite. */
INLINE uint32_t add_number(float w, float step, float *out, double *squares)
{
	const float next = w + step;
	uint32_t bits;

	memcpy(&bits, &next, sizeof bits);
	*out = next;
	*squares += (double)step * (double)step; /* the product is exact, fused or not */
	return (bits & 0x7f800000u) == 0x7f800000u;
}

static bool add_step(const float *w, const float *step, float *out, size_t n, double *squares)
{
	enum { LANES = 16 }; /* one sum would wait for itself at each addition */
	double lane[LANES] = {0}, sum = 0;
	uint32_t bad = 0;
	size_t j = 0;

	for (; j + LANES <= n; j += LANES) {
		UNROLL
		for (size_t k = 0; k < LANES; k++)
			bad |= add_number(w[j + k], step[j + k], &out[j + k], &lane[k]);
	}
	for (; j < n; j++)
		bad |= add_number(w[j], step[j], &out[j], &lane[j % LANES]);
	for (int k = 0; k < LANES; k++)
		sum += lane[k];
	*squares = sum;
	return !bad;
}

const struct fed_kernels FED_KERNELS = {
	.isa = FED_KERNELS_ISA,
	.width = FED_WIDTH,
	.relu = relu,
	.relu_back = relu_back,
	.tanh = tanh_,
	.tanh_back = tanh_back,
	.exp = exp_,
	.add_rows = add_rows,
	.add = add,
	.gelu = gelu,
	.gelu_back = gelu_back,
	.dropout = dropout,
	.add_squares = add_squares,
	.add_products = add_products,
	.scale_rows = scale_rows,
	.mix_rows = mix_rows,
	.norm_rows = norm_rows,
	.norm_rows_back = norm_rows_back,
	.softmax_rows = softmax_rows,
	.softmax_rows_back = softmax_rows_back,
	.nonzero = nonzero,
	.max_pool2 = max_pool2,
	.max_pool2_back = max_pool2_back,
	.conv_row = conv_row,
	.winograd_kernel = winograd_kernel,
	.winograd_image = winograd_image,
	.winograd_gradient = winograd_gradient,
	.winograd_kernel_gradient = winograd_kernel_gradient,
	.conv_list = conv_list,
	.conv_taps = conv_taps,
	.dense_forward = dense_forward,
	.dense_forward_sparse = dense_forward_sparse,
	.dense_backward = dense_backward,
	.add_transposed = add_transposed,
	.momentum_step = momentum_step,
	.plain_step = plain_step,
	.add_step = add_step,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels.h - compute kernels, compiled once for each instruction set and selected at
 * run time.
 *
 * One source (kernels_body.h), three objects.  Each is deterministic; they differ from each other
 * by rounding (fused multiply-adds).
 */
#ifndef FED_NN_KERNELS_H
#define FED_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

struct fed_conv_sizes {
	uint32_t kernel, channels; /* of the input */
	uint32_t width;            /* pixels of an output row */
	size_t line;               /* floats from one channel's row of the planar input to the next */
	uint32_t filters;
	size_t padded_filters; /* a multiple of the vector width */
};

/* Winograd's algorithm: lines of an input tile, and points per dimension; the largest kernel (3, 4
 * or 5 lines); tiles per batch at most. */
#define FED_WINOGRAD_LINES 6
#define FED_WINOGRAD_POINTS (FED_WINOGRAD_LINES * FED_WINOGRAD_LINES)
#define FED_WINOGRAD_KERNEL 5
#define FED_WINOGRAD_TILES 28

struct fed_winograd_sizes {
	uint32_t kernel, channels, filters;
	size_t padded_filters;  /* a multiple of the vector width */
	uint32_t height, width; /* of the output */
	/* Floats from a row of the input to the next.  The input has all rows and columns read by the
	 * tiles of 7 - kernel lines each that cover the output. */
	size_t line;
};

struct fed_winograd_scratch {
	float *v, *m; /* FED_WINOGRAD_TILES of (points, channels) and of (points, padded_filters) */
	const float *zeros; /* (padded_filters) */
};

struct fed_dense_sizes {
	uint32_t batch, in, units;
	size_t
		x_line; /* floats from one example's x or dx to the next: more than `in` for a part of W */
	size_t w_line; /* from one row of W, g, y or dy to the next: likewise */
};

/* Words of a bit set of channels: bit c % 64 of word c / 64. */
#define LIVE_WORDS(channels) (((channels) + 63) / 64)

/* The pixels of one output plane whose gradient is not 0. */
struct fed_conv_list {
	uint32_t n;
	const uint32_t *at; /* offset of the pixel's first tap in x and dx */
	const float *value;
};

struct fed_kernels {
	enum fed_isa isa;
	uint32_t width; /* floats of a vector */
	/* Elementwise: the result may be any of the arguments. */
	void (*relu)(const float *x, float *y, size_t n);
	void (*relu_back)(const float *y, const float *dy, float *dx, size_t n);
	void (*tanh)(const float *x, float *y, size_t n);
	void (*tanh_back)(const float *y, const float *dy, float *dx, size_t n);
	/* e = exp(x - shift) */
	void (*exp)(const float *x, float shift, float *e, size_t n);
	/* sum += each of the rows of v (rows, n), in order */
	void (*add_rows)(const float *v, size_t rows, size_t n, float *sum);
	/* y = a + b; y may be either */
	void (*add)(const float *a, const float *b, float *y, size_t n);
	/* x times the normal distribution function, in the form with tanh; dx may be dy */
	void (*gelu)(const float *x, float *y, size_t n);
	void (*gelu_back)(const float *x, const float *dy, float *dx, size_t n);
	/* y = scale x where one of the 16-bit random numbers from number `from` of the stream on is at
	 * least `drop`, else 0; y may be x */
	void (*dropout)(const float *x, float *y, size_t n, uint64_t key, uint64_t from, uint32_t drop,
	                float scale);
	/* Of columns of (rows, n): sum += v - mean squared; sum += dy (x - mean). */
	void (*add_squares)(const float *v, const float *mean, size_t rows, size_t n, float *sum);
	void (*add_products)(const float *dy, const float *x, const float *mean, size_t rows, size_t n,
	                     float *sum);
	/* y = a x + b, and dx = a dy + b x + c, with a number of a, b, c for each column */
	void (*scale_rows)(const float *x, const float *a, const float *b, size_t rows, size_t n,
	                   float *y);
	void (*mix_rows)(const float *dy, const float *x, const float *a, const float *b,
	                 const float *c, size_t rows, size_t n, float *dx);
	/* Rows of (rows, n) to mean 0 and variance 1, then y = factor x + offset; moments (rows, 2) are
	 * mean and 1 / deviation.  Backward adds to the two gradients; dx may be NULL. */
	void (*norm_rows)(const float *x, const float *factor, const float *offset, size_t rows,
	                  size_t n, float epsilon, float *y, float *moments);
	void (*norm_rows_back)(const float *x, const float *dy, const float *factor,
	                       const float *moments, size_t rows, size_t n, float *dx,
	                       float *factor_gradient, float *offset_gradient);
	/* Rows of s (rows, n) to their softmax after a factor; causal: row r has r + 1 numbers, zeros
	 * behind.  Backward makes the gradient by s, in place of that by the softmax; p and dp begin
	 * with row `first`. */
	void (*softmax_rows)(float *s, size_t rows, size_t n, float factor, bool causal);
	void (*softmax_rows_back)(const float *p, float *dp, size_t first, size_t rows, size_t n,
	                          float factor, bool causal);
	/* bit i: x[i] is not 0; n at most 64 */
	uint64_t (*nonzero)(const float *x, uint32_t n);
	/* max_pool of one row of 2x2 windows: x0 and x1 are rows of 2 n C values, y is (n, C) */
	void (*max_pool2)(const float *x0, const float *x1, float *y, size_t n, size_t channels);
	void (*max_pool2_back)(const float *x0, const float *x1, const float *y, const float *dy,
	                       float *dx0, float *dx1, size_t n, size_t channels);
	/* A row of a convolution's output: y (width, filters).  x is the planar input's (kernel,
	 * channels, line) from the row's top left, k is (kernel, kernel, channels, padded_filters).
	 * live has for each of those rows the set of channels whose line is not all 0. */
	void (*conv_row)(const struct fed_conv_sizes *, const uint64_t *live, const float *x,
	                 const float *k, const float *bias, float *y);
	/* The same by Winograd's algorithm, a whole image: y (height, width, filters) from x (.., ..,
	 * channels).  u (points, channels, padded_filters) is made from k (kernel, kernel, channels,
	 * filters) once. */
	void (*winograd_kernel)(const struct fed_winograd_sizes *, const float *k, float *u);
	void (*winograd_image)(const struct fed_winograd_sizes *, const float *x, const float *u,
	                       const float *bias, const struct fed_winograd_scratch *, float *y);
	/* Gradients of a kernel of 3x3: sum (points, channels, padded_filters) += from one image, x as
	 * above; dy (.., .., filters), `dy_line` from row to row, is 0 beyond the output where tiles
	 * end.  Then the kernel's, k (kernel, kernel, channels, filters) += from the sum. */
	void (*winograd_gradient)(const struct fed_winograd_sizes *, const float *x, const float *dy,
	                          size_t dy_line, const struct fed_winograd_scratch *, float *sum);
	void (*winograd_kernel_gradient)(const struct fed_winograd_sizes *, const float *sum, float *k);
	/* One filter's part of the gradients: its kernel rows k and dk are (kernel, span), span a
	 * multiple of the width; the taps of a pixel are `span` floats in each of `kernel` rows of x,
	 * `row` floats apart.  dk += ..., dx += ... unless dx is NULL (then k may be). */
	void (*conv_list)(const struct fed_conv_list *, uint32_t kernel, size_t row, size_t span,
	                  const float *x, float *dx, const float *k, float *dk);
	/* dk (taps, filters) += x[j * step + t] * dy[j][f] over the row's pixels j; filters a multiple
	 * of the width. */
	void (*conv_taps)(uint32_t taps, uint32_t pixels, uint32_t step, const float *x,
	                  const float *dy, size_t filters, float *dk);
	/* y = x W + bias, for small batches or, at any size, for x of which much is 0;  dx = dy W'
	 * unless dx is NULL, then g += x' dy, where g may be W. */
	void (*dense_forward)(const struct fed_dense_sizes *, const float *x, const float *w,
	                      const float *bias, float *y);
	/* flat: in tiles that are faster where vectors are multiplied in halves (base/cpu.h). */
	void (*dense_forward_sparse)(const struct fed_dense_sizes *, bool flat, const float *x,
	                             const float *w, const float *bias, float *y);
	void (*dense_backward)(const struct fed_dense_sizes *, const float *x, const float *dy,
	                       const float *w, float *dx, float *g);
	/* to (columns, rows) += the transpose of from (rows, columns); `line` is from row to row. */
	void (*add_transposed)(const float *from, size_t from_line, size_t rows, size_t columns,
	                       float *to, size_t to_line);
	/* v <- momentum v + g + decay w;  w <- w - lr v;  g <- 0 */
	void (*momentum_step)(float *w, float *v, float *g, size_t n, float lr, float momentum,
	                      float decay);
	/* w <- w - lr (g + decay w);  g <- 0 */
	void (*plain_step)(float *w, float *g, size_t n, float lr, float decay);
	/* out = w + step; *squares is the sum of the squares of step, in the same order for every
	 * instruction set.  Whether all of out is finite. */
	bool (*add_step)(const float *w, const float *step, float *out, size_t n, double *squares);
};

/* The kernels for this processor (base/cpu.h). */
const struct fed_kernels *fed_kernels(void);
/* NULL when this build or this processor does not support the set. */
const struct fed_kernels *fed__kernels_of(enum fed_isa);

#endif

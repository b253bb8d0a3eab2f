/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_dense.h - dense kernels for small batches (included by
 * nn/kernels/kernels_body.h).
 *
 * There the weights are much larger than inputs and outputs, so each pass reads W once, a part that
 * fits the cache at a time.  Every value is summed in a fixed order, whatever the blocking.
 *
 * The weights' gradient is in nn/kernels/kernels_sparse.h.
 */
#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_sparse.h"
#include "nn/kernels/kernels_vector.h"

/* Bytes of a part of W in the forward pass: half of a small second-level cache. */
#define PART_FLOATS 32768u
/* Rows to prefetch: they are far apart, beyond the hardware prefetcher. */
#define FETCH_ROWS 8
/* Rows of W and examples that make dx together: a vector of sums. */
#define DOT_ROWS 4
#define DOT_EXAMPLES (FED_WIDTH / DOT_ROWS)
/* Batch from which transposing W costs less than adding up lanes (measured). */
#define MANY_EXAMPLES 24u
/* Bytes of a part of W in the backward pass: all of W when it fits the second-level cache, else
 * what stays there between dx and the gradient. */
#define WHOLE_FLOATS 262144u
#define BACK_FLOATS 16384u

/* y (examples, vectors) of one part of K: y = bias (NULL: y) + x W, `columns` wide. */
INLINE void forward_tile(const int examples, const int vectors, const struct fed_dense_sizes *s,
                         uint32_t rows, const float *x, const float *w, const float *bias, float *y,
                         uint32_t columns)
{
	vec sum[TILE_ROWS][2];
	const uint32_t last = columns - (uint32_t)(vectors - 1) * FED_WIDTH;

	UNROLL
	for (int b = 0; b < examples; b++) {
		const float *from = bias ? bias : y + b * s->w_line;

		if (vectors > 1)
			sum[b][0] = load(from);
		sum[b][vectors - 1] = load_most(from + (vectors - 1) * FED_WIDTH, last);
	}
	for (uint32_t k = 0; k < rows; k++, w += s->w_line, x++) {
		const float *ahead = w + FETCH_ROWS * s->w_line;
		vec weight[2];

		__builtin_prefetch(ahead, 0, 3);
		if (vectors > 1) {
			__builtin_prefetch(ahead + FED_WIDTH, 0, 3);
			weight[0] = load(w);
		}
		weight[vectors - 1] = load_most(w + (vectors - 1) * FED_WIDTH, last);
		UNROLL
		for (int b = 0; b < examples; b++) {
			const vec value = splat(x[b * s->x_line]);

			UNROLL
			for (int v = 0; v < vectors; v++)
				sum[b][v] += value * weight[v];
		}
	}
	UNROLL
	for (int b = 0; b < examples; b++) {
		float *to = y + b * s->w_line;

		if (vectors > 1)
			store(to, sum[b][0]);
		store_most(to + (vectors - 1) * FED_WIDTH, sum[b][vectors - 1], last);
	}
}

#define CASE(n)                                                  \
	case n:                                                      \
		if (columns > FED_WIDTH)                                 \
			forward_tile(n, 2, s, rows, x, w, bias, y, columns); \
		else                                                     \
			forward_tile(n, 1, s, rows, x, w, bias, y, columns); \
		break;

static void forward_some(uint32_t examples, const struct fed_dense_sizes *s, uint32_t rows,
                         const float *x, const float *w, const float *bias, float *y,
                         uint32_t columns)
{
	switch (examples) {
		TILE_CASES
	}
}
#undef CASE

static void dense_forward(const struct fed_dense_sizes *s, const float *x, const float *w,
                          const float *bias, float *y)
{
	const uint32_t parts = (s->batch + TILE_ROWS - 1) / TILE_ROWS;
	const uint32_t most = s->units < PART_FLOATS / 8 ? PART_FLOATS / s->units : 8;

	for (uint32_t k = 0; k < s->in; k += most) {
		const uint32_t rows = s->in - k < most ? s->in - k : most;

		for (uint32_t j = 0; j < s->units; j += 2 * FED_WIDTH) {
			const uint32_t columns = s->units - j < 2 * FED_WIDTH ? s->units - j : 2 * FED_WIDTH;
			uint32_t b = 0;

			for (uint32_t i = 0; i < parts; i++) {
				const uint32_t examples = part_of(s->batch, parts, i);

				forward_some(examples, s, rows, x + b * s->x_line + k, w + k * s->w_line + j,
				             k ? NULL : bias + j, y + b * s->w_line + j, columns);
				b += examples;
			}
		}
	}
}

/* to (columns, rows) = the transpose of from (rows, columns). */
static void transpose(const float *from, size_t from_line, size_t rows, size_t columns, float *to,
                      size_t to_line)
{
	for (size_t r = 0; r < rows; r += FED_WIDTH)
		for (size_t c = 0; c < columns; c += FED_WIDTH) {
			vec v[FED_WIDTH];

			load_transposed(from + r * from_line + c, from_line, rows - r, columns - c, v);
			for (size_t i = 0; i < FED_WIDTH && c + i < columns; i++)
				store(to + (c + i) * to_line + r, v[i]);
		}
}

/* dx[b][r] = sum over j of w[r][j] dy[b][j] for `rows` rows and `examples`.  Fetches the two rows
 * at `ahead` of those that come later. */
INLINE void dots_tile(const int rows, const int examples, const struct fed_dense_sizes *s,
                      const float *w, const float *dy, float *dx, const float *ahead)
{
	vec sum[FED_WIDTH] = {{0}};
	const size_t n = s->units;
	uint32_t j = 0;

	for (; j + FED_WIDTH <= s->units; j += FED_WIDTH) {
		vec weight[DOT_ROWS];

		UNROLL
		for (int r = 0; r < rows; r++)
			weight[r] = in_register(load(w + (size_t)r * n + j));
		__builtin_prefetch(ahead + j, 1, 2);
		__builtin_prefetch(ahead + n + j, 1, 2);
		UNROLL
		for (int b = 0; b < examples; b++) {
			const vec d = in_register(load(dy + (size_t)b * n + j));

			UNROLL
			for (int r = 0; r < rows; r++)
				sum[b * DOT_ROWS + r] += weight[r] * d;
		}
	}
	if (j < s->units) {
		vec weight[DOT_ROWS];

		UNROLL
		for (int r = 0; r < rows; r++)
			weight[r] = in_register(load_some(w + (size_t)r * n + j, s->units - j));
		UNROLL
		for (int b = 0; b < examples; b++) {
			const vec d = in_register(load_some(dy + (size_t)b * n + j, s->units - j));

			UNROLL
			for (int r = 0; r < rows; r++)
				sum[b * DOT_ROWS + r] += weight[r] * d;
		}
	}
	float all[FED_WIDTH];
	store(all, sum_lanes(sum));
	UNROLL
	for (int b = 0; b < examples; b++)
		memcpy(dx + b * s->x_line, all + b * DOT_ROWS, (size_t)rows * sizeof *dx);
}

#define CASE(n)                                                      \
	case n:                                                          \
		if (rows == DOT_ROWS)                                        \
			dots_tile(DOT_ROWS, n, s, w, dy, dx, ahead);             \
		else                                                         \
			for (size_t r = 0; r < rows; r++)                        \
				dots_tile(1, n, s, w + r * line, dy, dx + r, ahead); \
		break;

/* dx of at most DOT_ROWS rows of W. */
static void dots_rows(const struct fed_dense_sizes *s, uint32_t rows, const float *w,
                      const float *dy, float *dx)
{
	const size_t line = s->units;

	for (uint32_t b = 0; b < s->batch; b += DOT_EXAMPLES) {
		const float *ahead = w - BACK_FLOATS + (b & DOT_EXAMPLES ? 2 * line : 0);

		switch (s->batch - b < DOT_EXAMPLES ? s->batch - b : DOT_EXAMPLES) {
			CASE(1)
#if DOT_EXAMPLES > 1
			CASE(2)
#endif
#if DOT_EXAMPLES > 2
			CASE(3)
			CASE(4)
#endif
		}
		dy += DOT_EXAMPLES * line;
		dx += DOT_EXAMPLES * s->x_line;
	}
}
#undef CASE

/* The same for many examples: W is transposed in parts that stay in the first-level cache, and
 * then meets dy as it would forward. */
static void dots_transposed(const struct fed_dense_sizes *s, uint32_t rows, const float *w,
                            const float *dy, float *dx)
{
	enum { LINE = SQUARE_VECTORS * FED_WIDTH };
	_Alignas(sizeof(vec)) float part[64 * LINE];
	uint64_t all[PART_EXAMPLES];
	struct product p = {.w = part, .x_line = s->units, .w_line = LINE, .y_line = s->x_line};

	for (size_t b = 0; b < s->batch; b++)
		memset(dx + b * s->x_line, 0, rows * sizeof *dx);
	for (size_t j = 0; j < s->units; j += 64) {
		const size_t units = s->units - j < 64 ? s->units - j : 64;

		for (size_t b = 0; b < PART_EXAMPLES; b++)
			all[b] = ~(uint64_t)0 >> (64 - units);
		for (size_t r = 0; r < rows; r += LINE) {
			const uint32_t some = rows - r < LINE ? (uint32_t)(rows - r) : LINE;

			transpose(w + r * s->units + j, s->units, some, units, part, LINE);
			for (size_t b = 0; b < s->batch; b += PART_EXAMPLES) {
				p.examples = part_examples(s->batch - b);
				p.x = dy + b * s->units + j;
				p.y = dx + b * s->x_line + r;
				square_product(p, all, some);
			}
		}
	}
}

/* Rows k .. k + rows - 1: first their part of dx, then their gradient, which may be w itself. */
static void back_rows(const struct fed_dense_sizes *s, uint32_t k, uint32_t rows, const float *x,
                      const float *dy, const float *w, float *dx, float *g)
{
	if (dx && s->batch >= MANY_EXAMPLES)
		dots_transposed(s, rows, w + (size_t)k * s->units, dy, dx + k);
	for (uint32_t r = rows; dx && s->batch < MANY_EXAMPLES && r;) {
		const uint32_t n = r % DOT_ROWS ? r % DOT_ROWS : DOT_ROWS;

		r -= n;
		dots_rows(s, n, w + (size_t)(k + r) * s->units, dy, dx + k + r);
	}
	outer_rows(s, k, rows, x, dy, g);
}

/* From the last row to the first: forward() has left the last ones in the cache. */
static void dense_backward(const struct fed_dense_sizes *s, const float *x, const float *dy,
                           const float *w, float *dx, float *g)
{
	const size_t together = (size_t)s->in * s->units <= WHOLE_FLOATS ? WHOLE_FLOATS : BACK_FLOATS;
	const size_t fit = together / s->units / DOT_ROWS * DOT_ROWS;
	const uint32_t most = fit < DOT_ROWS ? DOT_ROWS : fit < BACK_ROWS ? (uint32_t)fit : BACK_ROWS;

	for (uint32_t k = s->in; k;) {
		const uint32_t rows = k % most ? k % most : most;

		k -= rows;
		back_rows(s, k, rows, x, dy, w, dx, g);
	}
}

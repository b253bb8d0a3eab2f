/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels_dense.h - dense layers on small batches (included by nn/kernels_body.h).
 *
 * There the weights are much larger than what meets them, so each pass walks over W once, a part
 * that fits the cache at a time.  Every value is summed in a fixed order, whatever the blocking.
 */
#include "nn/kernels.h"
#include "nn/kernels_vector.h"

/* A part of W that is used several times before the next: half of a small second-level cache. */
#define PART_FLOATS 32768u
/* Rows of W that go through backward together. */
#define BACK_ROWS (FED_WIDTH / 2)

/* y (examples, vectors) of one part of K: y = bias (NULL: y) + x W, `columns` wide. */
INLINE void forward_tile(const int examples, const int vectors, const struct fed_dense_sizes *s,
                         uint32_t rows, const float *x, const float *w, const float *bias, float *y,
                         uint32_t columns)
{
	vec sum[TILE_ROWS][2];
	const uint32_t last = columns - (uint32_t)(vectors - 1) * FED_WIDTH;

	UNROLL
	for (int b = 0; b < examples; b++) {
		const float *from = bias ? bias : y + (size_t)b * s->units;

		if (vectors > 1)
			sum[b][0] = load(from);
		sum[b][vectors - 1] = load_most(from + (vectors - 1) * FED_WIDTH, last);
	}
	for (uint32_t k = 0; k < rows; k++, w += s->units, x++) {
		vec weight[2];

		__builtin_prefetch(w + PART_FLOATS, 0, 2);
		if (vectors > 1) {
			__builtin_prefetch(w + PART_FLOATS + FED_WIDTH, 0, 2);
			weight[0] = load(w);
		}
		weight[vectors - 1] = load_most(w + (vectors - 1) * FED_WIDTH, last);
		UNROLL
		for (int b = 0; b < examples; b++) {
			const vec value = splat(x[(size_t)b * s->in]);

			UNROLL
			for (int v = 0; v < vectors; v++)
				sum[b][v] += value * weight[v];
		}
	}
	UNROLL
	for (int b = 0; b < examples; b++) {
		float *to = y + (size_t)b * s->units;

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
		CASE(1)
		CASE(2)
		CASE(3)
		CASE(4)
		CASE(5)
		CASE(6)
#if TILE_ROWS > 6
		CASE(7)
		CASE(8)
		CASE(9)
		CASE(10)
		CASE(11)
		CASE(12)
		CASE(13)
		CASE(14)
#endif
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

				forward_some(examples, s, rows, x + (size_t)b * s->in + k,
				             w + (size_t)k * s->units + j, k ? NULL : bias + j,
				             y + (size_t)b * s->units + j, columns);
				b += examples;
			}
		}
	}
}

/* dx[b][k + r] = sum over j of w[k + r][j] dy[b][j] for `rows` rows and one or two examples.
 * Fetches rows `ahead` .. ahead + 1 of those that come next. */
INLINE void dots_tile(const int rows, const int examples, const struct fed_dense_sizes *s,
                      const float *w, const float *dy, float *dx, const float *ahead)
{
	vec sum[FED_WIDTH] = {{0}};
	const uint32_t whole = s->units / FED_WIDTH * FED_WIDTH;
	const size_t n = s->units;

	for (uint32_t j = 0; j < whole; j += FED_WIDTH) {
		vec d[2], weight[BACK_ROWS];

		__builtin_prefetch(ahead + j, 1, 3);
		__builtin_prefetch(ahead + n + j, 1, 3);
		UNROLL
		for (int r = 0; r < rows; r++)
			weight[r] = load(w + (size_t)r * n + j);
		UNROLL
		for (int b = 0; b < examples; b++) {
			d[b] = load(dy + (size_t)b * n + j);
			UNROLL
			for (int r = 0; r < rows; r++)
				sum[b * BACK_ROWS + r] += weight[r] * d[b];
		}
	}
	if (whole < s->units) {
		vec d[2];

		UNROLL
		for (int b = 0; b < examples; b++)
			d[b] = load_some(dy + (size_t)b * n + whole, s->units - whole);
		UNROLL
		for (int r = 0; r < rows; r++) {
			const vec weight = load_some(w + (size_t)r * n + whole, s->units - whole);

			UNROLL
			for (int b = 0; b < examples; b++)
				sum[b * BACK_ROWS + r] += weight * d[b];
		}
	}
	float all[FED_WIDTH];
	store(all, sum_lanes(sum));
	UNROLL
	for (int b = 0; b < examples; b++)
		memcpy(dx + (size_t)b * s->in, all + b * BACK_ROWS, (size_t)rows * sizeof *dx);
}

/* g[r][j] += x[b][r] dy[b][j] over the examples, for `rows` rows. */
INLINE void outer_tile(const int rows, const int vectors, const struct fed_dense_sizes *s,
                       const float *x, const float *dy, float *g, uint32_t columns)
{
	vec sum[BACK_ROWS][3];
	const uint32_t last = columns - (uint32_t)(vectors - 1) * FED_WIDTH;

	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			const float *from = g + (size_t)r * s->units + v * FED_WIDTH;

			sum[r][v] = v < vectors - 1 ? load(from) : load_most(from, last);
		}
	}
	for (uint32_t b = 0; b < s->batch; b++, x += s->in, dy += s->units) {
		vec d[3];

		UNROLL
		for (int v = 0; v < vectors; v++)
			d[v] = v < vectors - 1 ? load(dy + v * FED_WIDTH) : load_most(dy + v * FED_WIDTH, last);
		UNROLL
		for (int r = 0; r < rows; r++) {
			const vec value = splat(x[r]);

			UNROLL
			for (int v = 0; v < vectors; v++)
				sum[r][v] += value * d[v];
		}
	}
	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			float *to = g + (size_t)r * s->units + v * FED_WIDTH;

			if (v < vectors - 1)
				store(to, sum[r][v]);
			else
				store_most(to, sum[r][v], last);
		}
	}
}

/* Rows k .. k + rows - 1: first their part of dx, then their gradient, which may be w itself. */
INLINE void back_rows(const int rows, const struct fed_dense_sizes *s, uint32_t k, const float *x,
                      const float *dy, const float *w, float *dx, float *g)
{
	const float *own = w + (size_t)k * s->units;
	const float *next = k < BACK_ROWS ? own : own - BACK_ROWS * (size_t)s->units;

	for (uint32_t b = 0; dx && b < s->batch; b += 2) {
		const float *d = dy + (size_t)b * s->units;
		float *to = dx + (size_t)b * s->in + k;

		if (b + 2 <= s->batch)
			dots_tile(rows, 2, s, own, d, to, next + b % BACK_ROWS * (size_t)s->units);
		else
			dots_tile(rows, 1, s, own, d, to, next + b % BACK_ROWS * (size_t)s->units);
	}
	const uint32_t vectors = (s->units + FED_WIDTH - 1) / FED_WIDTH, parts = (vectors + 2) / 3;
	uint32_t j = 0;

	for (uint32_t i = 0; i < parts; i++) {
		const uint32_t n = part_of(vectors, parts, i);
		const uint32_t columns = s->units - j < n * FED_WIDTH ? s->units - j : n * FED_WIDTH;
		float *to = g + (size_t)k * s->units + j;

		if (n == 3)
			outer_tile(rows, 3, s, x + k, dy + j, to, columns);
		else if (n == 2)
			outer_tile(rows, 2, s, x + k, dy + j, to, columns);
		else
			outer_tile(rows, 1, s, x + k, dy + j, to, columns);
		j += columns;
	}
}

/* From the last row to the first: forward() has left the last ones in the cache. */
static void dense_backward(const struct fed_dense_sizes *s, const float *x, const float *dy,
                           const float *w, float *dx, float *g)
{
	uint32_t k = s->in;

	while (k % BACK_ROWS) {
		k--;
		back_rows(1, s, k, x, dy, w, dx, g);
	}
	while (k) {
		k -= BACK_ROWS;
		back_rows(BACK_ROWS, s, k, x, dy, w, dx, g);
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_conv.h - convolution kernels (included by nn/kernels/kernels_body.h).
 *
 * Forward: a tile of pixels x filters stays in registers while all of its products are added, in
 * the order (ky, kx, c); the input is planar, so that neighbouring pixels are neighbouring floats.
 * Lines of it that are all 0, as in the padding and behind relu, are skipped.
 *
 * Backward, many channels: behind max pooling and relu most gradients are exactly 0, so each filter
 * has a list of those that are not, and each moves whole rows (kx, c) of the kernel.  Skipping a
 * zero changes no bit.  Backward, few channels: tiles of taps x filters over dense gradients.
 */
#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_vector.h"

/* Vectors of a kernel and of its gradient that fit the registers together. */
#if FED_WIDTH == 16
#define LIST_VECTORS 10
#else
#define LIST_VECTORS 5
#endif

/* `pixels` neighbours of one row and `vectors` of filters; x is at the first pixel of row ky = 0,
 * c = 0. */
INLINE void conv_tile(const int pixels, const int vectors, const struct fed_conv_sizes *s,
                      const uint64_t *live, const float *x, const float *k, const float *bias,
                      float *y, uint32_t filters)
{
	const uint32_t words = LIVE_WORDS(s->channels);
	vec sum[TILE_ROWS][2];

	UNROLL
	for (int p = 0; p < pixels; p++) {
		UNROLL
		for (int v = 0; v < vectors; v++)
			sum[p][v] = load(bias + v * FED_WIDTH);
	}
	for (uint32_t ky = 0; ky < s->kernel; ky++, live += words, x += s->channels * s->line)
		for (uint32_t kx = 0; kx < s->kernel; kx++, k += s->channels * s->padded_filters)
			for (uint32_t first = 0; first < s->channels; first += 64)
				for (uint64_t set = live[first / 64]; set; set &= set - 1) {
					const size_t c = first + (uint32_t)__builtin_ctzll(set);
					const float *line = x + kx + c * s->line, *own = k + c * s->padded_filters;
					vec weight[2];

					UNROLL
					for (int v = 0; v < vectors; v++)
						weight[v] = load(own + v * FED_WIDTH);
					UNROLL
					for (int p = 0; p < pixels; p++) {
						const vec value = splat(line[p]);

						UNROLL
						for (int v = 0; v < vectors; v++)
							sum[p][v] += value * weight[v];
					}
				}
	UNROLL
	for (int p = 0; p < pixels; p++) {
		store_most(y + (size_t)p * s->filters, sum[p][0], filters);
		if (vectors > 1)
			store_most(y + (size_t)p * s->filters + FED_WIDTH, sum[p][1], filters - FED_WIDTH);
	}
}

#define CASE(n)                                               \
	case n:                                                   \
		if (two)                                              \
			conv_tile(n, 2, s, live, x, k, bias, y, filters); \
		else                                                  \
			conv_tile(n, 1, s, live, x, k, bias, y, filters); \
		break;

static void conv_pixels(uint32_t pixels, bool two, const struct fed_conv_sizes *s,
                        const uint64_t *live, const float *x, const float *k, const float *bias,
                        float *y, uint32_t filters)
{
	switch (pixels) {
		TILE_CASES
	}
}
#undef CASE

static void conv_row(const struct fed_conv_sizes *s, const uint64_t *live, const float *x,
                     const float *k, const float *bias, float *y)
{
	const uint32_t parts = (s->width + TILE_ROWS - 1) / TILE_ROWS;

	for (uint32_t f = 0; f < s->filters; f += 2 * FED_WIDTH) {
		const uint32_t rest = s->filters - f;
		uint32_t j = 0;

		for (uint32_t i = 0; i < parts; i++) {
			const uint32_t pixels = part_of(s->width, parts, i);

			conv_pixels(pixels, rest > FED_WIDTH, s, live, x + j, k + f, bias + f,
			            y + (size_t)j * s->filters + f, rest);
			j += pixels;
		}
	}
}

/* `rows` x `vectors` of one filter's kernel: sum into dk, and into dx unless dx is NULL. */
INLINE void list_tile(const int rows, const int vectors, const bool want_dx,
                      const struct fed_conv_list *list, size_t row, size_t span, const float *x,
                      float *dx, const float *k, float *dk)
{
	vec sum[LIST_VECTORS], weight[LIST_VECTORS];

	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			sum[r * vectors + v] = load(dk + (size_t)r * span + v * FED_WIDTH);
			if (want_dx)
				weight[r * vectors + v] = load(k + (size_t)r * span + v * FED_WIDTH);
		}
	}
	/* copies: for the compiler, stores to dx might change the list */
	const uint32_t n = list->n, *at = list->at;
	const float *value = list->value;

	for (uint32_t i = 0; i < n; i++) {
		const vec factor = splat(value[i]);
		const float *from = x + at[i];
		float *to = dx + (want_dx ? at[i] : 0);

		UNROLL
		for (int r = 0; r < rows; r++) {
			UNROLL
			for (int v = 0; v < vectors; v++) {
				sum[r * vectors + v] += factor * load(from + v * FED_WIDTH);
				if (want_dx)
					store(to + v * FED_WIDTH,
					      load(to + v * FED_WIDTH) + factor * weight[r * vectors + v]);
			}
			from += row;
			to += want_dx ? row : 0;
		}
	}
	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vectors; v++)
			store(dk + (size_t)r * span + v * FED_WIDTH, sum[r * vectors + v]);
	}
}

#define CASE(r, v)                                                 \
	case 8 * (r) + (v):                                            \
		if (dx)                                                    \
			list_tile(r, v, true, list, row, span, x, dx, k, dk);  \
		else                                                       \
			list_tile(r, v, false, list, row, span, x, dx, k, dk); \
		break;

static void list_rows(uint32_t rows, uint32_t vectors, const struct fed_conv_list *list, size_t row,
                      size_t span, const float *x, float *dx, const float *k, float *dk)
{
	switch (8 * rows + vectors) {
		CASE(1, 1)
		CASE(1, 2)
		CASE(1, 3)
		CASE(1, 4)
		CASE(1, 5)
		CASE(2, 1)
		CASE(2, 2)
#if LIST_VECTORS >= 10
		CASE(2, 3)
		CASE(2, 4)
		CASE(2, 5)
		CASE(3, 1)
		CASE(3, 2)
		CASE(3, 3)
#endif
	}
}
#undef CASE

/* Rows of v vectors that fit the registers. */
INLINE uint32_t rows_at_once(uint32_t v)
{
#if LIST_VECTORS >= 10
	return v <= 3 ? 3 : 2;
#else
	return v <= 2 ? 2 : 1;
#endif
}

static void conv_list(const struct fed_conv_list *list, uint32_t kernel, size_t row, size_t span,
                      const float *x, float *dx, const float *k, float *dk)
{
	const uint32_t vectors = (uint32_t)(span / FED_WIDTH), parts = (vectors + 4) / 5;
	uint32_t first = 0;

	for (uint32_t i = 0; i < parts; i++) {
		const uint32_t n = part_of(vectors, parts, i), most = rows_at_once(n);
		const size_t at = (size_t)first * FED_WIDTH;

		for (uint32_t r = 0; r < kernel; r += most) {
			const uint32_t rows = kernel - r < most ? kernel - r : most;
			const size_t in = r * row + at, own = r * span + at;

			list_rows(rows, n, list, row, span, x + in, dx ? dx + in : NULL, k ? k + own : NULL,
			          dk + own);
		}
		first += n;
	}
}

/* `taps` neighbours (kx, c) of one kernel row and `vectors` of filters over a row of pixels. */
INLINE void taps_tile(const int taps, const int vectors, uint32_t pixels, uint32_t step,
                      const float *x, const float *dy, size_t filters, float *dk)
{
	vec sum[TILE_ROWS][2];

	UNROLL
	for (int t = 0; t < taps; t++) {
		UNROLL
		for (int v = 0; v < vectors; v++)
			sum[t][v] = load(dk + (size_t)t * filters + v * FED_WIDTH);
	}
	for (uint32_t j = 0; j < pixels; j++, x += step, dy += filters) {
		vec d[2];

		UNROLL
		for (int v = 0; v < vectors; v++)
			d[v] = load(dy + v * FED_WIDTH);
		UNROLL
		for (int t = 0; t < taps; t++) {
			const vec value = splat(x[t]);

			UNROLL
			for (int v = 0; v < vectors; v++)
				sum[t][v] += value * d[v];
		}
	}
	UNROLL
	for (int t = 0; t < taps; t++) {
		UNROLL
		for (int v = 0; v < vectors; v++)
			store(dk + (size_t)t * filters + v * FED_WIDTH, sum[t][v]);
	}
}

#define CASE(n)                                                \
	case n:                                                    \
		if (two)                                               \
			taps_tile(n, 2, pixels, step, x, dy, filters, dk); \
		else                                                   \
			taps_tile(n, 1, pixels, step, x, dy, filters, dk); \
		break;

static void some_taps(uint32_t taps, bool two, uint32_t pixels, uint32_t step, const float *x,
                      const float *dy, size_t filters, float *dk)
{
	switch (taps) {
		TILE_CASES
	}
}
#undef CASE

static void conv_taps(uint32_t taps, uint32_t pixels, uint32_t step, const float *x,
                      const float *dy, size_t filters, float *dk)
{
	const uint32_t parts = (taps + TILE_ROWS - 1) / TILE_ROWS;

	for (size_t f = 0; f < filters; f += 2 * FED_WIDTH) {
		uint32_t t = 0;

		for (uint32_t i = 0; i < parts; i++) {
			const uint32_t n = part_of(taps, parts, i);

			some_taps(n, filters - f > FED_WIDTH, pixels, step, x + t, dy + f, filters,
			          dk + t * filters + f);
			t += n;
		}
	}
}

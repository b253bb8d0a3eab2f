/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels_winograd.h - convolutions of many channels by Winograd's algorithm (included by
 * nn/kernels_body.h).
 *
 * A tile of 6 x 6 pixels of the input makes (7 - kernel) x (7 - kernel) outputs.  Tile and kernel
 * are taken to 36 points, where a product for each pair of channel and filter is all that a
 * convolution is: 36 products for what takes (7 - kernel)^2 kernel^2 by its definition, 100 with
 * kernels of 5 x 5.  (Lavin, Gray 2016, "Fast algorithms for convolutional neural networks"; the
 * points are 0, 1, -1, 2, -2 and infinity, as in its F(4 x 4, 3 x 3).)
 *
 * Every value is summed in an order that its own tile decides.
 */
#include "nn/kernels.h"
#include "nn/kernels_vector.h"

#define LINES FED_WINOGRAD_LINES
#define POINTS FED_WINOGRAD_POINTS

/* The input's part of one dimension: B' d. */
INLINE void input_to_points(const vec *d, int step, vec *v, int v_step)
{
	const vec even = d[4 * step] - 4 * d[2 * step], odd = d[3 * step] - 4 * d[step];
	const vec even2 = d[4 * step] - d[2 * step], odd2 = d[3 * step] - d[step];

	v[0] = 4 * d[0] - 5 * d[2 * step] + d[4 * step];
	v[v_step] = even + odd;
	v[2 * v_step] = even - odd;
	v[3 * v_step] = even2 + 2 * odd2;
	v[4 * v_step] = even2 - 2 * odd2;
	v[5 * v_step] = 4 * d[step] - 5 * d[3 * step] + d[5 * step];
}

/* The kernel's: G g, for n taps. */
INLINE void kernel_to_points(const int n, const vec *g, int step, vec *u, int u_step)
{
	vec even = g[0] + g[2 * step], odd = g[step];
	vec even2 = g[0] + 4 * g[2 * step], odd2 = 2 * g[step];

	if (n > 3) {
		odd += g[3 * step];
		odd2 += 8 * g[3 * step];
	}
	if (n > 4) {
		even += g[4 * step];
		even2 += 16 * g[4 * step];
	}
	u[0] = g[0] * (1 / 4.f);
	u[u_step] = (even + odd) * (-1 / 6.f);
	u[2 * u_step] = (even - odd) * (-1 / 6.f);
	u[3 * u_step] = (even2 + odd2) * (1 / 24.f);
	u[4 * u_step] = (even2 - odd2) * (1 / 24.f);
	u[5 * u_step] = g[(n - 1) * step];
}

/* The output's: A' m, for n outputs. */
INLINE void points_to_output(const int n, const vec *m, int step, vec *y, int y_step)
{
	const vec even = m[step] + m[2 * step], odd = m[step] - m[2 * step];
	const vec even2 = m[3 * step] + m[4 * step], odd2 = m[3 * step] - m[4 * step];

	y[0] = m[0] + even + even2;
	y[y_step] = odd + 2 * odd2;
	if (n > 2)
		y[2 * y_step] = even + 4 * even2;
	if (n > 3)
		y[3 * y_step] = odd + 8 * odd2;
	y[(n - 1) * y_step] += m[5 * step];
}

/* One vector of filters of one channel: u (POINTS, channels, padded_filters). */
INLINE void kernel_points(const int n, const struct fed_winograd_sizes *s, const float *k, float *u,
                          uint32_t filters)
{
	const size_t tap = (size_t)s->channels * s->filters;
	const size_t point = (size_t)s->channels * s->padded_filters;
	vec g[FED_WINOGRAD_KERNEL * FED_WINOGRAD_KERNEL], half[LINES * FED_WINOGRAD_KERNEL];

	UNROLL
	for (int i = 0; i < n; i++) {
		UNROLL
		for (int j = 0; j < n; j++)
			g[i * n + j] = load_most(k + (size_t)(i * n + j) * tap, filters);
	}
	UNROLL
	for (int j = 0; j < n; j++)
		kernel_to_points(n, g + j, n, half + j, n);
	UNROLL
	for (int i = 0; i < LINES; i++) {
		vec whole[LINES];

		kernel_to_points(n, half + i * n, 1, whole, 1);
		UNROLL
		for (int j = 0; j < LINES; j++)
			store(u + (size_t)(i * LINES + j) * point, whole[j]);
	}
}

static void winograd_kernel(const struct fed_winograd_sizes *s, const float *k, float *u)
{
	for (size_t c = 0; c < s->channels; c++)
		for (size_t f = 0; f < s->filters; f += FED_WIDTH) {
			const float *from = k + c * s->filters + f;
			float *to = u + c * s->padded_filters + f;
			const uint32_t left = (uint32_t)(s->filters - f);

			switch (s->kernel) {
			case 3:
				kernel_points(3, s, from, to, left);
				break;
			case 4:
				kernel_points(4, s, from, to, left);
				break;
			case 5:
				kernel_points(5, s, from, to, left);
				break;
			}
		}
}

/* One tile: v (POINTS, .., channels) with `point` floats from one point to the next. */
static void tile_points(const struct fed_winograd_sizes *s, const float *x, float *v, size_t point)
{
	for (size_t c = 0; c < s->channels; c += FED_WIDTH) {
		const uint32_t left = (uint32_t)(s->channels - c);
		vec d[POINTS], half[POINTS];

		UNROLL
		for (int i = 0; i < LINES; i++) {
			UNROLL
			for (int j = 0; j < LINES; j++)
				d[i * LINES + j] = load_most(x + i * s->line + (size_t)j * s->channels + c, left);
		}
		UNROLL
		for (int j = 0; j < LINES; j++)
			input_to_points(d + j, LINES, half + j, LINES);
		UNROLL
		for (int i = 0; i < LINES; i++) {
			vec whole[LINES];

			input_to_points(half + i * LINES, 1, whole, 1);
			UNROLL
			for (int j = 0; j < LINES; j++)
				store_most(v + (size_t)(i * LINES + j) * point + c, whole[j], left);
		}
	}
}

/* m (tiles, vectors of padded_filters) = v (tiles, channels) u (channels, padded_filters). */
INLINE void point_tile(const int tiles, const int vectors, const struct fed_winograd_sizes *s,
                       const float *v, const float *u, float *m)
{
	vec sum[TILE_ROWS][2];

	UNROLL
	for (int t = 0; t < tiles; t++) {
		UNROLL
		for (int i = 0; i < vectors; i++)
			sum[t][i] = (vec){0};
	}
	for (uint32_t c = 0; c < s->channels; c++, u += s->padded_filters) {
		vec weight[2];

		__builtin_prefetch(u + FETCH_ROWS * s->padded_filters, 0, 3);
		if (vectors > 1)
			__builtin_prefetch(u + FETCH_ROWS * s->padded_filters + FED_WIDTH, 0, 3);
		UNROLL
		for (int i = 0; i < vectors; i++)
			weight[i] = keep(load(u + i * FED_WIDTH));
		UNROLL
		for (int t = 0; t < tiles; t++) {
			const vec value = splat(v[(size_t)t * s->channels + c]);

			UNROLL
			for (int i = 0; i < vectors; i++)
				sum[t][i] += value * weight[i];
		}
	}
	UNROLL
	for (int t = 0; t < tiles; t++) {
		UNROLL
		for (int i = 0; i < vectors; i++)
			store(m + (size_t)t * s->padded_filters + i * FED_WIDTH, sum[t][i]);
	}
}

#define CASE(n)                           \
	case n:                               \
		if (two)                          \
			point_tile(n, 2, s, v, u, m); \
		else                              \
			point_tile(n, 1, s, v, u, m); \
		break;

static void point_tiles(uint32_t tiles, bool two, const struct fed_winograd_sizes *s,
                        const float *v, const float *u, float *m)
{
	switch (tiles) {
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

/* The products of all points: m (POINTS, tiles, padded_filters). */
static void multiply_points(const struct fed_winograd_sizes *s, uint32_t tiles, const float *v,
                            const float *u, float *m)
{
	const uint32_t parts = (tiles + TILE_ROWS - 1) / TILE_ROWS;

	for (int point = 0; point < POINTS; point++) {
		for (size_t f = 0; f < s->padded_filters; f += 2 * FED_WIDTH) {
			size_t t = 0;

			for (uint32_t i = 0; i < parts; i++) {
				const uint32_t n = part_of(tiles, parts, i);

				point_tiles(n, s->padded_filters - f > FED_WIDTH, s, v + t * s->channels, u + f,
				            m + t * s->padded_filters + f);
				t += n;
			}
		}
		v += (size_t)tiles * s->channels;
		u += (size_t)s->channels * s->padded_filters;
		m += (size_t)tiles * s->padded_filters;
	}
}

/* One tile's outputs, of which (rows, columns) are in the image. */
INLINE void tile_output(const int n, const struct fed_winograd_sizes *s, const float *m,
                        size_t point, const float *bias, float *y, uint32_t rows, uint32_t columns)
{
	for (size_t f = 0; f < s->filters; f += FED_WIDTH) {
		const uint32_t left = (uint32_t)(s->filters - f);
		const vec add = load_most(bias + f, left);
		vec all[POINTS], half[(LINES - 2) * LINES], out[LINES - 2];

		UNROLL
		for (int i = 0; i < POINTS; i++)
			all[i] = load(m + (size_t)i * point + f);
		UNROLL
		for (int j = 0; j < LINES; j++)
			points_to_output(n, all + j, LINES, half + j, LINES);
		UNROLL
		for (int i = 0; i < n; i++) {
			points_to_output(n, half + i * LINES, 1, out, 1);
			UNROLL
			for (int j = 0; j < n; j++)
				if ((uint32_t)i < rows && (uint32_t)j < columns)
					store_most(y + ((size_t)i * s->width + (size_t)j) * s->filters + f,
					           out[j] + add, left);
		}
	}
}

static void tile_of_output(const struct fed_winograd_sizes *s, const float *m, size_t point,
                           const float *bias, float *y, uint32_t rows, uint32_t columns)
{
	switch (s->kernel) {
	case 3:
		tile_output(4, s, m, point, bias, y, rows, columns);
		break;
	case 4:
		tile_output(3, s, m, point, bias, y, rows, columns);
		break;
	case 5:
		tile_output(2, s, m, point, bias, y, rows, columns);
		break;
	}
}

static void winograd_image(const struct fed_winograd_sizes *s, const float *x, const float *u,
                           const float *bias, float *v, float *m, float *y)
{
	const uint32_t side = LINES + 1 - s->kernel, line = (s->width + side - 1) / side;
	const uint32_t all = (s->height + side - 1) / side * line;
	const uint32_t parts = (all + FED_WINOGRAD_TILES - 1) / FED_WINOGRAD_TILES;
	uint32_t first = 0;

	for (uint32_t part = 0; part < parts; part++) {
		const uint32_t tiles = part_of(all, parts, part);

		for (uint32_t t = 0; t < tiles; t++) {
			const size_t i = (first + t) / line * side, j = (first + t) % line * side;

			tile_points(s, x + i * s->line + j * s->channels, v + (size_t)t * s->channels,
			            (size_t)tiles * s->channels);
		}
		multiply_points(s, tiles, v, u, m);
		for (uint32_t t = 0; t < tiles; t++) {
			const uint32_t i = (first + t) / line * side, j = (first + t) % line * side;

			tile_of_output(s, m + t * s->padded_filters, tiles * s->padded_filters, bias,
			               y + ((size_t)i * s->width + j) * s->filters, s->height - i,
			               s->width - j);
		}
		first += tiles;
	}
}
#undef LINES
#undef POINTS

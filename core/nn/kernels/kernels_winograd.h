/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_winograd.h - convolutions of many channels by Winograd's algorithm (included
 * by nn/kernels/kernels_body.h, behind nn/kernels/kernels_dense.h).
 *
 * A tile of 6 x 6 pixels of the input makes (7 - kernel) x (7 - kernel) outputs.  Tile and kernel
 * are taken to 36 points, where a product for each pair of channel and filter is all that a
 * convolution is: 36 products for what takes (7 - kernel)^2 kernel^2 by its definition, 100 with
 * kernels of 5 x 5.  (Lavin, Gray 2016, "Fast algorithms for convolutional neural networks".)
 *
 * Every value is summed in an order that its own tile decides.
 */
#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_vector.h"

#define LINES FED_WINOGRAD_LINES
#define POINTS FED_WINOGRAD_POINTS

/* The points are 0, NEAR, -NEAR, FAR, -FAR and infinity: of pairs p and -p, which share half of the
 * work, those that lose least (a quarter of what the usual 1 and 2 lose; measured).  Their powers
 * are exact. */
#define NEAR 0.75f
#define FAR 1.5f
#define NEAR2 (NEAR * NEAR)
#define FAR2 (FAR * FAR)

/* The input's part of one dimension: B' d, the polynomials that are 0 at all points but one. */
INLINE void input_to_points(const vec *d, int step, vec *v, int v_step)
{
	const vec near_even = d[4 * step] - FAR2 * d[2 * step];
	const vec near_odd = NEAR * (d[3 * step] - FAR2 * d[step]);
	const vec far_even = d[4 * step] - NEAR2 * d[2 * step];
	const vec far_odd = FAR * (d[3 * step] - NEAR2 * d[step]);

	v[0] = NEAR2 * FAR2 * d[0] - (NEAR2 + FAR2) * d[2 * step] + d[4 * step];
	v[v_step] = near_even + near_odd;
	v[2 * v_step] = near_even - near_odd;
	v[3 * v_step] = far_even + far_odd;
	v[4 * v_step] = far_even - far_odd;
	v[5 * v_step] = NEAR2 * FAR2 * d[step] - (NEAR2 + FAR2) * d[3 * step] + d[5 * step];
}

/* The kernel's: G g, the values at the points of the polynomial with these n taps, over those of B'
 * there. */
INLINE void kernel_to_points(const int n, const vec *g, int step, vec *u, int u_step)
{
	vec near_even = g[0] + NEAR2 * g[2 * step], near_odd = NEAR * g[step];
	vec far_even = g[0] + FAR2 * g[2 * step], far_odd = FAR * g[step];

	if (n > 3) {
		near_odd += NEAR * NEAR2 * g[3 * step];
		far_odd += FAR * FAR2 * g[3 * step];
	}
	if (n > 4) {
		near_even += NEAR2 * NEAR2 * g[4 * step];
		far_even += FAR2 * FAR2 * g[4 * step];
	}
	u[0] = g[0] * (1 / (NEAR2 * FAR2));
	u[u_step] = (near_even + near_odd) * (1 / (2 * NEAR2 * (NEAR2 - FAR2)));
	u[2 * u_step] = (near_even - near_odd) * (1 / (2 * NEAR2 * (NEAR2 - FAR2)));
	u[3 * u_step] = (far_even + far_odd) * (1 / (2 * FAR2 * (FAR2 - NEAR2)));
	u[4 * u_step] = (far_even - far_odd) * (1 / (2 * FAR2 * (FAR2 - NEAR2)));
	u[5 * u_step] = g[(n - 1) * step];
}

/* The output's: A' m, output i from the i-th powers of the points. */
INLINE void points_to_output(const int n, const vec *m, int step, vec *y, int y_step)
{
	const vec near_even = m[step] + m[2 * step], near_odd = m[step] - m[2 * step];
	const vec far_even = m[3 * step] + m[4 * step], far_odd = m[3 * step] - m[4 * step];

	y[0] = m[0] + near_even + far_even;
	y[y_step] = NEAR * near_odd + FAR * far_odd;
	if (n > 2)
		y[2 * y_step] = NEAR2 * near_even + FAR2 * far_even;
	if (n > 3)
		y[3 * y_step] = NEAR * NEAR2 * near_odd + FAR * FAR2 * far_odd;
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

/* The products of all points: m (POINTS, tiles, padded_filters). */
static void multiply_points(const struct fed_winograd_sizes *s, uint32_t tiles, const float *u,
                            const struct fed_winograd_scratch *capacity)
{
	const struct fed_dense_sizes sizes = {.batch = tiles,
	                                      .in = s->channels,
	                                      .units = (uint32_t)s->padded_filters,
	                                      .x_line = s->channels,
	                                      .w_line = s->padded_filters};
	const float *v = capacity->v;
	float *m = capacity->m;

	for (int point = 0; point < POINTS; point++) {
		dense_forward(&sizes, v, u, capacity->zeros, m);
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
                           const float *bias, const struct fed_winograd_scratch *capacity, float *y)
{
	const uint32_t side = LINES + 1 - s->kernel, line = (s->width + side - 1) / side;
	const uint32_t all = (s->height + side - 1) / side * line;
	const uint32_t parts = (all + FED_WINOGRAD_TILES - 1) / FED_WINOGRAD_TILES;
	uint32_t first = 0;

	for (uint32_t part = 0; part < parts; part++) {
		const uint32_t tiles = part_of(all, parts, part);

		for (uint32_t t = 0; t < tiles; t++) {
			const size_t i = (first + t) / line * side, j = (first + t) % line * side;

			tile_points(s, x + i * s->line + j * s->channels, capacity->v + (size_t)t * s->channels,
			            (size_t)tiles * s->channels);
		}
		multiply_points(s, tiles, u, capacity);
		for (uint32_t t = 0; t < tiles; t++) {
			const uint32_t i = (first + t) / line * side, j = (first + t) % line * side;

			tile_of_output(s, capacity->m + t * s->padded_filters, tiles * s->padded_filters, bias,
			               y + ((size_t)i * s->width + j) * s->filters, s->height - i,
			               s->width - j);
		}
		first += tiles;
	}
}

/* Gradients ---------------------------------------------------------------------- A tile of dy is
 * the kernel of a convolution of the input's tile, whose outputs are the kernel's gradient. */

/* One tile of dy: d (POINTS, .., padded_filters). */
static void tile_dy_points(const struct fed_winograd_sizes *s, const float *dy, size_t line,
                           float *d, size_t point)
{
	enum { SIDE = LINES + 1 - 3 };

	for (size_t f = 0; f < s->filters; f += FED_WIDTH) {
		const uint32_t left = (uint32_t)(s->filters - f);
		vec g[SIDE * SIDE], half[LINES * SIDE];

		UNROLL
		for (int i = 0; i < SIDE; i++) {
			UNROLL
			for (int j = 0; j < SIDE; j++)
				g[i * SIDE + j] =
					load_most(dy + (size_t)i * line + (size_t)j * s->filters + f, left);
		}
		UNROLL
		for (int j = 0; j < SIDE; j++)
			kernel_to_points(SIDE, g + j, SIDE, half + j, SIDE);
		UNROLL
		for (int i = 0; i < LINES; i++) {
			vec whole[LINES];

			kernel_to_points(SIDE, half + i * SIDE, 1, whole, 1);
			UNROLL
			for (int j = 0; j < LINES; j++)
				store(d + (size_t)(i * LINES + j) * point + f, whole[j]);
		}
	}
}

static void winograd_gradient(const struct fed_winograd_sizes *s, const float *x, const float *dy,
                              size_t dy_line, const struct fed_winograd_scratch *capacity,
                              float *sum)
{
	const uint32_t side = LINES + 1 - 3, line = (s->width + side - 1) / side;
	const uint32_t all = (s->height + side - 1) / side * line;
	const uint32_t parts = (all + FED_WINOGRAD_TILES - 1) / FED_WINOGRAD_TILES;
	uint32_t first = 0;

	for (uint32_t part = 0; part < parts; part++) {
		const uint32_t tiles = part_of(all, parts, part);
		const size_t v_point = (size_t)tiles * s->channels, d_point = tiles * s->padded_filters;

		for (uint32_t t = 0; t < tiles; t++) {
			const size_t i = (first + t) / line * side, j = (first + t) % line * side;

			tile_points(s, x + i * s->line + j * s->channels, capacity->v + (size_t)t * s->channels,
			            v_point);
			tile_dy_points(s, dy + i * dy_line + j * s->filters, dy_line,
			               capacity->m + t * s->padded_filters, d_point);
		}
		for (size_t point = 0; point < POINTS; point++)
			conv_taps(s->channels, tiles, s->channels, capacity->v + point * v_point,
			          capacity->m + point * d_point, s->padded_filters,
			          sum + point * s->channels * s->padded_filters);
		first += tiles;
	}
}

static void winograd_kernel_gradient(const struct fed_winograd_sizes *s, const float *sum, float *k)
{
	enum { TAPS = 3 };
	const size_t point = (size_t)s->channels * s->padded_filters;
	const size_t tap = (size_t)s->channels * s->filters;

	for (size_t c = 0; c < s->channels; c++)
		for (size_t f = 0; f < s->filters; f += FED_WIDTH) {
			const uint32_t left = (uint32_t)(s->filters - f);
			float *to = k + c * s->filters + f;
			vec all[POINTS], half[TAPS * LINES], out[TAPS];

			UNROLL
			for (int i = 0; i < POINTS; i++)
				all[i] = load(sum + (size_t)i * point + c * s->padded_filters + f);
			UNROLL
			for (int j = 0; j < LINES; j++)
				points_to_output(TAPS, all + j, LINES, half + j, LINES);
			UNROLL
			for (int i = 0; i < TAPS; i++) {
				points_to_output(TAPS, half + i * LINES, 1, out, 1);
				UNROLL
				for (int j = 0; j < TAPS; j++) {
					float *at = to + (size_t)(i * TAPS + j) * tap;

					store_most(at, load_most(at, left) + out[j], left);
				}
			}
		}
}
#undef LINES
#undef POINTS
#undef NEAR
#undef FAR
#undef NEAR2
#undef FAR2

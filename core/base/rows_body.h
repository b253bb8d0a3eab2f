/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/rows_body.h - source of the row kernels, compiled once for each instruction set.
 *
 * Needs FED_WIDTH (floats of a vector: 4, 8 or 16), FED_SIDE, FED_ROWS_ISA and FED_ROWS, the name
 * of the object that is defined here.
 */
#include <string.h>
#ifdef __SSE__
#include <immintrin.h>
#endif

typedef float vec __attribute__((vector_size(FED_WIDTH * 4), may_alias));
typedef float vec_anywhere __attribute__((vector_size(FED_WIDTH * 4), aligned(4), may_alias));
typedef float four __attribute__((vector_size(16)));
#if FED_WIDTH == 16
typedef float eight __attribute__((vector_size(32)));
#endif

/* Loops over registers, with bounds that are constants. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_ALL UNROLL
#else
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_ALL _Pragma("GCC unroll 64")
#endif

/* Halves are added until four are left. */
static inline float sum_lanes(vec v)
{
#if FED_WIDTH == 16
	const eight h = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
	                __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#else
	const vec h = v;
#endif
#if FED_WIDTH >= 8
	const four q =
		__builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
#else
	const four q = h;
#endif
	return (q[0] + q[2]) + (q[1] + q[3]);
}

/* dot[i][j] = a_i . b_j; every product is summed in the same order, so that equal rows give equal
 * bits. */
static inline void multiply_block(const float *const *a, const float *const *b, size_t width,
                                  float dot[FED_SIDE][FED_SIDE])
{
	vec sum[FED_SIDE][FED_SIDE];

	UNROLL
	for (int i = 0; i < FED_SIDE; i++)
		UNROLL
	for (int j = 0; j < FED_SIDE; j++)
		sum[i][j] = (vec){0};
	for (size_t k = 0; k < width; k += FED_WIDTH) {
		vec x[FED_SIDE];
		UNROLL
		for (int i = 0; i < FED_SIDE; i++)
			x[i] = *(const vec_anywhere *)(a[i] + k);
		UNROLL
		for (int j = 0; j < FED_SIDE; j++) {
			const vec y = *(const vec_anywhere *)(b[j] + k);
			UNROLL
			for (int i = 0; i < FED_SIDE; i++)
				sum[i][j] += x[i] * y;
		}
	}
	UNROLL
	for (int i = 0; i < FED_SIDE; i++)
		UNROLL
	for (int j = 0; j < FED_SIDE; j++)
		dot[i][j] = sum_lanes(sum[i][j]);
}

/* Blocks of FED_SIDE rows against FED_SIDE rows; missing ones are replaced by the last row and
 * their products discarded. */
static void gram(const float *const *row, size_t n, size_t j0, size_t width, double *sum)
{
	for (size_t i0 = 0; i0 < n; i0 += FED_SIDE)
		for (size_t k0 = 0; k0 <= i0; k0 += FED_SIDE) {
			const float *a[FED_SIDE], *b[FED_SIDE];
			float dot[FED_SIDE][FED_SIDE];

			for (size_t i = 0; i < FED_SIDE; i++) {
				a[i] = row[i0 + i < n ? i0 + i : n - 1] + j0;
				b[i] = row[k0 + i < n ? k0 + i : n - 1] + j0;
			}
			multiply_block(a, b, width, dot);
			for (size_t i = 0; i < FED_SIDE && i0 + i < n; i++)
				for (size_t k = 0; k < FED_SIDE && k0 + k <= i0 + i; k++)
					sum[(i0 + i) * n + k0 + k] += (double)dot[i][k];
		}
}

/* Lanes are added pairwise at the end, the rest comes last. */
static double square(const float *a, const float *b, size_t n)
{
	enum { LANES = 16 };
	double lane[LANES] = {0}, sum = 0;
	size_t k = 0;

	for (; k + LANES <= n; k += LANES)
		for (size_t i = 0; i < LANES; i++) {
			const double d = b ? (double)a[k + i] - (double)b[k + i] : (double)a[k + i];
			lane[i] += d * d;
		}
	for (size_t half = LANES / 2; half > 0; half /= 2)
		for (size_t i = 0; i < half; i++)
			lane[i] += lane[i + half];
	for (; k < n; k++) {
		const double d = b ? (double)a[k] - (double)b[k] : (double)a[k];
		sum += d * d;
	}
	return lane[0] + sum;
}

/* Four rows at a time: the sums are read and written once for them.  The next four are far away in
 * memory, so they are asked for early. */
static void weigh(double *restrict sum, const float *const *row, const double *w, size_t n,
                  size_t j0, size_t width)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		const float *restrict a = row[i] + j0, *restrict b = row[i + 1] + j0;
		const float *restrict c = row[i + 2] + j0, *restrict d = row[i + 3] + j0;
		const double wa = w[i], wb = w[i + 1], wc = w[i + 2], wd = w[i + 3];

		for (size_t k0 = 0; k0 < width; k0 += FED_ROWS_LINE) {
			const size_t end = k0 + FED_ROWS_LINE < width ? k0 + FED_ROWS_LINE : width;

			for (size_t next = i + 4; next < n && next < i + 8; next++)
				__builtin_prefetch(row[next] + j0 + k0);
			for (size_t k = k0; k < end; k++)
				sum[k] = sum[k] + wa * (double)a[k] + wb * (double)b[k] + wc * (double)c[k] +
				         wd * (double)d[k];
		}
	}
	for (; i < n; i++) {
		const float *restrict a = row[i] + j0;
		const double wa = w[i];

		for (size_t k = 0; k < width; k++)
			sum[k] += wa * (double)a[k];
	}
}

/* The smaller of two into *x, the larger into *y.  One comparison decides both, so that no value is
 * lost, zeros of two signs included. */
static inline void exchange(vec *x, vec *y)
{
	const vec a = *x, b = *y;

#if FED_WIDTH == 16
	*x = (vec)_mm512_min_ps((__m512)a, (__m512)b);
	*y = (vec)_mm512_max_ps((__m512)b, (__m512)a);
#elif FED_WIDTH == 8
	*x = (vec)_mm256_min_ps((__m256)a, (__m256)b);
	*y = (vec)_mm256_max_ps((__m256)b, (__m256)a);
#elif defined(__SSE__)
	*x = (vec)_mm_min_ps((__m128)a, (__m128)b);
	*y = (vec)_mm_max_ps((__m128)b, (__m128)a);
#else
	for (int k = 0; k < FED_WIDTH; k++) {
		(*x)[k] = a[k] < b[k] ? a[k] : b[k];
		(*y)[k] = a[k] < b[k] ? b[k] : a[k];
	}
#endif
}

/* FED_ROWS_RUN rows in registers, by Batcher's exchanges for that many. */
static inline void sort_run(float *block)
{
	static const unsigned char pair[63][2] = {
		{0, 1},   {2, 3},   {4, 5}, {6, 7},   {8, 9},   {10, 11}, {12, 13}, {14, 15}, {0, 2},
		{1, 3},   {4, 6},   {5, 7}, {8, 10},  {9, 11},  {12, 14}, {13, 15}, {1, 2},   {5, 6},
		{9, 10},  {13, 14}, {0, 4}, {1, 5},   {2, 6},   {3, 7},   {8, 12},  {9, 13},  {10, 14},
		{11, 15}, {2, 4},   {3, 5}, {10, 12}, {11, 13}, {1, 2},   {3, 4},   {5, 6},   {9, 10},
		{11, 12}, {13, 14}, {0, 8}, {1, 9},   {2, 10},  {3, 11},  {4, 12},  {5, 13},  {6, 14},
		{7, 15},  {4, 8},   {5, 9}, {6, 10},  {7, 11},  {2, 4},   {3, 5},   {6, 8},   {7, 9},
		{10, 12}, {11, 13}, {1, 2}, {3, 4},   {5, 6},   {7, 8},   {9, 10},  {11, 12}, {13, 14},
	};

	for (size_t k = 0; k < FED_ROWS_LINE; k += FED_WIDTH) {
		vec v[FED_ROWS_RUN];

		UNROLL
		for (int i = 0; i < FED_ROWS_RUN; i++)
			v[i] = *(const vec *)(block + i * FED_ROWS_LINE + k);
		UNROLL_ALL
		for (int p = 0; p < 63; p++)
			exchange(&v[pair[p][0]], &v[pair[p][1]]);
		UNROLL
		for (int i = 0; i < FED_ROWS_RUN; i++)
			*(vec *)(block + i * FED_ROWS_LINE + k) = v[i];
	}
}

/* Whole runs first: most of the work is done where loads and stores cost nothing. */
static void sort(const struct fed_sorter *s, float *block)
{
	enum { VECTORS = FED_ROWS_LINE / FED_WIDTH };

	for (size_t i = 0; i < s->runs; i++)
		sort_run(block + i * FED_ROWS_RUN * FED_ROWS_LINE);
	for (size_t p = 0; p < s->n_pairs; p++) {
		vec *a = (vec *)(block + (size_t)s->pair[p][0] * FED_ROWS_LINE);
		vec *b = (vec *)(block + (size_t)s->pair[p][1] * FED_ROWS_LINE);

		UNROLL
		for (int k = 0; k < VECTORS; k++)
			exchange(&a[k], &b[k]);
	}
}

static uint32_t within(const float *x, const float *lo, const float *hi, size_t width)
{
	uint32_t count = 0;

	for (size_t k = 0; k < width; k++)
		count += (x[k] >= lo[k]) & (x[k] <= hi[k]);
	return count;
}

static void subtract(float *restrict a, const float *restrict b, size_t n)
{
	for (size_t k = 0; k < n; k++)
		a[k] -= b[k];
}

/* Exponents of all ones are infinities and NaNs. */
static bool finite_(const float *v, size_t n)
{
	uint32_t bad = 0;

	for (size_t k = 0; k < n; k++) {
		uint32_t bits;
		memcpy(&bits, &v[k], sizeof bits);
		bad |= (bits & 0x7f800000u) == 0x7f800000u;
	}
	return !bad;
}

static void expand(const uint8_t *restrict from, float gain, float offset, float *restrict out,
                   size_t n)
{
	for (size_t k = 0; k < n; k++)
		out[k] = gain * (float)from[k] + offset;
}

const struct fed_rows_kernels FED_ROWS = {
	.isa = FED_ROWS_ISA,
	.gram = gram,
	.square = square,
	.weigh = weigh,
	.sort = sort,
	.within = within,
	.subtract = subtract,
	.finite = finite_,
	.expand = expand,
};

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/distances.c - squared distances between rows: by products, |a|^2 + |b|^2 - 2 a.b, where
 * these are accurate, else by differences.
 *
 * Sums over coordinates are cut into slices whose number depends on the sizes alone; the slices run
 * on any thread and are added in their order, so the bits are those of one thread.
 */
#include "plug/distances.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rows.h"

enum {
	CHUNK = 1024,            /* coordinates of all rows in one pass */
	SLICES = 32,             /* at most */
	SLICES_KEPT = 4,         /* at least, however large their sums are */
	SLICES_BYTES = 64 << 20, /* of all slices' sums */
};

/* A product of floats is off by about 1e-7 of the rows' squared lengths.  Where the distance is a
 * small part of them, or the products may leave the range of floats, the differences are squared.
 */
#define NEAR 0.01
#define TINY 1e-30 /* of a squared coordinate */

/* Slices ----------------------------------------------------------------- */

struct slices {
	const float *const *row;
	const float *from;
	size_t n, dim, count;
	const uint32_t (*pair)[2]; /* [sums] of rows, for squared differences */
	size_t sums;               /* numbers that each slice makes */
	double *sum;               /* [count][sums] */
	const float **rest;        /* [n], the coordinates behind the last whole line, with zeros */
};

static int slices_init(struct slices *s, size_t sums, struct fed_error *err)
{
	const size_t chunks = (s->dim + CHUNK - 1) / CHUNK, bytes = (sums + !sums) * sizeof *s->sum;

	s->sums = sums;
	s->count = SLICES_BYTES / bytes;
	s->count = s->count > SLICES ? SLICES : s->count < SLICES_KEPT ? SLICES_KEPT : s->count;
	s->count = s->count > chunks ? chunks : s->count;
	if (s->count == 0)
		s->count = 1;
	if (sums > SIZE_MAX / sizeof *s->sum / s->count)
		return fed_fail_memory(err, SIZE_MAX, "distances");
	s->sum = fed_alloc_array(s->count * (sums + !sums), sizeof *s->sum);
	return s->sum ? FED_OK : fed_fail_memory(err, s->count * bytes, "distances");
}

/* The coordinates [*j0, *j1) of slice i. */
static void slice_range(const struct slices *s, size_t i, size_t *j0, size_t *j1)
{
	const size_t chunks = (s->dim + CHUNK - 1) / CHUNK;

	*j0 = chunks * i / s->count * CHUNK;
	*j1 = chunks * (i + 1) / s->count * CHUNK;
	if (*j1 > s->dim)
		*j1 = s->dim;
}

/* Add the sums of all slices to those of the first. */
static void add_slices(struct slices *s)
{
	for (size_t i = 1; i < s->count; i++)
		for (size_t k = 0; k < s->sums; k++)
			s->sum[k] += s->sum[i * s->sums + k];
}

/* Products --------------------------------------------------------------- */

static void multiply_slice(void *ctx, size_t i, int worker)
{
	const struct slices *s = ctx;
	const struct fed_rows_kernels *kernels = fed_rows_kernels();
	double *sum = s->sum + i * s->sums;
	size_t j0, j1;

	(void)worker;
	slice_range(s, i, &j0, &j1);
	for (size_t j = j0; j < j1; j += CHUNK) {
		const size_t width = j1 - j < CHUNK ? j1 - j : CHUNK;

		kernels->gram(s->row, s->n, j, width / FED_ROWS_LINE * FED_ROWS_LINE, sum);
	}
	if (j1 == s->dim && s->rest)
		kernels->gram(s->rest, s->n, 0, FED_ROWS_LINE, sum);
}

static int multiply(struct slices *s, struct fed_pool *pool, struct fed_error *err)
{
	const size_t rest = s->dim % FED_ROWS_LINE, first = s->dim - rest;
	float *copy = NULL;
	int rc = FED_OK;

	if (rest > 0) {
		s->rest = fed_alloc_array(s->n, sizeof *s->rest);
		copy = fed_alloc_array(s->n, FED_ROWS_LINE * sizeof *copy);
		if (!s->rest || !copy)
			rc = fed_fail_memory(err, s->n * FED_ROWS_LINE * sizeof *copy, "distances");
		for (size_t i = 0; rc == FED_OK && i < s->n; i++) {
			s->rest[i] = copy + i * FED_ROWS_LINE;
			memcpy(copy + i * FED_ROWS_LINE, s->row[i] + first, rest * sizeof *copy);
		}
	}
	if (rc == FED_OK)
		rc = fed_pool_each(pool, s->count, multiply_slice, s, err);
	fed_free(copy);
	fed_free(s->rest);
	if (rc == FED_OK)
		add_slices(s);
	return rc;
}

/* Differences ------------------------------------------------------------ */

static void square_slice(void *ctx, size_t i, int worker)
{
	const struct slices *s = ctx;
	const struct fed_rows_kernels *kernels = fed_rows_kernels();
	double *sum = s->sum + i * s->sums;
	size_t j0, j1;

	(void)worker;
	slice_range(s, i, &j0, &j1);
	for (size_t j = j0; j < j1; j += CHUNK) {
		const size_t width = j1 - j < CHUNK ? j1 - j : CHUNK;

		for (size_t k = 0; k < s->sums; k++) {
			const float *a = s->row[s->pair ? s->pair[k][0] : k] + j;
			const float *b = s->pair ? s->row[s->pair[k][1]] + j : s->from ? s->from + j : NULL;
			sum[k] += kernels->square(a, b, width);
		}
	}
}

static double or_infinite(double x)
{
	return isnan(x) ? INFINITY : x;
}

/* The sums of squared differences, in the first slice (s->sum, the caller's on success): infinite
 * where they leave the range of doubles. */
static int square_all(struct slices *s, size_t sums, struct fed_pool *pool, struct fed_error *err)
{
	if (slices_init(s, sums, err))
		return FED_FAIL;
	if (fed_pool_each(pool, s->count, square_slice, s, err)) {
		fed_free(s->sum);
		return FED_FAIL;
	}
	add_slices(s);
	for (size_t k = 0; k < sums; k++)
		s->sum[k] = or_infinite(s->sum[k]);
	return FED_OK;
}

int fed_lengths(const float *const *row, size_t n, size_t dim, const float *from,
                struct fed_pool *pool, double *square, struct fed_error *err)
{
	struct slices s = {.row = row, .from = from, .n = n, .dim = dim};

	if (square_all(&s, n, pool, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		square[i] = s.sum[i];
	fed_free(s.sum);
	return FED_OK;
}

/* Whether |x|^2 + |y|^2 - 2 x.y, of that sum and result, is to be computed from the differences. */
static bool is_inaccurate(double lengths, double distance, size_t dim)
{
	return !(distance > NEAR * lengths) || !isfinite(distance) || lengths < TINY * (double)dim;
}

/* List the pairs whose distance by products is inaccurate; pair NULL: only count them. */
static size_t list_inaccurate(const struct slices *s, double *square, uint32_t (*pair)[2])
{
	const size_t n = s->n;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		square[i * n + i] = 0;
		for (size_t j = 0; j < i; j++) {
			const double lengths = s->sum[i * n + i] + s->sum[j * n + j];
			const double distance = lengths - 2 * s->sum[i * n + j];

			square[i * n + j] = square[j * n + i] = distance;
			if (!is_inaccurate(lengths, distance, s->dim))
				continue;
			if (pair) {
				pair[count][0] = (uint32_t)i;
				pair[count][1] = (uint32_t)j;
			}
			count++;
		}
	}
	return count;
}

static int square_pairs(const struct slices *of, size_t n_pairs, const uint32_t (*pair)[2],
                        struct fed_pool *pool, double *square, struct fed_error *err)
{
	struct slices s = {.row = of->row, .n = of->n, .dim = of->dim, .pair = pair};

	if (square_all(&s, n_pairs, pool, err))
		return FED_FAIL;
	for (size_t k = 0; k < n_pairs; k++) {
		const size_t i = pair[k][0], j = pair[k][1];
		square[i * s.n + j] = square[j * s.n + i] = s.sum[k];
	}
	fed_free(s.sum);
	return FED_OK;
}

int fed_distances(const float *const *row, size_t n, size_t dim, struct fed_pool *pool,
                  double *square, struct fed_error *err)
{
	struct slices s = {.row = row, .n = n, .dim = dim};
	uint32_t(*pair)[2] = NULL;
	int rc = FED_FAIL;

	if (n > UINT32_MAX / (n + !n))
		return fed_fail(err, "distances between %zu updates do not fit into memory", n);
	if (slices_init(&s, n * n, err))
		return FED_FAIL;
	if (multiply(&s, pool, err))
		goto done;
	const size_t n_pairs = list_inaccurate(&s, square, NULL);
	rc = FED_OK;
	if (n_pairs > 0) {
		pair = fed_alloc_array(n_pairs, sizeof *pair);
		rc = pair ? FED_OK : fed_fail_memory(err, n_pairs * sizeof *pair, "distances");
	}
	if (rc == FED_OK && pair) {
		list_inaccurate(&s, square, pair);
		rc = square_pairs(&s, n_pairs, (const uint32_t(*)[2])pair, pool, square, err);
	}
done:
	fed_free(pair);
	fed_free(s.sum);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/column_sort.c - sorting of each coordinate over many rows.
 */
#include "plug/column_sort.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rows.h"

enum {
	COLUMNS = 8 * FED_COLUMNS, /* copied at a time */
	TILES = 16,                /* of them in a thread's turn */
};

struct sorting {
	const struct fed_column_sort *in;
	const struct fed_sorter *sorter;
	float *block;     /* [threads][COLUMNS / FED_COLUMNS][n][FED_COLUMNS] */
	uint64_t *within; /* [threads][n], or NULL */
};

/* Columns [j0, j0 + width) of all rows, in blocks of FED_COLUMNS columns; zeros fill the last. */
static void copy_columns(const struct sorting *s, size_t j0, size_t width, float *block)
{
	const size_t whole = width / FED_COLUMNS * FED_COLUMNS, rest = width - whole;

	for (size_t i = 0; i < s->in->n; i++) {
		const float *from = s->in->row[i] + j0;
		float *to = block + i * FED_COLUMNS;

		for (size_t k = 0; k < whole; k += FED_COLUMNS)
			memcpy(to + k * s->in->n, from + k, FED_COLUMNS * sizeof *to);
		if (rest > 0) {
			memset(to + whole * s->in->n, 0, FED_COLUMNS * sizeof *to);
			memcpy(to + whole * s->in->n, from + whole, rest * sizeof *to);
		}
	}
}

/* Exclude columns whose middle values are 0: training changed nothing there (a dark pixel, a dead
 * unit), so counting who is within says nothing about a row. */
static void skip_untrained(float *lo, float *hi, size_t width)
{
	for (size_t k = 0; k < width; k++) {
		const bool untouched = lo[k] == 0 && hi[k] == 0;

		lo[k] = untouched ? INFINITY : lo[k];
		hi[k] = untouched ? -INFINITY : hi[k];
	}
}

/* Sort columns [j0, j0 + width), and prefetch the next ones. */
static void sort_tile(const struct sorting *s, size_t j0, size_t width, float *blocks,
                      uint64_t *within)
{
	const struct fed_rows_kernels *kernels = fed_rows_kernels();
	float lo[COLUMNS], hi[COLUMNS];

	copy_columns(s, j0, width, blocks);
	for (size_t k = 0; k < width; k += FED_COLUMNS) {
		float *block = blocks + k * s->in->n;

		for (size_t i = 0; j0 + COLUMNS + k < s->in->dim && i < s->in->n; i++)
			__builtin_prefetch(s->in->row[i] + j0 + COLUMNS + k);
		kernels->sort(s->sorter, block);
		s->in->work(s->in->ctx, block, j0 + k, width - k < FED_COLUMNS ? width - k : FED_COLUMNS);
		memcpy(lo + k, block + s->in->lo * FED_COLUMNS, FED_COLUMNS * sizeof *lo);
		memcpy(hi + k, block + s->in->hi * FED_COLUMNS, FED_COLUMNS * sizeof *hi);
	}
	skip_untrained(lo, hi, width);
	for (size_t i = 0; within && i < s->in->n; i++)
		within[i] += kernels->within(s->in->row[i] + j0, lo, hi, width);
}

static void sort_tiles(void *ctx, size_t turn, int worker)
{
	const struct sorting *s = ctx;
	float *blocks = s->block + (size_t)worker * s->in->n * COLUMNS;
	uint64_t *within = s->within ? s->within + (size_t)worker * s->in->n : NULL;

	for (size_t tile = turn * TILES; tile < (turn + 1) * TILES && tile * COLUMNS < s->in->dim;
	     tile++) {
		const size_t j0 = tile * COLUMNS;

		sort_tile(s, j0, s->in->dim - j0 < COLUMNS ? s->in->dim - j0 : COLUMNS, blocks, within);
	}
}

static int sort_all(struct sorting *s, struct fed_pool *pool, struct fed_error *err)
{
	uint64_t *within = s->in->within;
	const size_t threads = (size_t)fed_pool_threads(pool), n = s->in->n;
	const size_t floats = n <= SIZE_MAX / sizeof(float) / COLUMNS / threads ? threads * n : 0;

	s->block = floats ? fed_alloc_floats(floats * COLUMNS) : NULL;
	s->within = within ? fed_alloc_array(threads * n, sizeof *within) : NULL;
	int rc = FED_FAIL;
	if (!s->block || (within && !s->within))
		fed_fail_memory(err, floats * COLUMNS * sizeof(float), "sorted updates");
	else
		rc = fed_pool_each(pool, (s->in->dim + TILES * COLUMNS - 1) / (TILES * COLUMNS), sort_tiles,
		                   s, err);
	for (size_t i = 0; rc == FED_OK && within && i < n; i++) {
		within[i] = 0;
		for (size_t t = 0; t < threads; t++)
			within[i] += s->within[t * n + i];
	}
	fed_free_floats(s->block);
	fed_free(s->within);
	return rc;
}

int fed__sort_columns(const struct fed_column_sort *in, struct fed_pool *pool,
                      struct fed_error *err)
{
	struct fed_sorter sorter;
	struct sorting s = {.in = in, .sorter = &sorter};

	if (in->lo > in->hi || in->hi >= in->n)
		return fed_fail(err, "ranks %zu to %zu of %zu values are none", in->lo, in->hi, in->n);
	if (fed_sorter_init(&sorter, in->n, in->lo, in->hi, err))
		return FED_FAIL;
	const int rc = sort_all(&s, pool, err);
	fed_sorter_release(&sorter);
	return rc;
}

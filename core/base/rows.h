/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/rows.h - kernels over long rows of floats: products, sums and sorting.
 *
 * Each works on some columns of all rows, in one thread; the caller divides a matrix into tiles.
 * One source (rows_body.h) is compiled for each instruction set.
 */
#ifndef FED_BASE_ROWS_H
#define FED_BASE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "fedsh/plugin.h"

enum {
	FED_ROWS_LINE = 16, /* floats of a cache line; columns of a sorted block */
	FED_ROWS_RUN = 16,  /* values that are sorted in registers */
};

/* A sorting network for n values: each exchange puts the smaller of a pair first.  Batcher's
 * odd-even merge sort (Batcher 1968), without the exchanges that ranks lo .. hi do not need: below
 * lo are then the smaller values, above hi the larger ones, in any order. */
struct fed_sorter {
	size_t runs; /* of FED_ROWS_RUN values that are sorted first, each alone */
	uint32_t (*pair)[2];
	size_t n_pairs;
};
int fed_sorter_init(struct fed_sorter *, size_t n, size_t lo, size_t hi, struct fed_error *);
void fed_sorter_release(struct fed_sorter *);

struct fed_rows_kernels {
	enum fed_isa isa;
	/* sum[i * n + k] += row_i . row_k over columns [j0, j0 + width) for k <= i; width is a multiple
	 * of FED_ROWS_LINE.  Products and partial sums are floats: they overflow beyond about 1e19. */
	void (*gram)(const float *const *row, size_t n, size_t j0, size_t width, double *sum);
	/* sum_k (a[k] - b[k])^2 in doubles; b NULL: the origin. */
	double (*square)(const float *a, const float *b, size_t n);
	/* sum[k] += sum_i w[i] row[i][j0 + k] in doubles, in the order of the rows: the same bits
	 * whether they come in one call or in several. */
	void (*weigh)(double *sum, const float *const *row, const double *w, size_t n, size_t j0,
	              size_t width);
	/* Sort the columns of a block, (n, FED_ROWS_LINE). */
	void (*sort)(const struct fed_sorter *, float *block);
	/* In how many columns lo[k] <= x[k] <= hi[k]. */
	uint32_t (*within)(const float *x, const float *lo, const float *hi, size_t width);
	/* a -= b */
	void (*subtract)(float *a, const float *b, size_t n);
	/* Whether all are finite. */
	bool (*finite)(const float *v, size_t n);
	/* out = gain * from + offset; the product may be rounded before it is added */
	void (*expand)(const uint8_t *from, float gain, float offset, float *out, size_t n);
};

/* The kernels for this processor. */
const struct fed_rows_kernels *fed_rows_kernels(void);
/* NULL when this processor cannot run them. */
const struct fed_rows_kernels *fed__rows_kernels_of(enum fed_isa);

#endif

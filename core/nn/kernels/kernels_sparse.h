/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/kernels/kernels_sparse.h - products of a dense layer that skip zeros (included by
 * nn/kernels/kernels_dense.h).
 *
 * Half of a picture on black is 0, and of what relu leaves.  A few rows of sums stay in registers
 * while the terms are added whose factor is not 0 in one of them, given as a set of up to 64 bits.
 * Every value is summed in the order of its terms, and skipping a zero changes no sum.
 */
#include "nn/kernels/kernels.h"
#include "nn/kernels/kernels_vector.h"

/* Vectors of two rows of sums that fit the registers. */
#if FED_WIDTH == 16
#define PAIR_VECTORS 13
#define PAIR_CASES \
	CASE(1)        \
	CASE(2)        \
	CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13)
#else
#define PAIR_VECTORS 6
#define PAIR_CASES CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#endif
/* Forward: examples and vectors of their sums that fit the registers.  So square, a tile needs less
 * than one load for two multiplications, above which it waits for loads (measured). */
#if FED_WIDTH == 16
#define SQUARE_EXAMPLES 5
#define SQUARE_VECTORS 5
#else
#define SQUARE_EXAMPLES 3
#define SQUARE_VECTORS 4
#endif
/* Where a vector is multiplied in two halves, loads are cheap: with two examples fewer terms are
 * added for only one of them (measured: 14% less time on pictures). */
#define FLAT_EXAMPLES 2
#define FLAT_VECTORS 7
/* Examples of which x and y fit the second-level cache. */
#define PART_EXAMPLES 128u
/* Backward: examples whose dy stays in the first-level cache, and rows of W. */
#define BACK_EXAMPLES 50u
#define BACK_ROWS 1024u

/* The factor whose zeros are skipped: `step` floats between the terms of a sum, `line` between two
 * sums. */
struct factor {
	const float *at;
	size_t step, line;
};

/* One row of sums or two: to (rows, vectors) += x[r][i] from[i] for the bits i of `set`, in order.
 * The rows of `from` are filled up to whole vectors; the last vector of a sum has `last` floats. */
INLINE void pair_tile(const int rows, const int vectors, uint64_t set, struct factor x,
                      const float *from, float *to, size_t line, uint32_t last)
{
	vec sum[2][PAIR_VECTORS];

	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			const float *own = to + (size_t)r * line + v * FED_WIDTH;

			sum[r][v] = v < vectors - 1 ? load(own) : load_most(own, last);
		}
	}
	for (; set; set &= set - 1) {
		const size_t i = (size_t)__builtin_ctzll(set);
		const float *row = from + i * (size_t)vectors * FED_WIDTH;
		vec value[2];

		UNROLL
		for (int r = 0; r < rows; r++)
			value[r] = in_register(splat(x.at[i * x.step + (size_t)r * x.line]));
		UNROLL
		for (int v = 0; v < vectors; v++) {
			const vec part = in_register(load(row + v * FED_WIDTH));

			UNROLL
			for (int r = 0; r < rows; r++)
				sum[r][v] += value[r] * part;
		}
	}
	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			float *own = to + (size_t)r * line + v * FED_WIDTH;

			if (v < vectors - 1)
				store(own, sum[r][v]);
			else
				store_most(own, sum[r][v], last);
		}
	}
}

/* to (rows, vectors) = some columns of from, filled up to whole vectors. */
INLINE void pack(const int vectors, const float *from, size_t line, uint32_t rows, float *to,
                 uint32_t last)
{
	for (uint32_t r = 0; r < rows; r++, from += line, to += vectors * FED_WIDTH) {
		UNROLL
		for (int v = 0; v < vectors - 1; v++)
			store(to + v * FED_WIDTH, load(from + v * FED_WIDTH));
		store(to + (vectors - 1) * FED_WIDTH, load_most(from + (vectors - 1) * FED_WIDTH, last));
	}
}

/* Floats of the last of `vectors` from column `first`. */
INLINE uint32_t last_of(const int vectors, size_t units, size_t first)
{
	return (uint32_t)(units - first) - (uint32_t)(vectors - 1) * FED_WIDTH;
}

/* Forward -------------------------------------------------------------------- */

static uint64_t nonzero(const float *x, uint32_t n)
{
	uint64_t set = 0;

	for (uint32_t i = 0; i < n; i += FED_WIDTH)
		set |= nonzero_lanes(load_most(x + i, n - i)) << i;
	return set;
}

/* y += x W: rows of each are `line` floats apart. */
struct product {
	uint32_t examples;
	const float *x, *w;
	float *y;
	size_t x_line, w_line, y_line;
};

/* y (examples, vectors) += x W for the rows of W that `set` names, in order; the last vector has
 * `last` floats. */
INLINE void product_tile(const int examples, const int vectors, const struct product *p,
                         uint64_t set, const float *x, float *y, uint32_t last)
{
	vec sum[SQUARE_EXAMPLES][FLAT_VECTORS];

	UNROLL
	for (int b = 0; b < examples; b++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			const float *own = y + b * p->y_line + v * FED_WIDTH;

			sum[b][v] = v < vectors - 1 ? load(own) : load_some(own, last);
		}
	}
	for (; set; set &= set - 1) {
		const size_t k = (size_t)__builtin_ctzll(set);
		vec value[SQUARE_EXAMPLES];

		UNROLL
		for (int b = 0; b < examples; b++)
			value[b] = in_register(splat(x[b * p->x_line + k]));
		UNROLL
		for (int v = 0; v < vectors; v++) {
			const float *own = p->w + k * p->w_line + v * FED_WIDTH;
			const vec weight = in_register(v < vectors - 1 ? load(own) : load_some(own, last));

			UNROLL
			for (int b = 0; b < examples; b++)
				sum[b][v] += value[b] * weight;
		}
	}
	UNROLL
	for (int b = 0; b < examples; b++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			float *own = y + b * p->y_line + v * FED_WIDTH;

			if (v < vectors - 1)
				store(own, sum[b][v]);
			else
				store_some(own, sum[b][v], last);
		}
	}
}

/* All examples, `together` at a time; set[b] is the set of rows of W that example b needs. */
INLINE void product_columns(const int together, const int vectors, const struct product *product,
                            const uint64_t *set, uint32_t last)
{
	const struct product p = *product;
	const float *x = p.x;
	float *y = p.y;
	uint32_t b = 0;

	for (; b + (uint32_t)together <= p.examples; b += (uint32_t)together) {
		uint64_t any = 0;

		UNROLL
		for (int i = 0; i < together; i++)
			any |= *set++;
		product_tile(together, vectors, &p, any, x, y, last);
		x += together * p.x_line;
		y += together * p.y_line;
	}
	for (; b < p.examples; b++, x += p.x_line, y += p.y_line)
		product_tile(1, vectors, &p, *set++, x, y, last);
}

#define CASE(n)                                          \
	case n:                                              \
		if ((n) <= most)                                 \
			product_columns(together, n, &p, set, last); \
		break;

/* All `columns` of y, at most `most` vectors of them at a time: those of W stay in the first-level
 * cache for all examples. */
INLINE void product_parts(const int together, const int most, struct product p, const uint64_t *set,
                          uint32_t columns)
{
	const uint32_t vectors = (columns + FED_WIDTH - 1) / FED_WIDTH;
	const uint32_t parts = (vectors + (uint32_t)most - 1) / (uint32_t)most;
	size_t first = 0;

	for (uint32_t i = 0; i < parts; i++) {
		const uint32_t n = part_of(vectors, parts, i), left = last_of((int)n, columns, first);
		const uint32_t last = left < FED_WIDTH ? left : FED_WIDTH;

		switch (n) {
			CASE(1)
			CASE(2)
			CASE(3)
			CASE(4)
			CASE(5)
			CASE(6)
			CASE(7)
		}
		first += (size_t)n * FED_WIDTH;
		p.w += n * FED_WIDTH;
		p.y += n * FED_WIDTH;
	}
}
#undef CASE

static void square_product(struct product p, const uint64_t *set, uint32_t columns)
{
	product_parts(SQUARE_EXAMPLES, SQUARE_VECTORS, p, set, columns);
}

static void flat_product(struct product p, const uint64_t *set, uint32_t columns)
{
	product_parts(FLAT_EXAMPLES, FLAT_VECTORS, p, set, columns);
}

INLINE uint32_t part_examples(size_t left)
{
	return left < PART_EXAMPLES ? (uint32_t)left : PART_EXAMPLES;
}

static void dense_forward_sparse(const struct fed_dense_sizes *s, bool flat, const float *x,
                                 const float *w, const float *bias, float *y)
{
	struct product p = {.x_line = s->x_line, .w_line = s->w_line, .y_line = s->w_line};
	uint64_t set[PART_EXAMPLES];

	for (size_t b = 0; b < s->batch; b++)
		memcpy(y + b * s->w_line, bias, s->units * sizeof *bias);
	for (size_t b = 0; b < s->batch; b += PART_EXAMPLES) {
		p.examples = part_examples(s->batch - b);
		p.y = y + b * s->w_line;
		for (size_t k = 0; k < s->in; k += 64) {
			p.x = x + b * s->x_line + k;
			p.w = w + k * s->w_line;
			for (size_t i = 0; i < p.examples; i++)
				set[i] = nonzero(p.x + i * s->x_line, s->in - k < 64 ? (uint32_t)(s->in - k) : 64);
			(flat ? flat_product : square_product)(p, set, s->units);
		}
	}
}

/* The weights' gradient ------------------------------------------------------ */

/* `rows` rows of g, and the n examples that are added to them. */
struct outer {
	size_t x_line, units;
	uint32_t rows, n;
	const float *x, *dy;
	float *g;
	uint64_t set[BACK_ROWS]; /* of each row: bit b: x of example b is not 0 */
	/* some columns of dy (n, vectors), filled up to whole vectors */
	_Alignas(sizeof(vec)) float part[BACK_EXAMPLES * PAIR_VECTORS * FED_WIDTH];
};

static void find_examples(struct outer *o)
{
	typedef uint32_t lanes __attribute__((vector_size(sizeof(vec))));

	memset(o->set, 0, o->rows * sizeof *o->set);
	for (uint32_t r = 0; r < o->rows; r += FED_WIDTH) {
		const uint32_t rows = o->rows - r < FED_WIDTH ? o->rows - r : FED_WIDTH;

		for (uint32_t first = 0; first < o->n; first += 32) {
			const uint32_t n = o->n - first < 32 ? o->n - first : 32;
			const float *x = o->x + first * o->x_line + r;
			lanes set = {0};

			for (uint32_t b = 0; b < n; b++)
				set |= (lanes)(load_most(x + b * o->x_line, rows) != (vec){0}) & (1u << b);
			for (uint32_t i = 0; i < rows; i++)
				o->set[r + i] |= (uint64_t)set[i] << first;
		}
	}
}

/* g += x' dy for the columns from `first`. */
INLINE void outer_columns(const int vectors, struct outer *o, size_t first)
{
	const uint32_t last = last_of(vectors, o->units, first);
	struct factor x = {o->x, o->x_line, 1};
	float *g = o->g + first;
	uint32_t r = 0;

	pack(vectors, o->dy + first, o->units, o->n, o->part, last);
	for (; r + 2 <= o->rows; r += 2, x.at += 2, g += 2 * o->units) {
		const uint64_t set = o->set[r] | o->set[r + 1];

		if (set)
			pair_tile(2, vectors, set, x, o->part, g, o->units, last);
	}
	if (r < o->rows)
		pair_tile(1, vectors, o->set[r], x, o->part, g, o->units, last);
}

#define CASE(n)                     \
	case n:                         \
		outer_columns(n, o, first); \
		break;

static void outer_part(struct outer *o)
{
	const uint32_t vectors = ((uint32_t)o->units + FED_WIDTH - 1) / FED_WIDTH;
	const uint32_t parts = (vectors + PAIR_VECTORS - 1) / PAIR_VECTORS;
	size_t first = 0;

	find_examples(o);
	for (uint32_t i = 0; i < parts; i++) {
		const uint32_t n = part_of(vectors, parts, i);

		switch (n) {
			PAIR_CASES
		}
		first += (size_t)n * FED_WIDTH;
	}
}
#undef CASE

/* g += x' dy for rows k .. k + rows - 1, at most BACK_ROWS. */
static void outer_rows(const struct fed_dense_sizes *s, uint32_t k, uint32_t rows, const float *x,
                       const float *dy, float *g)
{
	const uint32_t parts = (s->batch + BACK_EXAMPLES - 1) / BACK_EXAMPLES;
	struct outer o; /* not cleared: it is large */

	o.x_line = s->x_line;
	o.units = s->units;
	o.rows = rows;
	o.x = x + k;
	o.dy = dy;
	o.g = g + (size_t)k * s->units;
	for (uint32_t i = 0; i < parts; i++) {
		o.n = part_of(s->batch, parts, i);
		outer_part(&o);
		o.x += o.n * o.x_line;
		o.dy += o.n * o.units;
	}
}

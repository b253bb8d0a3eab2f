/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/dense_rows.c - a dense layer over many rows of each example, as in a transformer.
 *
 * Rows are multiplied in blocks that stay in the second-level cache with the weights.  Backward,
 * rows of dy that are all 0 are left out: where the loss is at the last token alone, the layers
 * behind the last attention have one row of each example.
 */
#include "nn/layers/dense_rows.h"

#include <string.h>

#include "base/blas.h"

#define FORWARD_ROWS 256u
#define BLOCK_ROWS 128u
#define PART_INPUTS 128u
#define SAME_ROWS 16u /* gathered rows are filled up to a multiple, so that few sizes occur */

uint32_t fed__dense_rows_forward_parts(uint32_t rows)
{
	return (rows + FORWARD_ROWS - 1) / FORWARD_ROWS;
}

void fed__dense_rows_forward(const struct fed_pass *p, const struct fed_dense_sizes *s,
                             uint32_t part)
{
	const uint32_t first = part * FORWARD_ROWS, left = s->batch - first;
	const uint32_t rows = left < FORWARD_ROWS ? left : FORWARD_ROWS;
	const float *bias = p->params + (size_t)s->in * s->units;
	float *y = p->y + (size_t)first * s->units;

	for (size_t r = 0; r < rows; r++)
		memcpy(y + r * s->units, bias, s->units * sizeof *y);
	fed_gemm_nn((int)rows, (int)s->units, (int)s->in, p->x + (size_t)first * s->in, (int)s->in,
	            p->params, (int)s->units, y, (int)s->units);
}

uint32_t fed__dense_rows_backward_parts(uint32_t in)
{
	return (in + PART_INPUTS - 1) / PART_INPUTS;
}

static size_t gathered_floats(uint32_t units)
{
	return (size_t)BLOCK_ROWS * (2 * PART_INPUTS + units);
}

size_t fed__dense_rows_scratch(uint32_t in, uint32_t units)
{
	return fed__dense_rows_backward_parts(in) * gathered_floats(units);
}

/* A part of the backward pass: inputs from first on. */
struct dense_part {
	const struct fed_pass *pass;
	const struct fed_dense_sizes *sizes;
	uint32_t first, inputs;
	float *turned;            /* (units, inputs) */
	float *x, *dy, *dx;       /* gathered: (BLOCK_ROWS, inputs), (.., units), (.., inputs) */
	uint32_t n;               /* rows of a block, */
	uint32_t row[BLOCK_ROWS]; /* whose dy is not 0 */
};

static struct dense_part part_of(const struct fed_pass *p, const struct fed_dense_sizes *s,
                                 uint32_t part)
{
	const uint32_t first = part * PART_INPUTS, left = s->in - first;
	struct dense_part d = {
		.pass = p,
		.sizes = s,
		.first = first,
		.inputs = left < PART_INPUTS ? left : PART_INPUTS,
		.turned = p->scratch + (size_t)first * s->units,
	};

	d.x = p->scratch + (size_t)s->in * s->units + part * gathered_floats(s->units);
	d.dx = d.x + BLOCK_ROWS * PART_INPUTS;
	d.dy = d.dx + BLOCK_ROWS * PART_INPUTS;
	return d;
}

static bool is_zero(const float *v, uint32_t n)
{
	for (uint32_t j = 0; j < n; j += 64)
		if (fed_kernels()->nonzero(v + j, n - j < 64 ? n - j : 64))
			return false;
	return true;
}

/* The next rows whose dy is not 0, from `row` on; the dx of the others is 0.  Returns the row
 * behind. */
static uint32_t next_block(struct dense_part *d, uint32_t row)
{
	const struct fed_dense_sizes *s = d->sizes;

	for (d->n = 0; row < s->batch && d->n < BLOCK_ROWS; row++) {
		if (!is_zero(d->pass->dy + (size_t)row * s->units, s->units))
			d->row[d->n++] = row;
		else if (d->pass->dx)
			memset(d->pass->dx + (size_t)row * s->in + d->first, 0,
			       d->inputs * sizeof *d->pass->dx);
	}
	return row;
}

/* Rows of x or dy one after another, then zeros. */
static void gather(const struct dense_part *d, const float *from, size_t line, uint32_t n,
                   uint32_t filled, float *to)
{
	for (uint32_t i = 0; i < d->n; i++)
		memcpy(to + (size_t)i * n, from + d->row[i] * line, n * sizeof *to);
	memset(to + (size_t)d->n * n, 0, (size_t)(filled - d->n) * n * sizeof *to);
}

static void multiply(const struct dense_part *d, uint32_t rows, const float *x, size_t x_line,
                     const float *dy, float *dx, size_t dx_line)
{
	const int units = (int)d->sizes->units, inputs = (int)d->inputs;
	float *grads = d->pass->grads + (size_t)d->first * d->sizes->units;

	if (dx)
		fed_gemm_nn_set((int)rows, inputs, units, dy, units, d->turned, inputs, dx, (int)dx_line);
	fed_gemm_tn(inputs, units, (int)rows, x, (int)x_line, dy, units, grads, units);
}

static void backward_block(const struct dense_part *d)
{
	const struct fed_pass *p = d->pass;
	const size_t in = d->sizes->in, units = d->sizes->units;
	const uint32_t first = d->row[0], filled = (d->n + SAME_ROWS - 1) / SAME_ROWS * SAME_ROWS;

	if (d->row[d->n - 1] - first + 1 == d->n) {
		multiply(d, d->n, p->x + first * in + d->first, in, p->dy + first * units,
		         p->dx ? p->dx + first * in + d->first : NULL, in);
		return;
	}
	gather(d, p->x + d->first, in, d->inputs, filled, d->x);
	gather(d, p->dy, units, (uint32_t)units, filled, d->dy);
	multiply(d, filled, d->x, d->inputs, d->dy, p->dx ? d->dx : NULL, d->inputs);
	for (uint32_t i = 0; p->dx && i < d->n; i++)
		memcpy(p->dx + d->row[i] * in + d->first, d->dx + (size_t)i * d->inputs,
		       d->inputs * sizeof *p->dx);
}

void fed__dense_rows_backward(const struct fed_pass *p, const struct fed_dense_sizes *s,
                              uint32_t part)
{
	struct dense_part d = part_of(p, s, part);
	const size_t from = (size_t)d.first * s->units;

	/* a copy: the gradients may be the weights */
	if (p->dx) {
		memset(d.turned, 0, (size_t)d.inputs * s->units * sizeof *d.turned);
		fed_kernels()->add_transposed(p->params + from, s->units, d.inputs, s->units, d.turned,
		                              d.inputs);
	}
	for (uint32_t row = 0; row < s->batch;) {
		row = next_block(&d, row);
		if (d.n)
			backward_block(&d);
	}
	if (part == 0)
		fed_kernels()->add_rows(p->dy, s->batch, s->units, p->grads + (size_t)s->in * s->units);
}

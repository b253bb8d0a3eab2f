/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/dense_rows.h - a dense layer over many rows of each example, as in a transformer.
 * Private to nn/layers/dense.c.
 */
#ifndef FED_NN_DENSE_ROWS_H
#define FED_NN_DENSE_ROWS_H

#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"

/* Parts depend on the shape alone; a part is some rows forward, some inputs backward. */
uint32_t fed__dense_rows_forward_parts(uint32_t rows);
void fed__dense_rows_forward(const struct fed_pass *, const struct fed_dense_sizes *,
                             uint32_t part);
uint32_t fed__dense_rows_backward_parts(uint32_t in);
/* Scratch beside that of a product against transposed weights. */
size_t fed__dense_rows_scratch(uint32_t in, uint32_t units);
void fed__dense_rows_backward(const struct fed_pass *, const struct fed_dense_sizes *,
                              uint32_t part);

#endif

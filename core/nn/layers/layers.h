/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/layers.h - the built-in layers, written against the plugins' interface (fedsh/model.h).
 *
 * Their config structs are here so that the builder can fill them and tests can call single layers.
 * Weights start uniform in +-1/sqrt(fan in), biases too (LeCun 1998; PyTorch's default).
 */
#ifndef FED_NN_LAYERS_H
#define FED_NN_LAYERS_H

#include "fedsh/model.h"

struct fed_dense_config {
	uint32_t units;
	struct fed_shape image; /* what was flattened before it: export permutes to PyTorch's (C, H, W)
	                           order; rank 0 without an image */
};
struct fed_conv_config {
	uint32_t filters, kernel, pad;
};
struct fed_pool_config {
	uint32_t size;
};

struct fed_embedding_config {
	uint32_t vocabulary, width;
};
struct fed_gru_config {
	uint32_t units;
};

extern const struct fed_layer fed_layer_dense;    /* W (in, units), b (units) */
extern const struct fed_layer fed_layer_conv;     /* K (kernel, kernel, C, filters), b (filters) */
extern const struct fed_layer fed_layer_max_pool; /* first of equal values gets the gradient */
extern const struct fed_layer fed_layer_mean_pool;
extern const struct fed_layer fed__layer_relu;
extern const struct fed_layer fed__layer_tanh;
extern const struct fed_layer fed_layer_flatten;
extern const struct fed_layer fed__layer_embedding; /* E (vocabulary, width), from N(0, 1) */
extern const struct fed_layer fed__layer_gru; /* W (in, 3U), U (U, 3U), b (3U), c (3U): r, z, n */

#endif

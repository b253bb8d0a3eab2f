/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/layers.h - the built-in layers, written against the plugins' interface (fedsh/model.h).
 *
 * Their config structs are here so that the builder can fill them and tests can call single layers.
 * Weights start uniform in +-1/sqrt(fan in), biases too (LeCun 1998; PyTorch's default).
 */
#ifndef FED_NN_LAYERS_H
#define FED_NN_LAYERS_H

#include "base/ranges.h"
#include "fedsh/model.h"

struct fed_dense_config {
	uint32_t units;
	struct fed_shape image; /* what was flattened before it: export permutes to PyTorch's (C, H, W)
	                           order; rank 0 without an image */
	bool each; /* (.., in) to (.., units): a product for each row, not one for all of them */
};
struct fed_block_dense_config {
	uint32_t units;          /* of all parts together */
	struct fed_ranges parts; /* columns */
};
struct fed_conv_config {
	uint32_t filters, kernel, pad;
	uint32_t stride; /* of fed__layer_strided; fed_layer_conv has 1 */
};
struct fed_pool_config {
	uint32_t size;
};

struct fed_embedding_config {
	uint32_t vocabulary, width;
};
/* The nearest valid token: inputs may be shifted by a client or made by an attacker. */
static inline uint32_t fed_nearest_token(float x, uint32_t vocabulary)
{
	const float last = (float)(vocabulary - 1);

	if (!(x > 0)) /* NaN, too */
		return 0;
	return x < last ? (uint32_t)(x + 0.5f) : vocabulary - 1;
}

struct fed_gru_config {
	uint32_t units;
};
struct fed_group_config {
	uint32_t groups;
};
struct fed_dropout_config {
	double rate;
};
struct fed_last_config {
	uint32_t tokens;
};
struct fed_attention_config {
	uint32_t heads;
	bool causal;
};

/* What may get an adapter. */
enum fed_lora_on {
	FED_LORA_DENSE = 1,
	FED_LORA_Q = 2, /* the projections of attention */
	FED_LORA_K = 4,
	FED_LORA_V = 8,
	FED_LORA_OUT = 16,
	FED_LORA_ATTENTION = 30, /* these four */
	FED_LORA_CONV = 32,
	FED_LORA_EMBEDDING = 64,
};
/* Adapters of low rank beside frozen layers. */
struct fed_lora {
	uint32_t rank; /* 0: none, the frozen layers alone */
	uint32_t on;   /* enum fed_lora_on */
	double alpha;  /* they are scaled by alpha / rank */
};
struct fed_lora_config {
	union { /* first member: what is asked of the frozen layer is asked of it */
		struct fed_dense_config dense;
		struct fed_conv_config conv;
		struct fed_embedding_config embedding;
		struct fed_attention_config attention;
	};
	struct fed_lora lora;
};

extern const struct fed_layer fed_layer_dense; /* W (in, units), b (units) */
extern const struct fed_layer fed__layer_block_dense;
extern const struct fed_layer fed_layer_conv;     /* K (kernel, kernel, C, filters), b (filters) */
extern const struct fed_layer fed__layer_strided; /* a conv with a stride above 1 */
extern const struct fed_layer fed_layer_max_pool; /* first of equal values gets the gradient */
extern const struct fed_layer fed_layer_mean_pool;
extern const struct fed_layer fed__layer_relu;
extern const struct fed_layer fed__layer_tanh;
extern const struct fed_layer fed_layer_flatten;
extern const struct fed_layer fed__layer_embedding;   /* E (vocabulary, width), from N(0, 1) */
extern const struct fed_layer fed__layer_global_pool; /* (.., C) to (C), the mean */
extern const struct fed_layer fed__layer_gelu;        /* the form with tanh */
extern const struct fed_layer fed__layer_dropout;     /* inverted: scaled by 1 / (1 - rate) */
/* Norms over (.., C): factors (C) from 1, offsets (C) from 0; batch_norm then has its buffers, the
 * running mean (C) from 0 and variance (C) from 1. */
extern const struct fed_layer fed__layer_batch_norm, fed__layer_group_norm, fed__layer_layer_norm;
extern const struct fed_layer fed__layer_positions; /* P (T, width), from N(0, 1) */
extern const struct fed_layer fed__layer_last;
/* As torch.nn.MultiheadAttention with one input: W (3 width, width) and b (3 width) in the order q,
 * k, v; W (width, width), b (width) of the output. */
extern const struct fed_layer fed__layer_attention;
/* Frozen layers with adapters A and B (nn/layers/lora.h), which are their parameters: of dense A
 * (rank, in), B (rank, units); of a convolution A (kernel, kernel, C, rank), B (rank, filters); of
 * an embedding A (vocabulary, rank), B (rank, width); of attention, for each projection that has
 * one, A (rank, width), B (rank, width). */
extern const struct fed_layer fed__lora_dense, fed__lora_conv, fed__lora_strided,
	fed__lora_embedding, fed__lora_attention;
extern const struct fed_layer fed__layer_add; /* ends a residual block: x plus the other input */
extern const struct fed_layer fed__layer_gru; /* W (in, 3U), U (U, 3U), b (3U), c (3U): r, z, n */

#endif

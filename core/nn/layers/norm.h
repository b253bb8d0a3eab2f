/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/norm.h - what the norms have in common: channels are the last dimension, factors (C)
 * begin as 1 and offsets (C) as 0, the constant below the root is PyTorch's.
 */
#ifndef FED_NN_NORM_H
#define FED_NN_NORM_H

#include <string.h>

#include "fedsh/model.h"

#define FED_NORM_EPSILON 1e-5f

static inline size_t fed_norm_channels(const struct fed_shape *in)
{
	return in->dim[in->rank - 1];
}

static inline int fed_norm_shape(const void *config, const struct fed_shape *in,
                                 struct fed_shape *out, struct fed_error *err)
{
	(void)config, (void)err;
	*out = *in;
	return FED_OK;
}

static inline size_t fed_norm_params(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 2 * fed_norm_channels(in);
}

static inline void fed_norm_init(const void *config, const struct fed_shape *in, float *params,
                                 uint64_t key)
{
	(void)config, (void)key;
	for (size_t c = 0; c < fed_norm_channels(in); c++)
		params[c] = 1;
}

/* Mean, variance, and one multiply-add for each number: 2 + 3 + 2, and the root is nothing beside
 * them. */
static inline double fed_norm_flops(const void *config, const struct fed_shape *in)
{
	(void)config;
	return 7.0 * (double)fed_shape_size(in);
}

/* Tensor k of `n` rows of C numbers, with PyTorch's names. */
static inline bool fed_norm_tensor_of(const struct fed_shape *in, uint32_t k, uint32_t n,
                                      struct fed_tensor *t)
{
	static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
	const uint32_t channels = (uint32_t)fed_norm_channels(in);

	if (k >= n)
		return false;
	*t = (struct fed_tensor){.offset = (size_t)k * channels,
	                         .rank = 1,
	                         .dim = {channels},
	                         .stride = {1},
	                         .file_rank = 1,
	                         .file_shape = {channels}};
	snprintf(t->name, sizeof t->name, "%s", names[k]);
	return true;
}

static inline bool fed_norm_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                                   struct fed_tensor *t)
{
	(void)config;
	return fed_norm_tensor_of(in, k, 2, t);
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/tensors.h - a model's parameters as named tensors, in the order and layout of files.
 */
#ifndef FED_FORMATS_TENSORS_H
#define FED_FORMATS_TENSORS_H

#include "nn/net.h"

struct fed_named_tensor {
	char name[48];          /* "conv1.weight" */
	struct fed_tensor walk; /* offset into the flat vector */
	size_t n;               /* numbers in it */
	bool whole;             /* they are uint32_t, not floats; in archives only (formats/npz.h) */
};
struct fed_tensor_list {
	struct fed_named_tensor *tensor; /* [n], in the order of the layers */
	size_t n;
};
/* Refuses tensors of a plugin's layer that exceed the vector. */
int fed_tensor_list(struct fed_tensor_list *, const struct fed_net *, struct fed_error *);
void fed_tensor_list_release(struct fed_tensor_list *);

/* Copy between the flat vector and the file's order; out and in are [n]. */
void fed_tensor_gather(const struct fed_named_tensor *, const float *params, float *out);
void fed_tensor_scatter(const struct fed_named_tensor *, const float *in, float *params);

/* A tensor as stored in a file, with its numbers unconverted, little-endian. */
#define FED_RANK_MAX 8
enum fed_number_type { FED_NUMBER_F32, FED_NUMBER_F64, FED_NUMBER_F16, FED_NUMBER_BF16 };
struct fed_stored_tensor {
	const char *name;
	size_t name_length;
	enum fed_number_type type;
	uint32_t rank;
	uint64_t shape[FED_RANK_MAX];
	const unsigned char *bytes;
	size_t n; /* product of shape */
};
size_t fed__number_size(enum fed_number_type);
float fed_stored_number(const struct fed_stored_tensor *, size_t i);
/* n = product of shape; false when n numbers of the type do not fit into size_t. */
bool fed__stored_count(struct fed_stored_tensor *);

/* A callback that receives the tensors of a file in order; a result other than FED_OK stops
 * reading. */
struct fed_tensor_taker {
	int (*take)(void *ctx, const struct fed_stored_tensor *, struct fed_error *);
	void *ctx;
};

#endif

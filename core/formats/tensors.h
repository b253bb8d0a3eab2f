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
	bool frozen;            /* into the frozen one instead */
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

/* Copy between the vector, flat or frozen, and the file's order; out and in are [n]. */
void fed_tensor_gather(const struct fed_named_tensor *, const float *params, float *out);
void fed_tensor_scatter(const struct fed_named_tensor *, const float *in, float *params);

/* A tensor as stored in a file, with its numbers unconverted, little-endian. */
#define FED_RANK_MAX 8
enum fed_number_type {
	FED_NUMBER_F32,
	FED_NUMBER_F64,
	FED_NUMBER_F16,
	FED_NUMBER_BF16,
	/* In arrays of any type alone: */
	FED_NUMBER_BOOL,
	FED_NUMBER_U8,
	FED_NUMBER_I8,
	FED_NUMBER_U16,
	FED_NUMBER_I16,
	FED_NUMBER_U32,
	FED_NUMBER_I32,
	FED_NUMBER_U64,
	FED_NUMBER_I64,
	FED_NUMBER_BYTES,   /* texts of `width` bytes, filled up with 0 */
	FED_NUMBER_UNICODE, /* texts of `width` code points in four bytes each */
};
struct fed_stored_tensor {
	const char *name;
	size_t name_length;
	enum fed_number_type type;
	uint32_t width;           /* of texts */
	bool big_endian, fortran; /* order of bytes; the first index runs fastest */
	uint32_t rank;
	uint64_t shape[FED_RANK_MAX];
	const unsigned char *bytes;
	size_t n;      /* product of shape */
	void **buffer; /* the block of fed_alloc() that holds the bytes, which a taker may keep, setting
	                * *buffer to NULL; or NULL */
};
size_t fed__number_size(enum fed_number_type); /* of texts that of a unit */
float fed_stored_number(const struct fed_stored_tensor *, size_t i);
/* Number i in the order of the file, of any type but texts; whole numbers beyond 2^53 are rounded.
 */
double fed_stored_value(const struct fed_stored_tensor *, size_t i);
/* Append text i as UTF-8. */
void fed_stored_text(const struct fed_stored_tensor *, size_t i, struct fed_text *out);
/* n = product of shape; false when n numbers of the type do not fit into size_t. */
bool fed__stored_count(struct fed_stored_tensor *);

/* A callback that receives the tensors of a file in order; a result other than FED_OK stops
 * reading. */
struct fed_tensor_taker {
	int (*take)(void *ctx, const struct fed_stored_tensor *, struct fed_error *);
	void *ctx;
	/* Of archives (formats/npz.h): whether an array is wanted; the others are passed over.
	 * NULL: all are. */
	bool (*wanted)(void *ctx, const char *name, size_t n);
	bool any; /* numbers and texts of any type and order, not floats alone */
};

#endif

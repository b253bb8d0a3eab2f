/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/codec.h - update compression: fp16, int8 quantisation, top-k sparsification.
 *
 * Pure functions of their arguments.  All but `none` are lossy.  Encoding a decoded vector again
 * gives the same bytes, so that a vector may be decoded before it is sent, and decoding accepts
 * only bytes that an encoder of fedsh writes.  Non-finite numbers remain non-finite, for the
 * receiver's gate to detect.
 */
#ifndef FED_NET_CODEC_H
#define FED_NET_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

/* The values are part of the frames of messages. */
enum fed_codec_kind {
	FED_CODEC_NONE,  /* 4 bytes a number: float32 */
	FED_CODEC_FP16,  /* 2 bytes a number */
	FED_CODEC_INT8,  /* 1 byte a number, 4 for each block of them */
	FED_CODEC_TOP_K, /* 8 bytes for each number sent */
	FED_CODECS
};
#define FED_CODEC_BLOCK 256 /* numbers that share a scale under int8 */

struct fed_codec {
	enum fed_codec_kind kind;
	double share; /* top-k: of the numbers that are sent */
};

/* A codec's name and texts for help. */
struct fed_codec_about {
	const char *name;    /* as typed, without the share */
	const char *example; /* as typed in full */
	const char *help, *doc;
};
extern const struct fed_codec_about fed_codecs[FED_CODECS + 1]; /* ends with a zeroed row */

/* "none", "fp16", "int8", "top-k:0.01".  Unchanged on FED_FAIL. */
int fed_codec_parse(const char *text, struct fed_codec *, struct fed_error *);

/* Numbers that are sent of n: all, or the share, rounded up and at least one. */
size_t fed__codec_kept(const struct fed_codec *, size_t n);
/* Bytes of n numbers: exactly, or under top-k at most, for it sends no zeroes. */
uint64_t fed_codec_size(const struct fed_codec *, size_t n);
/* v [n] as bytes into out [fed_codec_size]; returns how many.  n at most UINT32_MAX. */
size_t fed__codec_encode(const struct fed_codec *, const float *v, size_t n, unsigned char *out);
/* Bytes of an encoding as v [n].  FED_REJECT, with an error, when they are invalid. */
int fed__codec_decode(enum fed_codec_kind, const unsigned char *in, size_t len, float *v, size_t n,
                      struct fed_error *);

/* IEEE 754 binary16 and back.  Rounds to nearest even; finite numbers beyond the range become 65504
 * with their sign; NaNs keep the upper bits of their payload. */
uint16_t fed__half_of(float x);
float fed__half_value(uint16_t half);
/* v [dim] <- decode(encode(v)), in place; bytes: buffer of fed_codec_size().  Returns the length of
 * the encoding. */
uint64_t fed_codec_pass(const struct fed_codec *, float *v, size_t dim, unsigned char *bytes);
/* The same for a v [dim] that an attack or a fault changed after encoding.  *coded: length of the
 * encoding. */
int fed_recode(const struct fed_codec *, float *v, size_t dim, uint64_t *coded, struct fed_error *);

#endif

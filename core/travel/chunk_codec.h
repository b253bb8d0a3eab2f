/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/chunk_codec.h - lossless compression of numbers, alone or against numbers that are close.
 *
 * The words of 4 bytes are split into four planes, one for each byte, and the planes compressed by
 * zstd: signs, exponents and high bits of a model's parameters repeat, low bits do not.  A
 * difference is the exclusive or of both, which has zeros where parameters moved little.
 */
#ifndef FED_TRAVEL_CHUNK_CODEC_H
#define FED_TRAVEL_CHUNK_CODEC_H

#include <stdbool.h>
#include <stddef.h>

/* Encoder and decoder with their buffers; zeroed is fine. */
struct fed_chunk_codec {
	void *encoder, *decoder; /* contexts of zstd */
	unsigned char *planes;   /* [capacity] */
	size_t capacity;
};
void fed__chunk_codec_release(struct fed_chunk_codec *);
/* Encode n bytes to `out` [most], against base [n] unless that is NULL.  Returns the bytes written;
 * 0: it does not fit, or there is no memory. */
size_t fed__chunk_encode(struct fed_chunk_codec *, const void *bytes, size_t n, const void *base,
                         void *out, size_t most);
/* Decode to out [n]; false: the bytes are damaged, or there is no memory. */
bool fed__chunk_decode(struct fed_chunk_codec *, const void *bytes, size_t stored, const void *base,
                       void *out, size_t n);

#endif

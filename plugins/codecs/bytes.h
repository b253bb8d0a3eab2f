/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bytes.h - floats, their bits, and little-endian numbers in bytes.
 */
#ifndef PLUGINS_CODECS_BYTES_H
#define PLUGINS_CODECS_BYTES_H

#include <math.h>
#include <string.h>

#include <fedsh/codec.h>

#define CODEC_NAN                                                                  \
	0x7fc00000u /* the one NaN that a scale may be: of a vector that is not finite \
	             */

static inline uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline float float_of(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static inline uint16_t little16(uint16_t x)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? x : __builtin_bswap16(x);
}

static inline void put32(unsigned char *at, uint32_t x)
{
	at[0] = (unsigned char)x;
	at[1] = (unsigned char)(x >> 8);
	at[2] = (unsigned char)(x >> 16);
	at[3] = (unsigned char)(x >> 24);
}

static inline uint32_t get32(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline int wrong_length(size_t len, const struct fed_coding *c, struct fed_error *err)
{
	return fed_reject(err, "%zu bytes are no encoding of %zu numbers", len, c->n);
}

/* A scale as it travels: finite and not negative, or CODEC_NAN for one that is not finite. */
static inline uint32_t scale_bits(double scale)
{
	const float x = (float)scale;

	return isfinite(x) ? bits_of(x) : CODEC_NAN;
}

/* False: no encoder writes such a scale. */
static inline bool scale_is_sound(uint32_t bits)
{
	return bits < 0x7f800000u || bits == CODEC_NAN;
}

/* What all codecs that lose something say of error feedback. */
#define FEEDBACK                                                                       \
	"With the setting error-feedback (on) each client keeps what the codec lost and\n" \
	"adds it to its next update, so that nothing is lost for good.  The price: as\n"   \
	"much memory as the model for each client that ever took part.\n"
#define FEEDBACK_SOURCE                                                     \
	"Seide et al., 1-Bit Stochastic Gradient Descent, Interspeech 2014;\n"  \
	"Karimireddy et al., Error Feedback Fixes SignSGD and other Gradient\n" \
	"Compression Schemes, ICML 2019."

#endif

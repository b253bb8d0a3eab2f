/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * int8 - blocks of small integers:
 *
 *     round(127 x / m),    m = the largest magnitude of a block of 256 numbers
 *
 * Dettmers, Lewis, Shleifer, Zettlemoyer: 8-bit Optimizers via Block-wise Quantization, ICLR 2022,
 * here with equal steps and rounding to nearest.  What was decoded encodes to the same bytes.
 */
#include <float.h>

#include "bytes.h"

enum { BLOCK = 256, MOST = 127 };

static const char doc[] =
	"    round(127 x / m),   m = the largest magnitude of a block of 256 numbers\n"
	"\n"
	"Of two integers the even one; a block is its m, a float, and a byte a number:\n"
	"no number is off by more than m/254. A block whose m is below 1.2e-38 is sent\n"
	"as zeroes, one with a number that is not finite as NaNs.\n"
	"\n"
	"For: a quarter of the bytes, with an error that is small beside the largest\n"
	"numbers of a block.\n" FEEDBACK "\n"
	"Source: Dettmers et al., 8-bit Optimizers via Block-wise Quantization, ICLR\n"
	"2022, here with equal steps and rounding to nearest;\n" FEEDBACK_SOURCE;

/* The block's largest magnitude; NaN if one number is not finite, 0 if all are negligible. */
static float largest(const float *v, size_t n)
{
	uint32_t most = 0; /* floats without sign are in the order of their bits */

	for (size_t j = 0; j < n; j++) {
		const uint32_t magnitude = bits_of(v[j]) & 0x7fffffffu;
		most = magnitude > most ? magnitude : most;
	}
	if (most >= 0x7f800000u)
		return float_of(CODEC_NAN);
	return float_of(most) < FLT_MIN ? 0 : float_of(most);
}

/* In double, so that 127 decodes to exactly m, and a decoded block encodes to the same bytes. */
static void encode_block(const float *v, size_t n, unsigned char *out)
{
	const float m = largest(v, n);
	const double scale = m > 0 ? MOST / (double)m : 0;

	put32(out, bits_of(m));
	for (size_t j = 0; j < n; j++) {
		/* Adding 1.5 * 2^52 rounds to a whole number, of two to the even one. */
		const double q = scale > 0 ? (double)v[j] * scale + 0x1.8p52 - 0x1.8p52 : 0;
		out[4 + j] = (unsigned char)(int8_t)q;
	}
}

static int decode_block(const unsigned char *in, float *v, size_t n)
{
	const float m = float_of(get32(in));
	const double unit = (double)m / MOST;
	int most = 0;

	for (size_t j = 0; j < n; j++) {
		const int q = (int8_t)in[4 + j];

		most = q > most ? q : -q > most ? -q : most;
		v[j] = (float)(q * unit);
	}
	if (m == 0 || isnan(m))
		return most == 0 && (bits_of(m) == 0 || bits_of(m) == CODEC_NAN) ? FED_OK : FED_REJECT;
	return m >= FLT_MIN && isfinite(m) && most == MOST ? FED_OK : FED_REJECT;
}

static size_t bound(const void *state, const struct fed_coding *c)
{
	(void)state;
	return c->n + 4 * ((c->n + BLOCK - 1) / BLOCK);
}

static int encode(const void *state, const struct fed_coding *c, const float *v, unsigned char *out,
                  size_t *len, struct fed_error *err)
{
	unsigned char *at = out;

	(void)state, (void)err;
	for (size_t j = 0; j < c->n; j += BLOCK) {
		const size_t block = c->n - j < BLOCK ? c->n - j : BLOCK;

		encode_block(v + j, block, at);
		at += 4 + block;
	}
	*len = (size_t)(at - out);
	return FED_OK;
}

static int decode(const void *state, const struct fed_coding *c, const unsigned char *in,
                  size_t len, float *v, struct fed_error *err)
{
	if (len != bound(state, c))
		return wrong_length(len, c, err);
	for (size_t j = 0; j < c->n; j += BLOCK) {
		const size_t block = c->n - j < BLOCK ? c->n - j : BLOCK;

		if (decode_block(in, v + j, block))
			return fed_reject(err, "block %zu of its int8 numbers has a scale that does not fit",
			                  j / BLOCK);
		in += 4 + block;
	}
	return FED_OK;
}

FED_PLUGIN struct fed_codec fed_plugin = {
	.head = FED_CODEC(char, "int8", "small integers, 1 byte a number and 4 a block", doc, NULL),
	.bound = bound,
	.encode = encode,
	.decode = decode,
};

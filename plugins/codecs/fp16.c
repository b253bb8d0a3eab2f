/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fp16 - each number as the nearest half float.
 *
 * IEEE 754-2019, binary16.  What was decoded encodes to the same bytes.
 */
#include "bytes.h"

static const char doc[] =
	"Each number becomes the nearest IEEE 754 float of 16 bits, of two the even\n"
	"one: 11 bits of precision, 2 bytes. Finite numbers beyond 65504 become 65504\n"
	"with their sign; what is not finite stays so.\n"
	"\n"
	"For: half the bytes, with a loss that most trainings do not notice.\n" FEEDBACK "\n"
	"Source: IEEE 754-2019, binary16;\n" FEEDBACK_SOURCE;

/* A selection without a branch, which would be mispredicted for every other number of an update. */
static inline uint32_t select_bits(bool first, uint32_t a, uint32_t b)
{
	return b ^ ((a ^ b) & -(uint32_t)first);
}

/* Rounds to nearest even; NaNs keep the upper bits of their payload.  All cases are computed and
 * one is selected. */
static inline uint16_t half_of(float x)
{
	const uint32_t bits = bits_of(x), magnitude = bits & 0x7fffffffu;
	const uint32_t sign = bits >> 16 & 0x8000u;
	/* Exponents are 112 apart; half of the last place, less one unless it is odd, rounds. */
	const uint32_t normal = (magnitude - (112u << 23) + 0xfffu + (magnitude >> 13 & 1)) >> 13;
	/* Below 2^-14 halves are multiples of 2^-24, which is the last place of 0.5: the addition
	 * rounds. */
	const uint32_t small = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
	/* a NaN whose payload would be lost remains a NaN */
	const uint32_t payload = magnitude >> 13 & 0x3ffu;
	const uint32_t nan = 0x7c00u | select_bits(payload, payload, 0x200u);
	uint32_t half = select_bits(magnitude < 0x38800000u, small, normal);

	half = select_bits(magnitude >= 0x477fe000u, 0x7bffu, half); /* 65504 and more */
	half = select_bits(magnitude == 0x7f800000u, 0x7c00u, half);
	half = select_bits(magnitude > 0x7f800000u, nan, half);
	return (uint16_t)(sign | half);
}

static inline float half_value(uint16_t half)
{
	const uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
	const uint32_t small = bits_of((float)(int32_t)magnitude * 0x1p-24f);
	uint32_t bits = select_bits(magnitude < 0x400u, small, (magnitude << 13) + (112u << 23));

	bits = select_bits(magnitude >= 0x7c00u, 0x7f800000u | (magnitude & 0x3ffu) << 13, bits);
	return float_of(sign | bits);
}

static size_t bound(const void *state, const struct fed_coding *c)
{
	(void)state;
	return 2 * c->n;
}

static int encode(const void *state, const struct fed_coding *c, const float *v, unsigned char *out,
                  size_t *len, struct fed_error *err)
{
	(void)state, (void)err;
	for (size_t j = 0; j < c->n; j++) {
		const uint16_t half = little16(half_of(v[j]));

		memcpy(out + 2 * j, &half, sizeof half);
	}
	*len = 2 * c->n;
	return FED_OK;
}

static int decode(const void *state, const struct fed_coding *c, const unsigned char *in,
                  size_t len, float *v, struct fed_error *err)
{
	(void)state;
	if (len != 2 * c->n)
		return wrong_length(len, c, err);
	for (size_t j = 0; j < c->n; j++) {
		uint16_t half;

		memcpy(&half, in + 2 * j, sizeof half);
		v[j] = half_value(little16(half));
	}
	return FED_OK;
}

FED_PLUGIN struct fed_codec fed_plugin = {
	.head = FED_CODEC(char, "fp16", "half floats, 2 bytes a number", doc, NULL),
	.bound = bound,
	.encode = encode,
	.decode = decode,
};

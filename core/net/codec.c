/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/codec.c - update compression: fp16, int8 quantisation, top-k sparsification.
 */
#include "net/codec.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { SPARSE_ENTRY = 8, INT8_MOST = 127 };

#define FEEDBACK                                                                                \
	"\n"                                                                                        \
	"With the setting error-feedback (on) each client keeps what the codec lost and adds it\n"  \
	"to its next update, so that nothing is lost for good. The price: as much memory as the\n"  \
	"model for each client that ever took part. Vectors that an aggregator has travel beside\n" \
	"the update (scaffold) and the models on their way down are sent as they are.\n"            \
	"\n"                                                                                        \
	"Source: "
#define FEEDBACK_SOURCE                                                                        \
	"Seide et al., 1-Bit Stochastic Gradient Descent, Interspeech 2014; Karimireddy et al.,\n" \
	"Error Feedback Fixes SignSGD and other Gradient Compression Schemes, ICML 2019.\n"

const struct fed_codec_about fed_codecs[FED_CODECS + 1] = {
	[FED_CODEC_NONE] = {"none", "none", "updates travel as they are, 4 bytes a number",
                        "Each number of an update is sent as an IEEE 754 float of 32 bits.\n"},
	[FED_CODEC_FP16] =
		{"fp16", "fp16", "updates travel as half floats, 2 bytes a number",
         "Each number becomes the nearest IEEE 754 float of 16 bits, of two the even one: 11\n"
         "bits of precision. Finite numbers beyond 65504 become 65504 with their sign.\n" FEEDBACK
         "IEEE 754-2019, binary16;\n" FEEDBACK_SOURCE},
	[FED_CODEC_INT8] =
		{"int8", "int8", "updates travel as small integers, 1 byte a number and 4 a block",
         "Each block of 256 numbers is sent as its largest magnitude m, a float, and the\n"
         "integers round(127 x / m), of two the even one. No number is off by more than m/254.\n"
         "A block whose m is below 1.2e-38 is sent as zeroes.\n" FEEDBACK
         "Dettmers et al., 8-bit Optimizers via Block-wise Quantization, ICLR 2022, here\n"
         "with equal steps and rounding to nearest;\n" FEEDBACK_SOURCE},
	[FED_CODEC_TOP_K] =
		{"top-k", "top-k:0.01", "the share of an update that is largest travels, 8 bytes a number",
         "top-k:0.01 sends the hundredth of the numbers that are largest by magnitude (rounded\n"
         "up, at least one; of equal ones the first), each with its place: 8 bytes. The server\n"
         "takes all others for zero. Above a share of 0.5 that is more than `none` "
         "sends.\n" FEEDBACK
         "Aji, Heafield, Sparse Communication for Distributed Gradient Descent, 2017;\n"
         "Stich, Cordonnier, Jaggi, Sparsified SGD with Memory, NeurIPS 2018;\n" FEEDBACK_SOURCE},
};

/* Names --------------------------------------------------------------------- */

static const char *codec_name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_codecs[i].name;
}

static int parse_share(const char *text, double *share, struct fed_error *err)
{
	if (!text || !*text)
		return fed_fail(err, "top-k needs the share of the numbers that is sent, such as "
		                     "top-k:0.01");
	if (!fed_parse_real(text, share) || !(*share > 0) || *share > 1)
		return fed_fail(err, "top-k:%s: the share is a number above 0 and at most 1, such as 0.01",
		                fed_show(text).s);
	return FED_OK;
}

int fed_codec_parse(const char *text, struct fed_codec *out, struct fed_error *err)
{
	const char *colon = strchr(text, ':');
	struct fed_codec codec = {.share = 1};
	char name[32];

	snprintf(name, sizeof name, "%.*s", colon ? (int)(colon - text) : (int)sizeof name, text);
	while (codec.kind < FED_CODECS && !fed_same_name(fed_codecs[codec.kind].name, name))
		codec.kind++;
	if (codec.kind == FED_CODECS) {
		const char *near = fed_nearest(name, codec_name_at, NULL);

		return fed_fail(err, "no codec is called %s%s%s%s none, fp16, int8, top-k:SHARE",
		                fed_show(name).s, near ? "; did you mean " : "", near ? near : "",
		                near ? "? There are" : "; there are");
	}
	if (codec.kind == FED_CODEC_TOP_K) {
		if (parse_share(colon ? colon + 1 : NULL, &codec.share, err))
			return FED_FAIL;
	} else if (colon) {
		return fed_fail(err, "%s: codec %s takes nothing after its name", fed_show(text).s,
		                fed_codecs[codec.kind].name);
	}
	*out = codec;
	return FED_OK;
}

/* Little-endian ------------------------------------------------------------- */

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float float_of(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static uint16_t little16(uint16_t x)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? x : __builtin_bswap16(x);
}

static void put32(unsigned char *at, uint32_t x)
{
	at[0] = (unsigned char)x;
	at[1] = (unsigned char)(x >> 8);
	at[2] = (unsigned char)(x >> 16);
	at[3] = (unsigned char)(x >> 24);
}

static uint32_t get32(const unsigned char *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* float32 ------------------------------------------------------------------- */

static size_t encode_plain(const float *v, size_t n, unsigned char *out)
{
	for (size_t j = 0; j < n; j++)
		put32(out + 4 * j, bits_of(v[j]));
	return 4 * n;
}

static int decode_plain(const unsigned char *in, float *v, size_t n)
{
	for (size_t j = 0; j < n; j++)
		v[j] = float_of(get32(in + 4 * j));
	return FED_OK;
}

/* fp16 ---------------------------------------------------------------------- */

/* A selection without a branch, which would be mispredicted for every other number of an update. */
static inline uint32_t select_bits(bool first, uint32_t a, uint32_t b)
{
	return b ^ ((a ^ b) & -(uint32_t)first);
}

/* All cases are computed and one is selected. */
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

uint16_t fed__half_of(float x)
{
	return half_of(x);
}

float fed__half_value(uint16_t half)
{
	return half_value(half);
}

static size_t encode_fp16(const float *v, size_t n, unsigned char *out)
{
	for (size_t j = 0; j < n; j++) {
		const uint16_t half = little16(half_of(v[j]));
		memcpy(out + 2 * j, &half, sizeof half);
	}
	return 2 * n;
}

static int decode_fp16(const unsigned char *in, float *v, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		uint16_t half;
		memcpy(&half, in + 2 * j, sizeof half);
		v[j] = half_value(little16(half));
	}
	return FED_OK;
}

/* int8 ---------------------------------------------------------------------- */

/* The block's largest magnitude; NaN if one number is not finite, 0 if all are negligible. */
static float largest(const float *v, size_t n)
{
	uint32_t most = 0; /* floats without sign are in the order of their bits */

	for (size_t j = 0; j < n; j++) {
		const uint32_t magnitude = bits_of(v[j]) & 0x7fffffffu;
		most = magnitude > most ? magnitude : most;
	}
	if (most >= 0x7f800000u)
		return float_of(0x7fc00000u);
	return float_of(most) < FLT_MIN ? 0 : float_of(most);
}

/* In double, so that 127 decodes to exactly m, and a decoded block encodes to the same bytes. */
static void encode_block(const float *v, size_t n, unsigned char *out)
{
	const float m = largest(v, n);
	const double scale = m > 0 ? INT8_MOST / (double)m : 0;

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
	const double unit = (double)m / INT8_MOST;
	int most = 0;

	for (size_t j = 0; j < n; j++) {
		const int q = (int8_t)in[4 + j];

		most = q > most ? q : -q > most ? -q : most;
		v[j] = (float)(q * unit);
	}
	if (m == 0 || isnan(m))
		return most == 0 && (bits_of(m) == 0 || bits_of(m) == 0x7fc00000u) ? FED_OK : FED_REJECT;
	return m >= FLT_MIN && isfinite(m) && most == INT8_MOST ? FED_OK : FED_REJECT;
}

static size_t encode_int8(const float *v, size_t n, unsigned char *out)
{
	unsigned char *at = out;

	for (size_t j = 0; j < n; j += FED_CODEC_BLOCK) {
		const size_t block = n - j < FED_CODEC_BLOCK ? n - j : FED_CODEC_BLOCK;

		encode_block(v + j, block, at);
		at += 4 + block;
	}
	return (size_t)(at - out);
}

static int decode_int8(const unsigned char *in, float *v, size_t n, struct fed_error *err)
{
	for (size_t j = 0; j < n; j += FED_CODEC_BLOCK) {
		const size_t block = n - j < FED_CODEC_BLOCK ? n - j : FED_CODEC_BLOCK;

		if (decode_block(in, v + j, block))
			return fed_reject(err, "block %zu of its int8 numbers has a scale that does not fit",
			                  j / FED_CODEC_BLOCK);
		in += 4 + block;
	}
	return FED_OK;
}

/* top-k --------------------------------------------------------------------- */

/* The numbers that are sent: all magnitudes (as bits) above `least`, and the first `ties` equal to
 * it. */
struct threshold {
	uint32_t least;
	size_t ties;
};

/* Among the magnitudes whose bits from `shift + width` up are `t->least`: narrow it down by `width`
 * bits more, so that t->ties of them are in the bucket that it names now or above. */
static void narrow(const float *v, size_t n, unsigned shift, unsigned width, struct threshold *t)
{
	enum { BUCKETS = 1 << 11 };
	size_t count[BUCKETS] = {0}, bucket = ((size_t)1 << width) - 1;

	for (size_t j = 0; j < n; j++) {
		const uint32_t magnitude = bits_of(v[j]) & 0x7fffffffu;

		if ((uint64_t)magnitude >> (shift + width) == t->least)
			count[magnitude >> shift & ((1u << width) - 1)]++;
	}
	while (count[bucket] < t->ties)
		t->ties -= count[bucket--];
	t->least = t->least << width | (uint32_t)bucket;
}

/* A radix selection: O(n), whatever the numbers are.  NaN counts as larger than infinity. */
static struct threshold find_threshold(const float *v, size_t n, size_t k)
{
	struct threshold t = {.ties = k};

	if (k >= n)
		return (struct threshold){.ties = n};
	narrow(v, n, 20, 11, &t);
	narrow(v, n, 10, 10, &t);
	narrow(v, n, 0, 10, &t);
	return t;
}

static size_t encode_top_k(const float *v, size_t n, size_t k, unsigned char *out)
{
	struct threshold t = find_threshold(v, n, k);
	unsigned char *at = out;

	for (size_t j = 0; j < n; j++) {
		const uint32_t bits = bits_of(v[j]), magnitude = bits & 0x7fffffffu;

		if (magnitude < t.least || magnitude == 0)
			continue;
		if (magnitude == t.least && t.ties-- == 0) {
			t.ties = 0;
			continue;
		}
		put32(at, (uint32_t)j);
		put32(at + 4, bits);
		at += SPARSE_ENTRY;
	}
	return (size_t)(at - out);
}

static int decode_top_k(const unsigned char *in, size_t len, float *v, size_t n,
                        struct fed_error *err)
{
	uint64_t next = 0; /* lowest index that may follow */

	memset(v, 0, n * sizeof *v);
	for (size_t i = 0; i < len / SPARSE_ENTRY; i++, in += SPARSE_ENTRY) {
		const uint32_t j = get32(in), bits = get32(in + 4);

		if (j < next || j >= n || (bits & 0x7fffffffu) == 0)
			return fed_reject(err, "entry %zu of its top-k numbers has no place, or is zero", i);
		v[j] = float_of(bits);
		next = (uint64_t)j + 1;
	}
	return FED_OK;
}

/* All of them --------------------------------------------------------------- */

size_t fed__codec_kept(const struct fed_codec *c, size_t n)
{
	if (c->kind != FED_CODEC_TOP_K)
		return n;
	/* 0.07 * 100 is a little above 7. */
	const double k = ceil(c->share * (double)n * (1 - 1e-12));
	return n == 0 ? 0 : k < 1 ? 1 : k > (double)n ? n : (size_t)k;
}

uint64_t fed_codec_size(const struct fed_codec *c, size_t n)
{
	switch (c->kind) {
	case FED_CODEC_FP16:
		return 2 * (uint64_t)n;
	case FED_CODEC_INT8:
		return n + 4 * (((uint64_t)n + FED_CODEC_BLOCK - 1) / FED_CODEC_BLOCK);
	case FED_CODEC_TOP_K:
		return SPARSE_ENTRY * (uint64_t)fed__codec_kept(c, n);
	default:
		return 4 * (uint64_t)n;
	}
}

size_t fed__codec_encode(const struct fed_codec *c, const float *v, size_t n, unsigned char *out)
{
	switch (c->kind) {
	case FED_CODEC_FP16:
		return encode_fp16(v, n, out);
	case FED_CODEC_INT8:
		return encode_int8(v, n, out);
	case FED_CODEC_TOP_K:
		return encode_top_k(v, n, fed__codec_kept(c, n), out);
	default:
		return encode_plain(v, n, out);
	}
}

int fed__codec_decode(enum fed_codec_kind kind, const unsigned char *in, size_t len, float *v,
                      size_t n, struct fed_error *err)
{
	const struct fed_codec all = {.kind = kind, .share = 1};
	const uint64_t most = kind < FED_CODECS ? fed_codec_size(&all, n) : 0;

	if (kind >= FED_CODECS)
		return fed_reject(err, "its codec %d is unknown", (int)kind);
	if (kind == FED_CODEC_TOP_K ? len > most || len % SPARSE_ENTRY : len != most)
		return fed_reject(err, "has %zu bytes for %zu numbers under codec %s", len, n,
		                  fed_codecs[kind].name);
	switch (kind) {
	case FED_CODEC_FP16:
		return decode_fp16(in, v, n);
	case FED_CODEC_INT8:
		return decode_int8(in, v, n, err);
	case FED_CODEC_TOP_K:
		return decode_top_k(in, len, v, n, err);
	default:
		return decode_plain(in, v, n);
	}
}

uint64_t fed_codec_pass(const struct fed_codec *codec, float *v, size_t dim, unsigned char *bytes)
{
	/* decoding one's own encoding never fails */
	const size_t len = fed__codec_encode(codec, v, dim, bytes);
	struct fed_error unused;

	fed__codec_decode(codec->kind, bytes, len, v, dim, &unused);
	return len;
}

int fed_recode(const struct fed_codec *codec, float *v, size_t dim, uint64_t *coded,
               struct fed_error *err)
{
	if (codec->kind == FED_CODEC_NONE)
		return FED_OK;
	const size_t capacity = fed_codec_size(codec, dim);
	unsigned char *bytes = fed_alloc(capacity);
	if (!bytes)
		return fed_fail_memory(err, capacity, "an update under a codec");
	*coded = fed_codec_pass(codec, v, dim, bytes);
	fed_free(bytes);
	return FED_OK;
}

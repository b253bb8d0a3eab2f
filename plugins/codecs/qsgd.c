/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qsgd - stochastic quantisation to s levels of the vector's length, without bias:
 *
 *     |v| sign(v_j) xi_j,    xi_j in {l/s, (l+1)/s} around |v_j|/|v| so that its mean is that
 *
 * Alistarh, Grubic, Li, Tomioka, Vojnovic: QSGD: Communication-Efficient SGD via Gradient
 * Quantization and Encoding, NIPS 2017, sections 3.1 and 3.2 (Elias coding).
 */
#include "bytes.h"

struct qsgd {
	int64_t levels, bucket;
};

static const char *const whole[] = {"all", NULL};
static const struct fed_field fields[] = {
	FED_INT(struct qsgd, levels, 16, 1, 65535, "s: steps between 0 and the length"),
	FED_INT_WORD(struct qsgd, bucket, 0, 0, 1000000000, whole,
                 "numbers that share a length; fewer have less variance"),
	FED_END,
};

static const char doc[] =
	"    |v| sign(v_j) xi_j,  xi_j in {l/s, (l+1)/s} near |v_j|/|v|, mean |v_j|/|v|\n"
	"\n"
	"s = levels; |v| is the length of the vector, or of each bucket of it. The\n"
	"bytes are those of the paper's code: the length as a float, the number of\n"
	"levels that are not 0, and for each of them the distance from the one before,\n"
	"a sign bit and the level, in Elias' recursive code. A vector with a number\n"
	"that is not finite becomes NaNs.\n"
	"\n"
	"For: an unbiased code: its mean is the update itself, and the variance at most\n"
	"min(n/s^2, sqrt(n)/s) |v|^2. That is much for a large model and small s: take\n"
	"bucket=512 or more levels. Error feedback does not go with it (it would add up\n"
	"what only noise has lost), so that clients keep no residual.\n"
	"\n"
	"Source: Alistarh, Grubic, Li, Tomioka, Vojnovic, QSGD: Communication-Efficient\n"
	"SGD via Gradient Quantization and Encoding, NIPS 2017, sections 3.1 and 3.2.";

/* Bits, the first of a byte is its lowest -------------------------------------------- */

struct bits {
	unsigned char *out;
	const unsigned char *in;
	size_t at, end; /* in bits */
	bool failed;    /* read past the end */
};

static void put_bit(struct bits *b, unsigned bit)
{
	if (b->at % 8 == 0)
		b->out[b->at / 8] = 0;
	b->out[b->at / 8] |= (unsigned char)(bit << b->at % 8);
	b->at++;
}

static unsigned get_bit(struct bits *b)
{
	if (b->at >= b->end) {
		b->failed = true;
		return 0;
	}
	const unsigned bit = b->in[b->at / 8] >> b->at % 8 & 1u;
	b->at++;
	return bit;
}

/* The highest bit first. */
static void put_number(struct bits *b, uint64_t x, unsigned width)
{
	while (width--)
		put_bit(b, (unsigned)(x >> width & 1));
}

static uint64_t get_number(struct bits *b, unsigned width)
{
	uint64_t x = 0;

	while (width--)
		x = x << 1 | get_bit(b);
	return x;
}

static unsigned length_of(uint64_t x)
{
	return 64 - (unsigned)__builtin_clzll(x);
}

/* Elias' recursive (omega) code of x >= 1: the number behind its length, behind the length of
 * that, and so on; a 0 ends it. */
static void put_elias(struct bits *b, uint64_t x)
{
	uint64_t part[8];
	unsigned n = 0;

	for (; x > 1; x = length_of(x) - 1)
		part[n++] = x;
	while (n--)
		put_number(b, part[n], length_of(part[n]));
	put_bit(b, 0);
}

/* 0: no such code. */
static uint64_t get_elias(struct bits *b)
{
	uint64_t x = 1;

	while (get_bit(b)) {
		if (x > 40)
			return 0;
		x = (uint64_t)1 << x | get_number(b, (unsigned)x);
	}
	return b->failed ? 0 : x;
}

static size_t elias_bits(uint64_t x)
{
	size_t bits = 1;

	for (; x > 1; x = length_of(x) - 1)
		bits += length_of(x);
	return bits;
}

/* Buckets ------------------------------------------------------------------------------ */

static size_t bucket_of(const struct qsgd *s, const struct fed_coding *c)
{
	return s->bucket && (uint64_t)s->bucket < c->n ? (size_t)s->bucket : c->n;
}

/* The code of a distance d takes at most 2d bits, and distances add up to the numbers. */
static size_t bound(const void *state, const struct fed_coding *c)
{
	const struct qsgd *s = state;
	const size_t bucket = bucket_of(s, c), buckets = bucket ? (c->n + bucket - 1) / bucket : 0;
	const size_t each = 2 + 1 + elias_bits((uint64_t)s->levels);

	return (buckets * (32 + elias_bits(bucket + 1)) + c->n * each + 7) / 8;
}

static double length(const float *v, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (double)v[j] * (double)v[j];
	return sqrt(sum);
}

/* The level of number j of the vector, as a float's length has it. */
static uint64_t level_of(const struct qsgd *s, const struct fed_coding *c, float x, float norm,
                         size_t j)
{
	const double levels = (double)s->levels;
	const double a = norm > 0 ? fabs((double)x) / (double)norm * levels : 0, low = floor(a);
	const double level = low + (fed_random_real(c->seed, j) < a - low);

	return (uint64_t)(level < levels ? level : levels);
}

static void encode_bucket(const struct qsgd *s, const struct fed_coding *c, const float *v,
                          size_t first, size_t n, struct bits *b)
{
	const uint32_t norm = scale_bits(length(v + first, n));
	const bool lost = norm == CODEC_NAN;
	uint64_t count = 0;
	size_t last = 0;

	put_number(b, norm, 32);
	for (size_t j = 0; !lost && j < n; j++)
		count += level_of(s, c, v[first + j], float_of(norm), first + j) > 0;
	put_elias(b, count + 1);
	for (size_t j = 0; count && j < n; j++) {
		const uint64_t level = level_of(s, c, v[first + j], float_of(norm), first + j);

		if (level == 0)
			continue;
		put_elias(b, j + 1 - last);
		put_bit(b, v[first + j] < 0);
		put_elias(b, level);
		last = j + 1;
	}
}

static int encode(const void *state, const struct fed_coding *c, const float *v, unsigned char *out,
                  size_t *len, struct fed_error *err)
{
	const size_t bucket = bucket_of(state, c);
	struct bits b = {.out = out};

	(void)err;
	for (size_t j = 0; j < c->n; j += bucket)
		encode_bucket(state, c, v, j, c->n - j < bucket ? c->n - j : bucket, &b);
	*len = (b.at + 7) / 8;
	return FED_OK;
}

static int decode_bucket(const struct qsgd *s, struct bits *b, float *v, size_t n,
                         struct fed_error *err)
{
	const uint32_t norm = (uint32_t)get_number(b, 32);
	const uint64_t count = get_elias(b);
	const double unit = (double)float_of(norm) / (double)s->levels;
	uint64_t at = 0;

	if (b->failed || count == 0 || count - 1 > n || !scale_is_sound(norm) ||
	    (norm == CODEC_NAN && count > 1))
		return fed_reject(err, "a bucket of its qsgd numbers has no sound length or count");
	for (size_t j = 0; j < n; j++)
		v[j] = norm == CODEC_NAN ? NAN : 0;
	for (uint64_t k = 1; k < count; k++) {
		const uint64_t gap = get_elias(b);
		const unsigned sign = get_bit(b);
		const uint64_t level = get_elias(b);

		if (b->failed || gap == 0 || gap > n - at || level == 0 || level > (uint64_t)s->levels)
			return fed_reject(err, "level %llu of a bucket has no place, or is too high",
			                  (unsigned long long)k);
		at += gap;
		v[at - 1] = (float)((sign ? -1.0 : 1.0) * (double)level * unit);
	}
	return FED_OK;
}

static int decode(const void *state, const struct fed_coding *c, const unsigned char *in,
                  size_t len, float *v, struct fed_error *err)
{
	const size_t bucket = bucket_of(state, c);
	struct bits b = {.in = in, .end = len > SIZE_MAX / 8 ? 0 : 8 * len};

	for (size_t j = 0; j < c->n; j += bucket)
		if (decode_bucket(state, &b, v + j, c->n - j < bucket ? c->n - j : bucket, err))
			return FED_REJECT;
	if ((b.at + 7) / 8 != len || (b.at % 8 && in[len - 1] >> b.at % 8))
		return wrong_length(len, c, err);
	return FED_OK;
}

FED_PLUGIN struct fed_codec fed_plugin = {
	.head =
		FED_CODEC(struct qsgd, "qsgd", "stochastic levels of the length, unbiased", doc, fields),
	.unbiased = true,
	.bound = bound,
	.encode = encode,
	.decode = decode,
};

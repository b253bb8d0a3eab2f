/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * top-k - the numbers that are largest by magnitude, each with its place.
 *
 * Aji, Heafield: Sparse Communication for Distributed Gradient Descent, EMNLP 2017; Stich,
 * Cordonnier, Jaggi: Sparsified SGD with Memory, NeurIPS 2018.  What was decoded encodes to the
 * same bytes.
 */
#include "bytes.h"

enum { ENTRY = 8 }; /* bytes of a number and its place */

struct top_k {
	double share;
};

static const struct fed_field fields[] = {
	FED_REAL(struct top_k, share, 0.01, 1e-9, 1, "of the numbers that are sent"),
	FED_END,
};

static const char doc[] =
	"    the k = share n numbers that are largest by magnitude, the others are 0\n"
	"\n"
	"k is rounded up and at least one; of equal numbers the first are sent. Each\n"
	"has its place: 8 bytes. Zeroes are not sent. Above a share of 0.5 that is more\n"
	"than no codec sends. `set codec top-k:0.01` is short for top-k:share=0.01.\n"
	"\n"
	"For: few bytes where few numbers matter. Without error feedback the small ones\n"
	"are never learned.\n" FEEDBACK "\n"
	"Source: Aji, Heafield, Sparse Communication for Distributed Gradient Descent,\n"
	"2017; Stich, Cordonnier, Jaggi, Sparsified SGD with Memory, NeurIPS 2018;\n" FEEDBACK_SOURCE;

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

static size_t kept(const struct top_k *s, size_t n)
{
	/* 0.07 * 100 is a little above 7. */
	const double k = ceil(s->share * (double)n * (1 - 1e-12));

	return n == 0 ? 0 : k < 1 ? 1 : k > (double)n ? n : (size_t)k;
}

static size_t bound(const void *state, const struct fed_coding *c)
{
	return ENTRY * kept(state, c->n);
}

static int encode(const void *state, const struct fed_coding *c, const float *v, unsigned char *out,
                  size_t *len, struct fed_error *err)
{
	struct threshold t = find_threshold(v, c->n, kept(state, c->n));
	unsigned char *at = out;

	if (c->n > UINT32_MAX)
		return fed_fail(err, "%zu numbers are too many", c->n);
	for (size_t j = 0; j < c->n; j++) {
		const uint32_t bits = bits_of(v[j]), magnitude = bits & 0x7fffffffu;

		if (magnitude < t.least || magnitude == 0)
			continue;
		if (magnitude == t.least && t.ties-- == 0) {
			t.ties = 0;
			continue;
		}
		put32(at, (uint32_t)j);
		put32(at + 4, bits);
		at += ENTRY;
	}
	*len = (size_t)(at - out);
	return FED_OK;
}

static int decode(const void *state, const struct fed_coding *c, const unsigned char *in,
                  size_t len, float *v, struct fed_error *err)
{
	uint64_t next = 0; /* lowest index that may follow */

	(void)state;
	if (len % ENTRY || len / ENTRY > c->n)
		return wrong_length(len, c, err);
	memset(v, 0, c->n * sizeof *v);
	for (size_t i = 0; i < len / ENTRY; i++, in += ENTRY) {
		const uint32_t j = get32(in), bits = get32(in + 4);

		if (j < next || j >= c->n || (bits & 0x7fffffffu) == 0)
			return fed_reject(err, "entry %zu of its top-k numbers has no place, or is zero", i);
		v[j] = float_of(bits);
		next = (uint64_t)j + 1;
	}
	return FED_OK;
}

FED_PLUGIN struct fed_codec fed_plugin = {
	.head =
		FED_CODEC(struct top_k, "top-k", "the numbers that are largest, 8 bytes each", doc, fields),
	.bound = bound,
	.encode = encode,
	.decode = decode,
};

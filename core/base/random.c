/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/random.c - counter-based random streams.
 */
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

uint64_t fed_stream_key(uint64_t seed, enum fed_purpose purpose, uint64_t a, uint64_t b)
{
	/* each step is a bijection of its input: streams that differ in one part of their identity
	 * differ in key */
	return fed_random(fed_random(fed_random(seed, purpose), a), b);
}

struct fed_stream fed_stream_open(uint64_t seed, enum fed_purpose purpose, uint64_t a, uint64_t b)
{
	return (struct fed_stream){.key = fed_stream_key(seed, purpose, a, b)};
}

uint64_t fed_stream_u64(struct fed_stream *s)
{
	return fed_random(s->key, s->next++);
}

/* Lemire 2019: a multiplication instead of a division, and no bias. */
uint32_t fed_stream_below(struct fed_stream *s, uint32_t n)
{
	uint64_t product = (fed_stream_u64(s) >> 32) * n;

	if ((uint32_t)product < n)
		for (const uint32_t biased = -n % n; (uint32_t)product < biased;)
			product = (fed_stream_u64(s) >> 32) * n;
	return (uint32_t)(product >> 32);
}

double fed_stream_real(struct fed_stream *s)
{
	return fed_random_real(s->key, s->next++);
}

/* (0, 1]: its logarithm is finite. */
static double positive(struct fed_stream *s)
{
	return 1 - fed_stream_real(s);
}

/* Box and Muller 1958; the second of the pair is not kept, so that a stream is its counter alone.
 */
double fed_stream_normal(struct fed_stream *s)
{
	const double radius = sqrt(-2 * log(positive(s)));

	return radius * cos(6.283185307179586 * fed_stream_real(s));
}

/* Marsaglia and Tsang 2000. */
double fed_stream_gamma(struct fed_stream *s, double shape)
{
	if (shape < 1) {
		/* Their section 6: gamma(shape) = gamma(shape + 1) * U^(1 / shape). */
		const double boost = pow(positive(s), 1 / shape);

		return boost * fed_stream_gamma(s, shape + 1);
	}
	const double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		const double x = fed_stream_normal(s), root = 1 + c * x;

		if (root <= 0)
			continue;
		const double v = root * root * root;
		if (log(positive(s)) < 0.5 * x * x + d - d * v + d * log(v))
			return d * v;
	}
}

void fed_stream_shuffle(struct fed_stream *s, uint32_t *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		const uint32_t j = fed_stream_below(s, (uint32_t)i);
		const uint32_t kept = v[i - 1];

		v[i - 1] = v[j];
		v[j] = kept;
	}
}

/* A set of numbers: open addressing, at most half full. */
struct set {
	uint32_t *slot, mask; /* UINT32_MAX: empty, which no number below n is */
};

/* Returns whether x was new. */
static bool set_add(struct set *set, uint32_t x)
{
	uint32_t at = (uint32_t)fed_random(x, 0) & set->mask;

	for (; set->slot[at] != UINT32_MAX; at = (at + 1) & set->mask)
		if (set->slot[at] == x)
			return false;
	set->slot[at] = x;
	return true;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int fed_stream_choose(struct fed_stream *s, uint32_t n, uint32_t k, uint32_t *out,
                      struct fed_error *err)
{
	if (k > n)
		return fed_fail(err, "cannot choose %u of %u", k, n);
	if (k > UINT32_MAX / 4)
		return fed_fail(err, "cannot choose %u: at most %u at once", k, UINT32_MAX / 4);
	size_t slots = 2;
	while (slots < 2 * (size_t)k)
		slots *= 2;
	struct set set = {fed_alloc_array(slots, sizeof *set.slot), (uint32_t)(slots - 1)};
	if (!set.slot)
		return fed_fail_memory(err, slots * sizeof *set.slot, "a random choice");
	for (size_t i = 0; i < slots; i++)
		set.slot[i] = UINT32_MAX;

	/* Floyd (Bentley 1987): each subset of k is equally likely. */
	for (uint32_t i = 0; i < k; i++) {
		const uint32_t last = n - k + i;

		out[i] = fed_stream_below(s, last + 1);
		if (!set_add(&set, out[i])) {
			out[i] = last;
			set_add(&set, last);
		}
	}
	fed_free(set.slot);
	if (k > 1)
		qsort(out, k, sizeof *out, ascending);
	return FED_OK;
}

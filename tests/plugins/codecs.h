/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/codecs.h - encoding and decoding by a plugin, and vectors to encode.
 */
#ifndef TESTS_PLUGINS_CODECS_H
#define TESTS_PLUGINS_CODECS_H

#include <check.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "drive.h"
#include "plug/calls/call_codec.h"
#include "support/suite.h"

enum { LONGEST = 5000 };

static inline struct fed_coding coding_of(size_t n)
{
	return (struct fed_coding){.n = n, .seed = 77};
}

static inline size_t encode(const struct drive *d, const float *v, size_t n, unsigned char *bytes)
{
	const struct fed_coding c = coding_of(n);
	struct fed_error err = {""};
	size_t len;

	fed_assert_ok(fed_call_encode(&d->instance, &c, v, bytes, &len, &err), &err);
	return len;
}

static inline int decode(const struct drive *d, const unsigned char *bytes, size_t len, float *v,
                         size_t n, struct fed_error *err)
{
	const struct fed_coding c = coding_of(n);

	return fed_call_decode(&d->instance, &c, bytes, len, v, err);
}

static inline size_t bound(const struct drive *d, size_t n)
{
	const struct fed_coding c = coding_of(n);

	return fed_call_bound(&d->instance, &c);
}

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

/* Normal numbers of many sizes; `even`: with many that are equal. */
static inline void fill(float *v, size_t n, uint64_t seed, bool even)
{
	struct fed_stream random = fed_stream_open(seed, FED_FOR_DATA, n, even);

	for (size_t j = 0; j < n; j++) {
		const double x = fed_stream_normal(&random);
		v[j] = (float)(even ? rint(2 * x) : x * pow(10, floor(fed_stream_real(&random) * 8 - 6)));
	}
}

static inline void there_and_back(const struct drive *d, const float *v, size_t n, float *out)
{
	static unsigned char bytes[8 * LONGEST + 64];
	struct fed_error err = {""};
	const size_t len = encode(d, v, n, bytes);

	fed_assert_ok(decode(d, bytes, len, out, n, &err), &err);
}

#endif

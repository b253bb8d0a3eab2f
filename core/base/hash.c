/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/hash.c - XXH3 of libxxhash.
 */
#include "base/hash.h"

#include <xxhash.h>

struct fed_hash128 fed_hash_128(const void *bytes, size_t n)
{
	const XXH128_hash_t h = XXH3_128bits(bytes, n);

	return (struct fed_hash128){h.low64, h.high64};
}

uint64_t fed_hash_64(const void *bytes, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes, n, seed);
}

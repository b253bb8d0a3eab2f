/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/hash.h - fast hashes of bytes, equal on every machine (XXH3).
 */
#ifndef FED_BASE_HASH_H
#define FED_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_hash128 {
	uint64_t low, high;
};
/* Two different strings have the same one by chance alone: once in 2^64 strings. */
struct fed_hash128 fed_hash_128(const void *bytes, size_t n);
uint64_t fed_hash_64(const void *bytes, size_t n, uint64_t seed);
static inline bool fed_hash_is(struct fed_hash128 a, struct fed_hash128 b)
{
	return a.low == b.low && a.high == b.high;
}

#endif

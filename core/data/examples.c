/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/examples.c - the pool: a bit set of the training examples that no client holds.
 */
#include "base/mem.h"
#include "data/partition.h"

int fed_example_pool_init(struct fed_example_pool *pool, uint32_t train, struct fed_error *err)
{
	size_t words = ((size_t)train + 63) / 64;

	pool->free_bits = fed_alloc_array(words ? words : 1, sizeof *pool->free_bits);
	if (!pool->free_bits)
		return fed_fail_memory(err, words * sizeof *pool->free_bits, "the pool of examples");
	for (uint32_t i = 0; i < train; i++)
		pool->free_bits[i / 64] |= (uint64_t)1 << (i % 64);
	pool->left = train;
	return FED_OK;
}

void fed_example_pool_release(struct fed_example_pool *pool)
{
	fed_free(pool->free_bits);
	*pool = (struct fed_example_pool){0};
}

void fed_example_pool_return(struct fed_example_pool *pool, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t *word = &pool->free_bits[ids[i] / 64], bit = (uint64_t)1 << (ids[i] % 64);

		pool->left += !(*word & bit);
		*word |= bit;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks of shared memory: what they hold, in the mapping of their owner and in that of a reader.
 */
#include "base/system/shared_memory.h"

#include <string.h>
#include <sys/mman.h>

#include "support/suite.h"

enum { BLOCKS = 6 };
static const size_t sizes[BLOCKS] = {1,       FED_HUGE_PAGE + 4096, 3 * FED_HUGE_PAGE,
                                     5000000, FED_HUGE_PAGE - 4096, 6653480};

static struct fed_shared_memory *memory;
static struct fed_error err;

static bool is_filled(const unsigned char *block, size_t bytes, int value)
{
	return block[0] == value && memcmp(block, block + 1, bytes - 1) == 0;
}

/* Blocks beside one another share pages, small or huge: taking one leaves the others alone. */
START_TEST(blocks_keep_what_they_hold)
{
	unsigned char *block[BLOCKS];
	uint64_t offset[BLOCKS];
	size_t range;

	ck_assert_int_eq(fed_shared_memory_init(&memory, &err), FED_OK);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < BLOCKS; i++) {
			if (turn && i % 2 == 0)
				continue; /* still taken */
			block[i] = fed_shared_memory_take(memory, sizes[i]);
			ck_assert_ptr_nonnull(block[i]);
			ck_assert(sizes[i] == 1 || is_filled(block[i], sizes[i], 0));
			memset(block[i], 'a' + i, sizes[i]);
		}
		char *reader = fed_shared_memory_map(fed_shared_memory_descriptor(memory), false, &range);
		ck_assert_ptr_nonnull(reader);
		ck_assert_uint_eq((uintptr_t)reader % FED_HUGE_PAGE, 0);
		for (int i = 0; i < BLOCKS; i++) {
			ck_assert(fed_shared_memory_find(memory, block[i], sizes[i], &offset[i]));
			ck_assert(is_filled((unsigned char *)reader + offset[i], sizes[i], 'a' + i));
		}
		ck_assert_int_eq(munmap(reader, range), 0);
		for (int i = 1; i < BLOCKS; i += 2)
			fed_shared_memory_return(memory, block[i]);
	}
	fed_shared_memory_free(memory);
}
END_TEST

FED_SUITE(shared_memory)
{
	Suite *suite = suite_create("shared memory");
	TCase *tc = tcase_create("blocks");

	tcase_add_test(tc, blocks_keep_what_they_hold);
	suite_add_tcase(suite, tc);
	return suite;
}

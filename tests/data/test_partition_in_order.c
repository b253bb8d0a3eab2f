/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data/test_partition_in_order.c - partition in-order: the next numbers of the pool. */
#include "data/load.h"
#include "data/partition.h"
#include "support/suite.h"

enum { TRAIN = 200 };

static struct fed_dataset *blobs(void)
{
	struct fed_dataset *data;
	struct fed_error err;

	fed_assert_ok(load_by_words(&data, "blobs", "train=200", &err), &err);
	return data;
}

START_TEST(clients_get_the_next_numbers_that_are_free)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IN_ORDER, .samples = 20};
	struct fed_dataset *data = blobs();
	struct fed_example_pool pool;
	struct fed_partition_result made;
	struct fed_error err;

	fed_assert_ok(fed_example_pool_init(&pool, TRAIN, &err), &err);
	for (uint32_t part = 0; part < 2; part++) {
		fed_assert_ok(fed_partition_run(data, &pool, &how, 3, 1, part, &made, &err), &err);
		for (uint32_t i = 0; i < 60; i++)
			ck_assert_uint_eq(made.ids[i], 60 * part + i);
		fed_partition_result_release(&made);
	}
	const uint32_t back[] = {5, 70};
	fed_example_pool_return(&pool, back, 2);
	fed_assert_ok(fed_partition_run(data, &pool, &how, 1, 1, 2, &made, &err), &err);
	ck_assert_uint_eq(made.ids[0], 5);
	ck_assert_uint_eq(made.ids[1], 70);
	ck_assert_uint_eq(made.ids[2], 120);
	fed_partition_result_release(&made);
	fed_example_pool_release(&pool);
	fed_dataset_free(data);
}
END_TEST

START_TEST(clients_that_share_go_round)
{
	const struct fed_partition how = {
		.kind = FED_PARTITION_IN_ORDER, .samples = TRAIN - 10, .reuse = true};
	struct fed_dataset *data = blobs();
	struct fed_example_pool pool;
	struct fed_partition_result made;
	struct fed_error err;

	fed_assert_ok(fed_example_pool_init(&pool, TRAIN, &err), &err);
	fed_assert_ok(fed_partition_run(data, &pool, &how, 2, 1, 0, &made, &err), &err);
	ck_assert(made.shared);
	for (uint32_t i = 0; i < 2 * (TRAIN - 10); i++)
		ck_assert_uint_eq(made.ids[i], i % TRAIN);
	fed_partition_result_release(&made);
	fed_example_pool_release(&pool);
	fed_dataset_free(data);
}
END_TEST

FED_SUITE(partition_in_order)
{
	Suite *suite = suite_create("partition_in_order");
	TCase *tests = tcase_create("in order");

	tcase_add_test(tests, clients_get_the_next_numbers_that_are_free);
	tcase_add_test(tests, clients_that_share_go_round);
	suite_add_tcase(suite, tests);
	return suite;
}

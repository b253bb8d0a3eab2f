/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The virtual clock against a sorted list.
 */
#include "net/event_queue.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"

static int by_time(const void *a, const void *b)
{
	const struct fed_due *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Few distinct times, so that ties are many. */
START_TEST(order_is_time_then_sequence)
{
	enum { N = 5000 };
	struct fed_stream random = fed_stream_open((uint64_t)_i, FED_FOR_DATA, 0, 0);
	static struct fed_due expected[N];
	struct fed_vclock clock;
	struct fed_error err;
	struct fed_due due;

	fed_vclock_init(&clock);
	for (uint32_t i = 0; i < N; i++) {
		const double when = fed_stream_below(&random, 50);
		expected[i] = (struct fed_due){when, i, 7 * i, i + 1, FED_DUE_TRAINED};
		fed_assert_ok(fed_vclock_add(&clock, when, FED_DUE_TRAINED, 7 * i, i + 1, &err), &err);
	}
	qsort(expected, N, sizeof *expected, by_time);
	for (uint32_t i = 0; i < N; i++) {
		ck_assert(fed_vclock_next(&clock, &due));
		ck_assert(due.when == expected[i].when && due.seq == expected[i].seq);
		ck_assert(due.ref == expected[i].ref && due.who == expected[i].who);
		ck_assert(due.kind == FED_DUE_TRAINED && clock.now == due.when);
	}
	ck_assert(!fed_vclock_next(&clock, &due));
	fed_vclock_release(&clock);
}
END_TEST

/* What is taken while more is added: the least of a plain list each time. */
START_TEST(adding_and_taking_may_mix)
{
	enum { STEPS = 3000 };
	struct fed_stream random = fed_stream_open(9, FED_FOR_DATA, 0, 0);
	static struct fed_due list[STEPS];
	struct fed_vclock clock;
	struct fed_error err;
	struct fed_due due;
	size_t n = 0;
	uint64_t seq = 0;

	fed_vclock_init(&clock);
	for (int step = 0; step < STEPS; step++) {
		if (n == 0 || fed_stream_below(&random, 5) < 3) {
			const double when = clock.now + fed_stream_below(&random, 8) - 2;
			list[n++] = (struct fed_due){.when = when < clock.now ? clock.now : when, .seq = seq++};
			fed_assert_ok(fed_vclock_add(&clock, when, FED_DUE_MESSAGE, 0, 0, &err), &err);
			continue;
		}
		size_t least = 0;
		for (size_t i = 1; i < n; i++)
			if (by_time(&list[i], &list[least]) < 0)
				least = i;
		ck_assert(fed_vclock_next(&clock, &due));
		ck_assert(due.when == list[least].when && due.seq == list[least].seq);
		list[least] = list[--n];
	}
	fed_vclock_release(&clock);
}
END_TEST

START_TEST(odd_times)
{
	struct fed_vclock clock;
	struct fed_error err;
	struct fed_due due;

	fed_vclock_init(&clock);
	ck_assert_int_eq(fed_vclock_add(&clock, NAN, FED_DUE_MESSAGE, 1, 0, &err), FED_FAIL);
	ck_assert_int_eq(fed_vclock_add(&clock, INFINITY, FED_DUE_MESSAGE, 1, 0, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "its time must be finite"));
	ck_assert_uint_eq(clock.n, 0);
	fed_assert_ok(fed_vclock_add(&clock, 5, FED_DUE_MESSAGE, 1, 0, &err), &err);
	ck_assert(fed_vclock_next(&clock, &due));
	fed_assert_ok(fed_vclock_add(&clock, 3, FED_DUE_MESSAGE, 2, 0, &err), &err);
	fed_assert_ok(fed_vclock_add(&clock, -INFINITY, FED_DUE_MESSAGE, 3, 0, &err), &err);
	ck_assert(fed_vclock_next(&clock, &due) && due.ref == 2 && due.when == 5);
	ck_assert(fed_vclock_next(&clock, &due) && due.ref == 3 && clock.now == 5);
	fed_assert_ok(fed_vclock_add(&clock, 9, FED_DUE_MESSAGE, 4, 0, &err), &err);
	fed_vclock_clear(&clock);
	ck_assert(!fed_vclock_next(&clock, &due) && clock.now == 5);
	fed_vclock_release(&clock);
}
END_TEST

static int fill(void *ctx, struct fed_error *err)
{
	struct fed_vclock clock;
	int rc = FED_OK;

	(void)ctx;
	fed_vclock_init(&clock);
	for (int i = 0; i < 200 && rc == FED_OK; i++)
		rc = fed_vclock_add(&clock, i, FED_DUE_MESSAGE, 0, 0, err);
	fed_vclock_release(&clock);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	ck_assert_uint_ge(fed_each_allocation(fill, NULL), 2);
}
END_TEST

FED_SUITE(event_queue)
{
	Suite *suite = suite_create("vclock");
	TCase *tests = tcase_create("vclock");

	tcase_add_loop_test(tests, order_is_time_then_sequence, 0, 4);
	tcase_add_test(tests, adding_and_taking_may_mix);
	tcase_add_test(tests, odd_times);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}

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
	const struct fed_queued_event *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Few distinct times, so that ties are many. */
START_TEST(order_is_time_then_sequence)
{
	enum { N = 5000 };
	struct fed_stream random = fed_stream_open((uint64_t)_i, FED_FOR_DATA, 0, 0);
	static struct fed_queued_event expected[N];
	struct fed_event_queue clock;
	struct fed_error err;
	struct fed_queued_event due;

	fed_event_queue_init(&clock);
	for (uint32_t i = 0; i < N; i++) {
		const double when = fed_stream_below(&random, 50);
		expected[i] = (struct fed_queued_event){when, i, 7 * i, i + 1, FED_QUEUED_TRAINED};
		fed_assert_ok(fed_event_queue_add(&clock, when, FED_QUEUED_TRAINED, 7 * i, i + 1, &err),
		              &err);
	}
	qsort(expected, N, sizeof *expected, by_time);
	for (uint32_t i = 0; i < N; i++) {
		ck_assert(fed__event_queue_next(&clock, &due));
		ck_assert(due.when == expected[i].when && due.seq == expected[i].seq);
		ck_assert(due.ref == expected[i].ref && due.who == expected[i].who);
		ck_assert(due.kind == FED_QUEUED_TRAINED && clock.now == due.when);
	}
	ck_assert(!fed__event_queue_next(&clock, &due));
	fed_event_queue_release(&clock);
}
END_TEST

/* What is taken while more is added: the least of a plain list each time. */
START_TEST(adding_and_taking_may_mix)
{
	enum { STEPS = 3000 };
	struct fed_stream random = fed_stream_open(9, FED_FOR_DATA, 0, 0);
	static struct fed_queued_event list[STEPS];
	struct fed_event_queue clock;
	struct fed_error err;
	struct fed_queued_event due;
	size_t n = 0;
	uint64_t seq = 0;

	fed_event_queue_init(&clock);
	for (int step = 0; step < STEPS; step++) {
		if (n == 0 || fed_stream_below(&random, 5) < 3) {
			const double when = clock.now + fed_stream_below(&random, 8) - 2;
			list[n++] = (struct fed_queued_event){.when = when < clock.now ? clock.now : when,
			                                      .seq = seq++};
			fed_assert_ok(fed_event_queue_add(&clock, when, FED_QUEUED_MESSAGE, 0, 0, &err), &err);
			continue;
		}
		size_t least = 0;
		for (size_t i = 1; i < n; i++)
			if (by_time(&list[i], &list[least]) < 0)
				least = i;
		ck_assert(fed__event_queue_next(&clock, &due));
		ck_assert(due.when == list[least].when && due.seq == list[least].seq);
		list[least] = list[--n];
	}
	fed_event_queue_release(&clock);
}
END_TEST

START_TEST(odd_times)
{
	struct fed_event_queue clock;
	struct fed_error err;
	struct fed_queued_event due;

	fed_event_queue_init(&clock);
	ck_assert_int_eq(fed_event_queue_add(&clock, NAN, FED_QUEUED_MESSAGE, 1, 0, &err), FED_FAIL);
	ck_assert_int_eq(fed_event_queue_add(&clock, INFINITY, FED_QUEUED_MESSAGE, 1, 0, &err),
	                 FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "its time must be finite"));
	ck_assert_uint_eq(clock.n, 0);
	fed_assert_ok(fed_event_queue_add(&clock, 5, FED_QUEUED_MESSAGE, 1, 0, &err), &err);
	ck_assert(fed__event_queue_next(&clock, &due));
	fed_assert_ok(fed_event_queue_add(&clock, 3, FED_QUEUED_MESSAGE, 2, 0, &err), &err);
	fed_assert_ok(fed_event_queue_add(&clock, -INFINITY, FED_QUEUED_MESSAGE, 3, 0, &err), &err);
	ck_assert(fed__event_queue_next(&clock, &due) && due.ref == 2 && due.when == 5);
	ck_assert(fed__event_queue_next(&clock, &due) && due.ref == 3 && clock.now == 5);
	fed_assert_ok(fed_event_queue_add(&clock, 9, FED_QUEUED_MESSAGE, 4, 0, &err), &err);
	fed_event_queue_clear(&clock);
	ck_assert(!fed__event_queue_next(&clock, &due) && clock.now == 5);
	fed_event_queue_release(&clock);
}
END_TEST

static int fill(void *ctx, struct fed_error *err)
{
	struct fed_event_queue clock;
	int rc = FED_OK;

	(void)ctx;
	fed_event_queue_init(&clock);
	for (int i = 0; i < 200 && rc == FED_OK; i++)
		rc = fed_event_queue_add(&clock, i, FED_QUEUED_MESSAGE, 0, 0, err);
	fed_event_queue_release(&clock);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	ck_assert_uint_ge(fed_each_allocation(fill, NULL), 2);
}
END_TEST

FED_SUITE(event_queue)
{
	Suite *suite = suite_create("event_queue");
	TCase *tests = tcase_create("event_queue");

	tcase_add_loop_test(tests, order_is_time_then_sequence, 0, 4);
	tcase_add_test(tests, adding_and_taking_may_mix);
	tcase_add_test(tests, odd_times);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reference counts, and the free list that recycles vectors without references.
 */
#include "net/shared_vectors.h"

#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

enum { DIM = 100 };

START_TEST(the_last_share_frees)
{
	const int64_t before = fed__mem_live();
	struct fed_shared_vectors *p = fed_shared_vectors_new(3, DIM);

	for (int k = 0; k < 3; k++)
		for (int j = 0; j < DIM; j++)
			ck_assert_float_eq(p->vector[k][j], 0);
	ck_assert_ptr_eq(fed_shared_vectors_ref(p), p);
	fed_shared_vectors_unref(p);
	p->vector[2][DIM - 1] = 1; /* still there */
	fed_shared_vectors_unref(p);
	ck_assert_int_eq(fed__mem_live(), before);
	ck_assert_ptr_null(fed_shared_vectors_ref(NULL));
	fed_shared_vectors_unref(NULL);
	ck_assert_ptr_null(fed_shared_vectors_new(UINT16_MAX + 1, 1));
}
END_TEST

START_TEST(an_unwrapped_vector_outlives_its_parcel)
{
	const int64_t before = fed__mem_live();
	struct fed_shared_vectors *p = fed_shared_vectors_new(2, DIM);

	p->vector[0][7] = 42;
	float *v = fed_shared_vectors_detach(p);
	ck_assert_float_eq(v[7], 42);
	fed_free_floats(v);
	ck_assert_int_eq(fed__mem_live(), before);
}
END_TEST

START_TEST(a_stock_hands_out_what_came_back_last)
{
	struct fed_vector_free_list s;

	fed_vector_free_list_init(&s, SIZE_MAX);
	struct fed_shared_vectors *a = fed_vector_free_list_take(&s, 1, DIM),
							  *b = fed_vector_free_list_take(&s, 1, DIM);
	ck_assert_ptr_ne(a, b);
	a->vector[0][0] = 5;
	fed_shared_vectors_ref(a);
	fed_shared_vectors_unref(a);
	fed_shared_vectors_unref(b);
	const int64_t live = fed__mem_live();
	ck_assert_ptr_eq(fed_vector_free_list_take(&s, 1, DIM), b); /* a has a share */
	fed_shared_vectors_unref(a);
	ck_assert_ptr_eq(fed_vector_free_list_take(&s, 1, DIM), a);
	ck_assert_float_eq(a->vector[0][0], 5);
	ck_assert_uint_eq(a->references, 1);
	ck_assert_int_eq(fed__mem_live(), live);
	fed_shared_vectors_unref(a);
	fed_shared_vectors_unref(b);
	fed_vector_free_list_release(&s);
}
END_TEST

START_TEST(another_size_empties_the_stock)
{
	const int64_t before = fed__mem_live();
	struct fed_vector_free_list s;

	fed_vector_free_list_init(&s, SIZE_MAX);
	struct fed_shared_vectors *held = fed_vector_free_list_take(&s, 1, DIM);
	fed_shared_vectors_unref(fed_vector_free_list_take(&s, 1, DIM));
	struct fed_shared_vectors *p = fed_vector_free_list_take(&s, 2, DIM + 1);
	ck_assert_uint_eq(p->n, 2);
	ck_assert_uint_eq(p->dim, DIM + 1);
	fed_shared_vectors_unref(held); /* of no use any more: freed */
	ck_assert_ptr_null(s.first);
	fed_shared_vectors_unref(p);
	ck_assert_ptr_eq(s.first, p);
	fed_vector_free_list_release(&s);
	ck_assert_int_eq(fed__mem_live(), before);
}
END_TEST

START_TEST(a_stock_keeps_no_more_than_it_may)
{
	struct fed_shared_vectors *p[5];
	struct fed_vector_free_list s;

	fed_vector_free_list_init(&s, 3 * DIM * sizeof(float));
	for (int i = 0; i < 5; i++)
		p[i] = fed_vector_free_list_take(&s, 1, DIM);
	const int64_t live = fed__mem_live();
	for (int i = 0; i < 5; i++)
		fed_shared_vectors_unref(p[i]);
	ck_assert_int_eq(fed__mem_live(), live - 2 * 2); /* two parcels with a vector each */
	ck_assert_uint_eq(s.bytes, 3 * DIM * sizeof(float));
	fed_vector_free_list_release(&s);
}
END_TEST

/* Release four vectors; how many the list keeps. */
static size_t kept_of_four(struct fed_vector_free_list *s)
{
	struct fed_shared_vectors *p[4];

	for (int i = 0; i < 4; i++)
		p[i] = fed_vector_free_list_take(s, 1, DIM);
	for (int i = 0; i < 4; i++)
		fed_shared_vectors_unref(p[i]);
	return fed_vector_free_list_bytes(s) / (DIM * sizeof(float));
}

START_TEST(a_stock_is_widened_to_a_share_of_what_is_free)
{
	struct fed_vector_free_list s;

	fed_vector_free_list_init(&s, 3 * DIM * sizeof(float));
	fed_vector_free_list_widen(&s, 1e-15); /* less than it has */
	ck_assert_uint_eq(kept_of_four(&s), 3);
	fed_vector_free_list_release(&s);
	fed_vector_free_list_init(&s, 3 * DIM * sizeof(float));
	fed_vector_free_list_widen(&s, 0.01);
	ck_assert_uint_eq(kept_of_four(&s), 4);
	fed_vector_free_list_release(&s);
}
END_TEST

START_TEST(long_vectors_lie_in_shared_memory)
{
	enum { LONG = 20000 };
	struct fed_vector_free_list s;
	struct fed_shared_memory *memory;
	struct fed_error err;
	uint64_t offset;

	fed_assert_ok(fed_shared_memory_init(&memory, &err), &err);
	fed_vector_free_list_init(&s, SIZE_MAX);
	struct fed_shared_vectors *before = fed_vector_free_list_take(&s, 2, LONG);
	fed_vector_free_list_place(&s, memory);
	fed_shared_vectors_unref(before); /* of no use any more: freed */
	ck_assert_ptr_null(s.first);
	struct fed_shared_vectors *p = fed_vector_free_list_take(&s, 2, LONG);
	for (int k = 0; k < 2; k++) {
		ck_assert(fed_shared_memory_find(memory, p->vector[k], LONG * sizeof(float), &offset));
		for (int j = 0; j < LONG; j++)
			ck_assert_float_eq(p->vector[k][j], 0);
	}
	struct fed_shared_vectors *some = fed_vector_free_list_take(&s, 1, DIM);
	ck_assert(!fed_shared_memory_find(memory, some->vector[0], DIM * sizeof(float), &offset));
	fed_shared_vectors_unref(some);
	fed_shared_vectors_unref(p); /* another size was asked for since */
	p = fed_vector_free_list_take(&s, 1, LONG);
	fed_shared_vectors_unref(p);
	ck_assert_ptr_eq(s.first, p);
	fed_vector_free_list_place(&s, NULL);
	ck_assert_ptr_null(s.first);
	p = fed_vector_free_list_take(&s, 1, LONG);
	ck_assert(!fed_shared_memory_find(memory, p->vector[0], LONG * sizeof(float), &offset));
	fed_shared_vectors_unref(p);
	fed_vector_free_list_release(&s);
	fed_shared_memory_free(memory);
}
END_TEST

static int take_some(void *ctx, struct fed_error *err)
{
	struct fed_vector_free_list s;
	int rc = FED_OK;

	(void)ctx;
	fed_vector_free_list_init(&s, SIZE_MAX);
	for (int i = 0; i < 3 && rc == FED_OK; i++) {
		struct fed_shared_vectors *p = fed_vector_free_list_take(&s, 2, DIM);
		rc = p ? FED_OK : fed_fail_memory(err, DIM, "a parcel");
		fed_shared_vectors_unref(p);
	}
	fed_vector_free_list_release(&s);
	return rc;
}

START_TEST(no_memory)
{
	ck_assert_uint_eq(fed_each_allocation(take_some, NULL), 3); /* once, for all three */
}
END_TEST

/* Shares are dropped on whatever thread. */
static void *take_and_drop(void *stock)
{
	for (int i = 0; i < 2000; i++) {
		struct fed_shared_vectors *p = fed_vector_free_list_take(stock, 1, DIM);
		ck_assert_uint_eq(p->references, 1);
		p->vector[0][0] = (float)i;
		fed_shared_vectors_unref(p);
	}
	return NULL;
}

START_TEST(many_threads)
{
	struct fed_vector_free_list s;
	pthread_t thread[4];

	fed_vector_free_list_init(&s, SIZE_MAX);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, take_and_drop, &s), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_le(s.bytes, 4 * DIM * sizeof(float));
	fed_vector_free_list_release(&s);
}
END_TEST

FED_SUITE(shared_vectors)
{
	Suite *suite = suite_create("parcel");
	TCase *tests = tcase_create("parcel");

	tcase_add_test(tests, the_last_share_frees);
	tcase_add_test(tests, an_unwrapped_vector_outlives_its_parcel);
	tcase_add_test(tests, a_stock_hands_out_what_came_back_last);
	tcase_add_test(tests, another_size_empties_the_stock);
	tcase_add_test(tests, a_stock_keeps_no_more_than_it_may);
	tcase_add_test(tests, a_stock_is_widened_to_a_share_of_what_is_free);
	tcase_add_test(tests, long_vectors_lie_in_shared_memory);
	tcase_add_test(tests, no_memory);
	tcase_add_test(tests, many_threads);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Robust aggregators and pre-aggregations in a session: composing and keeping.
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "session/internal.h"
#include "session/small.h"
#include "support/suite.h"
#include "plug/aggregator_chain.h"

static int64_t int_of(const struct fed_instance *x, const char *key)
{
	const struct fed_field *row = fed_fields_find(x->entry->head->fields, key);

	ck_assert_ptr_nonnull(row);
	return *(const int64_t *)((const char *)x->state + row->offset);
}

START_TEST(parameters_find_whom_they_mean)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "aggregator krum f=3 after=nnm");
	ck_assert_str_eq(s.parts.aggregator.after->entry->head->name, "nnm");
	ck_assert_int_eq(int_of(&s.parts.aggregator, "f"), 3);
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "f"), 3); /* not given: that of krum */
	small_do(&s, "aggregator krum after.f=2 f=3 after=nnm");
	ck_assert_int_eq(int_of(&s.parts.aggregator, "f"), 3);
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "f"), 2);
	small_do(&s, "aggregator krum s=4 after=bucketing f=1");
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "s"), 4);
	small_do(&s, "set after.s 5;set f 2;set s 3");
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "s"), 3);
	ck_assert_int_eq(int_of(&s.parts.aggregator, "f"), 2);
	small_do(&s, "aggregator median");
	ck_assert_ptr_null(s.parts.aggregator.after);
	fed__session_release(&s);
}
END_TEST

START_TEST(wrong_pairs_are_refused_with_words)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "aggregator krum f=3");
	small_refuses(&s, "aggregator nnm", "it goes before an aggregator");
	small_refuses(&s, "aggregator krum after=median", "takes one of bucketing, nnm");
	small_refuses(&s, "aggregator krum after=", "is not a pre-aggregation");
	small_refuses(&s, "aggregator krum after=nnm after=nnm", "after is given twice");
	small_refuses(&s, "aggregator krum after.f=3", "needs a pre-aggregation");
	small_refuses(&s, "aggregator krum after=nnm after.g=3", "no parameter g");
	small_refuses(&s, "aggregator krum s=3", "no parameter s");
	small_refuses(&s, "aggregator scaffold after=nnm", "choose it without after=");
	small_refuses(&s, "set after.f 3", "no pre-aggregation is chosen");
	ck_assert_str_eq(s.parts.aggregator.entry->head->name, "krum"); /* as before */
	ck_assert_int_eq(int_of(&s.parts.aggregator, "f"), 3);
	small_do(&s, "aggregator krum f=3 after=nnm");
	small_refuses(&s, "set f 2", "say aggregator.f or after.f");
	fed__session_release(&s);
}
END_TEST

START_TEST(rounds_too_small_are_refused_before_they_begin)
{
	struct fed_session s;

	small_compose(&s, NULL, "krum f=1");
	small_refuses(&s, "round 1", "2f + 2 < n, but 2f + 2 = 4 (f = 1) and n = 4 updates");
	ck_assert_uint_eq(fed_session_version(&s), 0);
	small_do(&s, "aggregator krum f=0;round 1");
	ck_assert_uint_eq(fed_session_version(&s), 1);
	small_do(&s, "aggregator krum f=0 after=bucketing s=2");
	small_refuses(&s, "round 1", "2f + 2 < n, but 2f + 2 = 2 (f = 0) and n = 2 updates");
	fed__session_release(&s);
}
END_TEST

START_TEST(pre_aggregations_are_saved_and_restored)
{
	struct fed_session s, t;
	struct fed_error err = {""};
	struct fed_temp temp;

	fed_temp_make(&temp);
	small_compose(&s, NULL, "median after=bucketing s=2");
	small_do(&s, "round 2");
	fed_assert_ok(fed_session_save(&s, fed_temp_file(&temp, "a.fed"), &err), &err);
	small_init(&t, NULL);
	fed_assert_ok(fed_session_restore(&t, fed_temp_file(&temp, "a.fed"), &err), &err);
	ck_assert_ptr_nonnull(t.parts.aggregator.after);
	ck_assert_int_eq(int_of(t.parts.aggregator.after, "s"), 2);
	small_do(&s, "round 2");
	small_do(&t, "round 2");
	small_same(&s, &t);
	small_do(&s, "restart;round 1");
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "s"), 2);
	fed__session_release(&s);
	fed__session_release(&t);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(pre_aggregations_in_use_are_reloaded_and_not_unloaded)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "median after=bucketing s=2");
	small_do(&s, "round 1");
	ck_assert_int_eq(fed_session_unload(&s, "bucketing", &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "the pre-aggregation of the session's aggregator"), "%s",
	              err.text);
	fed_assert_ok(fed_session_reload(&s, "bucketing", &err), &err);
	ck_assert_str_eq(s.parts.aggregator.entry->head->name, "median");
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "s"), 2);
	fed_assert_ok(fed_session_reload(&s, "median", &err), &err);
	ck_assert_int_eq(int_of(s.parts.aggregator.after, "s"), 2);
	small_do(&s, "round 1");
	fed__session_release(&s);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

static int try_compose(void *ctx, struct fed_error *err)
{
	struct fed_session *s = ctx;
	struct fed_instance made, again = {0};
	struct fed_key_values pairs = {0};
	const struct fed_assign assign[] = {{"f", "2"}, {"after", "nnm"}};

	int rc = fed_aggregator_make(s->plugins, &made, "krum", assign, 2, err);
	if (rc == FED_OK) {
		rc = fed_instance_settings(&pairs, &made, err) || fed_instance_renew(&again, &made, err)
		         ? FED_FAIL
		         : FED_OK;
		fed_key_values_release(&pairs);
		fed_instance_release(&again);
		fed_instance_release(&made);
	}
	return rc;
}

START_TEST(failing_allocation_leaves_nothing_behind)
{
	struct fed_session s;

	small_init(&s, NULL);
	ck_assert_uint_gt(fed_each_allocation(try_compose, &s), 8);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(aggregators)
{
	Suite *suite = suite_create("aggregators");
	TCase *tests = tcase_create("aggregators");

	tcase_add_test(tests, parameters_find_whom_they_mean);
	tcase_add_test(tests, wrong_pairs_are_refused_with_words);
	tcase_add_test(tests, rounds_too_small_are_refused_before_they_begin);
	tcase_add_test(tests, pre_aggregations_are_saved_and_restored);
	tcase_add_test(tests, pre_aggregations_in_use_are_reloaded_and_not_unloaded);
	tcase_add_test(tests, failing_allocation_leaves_nothing_behind);
	suite_add_tcase(suite, tests);
	return suite;
}

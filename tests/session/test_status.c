/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session/test_status.c - the snapshot that front ends read. */
#include <string.h>

#include "session/small.h"

START_TEST(bare_session_has_nothing)
{
	struct fed_session *s = NULL;
	struct fed_error err = {""};

	fed_assert_ok(fed_session_new(&s, FED_PLUGIN_DIR, (struct fed_sink){0}, &err), &err);
	const struct fed_session_status st = fed_session_status(s);
	ck_assert_int_eq(st.phase, FED_PHASE_IDLE);
	ck_assert(!st.dataset && !st.model && !st.aggregator && !st.pre_aggregation && !st.transport);
	ck_assert_str_eq(st.scheme, "sync");
	ck_assert(!st.version && !st.clients && !st.faults && !st.parameters && !st.rounds);
	ck_assert(!st.left.some && !st.breakpoints && !st.pausing);
	fed_session_free(s);
	fed_session_free(NULL);
}
END_TEST

START_TEST(composition_is_named)
{
	struct fed_session s;

	small_compose(&s, NULL, "krum");
	small_do(&s, "inject straggler 1 factor=3;inject nan 2 at=9");
	const struct fed_session_status st = fed_session_status(&s);
	ck_assert_str_eq(st.dataset, s.parts.data->name);
	ck_assert_str_eq(st.model, "softmax");
	ck_assert_str_eq(st.aggregator, "krum");
	ck_assert_uint_eq(st.parameters, s.parts.net.dim);
	ck_assert_uint_eq(st.clients, 4);
	ck_assert_uint_eq(st.faults, 2);
	ck_assert_uint_eq(st.faults_active, 1); /* the other begins with version 9 */
	fed__session_release(&s);
}
END_TEST

START_TEST(open_round_is_counted)
{
	struct fed_session s;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 1");
	const struct fed_session_status ready = fed_session_status(&s);
	ck_assert_int_eq(ready.phase, FED_PHASE_READY);
	ck_assert_uint_eq(ready.version, 1);
	ck_assert_uint_eq(ready.rounds, 1);
	ck_assert_uint_eq(ready.at_work, 0);
	ck_assert_double_eq(ready.round.reported, 4); /* of the last one */
	small_do(&s, "step 3");
	const struct fed_session_status open = fed_session_status(&s);
	ck_assert_int_eq(open.phase, FED_PHASE_OPEN);
	ck_assert_uint_eq(open.round.steps, 3);
	ck_assert_uint_eq(open.at_work, 4);
	ck_assert_double_eq(open.round.invited, 4);
	ck_assert_double_eq(open.round.reported, 0);
	ck_assert_uint_gt(open.events, ready.events);
	ck_assert_uint_eq(open.restarts, ready.restarts);
	small_do(&s, "abort;restart");
	const struct fed_session_status again = fed_session_status(&s);
	ck_assert_uint_eq(again.version, 0);
	ck_assert_uint_ne(again.restarts, ready.restarts);
	ck_assert_int_eq(ready.phase, FED_PHASE_READY); /* a value stays as it was */
	fed__session_release(&s);
}
END_TEST

START_TEST(what_a_stop_left_is_there)
{
	struct fed_session s;
	struct fed_run_result result;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "break version==2");
	fed_assert_ok(fed_session_run(&s, 5, NULL, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_STOPPED);
	ck_assert(!result.interrupted && result.open_before == 0 && result.steps == 0);
	ck_assert_uint_eq(result.versions, 2);
	struct fed_session_status st = fed_session_status(&s);
	ck_assert(st.left.some && !st.left.endless);
	ck_assert_uint_eq(st.left.versions, 3);
	ck_assert_uint_eq(st.breakpoints, 1);
	fed_session_pause(&s, 4);
	st = fed_session_status(&s);
	ck_assert(st.pausing && st.pause == 4);
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_STOPPED);
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_ENDED);
	st = fed_session_status(&s);
	ck_assert(!st.left.some && !st.pausing);
	fed__session_release(&s);
}
END_TEST

/* The steps that a run made of the round that was open before it, and of the one that it left. */
START_TEST(result_tells_the_steps)
{
	struct fed_session s;
	struct fed_run_result result;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_step(&s, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_ENDED);
	ck_assert(result.open_before == 0 && result.steps == 1 && result.versions == 0);
	fed_assert_ok(fed_session_step(&s, &result, &err), &err);
	ck_assert(result.open_before == 1 && result.steps == 1);
	small_do(&s, "break event==reported");
	fed_assert_ok(fed_session_run(&s, 9, NULL, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_STOPPED);
	ck_assert_uint_eq(result.open_before, 2);
	ck_assert_uint_eq(result.versions, 0);
	ck_assert_uint_eq(result.steps, fed_session_status(&s).round.steps - 2);
	fed_session_unbreak_all(&s);
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_ENDED);
	ck_assert_uint_eq(result.versions, 9); /* the open one is the first of them */
	ck_assert_uint_eq(result.steps, 0);    /* none is open */
	fed__session_release(&s);
}
END_TEST

/* Whoever is asked between two events stops a run in the open round. */
static bool stand_once(void *ctx, bool version)
{
	unsigned *asked = ctx;

	(void)version;
	return ++*asked == 2;
}

START_TEST(held_between_events)
{
	struct fed_session s;
	struct fed_run_result result;
	struct fed_error err = {""};
	unsigned asked = 0;

	small_compose(&s, NULL, "fedavg");
	fed_session_set_pause_hook(&s, (struct fed_pause_hook){stand_once, &asked});
	fed_assert_ok(fed_session_run(&s, 1, NULL, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_HELD);
	ck_assert_uint_eq(result.steps, 2);
	ck_assert(fed_session_left(&s) && fed_session_open(&s));
	fed_session_set_pause_hook(&s, (struct fed_pause_hook){0});
	fed_assert_ok(fed_session_continue(&s, &result, &err), &err);
	ck_assert_int_eq(result.outcome, FED_RUN_ENDED);
	ck_assert(!fed_session_left(&s));
	fed__session_release(&s);
}
END_TEST

FED_SUITE(status)
{
	Suite *suite = suite_create("status");
	TCase *tests = tcase_create("status");

	tcase_add_test(tests, bare_session_has_nothing);
	tcase_add_test(tests, composition_is_named);
	tcase_add_test(tests, open_round_is_counted);
	tcase_add_test(tests, what_a_stop_left_is_there);
	tcase_add_test(tests, result_tells_the_steps);
	tcase_add_test(tests, held_between_events);
	suite_add_tcase(suite, tests);
	return suite;
}

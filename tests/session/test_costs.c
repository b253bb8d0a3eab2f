/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs and costs in a session: what is understood, what outlives which change.
 */
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "session/small.h"
#include "support/suite.h"

static uint32_t owing(const struct fed_session *s)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < s->parts.clients.n; id++)
		n += s->parts.clients.client[id].residual != NULL;
	return n;
}

START_TEST(set_takes_codecs_only)
{
	struct fed_session s;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "set codec int8;set codec top-k:0.25;set codec fp16");
	small_refuses(&s, "set codec zip", "no codec is called zip; there are none, fp16");
	small_refuses(&s, "set codec top-k:2", "codec top-k: share=2");
	ck_assert_str_eq(s.parts.settings.codec, "fp16");
	small_refuses(&s, "set error-feedback maybe", "");
	fed__session_release(&s);
}
END_TEST

/* A codec of the user's own: held while it is named, loaded anew, and given up when it no longer
 * takes its settings. */
START_TEST(codecs_are_reloaded)
{
	struct fed_session s;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_load(&s, FED_BUILD_DIR "/fixtures/misbehave_codec.so", &entry, &err),
	              &err);
	small_do(&s, "set codec up=misbehave-codec:how=good,down=fp16;round 2");
	ck_assert_int_eq(fed_session_unload(&s, "misbehave-codec", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "updates travel by misbehave-codec now"));
	fed_assert_ok(fed_session_reload(&s, "misbehave-codec", &err), &err);
	small_do(&s, "round 1;step 2");
	ck_assert_int_eq(fed_session_reload(&s, "misbehave-codec", &err),
	                 FED_FAIL); /* a round is open */
	small_do(&s, "continue");
	ck_assert_uint_eq(fed_session_version(&s), 4);
	small_do(&s, "set codec none;round 1");
	fed_assert_ok(fed_session_unload(&s, "misbehave-codec", &err), &err);
	small_refuses(&s, "set codec misbehave-codec", "no codec is called misbehave-codec");
	fed__session_release(&s);
}
END_TEST

/* A saved session has its codec's memory, and what went down without the codec. */
START_TEST(codecs_are_saved)
{
	struct fed_session s, restored;
	struct fed_text bytes = {0};
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "model mlp hidden=7,5;set codec up=powersgd:1,down=int8;round 2");
	fed_assert_ok(fed_snapshot_take(&s, &bytes, &err), &err);
	small_init(&restored, NULL);
	fed_assert_ok(fed_snapshot_restore(&restored, &bytes, &err), &err);
	ck_assert_uint_eq(restored.parts.clients.client[1].residual->n, 2);
	ck_assert_uint_gt(restored.ledger.total.plain_down, restored.ledger.total.bytes_down);
	ck_assert_uint_eq(restored.ledger.total.plain_down, s.ledger.total.plain_down);
	small_do(&s, "round 2");
	small_do(&restored, "round 2");
	small_same(&s, &restored);
	fed_text_release(&bytes);
	fed__session_release(&restored);
	fed__session_release(&s);
}
END_TEST

START_TEST(split_says_that_it_sends_no_model)
{
	struct fed_session s;
	struct heard heard = {.len = 0};

	small_compose(&s, &heard, "fedavg");
	small_do(&s, "model mlp hidden=5,4;set codec down=fp16;scheme split");
	ck_assert_ptr_nonnull(
		strstr(heard.text, "the codec fp16 of the model acts under sync and async"));
	small_do(&s, "round 1");
	fed__session_release(&s);
}
END_TEST

/* The bill is that of the history. */
START_TEST(totals_are_those_of_the_history)
{
	static const char *const schemes[] = {"sync", "sync over-select=1.5 quorum=0.5",
	                                      "async concurrency=3"};
	struct fed_session s;
	struct fed_record total;
	char line[96];

	small_compose(&s, NULL, "fedavg");
	snprintf(line, sizeof line, "scheme %s;set codec top-k:0.3;round 7", schemes[_i]);
	small_do(&s, line);
	small_do(&s, "aggregator fedavgm;set codec none;round 2;transport local;round 1");
	fed_history_total(&s.history, &total);
	ck_assert_double_eq(total.bytes_up, (double)s.ledger.total.bytes_up);
	ck_assert_double_eq(total.bytes_down, (double)s.ledger.total.bytes_down);
	ck_assert_double_eq(total.messages,
	                    (double)(s.ledger.total.messages_up + s.ledger.total.messages_down));
	ck_assert_double_eq(total.client_flops, s.ledger.total.client_flops);
	ck_assert_double_eq(total.server_flops, s.ledger.total.server_flops);
	ck_assert_uint_gt(s.ledger.total.plain_up, s.ledger.total.bytes_up);
	fed__session_release(&s);
}
END_TEST

/* What begins again at version 0 costs nothing yet and owes nothing. */
START_TEST(a_new_model_begins_a_new_bill)
{
	static const char *const anew[] = {"restart", "model mlp hidden=4",
	                                   "remove all;restart;set seed 3"};
	struct fed_session s, fresh;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "set codec int8;round 3;aggregator fedadam;transport local");
	ck_assert_uint_eq(owing(&s), 4); /* others take over what clients owe */
	ck_assert_uint_eq(s.ledger.total.messages_up, 12);
	small_do(&s, "remove 3");
	ck_assert_uint_eq(owing(&s), 3);
	ck_assert_uint_eq(fed_ledger_of(&s.ledger, 3)->messages_up, 3); /* it was spent */
	small_do(&s, anew[_i]);
	ck_assert_uint_eq(owing(&s), 0);
	ck_assert_uint_eq(s.ledger.n, 0);
	ck_assert_uint_eq(s.ledger.total.bytes_up, 0);
	if (_i == 0) { /* and goes on as the first time */
		small_compose(&fresh, NULL, "fedadam");
		small_do(&fresh, "remove 3;set codec int8;round 2");
		small_do(&s, "round 2");
		small_same(&fresh, &s);
		fed__session_release(&fresh);
	}
	fed__session_release(&s);
}
END_TEST

/* Every account, and what each client owes, comes back from a file. */
START_TEST(accounts_come_back)
{
	struct fed_session s, restored;
	struct fed_temp temp;
	struct fed_error err;

	fed_temp_make(&temp);
	small_compose(&s, NULL, "fedavg");
	small_do(&s, "set participants 2;set codec int8;round 2;remove 1;round 1");
	fed_assert_ok(fed_session_save(&s, fed_temp_file(&temp, "a.fed"), &err), &err);
	small_init(&restored, NULL);
	fed_assert_ok(fed_session_restore(&restored, fed_temp_file(&temp, "a.fed"), &err), &err);
	ck_assert_str_eq(restored.parts.settings.codec, "int8");
	ck_assert_mem_eq(&s.ledger.total, &restored.ledger.total, sizeof s.ledger.total);
	for (uint32_t id = 0; id < 4; id++) {
		const struct fed_costs *a = fed_ledger_of(&s.ledger, id);
		const struct fed_costs *b = fed_ledger_of(&restored.ledger, id);
		const struct fed_shared_vectors *x = s.parts.clients.client[id].residual;
		const struct fed_shared_vectors *y = restored.parts.clients.client[id].residual;

		ck_assert(!a == !b && !x == !y);
		if (a)
			ck_assert_mem_eq(a, b, sizeof *a);
		if (x)
			ck_assert_mem_eq(x->vector[0], y->vector[0], s.parts.net.dim * sizeof(float));
	}
	fed__session_release(&s);
	fed__session_release(&restored);
	fed_temp_remove(&temp);
}
END_TEST

FED_SUITE(costs)
{
	Suite *suite = suite_create("costs");
	TCase *tests = tcase_create("costs");

	tcase_add_test(tests, set_takes_codecs_only);
	tcase_add_test(tests, codecs_are_reloaded);
	tcase_add_test(tests, codecs_are_saved);
	tcase_add_test(tests, split_says_that_it_sends_no_model);
	tcase_add_loop_test(tests, totals_are_those_of_the_history, 0, 3);
	tcase_add_loop_test(tests, a_new_model_begins_a_new_bill, 0, 3);
	tcase_add_test(tests, accounts_come_back);
	suite_add_tcase(suite, tests);
	return suite;
}

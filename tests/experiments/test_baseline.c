/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Baselines against sessions that are composed by hand.
 */
#include "experiments/baseline.h"

#include <math.h>
#include <string.h>

#include "experiments/alone.h"
#include "session/small.h"
#include "support/suite.h"

static const char data[] = "dataset blobs classes=3 train=60 test=30 spread=1.5;set lr 0.05";

static void ignore(void *ctx, uint64_t done, uint64_t all)
{
	ck_assert_uint_le(done, all);
	++*(unsigned *)ctx;
}

static void play(struct fed_session *s, enum fed_baseline kind, struct fed_history *h)
{
	struct fed_error err;
	unsigned calls = 0;
	bool interrupted;

	fed_assert_ok(fed_session_start(s, &err), &err);
	fed_assert_ok(fed_baseline_play(s, kind, 2, h, ignore, &calls, &interrupted, &err), &err);
	ck_assert(!interrupted && calls > 0);
	ck_assert_uint_eq(h->n, 2);
}

START_TEST(central_is_one_client_with_all_examples)
{
	struct fed_session s, alone;
	struct fed_history h = {0};

	small_init(&s, NULL);
	small_init(&alone, NULL);
	small_do(&s, data);
	small_do(&s, "add 3 noniid 20;aggregator fedasync;scheme async;set codec int8;"
	             "inject byzantine 1 attack=sign-flip;set noise 0.5;round 1");
	const uint64_t version = fed_session_version(&s);
	play(&s, FED_BASELINE_CENTRAL, &h);
	ck_assert_uint_eq(fed_session_version(&s), version);
	small_do(&alone, data);
	small_do(&alone, "add 1 iid 60;round 2");
	for (int k = 0; k < 2; k++) {
		ck_assert_double_eq(h.record[k].test_loss, alone.history.record[k].test_loss);
		ck_assert_double_eq(h.record[k].test_accuracy, alone.history.record[k].test_accuracy);
		ck_assert(isnan(h.record[k].clients_loss));
	}
	fed_history_release(&h);
	fed__session_release(&s);
	fed__session_release(&alone);
}
END_TEST

START_TEST(local_is_the_mean_of_clients_alone)
{
	struct fed_session s;
	struct fed_history h = {0};
	double loss = 0, own = 0, worst = 1;

	small_init(&s, NULL);
	small_do(&s, data);
	small_do(&s, "set holdout 0.25;add 3 noniid 20;set threads 2");
	play(&s, FED_BASELINE_LOCAL, &h);
	for (int id = 0; id < 3; id++) {
		struct fed_session alone;

		small_init(&alone, NULL);
		small_do(&alone, data);
		small_do(&alone, "set holdout 0.25;add 3 noniid 20");
		small_do(&alone, id == 0 ? "remove 1-2" : id == 1 ? "remove 0,2" : "remove 0-1");
		small_do(&alone, "round 2");
		loss += alone.history.record[1].test_loss / 3;
		own += alone.history.record[1].clients_accuracy / 3;
		worst = fmin(worst, alone.history.record[1].clients_accuracy);
		fed__session_release(&alone);
	}
	ck_assert_double_eq_tol(h.record[1].test_loss, loss, 1e-12);
	ck_assert_double_eq_tol(h.record[1].clients_accuracy, own, 1e-12);
	ck_assert_double_eq(h.record[1].clients_worst, worst);
	ck_assert(h.record[1].bytes_up == 0 && h.record[1].used == 3);
	fed_history_release(&h);
	fed__session_release(&s);
}
END_TEST

/* The central model is measured by each client, on what it holds out. */
START_TEST(clients_measure_the_central_model)
{
	struct fed_session s;
	struct fed_history h = {0};

	small_init(&s, NULL);
	small_do(&s, data);
	small_do(&s, "set holdout 0.5;add 3 noniid 20");
	play(&s, FED_BASELINE_CENTRAL, &h);
	ck_assert(h.record[1].clients_worst <= h.record[1].clients_accuracy);
	ck_assert(h.record[1].clients_accuracy > 0 && h.record[1].clients_fairness > 0);
	ck_assert(isnan(fed_client_evaluation(&s.parts.clients, 0).accuracy));
	fed_history_release(&h);
	fed__session_release(&s);
}
END_TEST

static int same_params(void *ctx, uint32_t i, const struct fed_session *copy, struct fed_error *err)
{
	struct fed_session alone;

	small_init(&alone, NULL);
	small_do(&alone, data);
	small_do(&alone, "add 3 noniid 20;round 2");
	small_do(&alone, i == 0 ? "remove 0,2" : "remove 0-1");
	small_do(&alone, "set epochs 3;round 1");
	ck_assert_int_eq(memcmp(fed_session_params(&alone), fed_session_params(copy),
	                        alone.parts.net.dim * sizeof(float)),
	                 0);
	fed__session_release(&alone);
	++*(unsigned *)ctx;
	(void)err;
	return FED_OK;
}

/* Local fine-tuning is the round of a client that is alone, from the present model. */
START_TEST(fine_tuning_is_a_round_alone)
{
	static const uint32_t client[] = {1, 2};
	unsigned calls = 0;
	const struct fed_alone_plan plan = {.client = client,
	                                    .n = 2,
	                                    .rounds = 1,
	                                    .epochs = 3,
	                                    .silent = true,
	                                    .done = same_params,
	                                    .ctx = &calls};
	struct fed_session s;
	struct fed_error err;
	bool interrupted;

	small_init(&s, NULL);
	small_do(&s, data);
	small_do(&s, "add 3 noniid 20;round 2");
	fed_assert_ok(fed_alone_play(&s, &plan, &interrupted, &err), &err);
	ck_assert_uint_eq(calls, 2);
	fed__session_release(&s);
}
END_TEST

START_TEST(an_interrupt_stops_it)
{
	for (int kind = FED_BASELINE_CENTRAL; kind <= FED_BASELINE_LOCAL; kind++) {
		struct fed_session s;
		struct fed_history h = {0};
		struct fed_error err;
		unsigned calls = 0;
		bool interrupted;

		small_init(&s, NULL);
		small_do(&s, data);
		small_do(&s, "add 3 iid 20");
		fed_assert_ok(fed_session_start(&s, &err), &err);
		fed_session_interrupt(&s);
		fed_assert_ok(fed_baseline_play(&s, (enum fed_baseline)kind, 5, &h, ignore, &calls,
		                                &interrupted, &err),
		              &err);
		ck_assert(interrupted);
		ck_assert_uint_eq(h.n, 0);
		fed_history_release(&h);
		fed__session_release(&s);
	}
}
END_TEST

FED_SUITE(baseline)
{
	Suite *suite = suite_create("baseline");
	TCase *tests = tcase_create("baseline");

	tcase_add_test(tests, central_is_one_client_with_all_examples);
	tcase_add_test(tests, local_is_the_mean_of_clients_alone);
	tcase_add_test(tests, clients_measure_the_central_model);
	tcase_add_test(tests, fine_tuning_is_a_round_alone);
	tcase_add_test(tests, an_interrupt_stops_it);
	suite_add_tcase(suite, tests);
	return suite;
}

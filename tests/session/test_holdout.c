/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Examples that clients hold out, and the evaluation of the model on them.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "report/evaluator.h"
#include "session/small.h"
#include "support/suite.h"

static const char blobs[] = "dataset blobs classes=3 train=200 test=30 spread=1.5;set holdout 0.25;"
							"add 4 noniid 21;add 1 quantity 10;set lr 0.05";

static const struct fed_clients *clients_of(const struct fed_session *s)
{
	return &fed_session_parts(s)->clients;
}

START_TEST(no_example_is_trained_on_and_held_out)
{
	struct fed_session s;
	unsigned times[200] = {0};

	small_init(&s, NULL);
	small_do(&s, "dataset blobs classes=3 train=200 test=30;set holdout 0.25;add 4 noniid 21;"
	             "set holdout 0;add 1 iid 10;set holdout 0.9;add 1 iid 2;add 1 iid 1");
	const struct fed_clients *c = clients_of(&s);
	static const uint32_t count[] = {16, 16, 16, 16, 10, 1, 1}, holdout[] = {5, 5, 5, 5, 0, 1, 0};
	for (uint32_t id = 0; id < c->n; id++) {
		ck_assert_uint_eq(c->client[id].count, count[id]);
		ck_assert_uint_eq(c->client[id].holdout, holdout[id]);
		for (uint32_t i = 0; i < count[id] + holdout[id]; i++)
			ck_assert_uint_eq(times[c->client[id].examples[i]]++, 0);
	}
	ck_assert_uint_eq(fed_clients_evaluating(c), 5);
	const uint32_t left = c->pool.left;
	small_do(&s, "remove 0");
	ck_assert_uint_eq(c->pool.left, left + 21);
	fed__session_release(&s);
}
END_TEST

/* Each client's figures are those of the examples one by one; the record's follow from them. */
START_TEST(rounds_measure_what_each_client_holds_out)
{
	struct fed_session s;
	struct fed_evaluator *e;
	struct fed_error err;
	double sum = 0, loss = 0, worst = 1, hits = 0, all = 0;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs classes=3 train=400 test=30 spread=1.5;set holdout 0.4;"
	             "add 3 feature 90;add 2 noniid 20;set lr 0.05;round 2");
	fed_assert_ok(fed_evaluator_init(&e, &s, &err), &err);
	const struct fed_clients *c = clients_of(&s);
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_client *x = &c->client[id];
		const struct fed_evaluation wanted = {.id = x->examples + x->count,
		                                      .n = x->holdout,
		                                      .shift = x->shifted ? &x->shift : NULL,
		                                      .brief = true};
		const struct fed_client_evaluation got = fed_client_evaluation(c, id);
		struct fed_quality q;

		fed_assert_ok(fed_evaluator_run(e, fed_session_params(&s), &wanted, &q, &err), &err);
		ck_assert_float_eq(got.accuracy, (float)q.accuracy);
		ck_assert_float_eq_tol(got.loss, (float)q.loss, 1e-5);
		sum += q.accuracy / 5;
		loss += q.loss / 5;
		worst = fmin(worst, q.accuracy);
		hits += q.accuracy * q.n;
		all += q.n;
	}
	fed_evaluator_free(e);
	const struct fed_record *r = small_last(&s);
	ck_assert_double_eq_tol(r->clients_accuracy, sum, 1e-12);
	ck_assert_double_eq_tol(r->clients_loss, loss, 1e-6);
	ck_assert_double_eq_tol(r->clients_weighted, hits / all, 1e-12);
	ck_assert_double_eq_tol(r->clients_worst, worst, 1e-12);
	ck_assert_double_eq_tol(r->clients_worst_tenth, worst, 1e-12);
	fed__session_release(&s);
}
END_TEST

/* Without held-out examples there is no figure.  Not evaluated: likewise.  A regression has the
 * loss alone. */
START_TEST(figures_may_be_missing)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset linear d=3 train=90 test=20;add 2 iid 10;round 1");
	ck_assert(isnan(small_last(&s)->clients_loss));
	small_refuses(&s, "set holdout 1", "holdout");
	small_do(&s, "set holdout 0.5;add 2 iid 10;set eval-every 2;round 1");
	ck_assert(isfinite(small_last(&s)->clients_loss) && isnan(small_last(&s)->clients_accuracy));
	ck_assert(isnan(fed_client_evaluation(clients_of(&s), 0).loss));
	ck_assert(isfinite(fed_client_evaluation(clients_of(&s), 3).loss));
	small_do(&s, "round 1");
	ck_assert(isnan(small_last(&s)->clients_loss));
	small_do(&s, "restart");
	ck_assert(isnan(fed_client_evaluation(clients_of(&s), 3).loss));
	fed__session_release(&s);
}
END_TEST

START_TEST(threads_and_snapshots_keep_the_bits)
{
	struct fed_session one, two;
	struct fed_text snapshot = {0};
	struct fed_error err;

	small_init(&one, NULL);
	small_init(&two, NULL);
	small_do(&one, "set threads 1");
	small_do(&two, "set threads 4");
	small_do(&one, blobs);
	small_do(&two, blobs);
	small_do(&one, "round 2");
	small_do(&two, "round 1");
	fed_assert_ok(fed_snapshot_take_apart(&two, &snapshot, NULL, 1 << 24, &err), &err);
	small_do(&two, "round 1;remove 3");
	fed_assert_ok(fed_snapshot_restore(&two, &snapshot, &err), &err);
	fed_text_release(&snapshot);
	ck_assert_uint_eq(clients_of(&two)->pool.left, clients_of(&one)->pool.left);
	for (uint32_t id = 0; id < 5; id++)
		ck_assert(isfinite(fed_client_evaluation(clients_of(&two), id).accuracy));
	small_do(&two, "round 1");
	small_same(&one, &two);
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_client_evaluation a = fed_client_evaluation(clients_of(&one), id),
										   b = fed_client_evaluation(clients_of(&two), id);

		ck_assert_uint_eq(clients_of(&one)->client[id].holdout,
		                  clients_of(&two)->client[id].holdout);
		ck_assert(a.accuracy == b.accuracy && a.loss == b.loss);
	}
	fed__session_release(&one);
	fed__session_release(&two);
}
END_TEST

FED_SUITE(holdout)
{
	Suite *suite = suite_create("holdout");
	TCase *tests = tcase_create("holdout");

	tcase_add_test(tests, no_example_is_trained_on_and_held_out);
	tcase_add_test(tests, rounds_measure_what_each_client_holds_out);
	tcase_add_test(tests, figures_may_be_missing);
	tcase_add_test(tests, threads_and_snapshots_keep_the_bits);
	suite_add_tcase(suite, tests);
	return suite;
}

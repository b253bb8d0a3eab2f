/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients that never take part in training, and how they are measured.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "history/client_selector.h"
#include "session/small.h"
#include "support/suite.h"

static const char composed[] = "dataset blobs classes=3 train=400 test=30 spread=1.5;"
							   "set holdout 25%;set unseen 30%;add 10 noniid 20;set lr 0.05";

static const char *const ways[] = {
	"set participants 4",
	"select oort;set participants 4",
	"select power-of-choice;set participants 4",
	"select round-robin;set participants 3",
	"scheme async concurrency=8;aggregator fedbuff buffer=2",
	"model mlp hidden=4;scheme split",
	"inject churn all leave=0.2 join=0.5",
};

START_TEST(they_are_never_invited)
{
	struct fed_session s;
	double accuracy = 0, loss = 0;
	uint32_t unseen = 0;

	small_init(&s, NULL);
	small_do(&s, composed);
	small_do(&s, ways[_i]);
	small_do(&s, "round 8");
	for (uint32_t id = 0; id < 10; id++) {
		const struct fed_client *c = fed_clients_get(&s.parts.clients, id);
		const struct fed_client_evaluation e = fed_client_evaluation(&s.parts.clients, id);

		if (!c->unseen)
			continue;
		unseen++;
		ck_assert_uint_eq(c->rounds, 0);
		ck_assert(isnan(c->loss));
		accuracy += (double)e.accuracy / 3;
		loss += (double)e.loss / 3;
	}
	ck_assert_uint_eq(unseen, 3);
	ck_assert_double_eq_tol(small_last(&s)->unseen_accuracy, accuracy, 1e-6);
	ck_assert_double_eq_tol(small_last(&s)->unseen_loss, loss, 1e-5);
	ck_assert(isfinite(small_last(&s)->clients_accuracy));
	fed__session_release(&s);
}
END_TEST

/* The others train as if there were no such clients. */
START_TEST(the_others_are_the_whole_federation)
{
	struct fed_session with, without;
	uint32_t *ids, n;
	uint64_t draws = 0;
	struct fed_error err;

	small_init(&with, NULL);
	small_init(&without, NULL);
	small_do(&with, composed);
	small_do(&without, composed);
	fed_assert_ok(
		fed_client_selector_parse("unseen", &with.parts.clients, 1, &draws, &ids, &n, &err), &err);
	ck_assert_uint_eq(n, 3);
	fed_free(ids);
	small_do(&without, "remove unseen");
	small_refuses(&without, "remove unseen", "every client takes part");
	small_do(&with, "aggregator scaffold;set participants 4;round 4");
	small_do(&without, "aggregator scaffold;set participants 4;round 4");
	ck_assert_mem_eq(fed_session_params(&with), fed_session_params(&without),
	                 with.parts.net.dim * sizeof(float));
	ck_assert_double_eq(small_last(&with)->clients_accuracy,
	                    small_last(&without)->clients_accuracy);
	ck_assert(isnan(small_last(&without)->unseen_accuracy));
	fed__session_release(&with);
	fed__session_release(&without);
}
END_TEST

START_TEST(they_are_saved_and_one_always_takes_part)
{
	struct fed_session s;
	struct fed_text snapshot = {0};
	struct fed_error err;
	bool unseen[10];

	small_init(&s, NULL);
	small_do(&s, composed);
	for (uint32_t id = 0; id < 10; id++)
		unseen[id] = s.parts.clients.client[id].unseen;
	const double share = s.parts.clients.block[0].unseen;
	ck_assert_double_gt(share, 0);
	small_do(&s, "round 1");
	fed_assert_ok(fed_snapshot_take_apart(&s, &snapshot, NULL, 1 << 24, &err), &err);
	small_do(&s, "remove all;set unseen 0.9;add 1 iid 10");
	ck_assert(!s.parts.clients.client[10].unseen);
	fed_assert_ok(fed_snapshot_restore(&s, &snapshot, &err), &err);
	for (uint32_t id = 0; id < 10; id++)
		ck_assert(s.parts.clients.client[id].unseen == unseen[id]);
	ck_assert(s.parts.clients.block[0].known); /* for studies, which make them again */
	ck_assert_double_eq(s.parts.clients.block[0].unseen, share);
	small_do(&s, "remove seen");
	small_refuses(&s, "round 1", "none of the 3 clients takes part");
	small_refuses(&s, "set unseen 95%", "unseen");
	fed_text_release(&snapshot);
	fed__session_release(&s);
}
END_TEST

/* Of several global models they are measured with the one that they would choose. */
START_TEST(they_choose_among_models)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, composed);
	small_do(&s, "aggregator ifca k=3;round 3");
	for (uint32_t id = 0; id < 10; id++) {
		const struct fed_client *c = fed_clients_get(&s.parts.clients, id);

		ck_assert(c->model >= 1 && c->model <= 3);
		ck_assert(isfinite(fed_client_evaluation(&s.parts.clients, id).own_loss));
	}
	ck_assert(isfinite(small_last(&s)->unseen_accuracy));
	fed__session_release(&s);
}
END_TEST

FED_SUITE(unseen)
{
	Suite *suite = suite_create("unseen");
	TCase *tests = tcase_create("unseen");

	tcase_add_loop_test(tests, they_are_never_invited, 0, sizeof ways / sizeof *ways);
	tcase_add_test(tests, the_others_are_the_whole_federation);
	tcase_add_test(tests, they_are_saved_and_one_always_takes_part);
	tcase_add_test(tests, they_choose_among_models);
	suite_add_tcase(suite, tests);
	return suite;
}

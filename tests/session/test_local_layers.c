/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local layers: parameters that stay with each client.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "report/client_models.h"
#include "report/evaluator.h"
#include "session/small.h"
#include "support/suite.h"

/* A hidden layer of 6, a head of 3 classes; clients with few classes. */
static const char composed[] = "dataset blobs classes=3 train=300 test=30 spread=1.5;"
							   "model mlp hidden=6;set holdout 0.25;add 5 noniid 24;set lr 0.05";
enum { BODY = 2 * 6 + 6, HEAD = 6 * 3 + 3 };

static void begin(struct fed_session *s, const char *first)
{
	small_init(s, NULL);
	if (*first)
		small_do(s, first);
	small_do(s, composed);
}

START_TEST(none_is_federated_averaging)
{
	struct fed_session plain, none;

	begin(&plain, "");
	begin(&none, "set local-layers last:1;set local-layers none");
	small_do(&plain, "round 3");
	small_do(&none, "round 3");
	small_same(&plain, &none);
	ck_assert(isnan(fed_client_evaluation(&fed_session_parts(&none)->clients, 0).own_loss));
	fed__session_release(&plain);
	fed__session_release(&none);
}
END_TEST

/* The body is the mean of what clients trained, the server's head stays, the heads are the
 * clients', and messages have the body alone. */
START_TEST(a_head_stays_with_its_client)
{
	struct fed_session s;
	float initial[BODY + HEAD];

	begin(&s, "");
	small_do(&s, "set local-layers last:1");
	ck_assert_uint_eq(s.parts.net.dim, BODY + HEAD);
	fed_net_init_params(&s.parts.net, initial, 1);
	small_do(&s, "round 2");
	const float *now = fed_session_params(&s);
	ck_assert_mem_eq(now + BODY, initial + BODY, HEAD * sizeof *now);
	ck_assert_mem_ne(now, initial, BODY * sizeof *now);
	ck_assert_double_eq(small_last(&s)->bytes_up, 5 * (64.0 + 4 * BODY));
	ck_assert_double_eq(small_last(&s)->bytes_down, 5 * (64.0 + 4 * BODY));
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_shared_vectors *own = small_client(&s, id)->own;

		ck_assert_ptr_nonnull(own);
		ck_assert_uint_eq(own->dim, HEAD);
		for (uint32_t other = 0; other < id; other++)
			ck_assert_mem_ne(own->vector[0], small_client(&s, other)->own->vector[0],
			                 HEAD * sizeof(float));
	}
	fed__session_release(&s);
}
END_TEST

/* One client with local layers is one client without: the model is split between it and the
 * server. */
START_TEST(one_client_trains_the_same_model)
{
	static const char *const layers[] = {"last:1", "first:1", "dense2", "dense1"};
	struct fed_session plain, own;
	struct fed_client_models models;
	struct fed_error err;

	for (size_t k = 0; k < sizeof layers / sizeof *layers; k++) {
		char line[64];

		small_init(&plain, NULL);
		small_init(&own, NULL);
		small_do(&plain, "dataset blobs train=60 test=10;model mlp hidden=5;add 1 iid 40;"
		                 "set momentum 0.5;round 3");
		small_do(&own, "dataset blobs train=60 test=10;model mlp hidden=5;add 1 iid 40;"
		               "set momentum 0.5");
		snprintf(line, sizeof line, "set local-layers %s", layers[k]);
		small_do(&own, line);
		small_do(&own, "round 3");
		fed_assert_ok(fed_client_models_init(&models, &own, &err), &err);
		const float *used = fed_client_models_used(&models, 0), *all = fed_session_params(&plain);
		for (size_t j = 0; j < plain.parts.net.dim; j++)
			ck_assert_float_eq_tol(used[j], all[j], 1e-5);
		fed_client_models_release(&models);
		fed__session_release(&plain);
		fed__session_release(&own);
	}
}
END_TEST

/* Each client's figures are those of its own model on its examples. */
START_TEST(clients_are_evaluated_with_their_own_models)
{
	struct fed_session s;
	struct fed_client_models models;
	struct fed_evaluator *e;
	struct fed_error err;
	double sum = 0;

	begin(&s, "");
	small_do(&s, "set local-layers last:1;set participants 3;round 2");
	fed_assert_ok(fed_client_models_init(&models, &s, &err), &err);
	fed_assert_ok(fed_evaluator_init(&e, &s, &err), &err);
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_client *x = small_client(&s, id);
		const struct fed_evaluation wanted = {
			.id = x->examples + x->count, .n = x->holdout, .brief = true};
		const struct fed_client_evaluation got =
			fed_client_evaluation(&fed_session_parts(&s)->clients, id);
		struct fed_quality own, global;

		fed_assert_ok(
			fed_evaluator_run(e, fed_client_models_used(&models, id), &wanted, &own, &err), &err);
		fed_assert_ok(fed_evaluator_run(e, fed_session_params(&s), &wanted, &global, &err), &err);
		ck_assert_float_eq(got.own_accuracy, (float)own.accuracy);
		ck_assert_float_eq_tol(got.own_loss, (float)own.loss, 1e-5);
		ck_assert_float_eq(got.accuracy, (float)global.accuracy);
		sum += own.accuracy / 5;
	}
	ck_assert_double_eq_tol(small_last(&s)->clients_accuracy, sum, 1e-12);
	fed_evaluator_free(e);
	fed_client_models_release(&models);
	fed__session_release(&s);
}
END_TEST

/* With rules that have terms at clients, codecs, attacks, colluders, noise, lost and damaged
 * messages: the server's copy stays, threads and snapshots keep the bits, an abort leaves no
 * trace. */
static const char *const ways[] = {
	"aggregator scaffold",
	"aggregator fedprox mu=0.1;set codec top-k:0.3",
	"aggregator fedadam;set codec up=int8,down=qsgd",
	"aggregator krum f=1;inject byzantine 1 attack=gaussian",
	"aggregator median;inject byzantine 2-3 attack=alie;set noise 0.001",
	"inject corrupt 2 p=0.5;inject lossy 1 p=0.5;inject nan 0 p=0.5",
	"scheme async concurrency=3;aggregator fedbuff buffer=2;set codec powersgd",
};

static void same_layers(const struct fed_session *a, const struct fed_session *b)
{
	for (uint32_t id = 0; id < 5; id++) {
		const struct fed_shared_vectors *x = small_client(a, id)->own,
										*y = small_client(b, id)->own;

		ck_assert(!x == !y);
		if (x)
			ck_assert_mem_eq(x->vector[0], y->vector[0], x->dim * sizeof(float));
	}
}

START_TEST(threads_snapshots_and_aborts_keep_the_bits)
{
	struct fed_session one, two;
	struct fed_text snapshot = {0};
	struct fed_error err;

	begin(&one, "set threads 1");
	begin(&two, "set threads 2");
	small_do(&one, "set local-layers last:1");
	small_do(&two, "set local-layers last:1");
	small_do(&one, ways[_i]);
	small_do(&two, ways[_i]);
	small_do(&one, "round 4");
	const bool async = strstr(ways[_i], "async");
	small_do(&two, async ? "round 2;step 2;abort;step 2" : "round 2;step 8;abort;step 7");
	fed_assert_ok(fed_snapshot_take_apart(&two, &snapshot, NULL, 1 << 24, &err), &err);
	small_do(&two, "abort;round 1;set lr 0.01;round 1");
	fed_assert_ok(fed_snapshot_restore(&two, &snapshot, &err), &err);
	fed_text_release(&snapshot);
	small_do(&two, "continue;round 1");
	small_same(&one, &two);
	same_layers(&one, &two);
	float *initial = fed_alloc_floats(one.parts.net.dim);
	fed_net_init_params(&one.parts.net, initial, 1);
	ck_assert_mem_eq(fed_session_params(&one) + BODY, initial + BODY, HEAD * sizeof *initial);
	fed_free_floats(initial);
	fed__session_release(&one);
	fed__session_release(&two);
}
END_TEST

/* FedBN: scales, shifts and statistics of the normalisation differ from client to client. */
START_TEST(normalisation_may_stay)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, "dataset glyphs train=200 test=20;model resnet8 width=2 norm=batch;"
	             "add 2 feature 20;set batch 10;set local-layers norm;round 1");
	const struct fed_shared_vectors *a = small_client(&s, 0)->own, *b = small_client(&s, 1)->own;
	ck_assert_ptr_nonnull(a);
	size_t norm = 0;
	for (size_t o = 0; o < s.parts.net.ops; o++)
		if (strcmp(s.parts.net.op[o].ops->name, "batch_norm") == 0)
			norm += s.parts.net.op[o].count;
	ck_assert_uint_eq(a->dim, norm);
	ck_assert_mem_ne(a->vector[0], b->vector[0], norm * sizeof(float));
	ck_assert_double_eq(small_last(&s)->bytes_up,
	                    2 * (64.0 + 4.0 * (double)(s.parts.net.dim - norm)));
	fed__session_release(&s);
}
END_TEST

START_TEST(others_are_refused_or_start_anew)
{
	struct fed_session s;

	begin(&s, "");
	small_refuses(&s, "set local-layers last:3", "2 layers");
	small_refuses(&s, "set local-layers last:2", "nothing would travel");
	small_refuses(&s, "set local-layers last:x", "number");
	small_refuses(&s, "set local-layers norm", "no normalisation");
	small_refuses(&s, "set local-layers dense7", "dense1, dense2");
	small_refuses(&s, "set local-layers dense1,,dense2", "list of layers");
	small_refuses(&s, "set local-layers dense1,", "comma");
	small_do(&s, "set local-layers dense2;round 1");
	small_refuses(&s, "scheme split", "local-layers");
	small_do(&s, "set local-layers dense1");
	ck_assert_ptr_null(small_client(&s, 0)->own);
	small_do(&s, "round 1;restart");
	ck_assert_ptr_null(small_client(&s, 0)->own);
	small_do(&s, "step 3");
	small_refuses(&s, "set local-layers none", "open");
	small_do(&s, "continue;model softmax");
	small_refuses(&s, "round 1", "nothing would travel");
	small_do(&s, "set local-layers none;round 1;model mlp hidden=6;scheme split");
	small_refuses(&s, "set local-layers last:1", "cuts");
	fed__session_release(&s);
}
END_TEST

FED_SUITE(local_layers)
{
	Suite *suite = suite_create("local_layers");
	TCase *tests = tcase_create("local_layers");

	tcase_add_test(tests, none_is_federated_averaging);
	tcase_add_test(tests, a_head_stays_with_its_client);
	tcase_add_test(tests, one_client_trains_the_same_model);
	tcase_add_test(tests, clients_are_evaluated_with_their_own_models);
	tcase_add_loop_test(tests, threads_snapshots_and_aborts_keep_the_bits, 0,
	                    sizeof ways / sizeof *ways);
	tcase_add_test(tests, normalisation_may_stay);
	tcase_add_test(tests, others_are_refused_or_start_anew);
	suite_add_tcase(suite, tests);
	return suite;
}

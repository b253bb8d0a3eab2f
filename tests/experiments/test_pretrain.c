/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pre-training, and sessions whose model has a frozen base: the base is what the same model without
 * lora becomes, goes wherever the session goes, and does not travel.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "experiments/pretrain.h"
#include "report/export.h"
#include "session/small.h"

static const char blobs[] = "dataset blobs classes=4 train=400 test=40";

static void ignore(void *ctx, uint64_t done, uint64_t all)
{
	(void)ctx, (void)done, (void)all;
}

static void pretrain(struct fed_session *s, int64_t epochs, int64_t examples)
{
	const struct fed_pretrain_plan plan = {.epochs = epochs, .examples = examples};
	struct fed_pretrained made;
	struct fed_error err;

	fed_assert_ok(fed_session_start(s, &err), &err);
	fed_assert_ok(fed_pretrain(s, &plan, &made, ignore, NULL, &err), &err);
	ck_assert_uint_eq(made.examples, examples ? (uint32_t)examples : s->parts.clients.pool.left);
	ck_assert(isfinite(made.record.test_loss) && made.record.round == (double)epochs);
}

static void open_session(struct fed_session *s, const char *lines)
{
	small_init(s, NULL);
	small_do(s, blobs);
	small_do(s, lines);
}

/* Frozen numbers are the parameters of the plain model, operation after operation. */
static void same_base(const struct fed_session *lora, const struct fed_session *plain)
{
	const struct fed_net *net = &lora->parts.net;

	for (size_t o = 0; o < net->ops; o++) {
		const struct fed_net_layer *op = &net->op[o], *all = &plain->parts.net.op[o];

		if (op->frozen)
			ck_assert_mem_eq(net->frozen + op->frozen_at, fed_session_params(plain) + all->offset,
			                 op->frozen * sizeof(float));
	}
}

START_TEST(the_base_is_what_the_model_becomes_without_lora)
{
	struct fed_session lora, plain;

	open_session(&lora, "model mlp hidden=9 lora=3;add 2 iid 20;set threads 1");
	open_session(&plain, "model mlp hidden=9;add 2 iid 20;set threads 2");
	pretrain(&lora, 2, 150);
	pretrain(&plain, 2, 150);
	same_base(&lora, &plain);
	ck_assert(lora.parts.net.frozen_given);
	/* again: on from there */
	pretrain(&lora, 1, 0);
	pretrain(&plain, 1, 0);
	same_base(&lora, &plain);
	ck_assert_uint_eq(fed_session_version(&lora), 0);
	/* an adapter of zero: both are the same model */
	small_do(&lora, "set lr 1e-20;round 1");
	small_do(&plain, "set lr 1e-20;round 1");
	ck_assert_double_eq(fed_session_history(&lora)->record[0].test_loss,
	                    fed_session_history(&plain)->record[0].test_loss);
	fed__session_release(&lora);
	fed__session_release(&plain);
}
END_TEST

START_TEST(adapters_alone_travel_and_are_trained)
{
	struct fed_session s;
	const float *frozen;
	float before[128];
	double space;
	struct fed_error err;

	open_session(&s, "model mlp hidden=9 lora=3;add 4 iid 20;round 1");
	const struct fed_net *net = &s.parts.net;
	const struct fed_record *r = &fed_session_history(&s)->record[0];
	ck_assert_uint_eq(net->dim, 3 * (2 + 9) + 3 * (9 + 4));
	ck_assert_uint_eq(net->frozen_dim, 3 * 9 + 10 * 4);
	ck_assert_double_eq(r->bytes_up, 4 * (double)fed_frame_size(1, net->dim));
	ck_assert_double_eq(r->bytes_down, 4 * (double)fed_frame_size(1, net->dim));
	const double example =
		fed_net_flops(net, 0, net->layers) + fed_net_backward_flops(net, 0, net->layers, false);
	ck_assert_double_eq(r->client_flops, 4 * 20 * example * (double)s.parts.settings.epochs);
	/* all layers and a batch; of a split model those of the head */
	fed_assert_ok(fed_workspace_bytes(net, 0, net->layers, 10, false, &space, &err), &err);
	ck_assert_double_eq(r->client_memory,
	                    space + (double)sizeof(float) * (double)(net->dim + net->frozen_dim));
	frozen = net->frozen;
	memcpy(before, frozen, net->frozen_dim * sizeof *frozen);
	small_do(&s, "round 3;scheme split cut=1;round 1");
	ck_assert_mem_eq(before, net->frozen, net->frozen_dim * sizeof *frozen);
	fed_assert_ok(fed_workspace_bytes(net, 0, 1, 10, false, &space, &err), &err);
	const struct fed_net_layer *head = &net->layer[0];
	ck_assert_double_eq(fed_session_history(&s)->record[4].client_memory,
	                    space + (double)sizeof(float) * (double)(head->count + head->frozen));
	fed__session_release(&s);
}
END_TEST

/* FedAvg of one step by each client is one step on all their examples. */
START_TEST(averaging_adapters_is_averaging_parameters)
{
	struct fed_session many, one;

	open_session(&many, "model mlp hidden=9 lora=3;add 4 iid 25;set batch 0;set epochs 1");
	open_session(&one, "model mlp hidden=9 lora=3;add 1 iid 100;set batch 0;set epochs 1");
	pretrain(&many, 1, 150);
	pretrain(&one, 1, 150);
	ck_assert_mem_eq(many.parts.net.frozen, one.parts.net.frozen,
	                 many.parts.net.frozen_dim * sizeof(float));
	/* the same examples: of the one client, a quarter each */
	for (uint32_t i = 0; i < 4; i++)
		many.parts.clients.client[i].examples = one.parts.clients.client[0].examples + 25 * i;
	small_do(&many, "round 1");
	small_do(&one, "round 1");
	for (size_t j = 0; j < one.parts.net.dim; j++)
		ck_assert_float_eq_tol(fed_session_params(&many)[j], fed_session_params(&one)[j], 1e-6f);
	fed__session_release(&many);
	fed__session_release(&one);
}
END_TEST

static const char *const goes_on[] = {"round 1", "set epochs 2;round 2",
                                      "scheme split cut=1;round 1"};

START_TEST(a_saved_session_has_its_base)
{
	struct fed_session s, again;
	struct fed_temp temp;
	struct fed_error err = {{0}};

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "s.fed");
	open_session(&s, "model mlp hidden=9 lora=3;add 4 iid 20");
	if (_i) { /* else the base is the seed's */
		pretrain(&s, 1, 100);
		fed_assert_ok(fed_session_save(&s, path, &err), &err);
	}
	small_do(&s, "round 1");
	fed_assert_ok(fed_session_save(&s, path, &err), &err);
	small_init(&again, NULL);
	fed_assert_ok(fed_session_restore(&again, path, &err), &err);
	ck_assert_int_eq(again.parts.net.frozen_given, _i > 0);
	ck_assert_mem_eq(s.parts.net.frozen, again.parts.net.frozen,
	                 s.parts.net.frozen_dim * sizeof(float));
	small_do(&s, goes_on[_i]);
	small_do(&again, goes_on[_i]);
	small_same(&s, &again);
	fed__session_release(&s);
	fed__session_release(&again);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(a_copy_and_a_restart_keep_the_base)
{
	struct fed_session s, copy = {0};
	struct fed_error err;

	open_session(&s, "model mlp hidden=9 lora=3;add 4 iid 20");
	pretrain(&s, 1, 100);
	fed_assert_ok(fed__session_copy(&copy, &s, true, &err), &err);
	small_do(&s, "round 1");
	fed_assert_ok(fed_session_start(&copy, &err), &err);
	struct fed_run_result result;
	fed_assert_ok(fed_session_run(&copy, 1, NULL, &result, &err), &err);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&copy),
	                 s.parts.net.dim * sizeof(float));
	fed__session_drop(&copy);
	const double loss = fed_session_history(&s)->record[0].test_loss;
	small_do(&s, "restart;round 1");
	ck_assert_double_eq(fed_session_history(&s)->record[0].test_loss, loss);
	fed__session_release(&s);
}
END_TEST

static const char *const formats[] = {"m.npz", "m.safetensors"};

/* The base from a model without lora; then base and adapters together. */
START_TEST(a_base_is_imported)
{
	struct fed_session plain, lora, other;
	struct fed_temp temp;
	struct fed_error err = {{0}};

	fed_temp_make(&temp);
	open_session(&plain, "model mlp hidden=9;add 2 iid 20;round 2");
	open_session(&lora, "model mlp hidden=9 lora=3;add 2 iid 20");
	open_session(&other, "model mlp hidden=9 lora=3;add 2 iid 20");
	const char *path = fed_temp_file(&temp, formats[_i]);
	fed_assert_ok(fed_session_export(&plain, path, NULL, &err), &err);
	fed_assert_ok(fed_session_import(&lora, path, NULL, &err), &err);
	same_base(&lora, &plain);
	small_do(&lora, "round 1");
	fed_assert_ok(fed_session_export(&lora, path, NULL, &err), &err);
	fed_assert_ok(fed_session_import(&other, path, NULL, &err), &err);
	same_base(&other, &plain);
	ck_assert_mem_eq(fed_session_params(&other), fed_session_params(&lora),
	                 lora.parts.net.dim * sizeof(float));
	ck_assert_int_eq(fed_session_import(&plain, path, NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "dense1.lora_A is not a tensor of this model"), "%s", err.text);
	fed__session_release(&plain);
	fed__session_release(&lora);
	fed__session_release(&other);
	fed_temp_remove(&temp);
}
END_TEST

/* Another seed keeps a frozen base, and tells that a model without one is lost. */
START_TEST(another_seed_keeps_a_base)
{
	static const struct {
		const char *model, *says;
	} of[] = {
		{"model mlp hidden=9 lora=3", "the frozen base that was pre-trained or imported stays"},
		{"model mlp hidden=9", "those that were pre-trained or imported are lost"}};
	struct heard heard;
	struct fed_session s;

	small_init(&s, &heard);
	small_do(&s, "dataset blobs train=400 test=60;aggregator fedavg;transport local");
	small_do(&s, of[_i].model);
	pretrain(&s, 1, 100);
	float *base = fed_alloc_floats(s.parts.net.frozen_dim + 1);
	memcpy(base, s.parts.net.frozen, s.parts.net.frozen_dim * sizeof *base);
	small_do(&s, "set seed 7");
	ck_assert_msg(strstr(heard.text, of[_i].says), "%s", heard.text);
	if (s.parts.net.frozen_dim)
		ck_assert_mem_eq(base, s.parts.net.frozen, s.parts.net.frozen_dim * sizeof *base);
	fed_free_floats(base);
	/* what is the seed's is told as before */
	small_do(&s, "model mlp hidden=8;add 2 iid 20");
	small_do(&s, "remove all;set seed 9");
	fed__session_release(&s);
}
END_TEST

START_TEST(what_cannot_be_pretrained_is_refused)
{
	struct fed_pretrain_plan plan = {.epochs = 1, .examples = 381};
	struct fed_pretrained made;
	struct fed_session s;
	struct fed_error err;

	open_session(&s, "model mlp hidden=9 lora=3;add 1 iid 20");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	ck_assert_int_eq(fed_pretrain(&s, &plan, &made, ignore, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "381 examples; 380 are held by no client"), "%s", err.text);
	small_do(&s, "add 1 iid 380");
	plan.examples = 0;
	ck_assert_int_eq(fed_pretrain(&s, &plan, &made, ignore, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "the clients hold all 400 examples"), "%s", err.text);
	small_do(&s, "round 1");
	ck_assert_int_eq(fed_pretrain(&s, &plan, &made, ignore, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "the model is at version 1"), "%s", err.text);
	atomic_store(&s.interrupts, 1);
	small_do(&s, "restart;remove 1");
	atomic_store(&s.interrupts, 1);
	ck_assert_int_eq(fed_pretrain(&s, &plan, &made, ignore, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "interrupted; the model is as it was"), "%s", err.text);
	ck_assert(!s.parts.net.frozen_given);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(pretrain)
{
	Suite *suite = suite_create("pretrain");
	TCase *tests = tcase_create("pretrain");

	tcase_add_test(tests, the_base_is_what_the_model_becomes_without_lora);
	tcase_add_test(tests, adapters_alone_travel_and_are_trained);
	tcase_add_test(tests, averaging_adapters_is_averaging_parameters);
	tcase_add_loop_test(tests, a_saved_session_has_its_base, 0, 3);
	tcase_add_test(tests, a_copy_and_a_restart_keep_the_base);
	tcase_add_loop_test(tests, a_base_is_imported, 0, 2);
	tcase_add_loop_test(tests, another_seed_keeps_a_base, 0, 2);
	tcase_add_test(tests, what_cannot_be_pretrained_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vertical split learning against the joint model trained in one place.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "nn/sgd.h"
#include "support/suite.h"
#include "train/lab.h"
#include "train/round/message_faults.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

enum { EXAMPLES = 50, SHARED = 37, BATCH = 8 };

/* Three parties of uneven parts, some columns of no party; the last two have another order, and not
 * all of the first one's examples. */
static void compose(struct lab *lab)
{
	lab_compose(lab, "glyphs train=400 test=100", "mlp hidden=12,7 parts=0-300,301-301,400-783",
	            "fedavg", "local", 3, EXAMPLES, FED_PARTITION_IID);
	for (uint32_t k = 1; k < 3; k++) {
		uint32_t *mine = (uint32_t *)lab->clients.client[k].examples;
		const uint32_t *first = lab->clients.client[0].examples;

		for (uint32_t i = 0; i < SHARED; i++)
			mine[(i + 5 * k) % EXAMPLES] = first[SHARED - 1 - i];
	}
	lab->settings.batch = BATCH;
	lab->settings.epochs = 2;
	lab->settings.lr = 0.2;
	lab_scheme(lab, &fed_scheme_vertical, "parts", "0-300,301-301,400-783");
	lab_start(lab);
}

static const struct fed_split *state_of(const struct lab *lab)
{
	return (const struct fed_split *)(const void *)lab->scheme_state;
}

/* The model after plain SGD without a cut on the common examples, in the first party's order. */
static float *centrally(const struct lab *lab, const float *before)
{
	const struct fed_sgd sgd = {.lr = lab->settings.lr};
	const size_t dim = lab->net.dim;
	float *w = fed_alloc_floats(dim);
	struct fed_stream order = fed_stream_open((uint64_t)lab->settings.seed, FED_FOR_SHUFFLE, 0, 0);
	struct fed_workspace ws;
	struct fed_error err;
	int32_t label[BATCH];
	uint32_t ids[SHARED];

	memcpy(w, before, dim * sizeof *w);
	memcpy(ids, lab->clients.client[0].examples, sizeof ids);
	fed_assert_ok(fed_workspace_init(&ws, &lab->net, 0, lab->net.layers, BATCH, false, &err), &err);
	for (int epoch = 0; epoch < 2; epoch++) {
		fed_stream_shuffle(&order, ids, SHARED);
		for (uint32_t from = 0; from < SHARED; from += BATCH) {
			const uint32_t n = SHARED - from < BATCH ? SHARED - from : BATCH;

			fed_dataset_gather(lab->data, ids + from, n, NULL, fed_workspace_input(&ws), label,
			                   NULL);
			fed_sgd_step(&ws, &sgd, w, label, NULL, n);
		}
	}
	fed_workspace_release(&ws);
	return w;
}

static float *copy_of(const float *v, size_t n)
{
	float *copy = fed_alloc_floats(n);

	memcpy(copy, v, n * sizeof *copy);
	return copy;
}

START_TEST(parties_train_the_joint_model)
{
	struct lab lab;

	compose(&lab);
	float *before = copy_of(lab.federation.params, lab.net.dim);
	float *wanted = centrally(&lab, before);
	lab_run(&lab, 1);
	double moved = 0;
	for (size_t j = 0; j < lab.net.dim; j++) {
		ck_assert_float_eq_tol(lab.federation.params[j], wanted[j], 2e-6f);
		moved += fabs((double)wanted[j] - (double)before[j]);
	}
	ck_assert_double_gt(moved, 1);
	fed_free_floats(before);
	fed_free_floats(wanted);
	lab_release(&lab);
}
END_TEST

/* 12 numbers at the cut, 4 of each party; no label and no head travels. */
START_TEST(costs_are_those_of_the_parts)
{
	static const double columns[] = {301, 1, 384};
	const double batches = 2 * 5, examples = 2 * SHARED;
	double flops = 0;
	struct lab lab;

	compose(&lab);
	lab_run(&lab, 1);
	const struct fed_record *r = &lab.federation.record;
	for (int k = 0; k < 3; k++)
		flops += 3 * examples * (2 * columns[k] * 4 + 4);
	ck_assert_double_eq(r->client_flops, flops);
	ck_assert_double_eq_tol(r->server_flops, 3 * examples * (2 * 12 * 7 + 7 + 2 * 7 * 10), 1e-3);
	ck_assert_double_eq(r->messages, 2 * 3 * batches);
	ck_assert_double_eq(r->bytes_up, r->bytes_down);
	ck_assert_double_ge(r->bytes_up, 3 * examples * 4 * sizeof(float));
	ck_assert_double_le(r->bytes_up, 3 * (examples * 4 * sizeof(float) + 64 * batches));
	lab_release(&lab);
}
END_TEST

static void advance(struct lab *lab)
{
	struct fed_error err = {""};
	bool made;

	fed_assert_ok(fed_federation_advance(&lab->federation, &made, &err), &err);
}

/* A party is lost in its third batch: the others stop with what they have learned, as the server
 * does; its own head is that from before. */
START_TEST(a_lost_party_ends_the_round)
{
	const enum fed_turn_phase phase = (enum fed_turn_phase)_i;
	struct fed_error err = {""};
	struct lab lab;
	size_t at[2];

	compose(&lab);
	float *before = copy_of(lab.federation.params, lab.net.dim);
	fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
	const struct fed_turn *gone = &state_of(&lab)->turn[2];
	while (gone->batch < 3 || gone->phase != phase)
		advance(&lab);
	fed_assert_ok(fed__crash(&lab.federation, gone->client, gone->number, &err), &err);
	for (bool made = false; !made;)
		fed_assert_ok(fed_federation_advance(&lab.federation, &made, &err), &err);
	ck_assert_double_eq(lab.federation.record.lost, 1);
	ck_assert_double_eq(lab.federation.record.reported, 2);
	ck_assert(isfinite(lab.federation.record.train_loss));
	fed_assert_ok(fed_split_cuts(state_of(&lab), &lab.net, at, &err), &err);
	const size_t head = lab.net.layer[at[0]].offset, own = (384 + 1) * 4;
	const float *after = lab.federation.params;
	ck_assert_mem_eq(after + head - own, before + head - own, own * sizeof *after);
	ck_assert_mem_ne(after, before, (head - own) * sizeof *after);
	ck_assert_mem_ne(after + head, before + head, (lab.net.dim - head) * sizeof *after);
	lab_run(&lab, 1); /* and the next one has all again */
	ck_assert_double_eq(lab.federation.record.reported, 3);
	fed_free_floats(before);
	lab_release(&lab);
}
END_TEST

/* One number of all that a party sends in the round is NaN, or one message arrives damaged: the
 * server refuses that batch, and with it the party. */
START_TEST(what_a_party_sends_may_be_refused)
{
	static const char *const faults[] = {"nan", "corrupt"};
	struct fed_error err = {""};
	struct lab lab;

	compose(&lab);
	lab_inject(&lab, faults[_i], 2, 1, 0, 1);
	fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
	for (bool made = false; !made;)
		fed_assert_ok(fed_federation_advance(&lab.federation, &made, &err), &err);
	ck_assert_uint_eq(lab.faults.fault[0].strikes, 1);
	ck_assert_double_eq(lab.federation.record.refused, 1);
	ck_assert_double_eq(lab.federation.record.reported, 2);
	ck_assert_uint_gt(state_of(&lab)->seen, 0);
	for (size_t j = 0; j < lab.net.dim; j++)
		ck_assert(isfinite(lab.federation.params[j]));
	lab_run(&lab, 1); /* the fault is over */
	ck_assert_double_eq(lab.federation.record.reported, 3);
	lab_release(&lab);
}
END_TEST

START_TEST(without_a_batch_the_round_fails)
{
	struct fed_error err = {""};
	struct lab lab;

	compose(&lab);
	float *before = copy_of(lab.federation.params, lab.net.dim);
	lab_inject(&lab, "offline", 1, 1, 0, 1);
	fed_assert_ok(fed_federation_begin(&lab.federation, &err), &err);
	int rc = FED_OK;
	for (bool made = false; !made && rc == FED_OK;)
		rc = fed_federation_advance(&lab.federation, &made, &err);
	ck_assert_int_ne(rc, FED_OK);
	fed_federation_abort(&lab.federation, "it failed");
	ck_assert_mem_eq(lab.federation.params, before, lab.net.dim * sizeof *before);
	fed_free_floats(before);
	lab_release(&lab);
}
END_TEST

/* A net of these layers over six columns. */
static void make_net(struct fed_net *net, const char *const *lines)
{
	const struct fed_shape input = {1, {6}};
	struct fed_net_builder storage;
	struct fed_error err = {""};

	fed_net_init(net, &input, 3, 3);
	struct fed_builder *b = fed_net_builder(&storage, net);
	for (; *lines; lines++)
		fed_assert_ok(b->add(b, &err, "%s", *lines), &err);
	fed_assert_ok(b->loss(b, FED_LOSS_CROSS_ENTROPY, &err), &err);
	fed_assert_ok(fed_net_finish(net, &err), &err);
}

/* Heads are as deep as the layers keep the parts apart. */
START_TEST(cuts)
{
	static const struct {
		const char *lines[8], *parts;
		int64_t cut;
		size_t at; /* 0: refused, */
		const char *why;
	} cases[] = {
		{{"block_dense units=6 parts=0-2,3-5", "relu", "block_dense units=4 parts=0-2,3-5", "tanh",
	      "dense units=3"},
	     "0-2,3-5",
	     0,
	     4,
	     NULL},
		{{"block_dense units=6 parts=0-2,3-5", "relu", "block_dense units=4 parts=0-3,4-5", "tanh",
	      "dense units=3"},
	     "",
	     0,
	     2,
	     NULL},
		{{"block_dense units=6 parts=0-2,3-5", "dense units=3"}, "", 1, 1, NULL},
		{{"block_dense units=6 parts=0-2,3-5", "dense units=3"}, "", 2, 0, "layer 2 joins"},
		{{"block_dense units=6 parts=0-2,3-5", "dense units=3"}, "0-1,3-5", 0, 0, "has the parts"},
		{{"block_dense units=6 parts=0-2,3-5", "dense units=3"}, "0-3,3-5", 0, 0, "two ranges"},
		{{"dense units=6", "dense units=3"}, "0-2,3-5", 0, 0, "must be apart"},
		{{"lora rank=1", "block_dense units=6 parts=0-2,3-5", "dense units=3"},
	     "",
	     0,
	     0,
	     "take the model with lora=off"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fed_split s = {.vertical = true};
		struct fed_error err = {""};
		struct fed_net net;
		size_t at[2];

		make_net(&net, cases[i].lines);
		snprintf(s.parts, sizeof s.parts, "%s", cases[i].parts);
		s.cut.n = cases[i].cut > 0;
		s.cut.v[0] = cases[i].cut;
		const int rc = fed_split_cuts(&s, &net, at, &err);
		if (cases[i].at) {
			fed_assert_ok(rc, &err);
			ck_assert_uint_eq(at[0], cases[i].at);
			ck_assert_uint_eq(at[1], net.layers);
		} else {
			ck_assert_int_eq(rc, FED_REJECT);
			ck_assert_msg(strstr(err.text, cases[i].why) != NULL, "%s", err.text);
		}
		fed_net_release(&net);
	}
}
END_TEST

FED_SUITE(vertical)
{
	Suite *suite = suite_create("vertical");
	TCase *tests = tcase_create("vertical");

	tcase_add_test(tests, parties_train_the_joint_model);
	tcase_add_test(tests, costs_are_those_of_the_parts);
	tcase_add_loop_test(tests, a_lost_party_ends_the_round, FED_TURN_FORWARD, FED_TURN_SERVED + 1);
	tcase_add_loop_test(tests, a_lost_party_ends_the_round, FED_TURN_DOWN, FED_TURN_BACKWARD + 1);
	tcase_add_loop_test(tests, what_a_party_sends_may_be_refused, 0, 2);
	tcase_add_test(tests, without_a_batch_the_round_fails);
	tcase_add_test(tests, cuts);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One step of the server for the activations of all clients, against a step on the joined batch.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "nn/sgd.h"
#include "support/suite.h"
#include "train/lab.h"
#include "train/round/message_faults.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

/* The parameters that a lab begins with.  The usual ones are too small for anything to overflow. */
static float *first_params(const struct lab *lab)
{
	float *w = fed_alloc_floats(lab->net.dim);

	fed_net_init_params(&lab->net, w, 1);
	for (size_t j = 0; j < lab->net.dim; j++)
		w[j] *= 4;
	return w;
}

/* Clients of 8, 8 and 5 examples, that are one batch each. */
static void compose_joined(struct lab *lab, bool own)
{
	struct fed_error err = {""};

	lab_compose(lab, "blobs classes=4 train=600 test=100", "mlp hidden=9,7", "fedavg", "local", 2,
	            8, FED_PARTITION_IID);
	lab_add(lab, 1, 5, FED_PARTITION_IID, 1e9);
	lab->settings.batch = 8;
	lab_scheme(lab, &fed_scheme_split, "parallel", "v2");
	lab_scheme(lab, &fed_scheme_split, "smashed", "batch");
	lab_scheme(lab, &fed_scheme_split, "labels", own ? "client" : "server");
	lab_start(lab);
	fed_assert_ok(fed_federation_adopt(&lab->federation, first_params(lab), &err), &err);
}

/* The parameters that the scheme's server has: [*from, *to). */
static void server_of(const struct lab *lab, size_t *from, size_t *to)
{
	const struct fed_net *net = &lab->net;
	struct fed_error err;
	size_t at[2];

	fed_assert_ok(
		fed_split_cuts((const struct fed_split *)(const void *)lab->scheme_state, net, at, &err),
		&err);
	*from = net->layer[at[0]].offset;
	*to = at[1] < net->layers ? net->layer[at[1]].offset : net->dim;
}

/* What one step of SGD without a cut, on the examples of these clients, adds to the first
 * parameters. */
static float *joined_step(const struct lab *lab, const uint32_t *clients, size_t n)
{
	const struct fed_sgd sgd = {.lr = lab->settings.lr};
	float *w = first_params(lab), *first = first_params(lab);
	struct fed_workspace ws;
	struct fed_error err;
	int32_t label[24];
	uint32_t ids[24], examples = 0;

	for (size_t i = 0; i < n; i++) { /* their order does not matter much */
		const struct fed_client *client = &lab->clients.client[clients[i]];
		memcpy(ids + examples, client->examples, client->count * sizeof *ids);
		examples += client->count;
	}
	fed_assert_ok(fed_workspace_init(&ws, &lab->net, 0, lab->net.layers, examples, false, &err),
	              &err);
	fed_dataset_gather(lab->data, ids, examples, NULL, fed_workspace_input(&ws), label, NULL);
	fed_sgd_step(&ws, &sgd, w, label, NULL, examples);
	for (size_t j = 0; j < lab->net.dim; j++)
		w[j] -= first[j];
	fed_workspace_release(&ws);
	fed_free_floats(first);
	return w;
}

/* The model after a round in which only these clients were there to the end: the server's layers
 * have made the joined step, and so have the tails on average.  A head makes its share n_i / n of
 * the step that it would make alone, and counts by n_i / n again. */
static void is_joined_step(const struct lab *lab, const uint32_t *clients, size_t n)
{
	const size_t dim = lab->net.dim;
	float *all = joined_step(lab, clients, n), *first = first_params(lab);
	double *head = fed_alloc_array(dim, sizeof *head), examples = 0;
	size_t from, to;

	server_of(lab, &from, &to);
	for (size_t i = 0; i < n; i++)
		examples += lab->clients.client[clients[i]].count;
	for (size_t i = 0; i < n; i++) {
		const double share = lab->clients.client[clients[i]].count / examples;
		float *one = joined_step(lab, &clients[i], 1);
		for (size_t j = 0; j < from; j++)
			head[j] += share * share * one[j];
		fed_free_floats(one);
	}
	for (size_t j = 0; j < dim; j++)
		ck_assert_double_eq_tol(lab->federation.params[j] - first[j],
		                        j < from ? head[j] : (double)all[j], 1e-6);
	ck_assert(to > from);
	fed_free_floats(all);
	fed_free_floats(first);
	fed_free(head);
}

START_TEST(smashed_batch_is_one_step_on_all_batches)
{
	static const uint32_t all[] = {0, 1, 2};
	struct lab lab;

	compose_joined(&lab, _i);
	lab_run(&lab, 1);
	is_joined_step(&lab, all, 3);
	lab_release(&lab);
}
END_TEST

static struct fed_turn *turn_of(struct lab *lab, uint32_t client)
{
	const struct fed_split *s = (const struct fed_split *)(const void *)lab->scheme_state;

	for (uint32_t i = 0; i < s->called; i++)
		if (s->turn[i].client == client)
			return &s->turn[i];
	return NULL;
}

static void advance_to(struct lab *lab, uint32_t client, enum fed_turn_phase phase)
{
	struct fed_error err = {""};
	bool made;

	fed_assert_ok(fed_federation_begin(&lab->federation, &err), &err);
	while (turn_of(lab, client)->phase != phase)
		fed_assert_ok(fed_federation_advance(&lab->federation, &made, &err), &err);
}

static void finish(struct lab *lab)
{
	struct fed_error err = {""};

	for (bool made = false; !made;)
		fed_assert_ok(fed_federation_advance(&lab->federation, &made, &err), &err);
}

/* Whoever went forward with the others and has gone before its gradient came is left out of the
 * step: that is a step on the batches of the others. */
START_TEST(who_fails_between_features_and_gradient_is_left_out)
{
	static const uint32_t left[][2] = {{1, 2}, {0, 2}, {0, 1}};
	const enum fed_turn_phase phase = (enum fed_turn_phase)_i;
	struct fed_error err = {""};

	for (uint32_t gone = 0; gone < 3; gone++) {
		struct lab lab;

		compose_joined(&lab, true);
		advance_to(&lab, gone, phase);
		fed_assert_ok(fed__crash(&lab.federation, gone, turn_of(&lab, gone)->number, &err), &err);
		finish(&lab);
		ck_assert_double_eq(lab.federation.record.lost, 1);
		ck_assert_double_eq(lab.federation.record.reported, 2);
		is_joined_step(&lab, left[gone], 2);
		lab_release(&lab);
	}
}
END_TEST

/* A gradient that is not finite is refused, and its client's activations, which may be why, are in
 * the step no more. */
START_TEST(what_overflows_is_left_out)
{
	static const uint32_t left[] = {0, 1};
	struct lab lab;

	compose_joined(&lab, true);
	advance_to(&lab, 2, _i ? FED_TURN_SERVED : FED_TURN_FEATURES);
	struct fed_turn *t = turn_of(&lab, 2);
	ck_assert(!t->joined);
	for (size_t j = 0; _i && j < t->crossing->dim; j++)
		t->crossing->vector[0][j] = j * 0x9e3779b9u >> 16 & 1 ? 3e38f : -3e38f;
	if (!_i)
		t->params[lab.net.dim - 1] = NAN;
	finish(&lab);
	ck_assert_double_eq(lab.federation.record.refused, 1);
	ck_assert_double_eq(lab.federation.record.reported, 2);
	is_joined_step(&lab, left, 2);
	lab_release(&lab);
}
END_TEST

FED_SUITE(smashed)
{
	Suite *s = suite_create("smashed");
	TCase *c = tcase_create("smashed");

	tcase_add_loop_test(c, smashed_batch_is_one_step_on_all_batches, 0, 2);
	tcase_add_loop_test(c, who_fails_between_features_and_gradient_is_left_out, FED_TURN_FEATURES,
	                    FED_TURN_SERVED_BACK);
	tcase_add_loop_test(c, what_overflows_is_left_out, 0, 2);
	suite_add_tcase(s, c);
	return s;
}

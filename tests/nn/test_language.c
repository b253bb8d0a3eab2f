/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nets that answer at each token: their loss by its definition, its gradient by slopes, and the
 * answer that counts once training is over.
 */
#include "nn/nets.h"
#include "nn/sgd.h"

enum { TOKENS = 6, WORDS = 5, BATCH = 3, ANSWERS = 4, WIDTH = 3 };

/* Answers at the last `answers` of TOKENS tokens. */
static void make(struct fed_net *net, uint32_t answers)
{
	const struct fed_shape input = {1, {TOKENS}};
	struct fed_net_builder storage;
	struct fed_error err = {{0}};

	fed_net_init(net, &input, WORDS, WORDS);
	net->tokens = true;
	struct fed_builder *b = fed_net_builder(&storage, net);
	ck_assert(!b->add(b, &err, "last tokens=%u", answers) && !b->embedding(b, WORDS, WIDTH, &err) &&
	          !b->add(b, &err, "attention heads=1 causal") &&
	          !b->add(b, &err, "dense units=%d each", WORDS) &&
	          !b->loss(b, FED_LOSS_CROSS_ENTROPY, &err));
	fed_assert_ok(fed_net_finish(net, &err), &err);
	ck_assert_uint_eq(net->positions, answers);
}

static void fill_batch(float x[BATCH * TOKENS], int32_t label[BATCH])
{
	for (int i = 0; i < BATCH * TOKENS; i++)
		x[i] = (float)((i * i + i / 3) % WORDS);
	for (int b = 0; b < BATCH; b++)
		label[b] = (3 * b + 1) % WORDS;
}

/* Mean over the answers, sum over the batch, of -log softmax(y)[what follows]. */
static double slow_loss(const float *y, const float *x, const int32_t *label, uint32_t answers)
{
	double sum = 0;

	for (uint32_t b = 0; b < BATCH; b++)
		for (uint32_t j = 0; j < answers; j++, y += WORDS) {
			const uint32_t token = TOKENS - answers + j + 1;
			const int next = token < TOKENS ? (int)x[b * TOKENS + token] : label[b];
			double all = 0;

			for (int c = 0; c < WORDS; c++)
				all += exp((double)y[c]);
			sum += log(all) - (double)y[next];
		}
	return sum / answers;
}

START_TEST(the_loss_is_the_mean_over_what_follows_each_token)
{
	const uint32_t answers = (uint32_t)_i;
	float x[BATCH * TOKENS], y[BATCH * TOKENS * WORDS];
	int32_t label[BATCH], spread[BATCH * TOKENS];
	struct fed_net net;

	make(&net, answers);
	fill_batch(x, label);
	fill(y, sizeof y / sizeof *y, 5);
	fed_net_spread_labels(&net, x, label, BATCH, spread);
	ck_assert_double_eq_tol(fed_net_training_loss(&net, y, spread, NULL, BATCH, 0, NULL),
	                        slow_loss(y, x, label, answers), 1e-6);
	memcpy(y, label, sizeof label); /* in place: any memory that is large enough */
	int32_t *same = (int32_t *)(void *)y;
	fed_net_spread_labels(&net, x, same, BATCH, same);
	ck_assert_int_eq(memcmp(same, spread, BATCH * answers * sizeof *spread), 0);
	fed_net_release(&net);
}
END_TEST

START_TEST(a_step_goes_down_the_slope_of_that_loss)
{
	float x[BATCH * TOKENS];
	int32_t label[BATCH];
	struct fed_workspace ws;
	struct fed_net net;
	struct fed_error err;

	make(&net, ANSWERS);
	fed_assert_ok(fed_workspace_init(&ws, &net, 0, net.layers, BATCH, false, &err), &err);
	float *w = fed_alloc_floats(net.dim), *v = fed_alloc_floats(net.dim);
	fed_net_init_params(&net, w, 3);
	fill_batch(x, label);
	memcpy(v, w, net.dim * sizeof *w);
	memcpy(fed_workspace_input(&ws), x, sizeof x);
	fed_sgd_step(&ws, &(struct fed_sgd){.lr = 1}, v, label, NULL, BATCH);
	for (size_t j = 0; j < net.dim; j++) {
		const float kept = w[j];
		double loss[2];

		for (int k = 0; k < 2; k++) {
			w[j] = kept + (k ? 2e-2f : -2e-2f);
			memcpy(fed_workspace_input(&ws), x, sizeof x);
			const float *y = fed_net_forward_training(&ws, w, BATCH, (struct fed_step_random){0});
			loss[k] = slow_loss(y, x, label, ANSWERS);
		}
		w[j] = kept;
		ck_assert_double_eq_tol((double)(kept - v[j]), (loss[1] - loss[0]) / 4e-2 / BATCH, 4e-4);
	}
	fed_free_floats(w);
	fed_free_floats(v);
	fed_workspace_release(&ws);
	fed_net_release(&net);
}
END_TEST

/* After training the answer behind the window alone is returned, and its gradient is one by the
 * whole output. */
START_TEST(the_last_answer_is_the_models)
{
	float x[BATCH * TOKENS], all[BATCH * ANSWERS * WORDS], dy[BATCH * ANSWERS * WORDS];
	int32_t label[BATCH];
	struct fed_workspace ws;
	struct fed_net net;
	struct fed_error err;

	make(&net, ANSWERS);
	fed_assert_ok(fed_workspace_init(&ws, &net, 0, net.layers, BATCH, false, &err), &err);
	float *w = fed_alloc_floats(net.dim);
	fed_net_init_params(&net, w, 3);
	fill_batch(x, label);
	memcpy(fed_workspace_input(&ws), x, sizeof x);
	memcpy(all, fed_net_forward_training(&ws, w, BATCH, (struct fed_step_random){0}), sizeof all);
	const float *y = fed_net_forward(&ws, w, BATCH);
	fill(dy, BATCH * WORDS, 9);
	float *whole = fed_workspace_output_gradient(&ws);
	memcpy(whole, dy, BATCH * WORDS * sizeof *dy);
	fed_net_spread_gradient(&net, whole, BATCH);
	for (size_t b = 0; b < BATCH; b++)
		for (size_t j = 0; j < ANSWERS; j++)
			for (size_t c = 0; c < WORDS; c++) {
				const size_t at = (b * ANSWERS + j) * WORDS + c;

				if (j == ANSWERS - 1) {
					ck_assert(y[b * WORDS + c] == all[at]);
					ck_assert(whole[at] == dy[b * WORDS + c]);
				} else {
					ck_assert(whole[at] == 0);
				}
			}
	fed_free_floats(w);
	fed_workspace_release(&ws);
	fed_net_release(&net);
}
END_TEST

/* An attacker's inputs are no tokens: what follows is the nearest one. */
START_TEST(labels_are_tokens_whatever_the_inputs_are)
{
	float x[BATCH * TOKENS];
	int32_t label[BATCH], spread[BATCH * TOKENS];
	struct fed_net net;

	make(&net, TOKENS);
	fill_batch(x, label);
	x[1] = -1e30f;
	x[2] = NAN;
	x[3] = 1e30f;
	x[4] = 2.4f;
	fed_net_spread_labels(&net, x, label, BATCH, spread);
	ck_assert_int_eq(spread[0], 0);
	ck_assert_int_eq(spread[1], 0);
	ck_assert_int_eq(spread[2], WORDS - 1);
	ck_assert_int_eq(spread[3], 2);
	for (int i = 0; i < BATCH * TOKENS; i++)
		ck_assert(spread[i] >= 0 && spread[i] < WORDS);
	fed_net_release(&net);
}
END_TEST

FED_SUITE(language)
{
	Suite *suite = suite_create("language");
	TCase *tests = tcase_create("language");

	tcase_add_loop_test(tests, the_loss_is_the_mean_over_what_follows_each_token, 1, TOKENS + 1);
	tcase_add_test(tests, labels_are_tokens_whatever_the_inputs_are);
	tcase_add_test(tests, a_step_goes_down_the_slope_of_that_loss);
	tcase_add_test(tests, the_last_answer_is_the_models);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The quality of answers against slow loops over the definitions, and spreads over clients.
 */
#include "report/evaluator.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/client_models.h"
#include "base/spread.h"
#include "session/small.h"
#include "support/suite.h"

/* Outputs of the global model for test example i, by a workspace of one example. */
static void outputs_of(struct fed_session *s, uint32_t id, float *y)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_workspace space;
	struct fed_error err;

	fed_assert_ok(fed_workspace_init(&space, &parts->net, 0, parts->net.layers, 1, false, &err),
	              &err);
	fed_dataset_gather(parts->data, &id, 1, NULL, fed_workspace_input(&space), NULL, NULL);
	memcpy(y, fed_net_forward(&space, fed_session_params(s), 1), parts->net.outputs * sizeof *y);
	fed_workspace_release(&space);
}

static void quality_of_test(struct fed_session *s, struct fed_quality *q)
{
	const struct fed_dataset *data = fed_session_parts(s)->data;
	const struct fed_evaluation trial = {.first = data->train, .n = data->test};
	struct fed_evaluator *t;
	struct fed_error err;

	fed_assert_ok(fed_evaluator_init(&t, s, &err), &err);
	fed_assert_ok(fed_evaluator_run(t, fed_session_params(s), &trial, q, &err), &err);
	fed_evaluator_free(t);
}

enum { CLASSES = 3, TEST = 60 };
static const char three[] = "dataset blobs classes=3 train=90 test=60 spread=1.5;set lr 0.05;"
							"add 3 noniid 20;model softmax;set epochs 20;round 3";

/* Softmax scores of all test examples. */
static void scores_of(struct fed_session *s, double score[TEST][CLASSES])
{
	const uint32_t first = fed_session_parts(s)->data->train;

	for (uint32_t i = 0; i < TEST; i++) {
		float y[CLASSES];
		double sum = 0;

		outputs_of(s, first + i, y);
		for (int c = 0; c < CLASSES; c++)
			sum += exp((double)y[c]);
		for (int c = 0; c < CLASSES; c++)
			score[i][c] = (double)(float)(exp((double)y[c]) / sum);
	}
}

/* The share of the pairs of an example of the class and another one that are in order. */
static double pairs_in_order(double score[TEST][CLASSES], const int32_t *label, int class)
{
	double in_order = 0, pairs = 0;

	for (int i = 0; i < TEST; i++)
		for (int k = 0; k < TEST; k++) {
			if (label[i] != class || label[k] == class)
				continue;
			pairs++;
			in_order += score[i][class] > score[k][class]    ? 1
			            : score[i][class] == score[k][class] ? 0.5
			                                                 : 0;
		}
	return in_order / pairs;
}

START_TEST(classes_follow_the_definitions)
{
	struct fed_session s;
	struct fed_quality q;
	double score[TEST][CLASSES], f1 = 0, auc = 0;
	uint32_t count[CLASSES][CLASSES] = {{0}};

	small_init(&s, NULL);
	small_do(&s, three);
	quality_of_test(&s, &q);
	scores_of(&s, score);
	const struct fed_dataset *data = fed_session_parts(&s)->data;
	const int32_t *label = data->label + data->train;
	for (int i = 0; i < TEST; i++) {
		int best = 0;

		for (int c = 1; c < CLASSES; c++)
			best = score[i][c] > score[i][best] ? c : best;
		count[label[i]][best]++;
	}
	ck_assert_uint_eq(q.classes, CLASSES);
	ck_assert_int_eq(memcmp(q.confusion, count, sizeof count), 0);
	for (int c = 0; c < CLASSES; c++) {
		const uint32_t answers = count[0][c] + count[1][c] + count[2][c],
					   examples = count[c][0] + count[c][1] + count[c][2];
		const double area = pairs_in_order(score, label, c);

		ck_assert_uint_eq(q.of[c].answers, answers);
		ck_assert_uint_eq(q.of[c].examples, examples);
		ck_assert_double_eq_tol(q.of[c].precision, (double)count[c][c] / answers, 1e-12);
		ck_assert_double_eq_tol(q.of[c].recall, (double)count[c][c] / examples, 1e-12);
		ck_assert_double_eq_tol(q.of[c].auc, area, 1e-12);
		f1 += 2 * q.of[c].precision * q.of[c].recall / (q.of[c].precision + q.of[c].recall) / 3;
		auc += area / 3;
	}
	ck_assert_double_eq_tol(q.macro_f1, f1, 1e-12);
	ck_assert_double_eq_tol(q.auc, auc, 1e-12);
	ck_assert(isnan(q.perplexity) && isnan(q.mae) && q.unknown == 0);
	fed_quality_release(&q);
	fed__session_release(&s);
}
END_TEST

/* Accuracy and loss are those of the round's own evaluation. */
START_TEST(the_round_says_the_same)
{
	static const char *const of[] = {
		three, "dataset markov users=3 length=60 test=0.2;add 2 iid 20;round 1",
		"dataset linear d=3 train=90 test=50;add 2 iid 20;round 2"};

	for (size_t i = 0; i < 3; i++) {
		struct fed_session s;
		struct fed_quality q;

		small_init(&s, NULL);
		small_do(&s, of[i]);
		quality_of_test(&s, &q);
		const struct fed_history *h = fed_session_history(&s);
		const struct fed_record *last = &h->record[h->n - 1];
		ck_assert_double_eq_tol(q.loss, last->test_loss, 1e-9);
		if (i < 2)
			ck_assert_double_eq(q.accuracy, last->test_accuracy);
		else
			ck_assert(isnan(q.accuracy) && isnan(last->test_accuracy));
		if (i == 1)
			ck_assert_double_eq_tol(q.perplexity, exp(last->test_loss), 1e-6);
		fed_quality_release(&q);
		fed__session_release(&s);
	}
}
END_TEST

/* A model that knows nothing is as unsure as among all tokens, with a loss at one token or each. */
START_TEST(the_perplexity_of_knowing_nothing_is_the_vocabulary)
{
	static const char *const of[] = {"gru", "transformer layers=1 width=8",
	                                 "transformer layers=1 width=8 loss=every",
	                                 "transformer layers=1 width=8 loss=every context=3"};
	char lines[160];

	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		struct fed_session s;
		struct fed_quality q;
		struct fed_error err;

		small_init(&s, NULL);
		snprintf(lines, sizeof lines,
		         "dataset markov users=3 length=60 alphabet=13;add 2 iid 20;model %s;set lr 1e-9",
		         of[i]);
		small_do(&s, lines);
		const size_t bytes = s.parts.net.dim * sizeof(float);
		float *zero = fed_alloc_floats(s.parts.net.dim);
		memset(zero, 0, bytes);
		fed_assert_ok(fed_session_start(&s, &err), &err);
		fed_assert_ok(fed__session_adopt_params(&s, zero, &err), &err);
		small_do(&s, "round 1");
		const struct fed_history *h = fed_session_history(&s);
		ck_assert_double_eq_tol(h->record[0].perplexity, 13, 1e-5);
		ck_assert_double_eq_tol(h->record[0].train_loss, log(13), 1e-6);
		quality_of_test(&s, &q);
		ck_assert_double_eq_tol(q.perplexity, 13, 1e-5);
		fed_quality_release(&q);
		fed__session_release(&s);
	}
}
END_TEST

START_TEST(a_regression_has_its_errors)
{
	struct fed_session s;
	struct fed_quality q;
	double off = 0, squares = 0, mean = 0, all = 0;

	small_init(&s, NULL);
	small_do(&s, "dataset linear d=3 train=90 test=40;add 2 iid 20;set lr 0.05;round 2");
	quality_of_test(&s, &q);
	const struct fed_dataset *data = fed_session_parts(&s)->data;
	for (uint32_t i = 0; i < 40; i++)
		mean += (double)data->target[data->train + i] / 40;
	for (uint32_t i = 0; i < 40; i++) {
		const double t = (double)data->target[data->train + i];
		float y;

		outputs_of(&s, data->train + i, &y);
		off += fabs((double)y - t) / 40;
		squares += ((double)y - t) * ((double)y - t);
		all += (t - mean) * (t - mean);
	}
	ck_assert_double_eq_tol(q.mae, off, 1e-6);
	ck_assert_double_eq_tol(q.rmse, sqrt(squares / 40), 1e-6);
	ck_assert_double_eq_tol(q.r2, 1 - squares / all, 1e-6);
	ck_assert(!q.classes && isnan(q.auc));
	fed__session_release(&s);
}
END_TEST

START_TEST(what_is_not_finite_is_wrong)
{
	struct fed_session s;
	struct fed_quality q;
	struct fed_evaluator *t;
	struct fed_error err;
	const struct fed_evaluation trial = {.first = 90, .n = TEST};

	small_init(&s, NULL);
	small_do(&s, three);
	const size_t dim = fed_session_parts(&s)->net.dim;
	float *params = fed_alloc_floats(dim);
	for (size_t j = 0; j < dim; j++)
		params[j] = NAN;
	fed_assert_ok(fed_evaluator_init(&t, &s, &err), &err);
	fed_assert_ok(fed_evaluator_run(t, params, &trial, &q, &err), &err);
	ck_assert_uint_eq(q.unknown, TEST);
	ck_assert(q.accuracy == 0 && q.macro_f1 == 0 && isnan(q.auc) && isnan(q.of[0].precision));
	fed_evaluator_free(t);
	fed_free_floats(params);
	fed_quality_release(&q);
	fed__session_release(&s);
}
END_TEST

/* What `set metrics` chooses is in the record, bit for bit what `evaluate` says but for AUC, whose
 * scores come from batches of another size; nothing else changes. */
START_TEST(rounds_measure_what_is_chosen)
{
	struct fed_session s, plain;
	struct fed_quality q;
	char lines[256];

	small_init(&s, NULL);
	small_init(&plain, NULL);
	snprintf(lines, sizeof lines,
	         "set metrics macro-f1,auc,class:2,balanced-accuracy,worst-class;%s", three);
	small_do(&s, lines);
	small_do(&plain, three);
	quality_of_test(&s, &q);
	const struct fed_history *h = fed_session_history(&s);
	struct fed_record last = h->record[h->n - 1];
	double worst = 1, mean = 0;
	for (int c = 0; c < CLASSES; c++) {
		worst = q.of[c].recall < worst ? q.of[c].recall : worst;
		mean += q.of[c].recall / CLASSES;
	}
	ck_assert(last.macro_f1 == q.macro_f1 && last.macro_f1 > 0.2 && last.macro_f1 < 1);
	ck_assert_double_eq_tol(last.auc, q.auc, 1e-9);
	ck_assert_double_eq_tol(last.balanced_accuracy, mean, 1e-12);
	ck_assert(last.worst_class == worst && last.class_recall == q.of[2].recall);
	ck_assert(last.class_precision == q.of[2].precision && last.class_f1 == q.of[2].f1);
	ck_assert(isnan(last.mae) && isnan(last.r2));
	fed_record_forget_chosen(&last);
	const struct fed_history *other = fed_session_history(&plain);
	ck_assert(fed_record_digest(&last) == fed_record_digest(&other->record[other->n - 1]));
	small_do(&s, "set metrics none;round 1");
	ck_assert(isnan(h->record[h->n - 1].macro_f1) && isnan(h->record[h->n - 1].class_f1));
	fed_quality_release(&q);
	fed__session_release(&plain);
	fed__session_release(&s);
}
END_TEST

START_TEST(a_regression_measures_what_is_chosen)
{
	struct fed_session s;
	struct fed_quality q;

	small_init(&s, NULL);
	small_do(&s, "dataset linear d=3 train=90 test=40;add 2 iid 20;set lr 0.05;set metrics r2,mae;"
	             "round 2");
	quality_of_test(&s, &q);
	const struct fed_record *last = &fed_session_history(&s)->record[1];
	ck_assert(last->r2 == q.r2 && last->mae == q.mae && isnan(last->rmse) && isnan(last->auc));
	small_refuses(&s, "set metrics auc", "regression");
	small_refuses(&s, "set metrics class:1", "regression");
	fed__session_release(&s);
	small_init(&s, NULL);
	small_refuses(&s, "set metrics macro-f2", "did you mean macro-f1?");
	small_refuses(&s, "set metrics auc,", "is not known");
	small_refuses(&s, "set metrics class:x", "number");
	small_refuses(&s, "set metrics class:1,class:2", "one class");
	small_refuses(&s, "set metrics loss", "anyway");
	small_do(&s, "dataset blobs classes=3 train=90 test=60");
	small_refuses(&s, "set metrics mae", "tells classes apart");
	small_refuses(&s, "set metrics class:3", "0 to 2");
	fed__session_release(&s);
}
END_TEST

/* A client's own model is worth what training it by hand says. */
START_TEST(own_models_are_those_that_were_sent)
{
	struct fed_session s;
	struct fed_client_models m;
	struct fed_error err;

	small_init(&s, NULL);
	small_do(&s, three);
	fed_assert_ok(fed_client_models_init(&m, &s, &err), &err);
	ck_assert_uint_eq(m.n, 3);
	const struct fed_federation *f = fed_session_federation(&s);
	for (size_t i = 0; i < m.n; i++) {
		const float *own = fed_client_models_own(&m, i);

		ck_assert_uint_eq(m.update[i]->client, i);
		for (size_t j = 0; j < m.dim; j++)
			ck_assert_float_eq(own[j], (f->params[j] - f->verdicts.step[j]) +
			                               m.update[i]->update->vector[0][j]);
	}
	fed_client_models_release(&m);
	fed__session_release(&s);
}
END_TEST

START_TEST(figures_spread_over_clients)
{
	const double x[] = {0.9, NAN, 0.5, 0.7, 0.3}, weight[] = {1, 5, 1, 2, 4};
	struct fed_spread s;
	struct fed_error err;

	fed_assert_ok(fed_spread_of(&s, x, weight, 5, true, &err), &err);
	ck_assert_uint_eq(s.n, 4);
	ck_assert_double_eq_tol(s.mean, 0.6, 1e-12);
	ck_assert_double_eq_tol(s.weighted, (0.9 + 0.5 + 1.4 + 1.2) / 8, 1e-12);
	ck_assert_double_eq_tol(s.deviation, sqrt((0.09 + 0.01 + 0.01 + 0.09) / 3), 1e-12);
	ck_assert(s.worst == 0.3 && s.worst_at == 4 && s.worst_tenth == 0.3);
	ck_assert_double_eq_tol(s.jain, 2.4 * 2.4 / (4 * (0.81 + 0.25 + 0.49 + 0.09)), 1e-12);
	fed_assert_ok(fed_spread_of(&s, x, weight, 5, false, &err), &err);
	ck_assert(s.worst == 0.9 && s.worst_at == 0);
	ck_assert_double_eq_tol(s.deviation, sqrt((0.09 + 0.01 + 0.01 + 0.09) / 3), 1e-12);

	double many[21], ones[21];
	for (int i = 0; i < 21; i++) {
		many[i] = (i * 8) % 21; /* 0 to 20, mixed */
		ones[i] = 1;
	}
	fed_assert_ok(fed_spread_of(&s, many, ones, 21, true, &err), &err);
	ck_assert_double_eq_tol(s.worst_tenth, 1, 1e-12); /* of 0, 1, 2 */
	fed_assert_ok(fed_spread_of(&s, x + 1, weight, 1, true, &err), &err);
	ck_assert(s.n == 0 && isnan(s.mean) && isnan(s.jain));
}
END_TEST

static int try_quality(void *ctx, struct fed_error *err)
{
	const struct fed_evaluation trial = {.first = 90, .n = 20};
	struct fed_evaluator *t;
	struct fed_quality q = {0};
	int rc = fed_evaluator_init(&t, ctx, err);

	if (rc == FED_OK)
		rc = fed_evaluator_run(t, fed_session_params(ctx), &trial, &q, err);
	fed_evaluator_free(t);
	fed_quality_release(&q);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, three);
	ck_assert_uint_ge(fed_each_allocation(try_quality, &s), 8);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(quality)
{
	Suite *suite = suite_create("quality");
	TCase *tests = tcase_create("quality");

	tcase_add_test(tests, classes_follow_the_definitions);
	tcase_add_test(tests, the_round_says_the_same);
	tcase_add_test(tests, the_perplexity_of_knowing_nothing_is_the_vocabulary);
	tcase_add_test(tests, a_regression_has_its_errors);
	tcase_add_test(tests, what_is_not_finite_is_wrong);
	tcase_add_test(tests, rounds_measure_what_is_chosen);
	tcase_add_test(tests, a_regression_measures_what_is_chosen);
	tcase_add_test(tests, own_models_are_those_that_were_sent);
	tcase_add_test(tests, figures_spread_over_clients);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}

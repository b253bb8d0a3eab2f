/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far steps of plain gradient descent in floats are from those in doubles.
 */
#include "base/random.h"
#include "nn/nets.h"
#include "nn/sgd.h"

enum { IN = 784, CLASSES = 10, DIM = IN * CLASSES + CLASSES, STEPS = 10, BATCH_MOST = 2000 };

static float x[BATCH_MOST * IN];
static int32_t label[BATCH_MOST];
static double want[DIM], gradient[DIM];

/* Pictures on black: four of five pixels are 0, and some depend on the label. */
static void make_examples(void)
{
	for (size_t b = 0; b < BATCH_MOST; b++) {
		label[b] = (int32_t)(fed_random(1, b) % CLASSES);
		for (size_t j = 0; j < IN; j++) {
			const bool lit =
				fed_random_real(2, b * IN + j) < (j % CLASSES == (size_t)label[b] ? 0.8 : 0.12);
			x[b * IN + j] = lit ? (float)fed_random_real(3, b * IN + j) : 0;
		}
	}
}

static void add_gradient(const double *w, const float *example, int32_t right, double share)
{
	double y[CLASSES], top = -INFINITY, sum = 0;

	for (size_t c = 0; c < CLASSES; c++) {
		y[c] = w[IN * CLASSES + c];
		for (size_t j = 0; j < IN; j++)
			y[c] += (double)example[j] * w[j * CLASSES + c];
		top = fmax(top, y[c]);
	}
	for (size_t c = 0; c < CLASSES; c++)
		sum += y[c] = exp(y[c] - top);
	for (size_t c = 0; c < CLASSES; c++) {
		const double dy = share * (y[c] / sum - (c == (size_t)right));
		for (size_t j = 0; j < IN; j++)
			gradient[j * CLASSES + c] += dy * (double)example[j];
		gradient[IN * CLASSES + c] += dy;
	}
}

static void step_in_doubles(uint32_t batch, double lr)
{
	memset(gradient, 0, sizeof gradient);
	for (uint32_t b = 0; b < batch; b++)
		add_gradient(want, x + b * IN, label[b], 1.0 / batch);
	for (size_t j = 0; j < DIM; j++)
		want[j] -= lr * gradient[j];
}

/* |w - want| / |want - first|: the error as a share of the way of all steps. */
static double error_of(uint32_t batch, double lr)
{
	struct fed_net net;
	struct fed_workspace ws;
	struct fed_net_builder storage;
	struct fed_error err;
	const struct fed_shape shape = {1, {IN}};
	float *w = fed_alloc_floats(DIM), *first = fed_alloc_floats(DIM);
	const struct fed_sgd sgd = {.lr = lr};
	double off = 0, way = 0;

	fed_net_init(&net, &shape, CLASSES, CLASSES);
	struct fed_builder *builder = fed_net_builder(&storage, &net);
	ck_assert_int_eq(builder->dense(builder, CLASSES, &err), FED_OK);
	ck_assert_int_eq(builder->loss(builder, FED_LOSS_CROSS_ENTROPY, &err), FED_OK);
	ck_assert_int_eq(fed_net_finish(&net, &err), FED_OK);
	ck_assert_int_eq(fed_workspace_init(&ws, &net, 0, net.layers, batch, false, &err), FED_OK);
	fed_net_init_params(&net, w, 1);
	for (size_t j = 0; j < DIM; j++)
		want[j] = (double)(first[j] = w[j]);
	for (int step = 0; step < STEPS; step++) {
		memcpy(fed_workspace_input(&ws), x, (size_t)batch * IN * sizeof *x);
		fed_sgd_step(&ws, &sgd, w, label, NULL, batch);
		step_in_doubles(batch, lr);
	}
	for (size_t j = 0; j < DIM; j++) {
		off += pow((double)w[j] - want[j], 2);
		way += pow(want[j] - (double)first[j], 2);
	}
	fed_workspace_release(&ws);
	fed_net_release(&net);
	fed_free_floats(w);
	fed_free_floats(first);
	return sqrt(off / way);
}

/* Weights are floats: that they are rounded once in a step is what is left at a small rate. */
START_TEST(steps_are_those_of_doubles)
{
	static const struct {
		double lr, error;
	} rates[] = {{0.5, 1e-6}, {1e-4, 1e-3}};
	static const uint32_t batches[] = {10,  50,        FED_DIRECT_EXAMPLES, FED_DIRECT_EXAMPLES + 1,
	                                   600, BATCH_MOST};

	make_examples();
	for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
		const uint32_t batch = batches[_i];
		const double error = error_of(batch, rates[k].lr);

		ck_assert_msg(error < rates[k].error, "batch %u, rate %g: off by %g of the way", batch,
		              rates[k].lr, error);
	}
}
END_TEST

FED_SUITE(sgd_precision)
{
	Suite *suite = suite_create("sgd precision");
	TCase *tests = tcase_create("sgd precision");

	tcase_add_loop_test(tests, steps_are_those_of_doubles, 0, 6);
	suite_add_tcase(suite, tests);
	return suite;
}

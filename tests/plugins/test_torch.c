/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * First steps of training, equal to PyTorch's.
 *
 * tests/bench/torch_models.py makes the figures: parameters, examples and labels follow from
 * formulas that both have.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "drive.h"
#include "nn/sgd.h"
#include "support/suite.h"

static const struct figure {
	const char *model, *settings;
	struct fed_shape input;
	uint32_t batch, classes;
	bool tokens;
	double lr, loss[4], evaluated;
} figures[] = {
	{"resnet8",
     "width=8 groups=4",
     {3, {9, 10, 3}},
     5,
     4,
     false,
     0.1,
     {1.4587064, 1.4366130, 1.4180713, 1.4020264},
     1.3885477},
	{"resnet8",
     "width=8 norm=batch",
     {3, {9, 10, 3}},
     5,
     4,
     false,
     0.1,
     {1.4258084, 1.3990508, 1.3748348, 1.3533701},
     1.4075549},
	{"transformer",
     "heads=3 width=12",
     {1, {9}},
     6,
     11,
     true,
     0.1,
     {2.5276887, 2.4986641, 2.4715402, 2.4459443},
     2.4215693},
	{"transformer",
     "heads=3 width=12 loss=every",
     {1, {9}},
     6,
     11,
     true,
     0.1,
     {2.4529698, 2.4344926, 2.4169476, 2.4001942},
     2.5318391},
};

/* Number i of tensor k. */
static float wave(size_t i, unsigned k, double scale)
{
	const double square = (double)(i % 97) * (double)(i % 97);

	return (float)(scale * cos(1.3 * k + 0.71 * (double)i + 0.013 * square));
}

/* Fill a tensor in the order of its file form. */
static void fill_tensor(const struct fed_tensor *t, unsigned k, float *params)
{
	size_t n = 1, fan = 1;

	for (uint32_t d = 0; d < t->file_rank; d++)
		n *= t->file_shape[d];
	fan = t->file_rank > 1 ? n / t->file_shape[0] : 16;
	for (size_t i = 0; i < n; i++) {
		size_t at = t->offset, rest = i;

		for (uint32_t d = t->rank; d-- > 0; rest /= t->dim[d])
			at += rest % t->dim[d] * t->stride[d];
		params[at] = wave(i, k, 1 / sqrt((double)fan));
	}
}

static void fill_params(const struct fed_net *net, float *params)
{
	struct fed_tensor tensor;
	char name[48];
	unsigned k = 0;

	fed_net_init_params(net, params, 1);
	for (size_t l = 0; l < net->layers; l++)
		for (uint32_t t = 0; fed_net_tensor(net, l, t, name, &tensor); t++)
			if (!strstr(name, ".running_")) /* these begin as PyTorch's */
				fill_tensor(&tensor, k++, params);
}

static void fill_batch(const struct figure *row, float *x, int32_t *label)
{
	const size_t n = row->batch * fed_shape_size(&row->input);

	for (size_t i = 0; i < n; i++)
		x[i] = row->tokens ? (float)((i * i + 3 * i) % row->classes) : wave(i, 50, 1);
	for (uint32_t b = 0; b < row->batch; b++)
		label[b] = (int32_t)(b % row->classes);
}

static void open_net(const struct figure *row, struct fed_net *net)
{
	struct fed_net_builder builder;
	struct fed_error err = {{0}};
	struct drive d;

	drive_open(&d, row->model, row->settings);
	fed_net_init(net, &row->input, row->classes, row->classes);
	net->tokens = row->tokens;
	fed_assert_ok(fed_call_build(&d.instance, fed_net_builder(&builder, net), &err), &err);
	fed_assert_ok(fed_net_finish(net, &err), &err);
	drive_close(&d);
}

START_TEST(first_steps_are_those_of_pytorch)
{
	const struct figure *row = &figures[_i];
	const struct fed_sgd sgd = {.lr = row->lr};
	struct fed_workspace ws;
	struct fed_net net;
	struct fed_error err;
	int32_t label[8];

	open_net(row, &net);
	fed_assert_ok(fed_workspace_init(&ws, &net, 0, net.layers, row->batch, false, &err), &err);
	float *params = fed_alloc_floats(net.dim);
	fill_params(&net, params);
	for (int step = 0; step < 4; step++) {
		fill_batch(row, fed_workspace_input(&ws), label);
		const double loss = fed_sgd_step(&ws, &sgd, params, label, NULL, row->batch);
		ck_assert_double_eq_tol(loss / row->batch, row->loss[step], 1e-5);
	}
	fill_batch(row, fed_workspace_input(&ws), label);
	const float *y = fed_net_forward(&ws, params, row->batch);
	const double loss = fed_net_loss(&net, y, label, NULL, row->batch, 0, NULL, NULL);
	ck_assert_double_eq_tol(loss / row->batch, row->evaluated, 1e-5);
	fed_free_floats(params);
	fed_workspace_release(&ws);
	fed_net_release(&net);
}
END_TEST

FED_SUITE(torch)
{
	Suite *suite = suite_create("torch");
	TCase *tests = tcase_create("torch");

	tcase_add_loop_test(tests, first_steps_are_those_of_pytorch, 0,
	                    sizeof figures / sizeof *figures);
	suite_add_tcase(suite, tests);
	return suite;
}

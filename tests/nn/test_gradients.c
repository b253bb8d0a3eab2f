/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every layer's gradients against central finite differences of the loss.
 */
#include "nn/nets.h"

static const struct net_case cases[] = {
	{"dense 3", {1, {5}}, 3, 3},
	{"dense 4", {1, {3}}, 0, 4},
	{"dense 20, tanh, dense 17, relu, dense 10", {2, {6, 5}}, 10, 10},
	{"dense 33, tanh, dense 2", {3, {4, 4, 3}}, 0, 2},
	{"flatten, dense 7, tanh, tanh, dense 3", {3, {3, 3, 2}}, 3, 3},
	{"conv 3 3 1, tanh, dense 4", {3, {5, 6, 1}}, 4, 4},
	{"conv 6 5 2, tanh, mean_pool 2, conv 16 5 0, tanh, dense 5", {3, {14, 14, 1}}, 5, 5},
	{"conv 5 1 0, tanh, conv 7 3 2, mean_pool 3, flatten, dense 4", {3, {7, 5, 3}}, 4, 4},
	{"conv 32 3 1, tanh, conv 17 3 0, tanh, dense 3", {3, {6, 6, 6}}, 3, 3},
	{"conv 16 3 0, conv 4 2 1, tanh, dense 2", {2, {8, 7}}, 0, 2},
	{"max_pool 2, tanh, dense 3", {3, {5, 7, 3}}, 3, 3},
	{"max_pool 3, flatten, dense 3", {3, {7, 8, 16}}, 3, 3},
	{"mean_pool 1, max_pool 1, dense 3", {3, {2, 3, 2}}, 3, 3},
	{"conv 20 5 2, relu, max_pool 2, conv 18 5 2, relu, max_pool 2, flatten, dense 12, relu, "
     "dense 3",
     {3, {12, 12, 1}},
     3,
     3},
	{"relu, dense 3", {1, {9}}, 3, 3},
	{"gru 5, dense 3", {2, {1, 4}}, 3, 3},
	{"gru 4, dense 3", {2, {6, 3}}, 3, 3},
	{"gru 19, dense 2", {2, {9, 17}}, 0, 2},
	{"embedding 5 3, gru 4, dense 5", {1, {8}}, 5, 5},
	{"embedding 4 18, gru 21, tanh, dense 4", {1, {5}}, 4, 4},
	{"embedding 6 2, tanh, dense 6", {1, {3}}, 6, 6},
	{"conv filters=5 kernel=3 stride=2 pad=1, tanh, dense 3", {3, {7, 6, 3}}, 3, 3},
	{"conv filters=4 kernel=1 stride=3, tanh, dense 3", {3, {7, 8, 2}}, 3, 3},
	{"batch_norm, tanh, dense 3", {3, {3, 4, 5}}, 3, 3},
	{"dense 19, batch_norm, tanh, dense 3", {1, {6}}, 3, 3},
	{"group_norm groups=3, tanh, dense 3", {3, {3, 4, 18}}, 3, 3},
	{"conv 4 3 1, group_norm groups=4, gelu, dense 3", {3, {4, 4, 2}}, 3, 3},
	{"layer_norm, gelu, dense 3", {2, {5, 18}}, 3, 3},
	{"dropout rate=0.4, tanh, dense 3", {1, {23}}, 3, 3},
	{"global_pool, dense 3", {3, {4, 3, 17}}, 3, 3},
	{"positions, tanh, dense 3", {2, {4, 3}}, 3, 3},
	{"attention heads=2 causal, dense 3", {2, {5, 6}}, 3, 3},
	{"attention heads=1, tanh, dense 3", {2, {18, 4}}, 3, 3},
	{"last tokens=2, tanh, dense 3", {2, {5, 3}}, 3, 3},
	{"last, tanh, dense 3", {2, {5, 3}}, 3, 3},
	{"dense units=4 each, tanh, dense 3", {2, {5, 3}}, 3, 3},
	{RESIDUAL, {3, {6, 5, 2}}, 4, 4},
	{DECODER, {1, {6}}, 11, 11},
};

/* Of parameters that are more, so many are compared: six losses each. */
enum { COMPARED = FED_SANITIZED ? 45 : 150 };

/* (f(v + step) - f(v - step)) / 2 step. */
static double central(struct trial *t, float *v, float step)
{
	const float old = *v;

	*v = old + step;
	const double up = loss_of(t), high = (double)*v;
	*v = old - step;
	const double down = loss_of(t), low = (double)*v;
	*v = old;
	return (up - down) / (high - low);
}

/* The slope of the loss by *v; NaN where a kink (relu, max) is so near that the step matters. */
static double slope(struct trial *t, float *v)
{
	const double wide = central(t, v, 4e-3f), middle = central(t, v, 1e-3f);
	const double narrow = central(t, v, 2.5e-4f);
	const double apart = fmax(fabs(wide - middle), fabs(middle - narrow));

	return apart > 1e-3 * (1 + fabs(middle)) ? NAN : middle;
}

/* Returns how many of the n values, or of those that are compared, had no kink. */
static unsigned compare(struct trial *t, float *v, const float *gradient, size_t n,
                        const char *what)
{
	unsigned smooth = 0;

	for (size_t k = 0; k < n && k < COMPARED; k++) {
		const size_t j = n <= COMPARED ? k : fed_random(11, k) % n;
		const double wanted = slope(t, &v[j]), got = (double)gradient[j];

		if (isnan(wanted))
			continue;
		smooth++;
		ck_assert_msg(fabs(wanted - got) <= 3e-3 * (1 + fabs(wanted)), "%s[%zu]: %g, should be %g",
		              what, j, got, wanted);
	}
	return smooth;
}

/* Whether a layer does something else in training. */
static bool differs_in_training(const char *layers)
{
	return strstr(layers, "batch_norm") || strstr(layers, "dropout");
}

START_TEST(gradients_are_slopes)
{
	struct trial t;

	if (FED_SANITIZED && _i % 2 && !differs_in_training(cases[_i / 2].layers))
		return;
	make_trial(&t, &cases[_i / 2], 3);
	t.training = _i % 2; /* moments of the batch, and dropout by a fixed key */
	t.key = 77;
	gradient_of(&t);
	const size_t inputs = t.batch * fed_shape_size(&t.net.input);
	float *dx = fed_alloc_floats(inputs);
	memcpy(dx, fed_workspace_input_gradient(&t.ws), inputs * sizeof *dx);

	for (size_t o = 0; o < t.net.ops; o++) {
		const struct fed_net_layer *layer = &t.net.op[o];
		const size_t trained = layer->count - layer->buffers;

		if (trained)
			ck_assert_uint_gt(compare(&t, t.params + layer->offset, t.grads + layer->offset,
			                          trained, layer->name),
			                  trained < 2 * COMPARED / 3 ? trained / 3 : COMPARED / 5);
	}
	compare(&t, t.input, dx, inputs, "input");
	fed_free_floats(dx);
	free_trial(&t);
}
END_TEST

/* Cross entropy by its definition, in double. */
static double plain_cross_entropy(const float *y, int32_t label, uint32_t classes)
{
	double sum = 0;

	for (uint32_t c = 0; c < classes; c++)
		sum += exp((double)y[c]);
	return log(sum) - (double)y[label];
}

START_TEST(cross_entropy_is_its_definition)
{
	static const uint32_t classes[] = {1, 2, 10, 17, 300, 1000};
	const uint32_t n = classes[_i], batch = 5;
	float *y = fed_alloc_floats((size_t)batch * n), *dy = fed_alloc_floats((size_t)batch * n);
	int32_t label[5];
	double wanted = 0;
	uint32_t hits = 3, right = 3;

	fill(y, (size_t)batch * n, 5);
	for (uint32_t b = 0; b < batch; b++) {
		float *row = y + (size_t)b * n;
		uint32_t best = 0;

		label[b] = (int32_t)(fed_random(6, b) % n);
		for (uint32_t c = 0; c < n; c++) {
			row[c] *= 8;
			best = row[c] > row[best] ? c : best;
		}
		right += best == (uint32_t)label[b];
		wanted += plain_cross_entropy(row, label[b], n);
	}
	const double got = fed__loss_cross_entropy(y, label, batch, n, -0.25f, dy, &hits);
	ck_assert_double_eq_tol(got, wanted, 1e-5 * (1 + fabs(wanted)));
	ck_assert_double_eq_tol(fed__loss_cross_entropy(y, label, batch, n, 1, NULL, NULL), got, 1e-12);
	ck_assert_uint_eq(hits, right);
	for (uint32_t b = 0; b < batch; b++)
		for (uint32_t c = 0; c < n; c++) {
			const float *row = y + (size_t)b * n;
			const double p = exp(-plain_cross_entropy(row, (int32_t)c, n));
			const double slope_c = -0.25 * (p - (label[b] == (int32_t)c));
			ck_assert_double_eq_tol((double)dy[(size_t)b * n + c], slope_c, 1e-6);
		}
	fed_free_floats(y);
	fed_free_floats(dy);
}
END_TEST

START_TEST(large_outputs_do_not_overflow)
{
	const float y[3] = {1000, 990, -1000};
	const int32_t label = 1;
	float dy[3];

	ck_assert_double_eq_tol(fed__loss_cross_entropy(y, &label, 1, 3, 1, dy, NULL), 10.0000454,
	                        1e-4);
	ck_assert_double_eq_tol((double)dy[1], 4.53979e-5 - 1, 1e-6);
}
END_TEST

START_TEST(not_a_number_is_seen)
{
	const float y[3] = {1, NAN, 2};
	const int32_t label = 0;

	ck_assert(isnan(fed__loss_cross_entropy(y, &label, 1, 3, 1, NULL, NULL)));
}
END_TEST

START_TEST(squared_loss_is_the_mean_over_outputs)
{
	const float y[4] = {1, 2, 3, 4}, target[4] = {0, 2, 5, 3};
	float dy[4];

	ck_assert_double_eq_tol(fed__loss_squared(y, target, 2, 2, 3, dy), (1 + 0 + 4 + 1) / 4.0, 1e-9);
	ck_assert_double_eq_tol((double)dy[0], 1.5, 1e-7);
	ck_assert_double_eq_tol((double)dy[2], -3, 1e-7);
}
END_TEST

FED_SUITE(gradients)
{
	Suite *suite = suite_create("gradients");
	TCase *tests = tcase_create("gradients");

	tcase_add_loop_test(tests, gradients_are_slopes, 0, 2 * sizeof cases / sizeof *cases);
	tcase_add_loop_test(tests, cross_entropy_is_its_definition, 0, 6);
	tcase_add_test(tests, large_outputs_do_not_overflow);
	tcase_add_test(tests, not_a_number_is_seen);
	tcase_add_test(tests, squared_loss_is_the_mean_over_outputs);
	suite_add_tcase(suite, tests);
	return suite;
}

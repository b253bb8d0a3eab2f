/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Steps of gradient descent against their definition.
 */
#include "nn/nets.h"
#include "nn/sgd.h"

/* Adds nothing, but makes the step one with a gradient buffer. */
static void nothing(void *ctx, const float *w, float *g, size_t j0, size_t j1)
{
	(void)ctx, (void)w, (void)g, (void)j0, (void)j1;
}

/* g += ctx's factor * w */
static void pull(void *ctx, const float *w, float *g, size_t j0, size_t j1)
{
	for (size_t j = j0; j < j1; j++)
		g[j] += *(const float *)ctx * w[j];
}

static void take_steps(struct trial *t, const struct fed_sgd *sgd, int steps)
{
	for (int s = 0; s < steps; s++) {
		put_input(t);
		fed_sgd_step(&t->ws, sgd, t->params, t->label, t->target, t->batch);
	}
}

static void assert_close(const float *a, const float *b, size_t n, double tolerance)
{
	for (size_t j = 0; j < n; j++)
		ck_assert_double_eq_tol((double)a[j], (double)b[j], tolerance);
}

START_TEST(plain_steps_need_no_buffer)
{
	struct trial t, u;

	make_trial(&t, &nets[_i], 6);
	make_trial(&u, &nets[_i], 6);
	const struct fed_sgd plain = {.lr = 0.1};
	const struct fed_sgd buffered = {.lr = 0.1, .extra = nothing, .gradient = u.grads};
	ck_assert(fed__sgd_is_plain(&plain) && !fed__sgd_is_plain(&buffered));
	take_steps(&t, &plain, 4);
	take_steps(&u, &buffered, 4);
	assert_close(t.params, u.params, t.net.dim, 1e-5);
	for (size_t j = 0; j < u.net.dim; j++)
		ck_assert_float_eq(u.grads[j], 0);
	free_trial(&t);
	free_trial(&u);
}
END_TEST

/* Whether parameter j is a buffer, which no step trains. */
static bool is_buffer(const struct fed_net *net, size_t j)
{
	for (size_t o = 0; o < net->ops; o++) {
		const size_t end = net->op[o].offset + net->op[o].count;

		if (j < end)
			return j >= end - net->op[o].buffers;
	}
	return false;
}

/* One step by hand from the gradient of the mean loss, in double. */
START_TEST(steps_are_their_definition)
{
	struct trial t;
	float factor = 0.3f;

	make_trial(&t, &nets[_i], 6);
	t.training = true;
	const size_t dim = t.net.dim;
	float *velocity = fed_alloc_floats(dim), *gradient = fed_alloc_floats(dim);
	double *w = fed_alloc_array(dim, sizeof *w), *v = fed_alloc_array(dim, sizeof *v);
	const struct fed_sgd sgd = {.lr = 0.05,
	                            .momentum = 0.9,
	                            .weight_decay = 0.01,
	                            .extra = pull,
	                            .ctx = &factor,
	                            .gradient = gradient,
	                            .velocity = velocity};

	for (int step = 0; step < 3; step++) {
		memset(t.grads, 0, dim * sizeof *t.grads);
		gradient_of(&t);
		for (size_t j = 0; j < dim; j++) {
			w[j] = (double)t.params[j];
			v[j] = 0.9 * v[j] + (double)t.grads[j] / 6 + (0.01 + (double)factor) * w[j];
			w[j] -= 0.05 * v[j];
		}
		take_steps(&t, &sgd, 1);
		for (size_t j = 0; j < dim; j++)
			if (!is_buffer(&t.net, j))
				ck_assert_double_eq_tol((double)t.params[j], w[j], 1e-6);
	}
	fed_free_floats(velocity);
	fed_free_floats(gradient);
	fed_free(w);
	fed_free(v);
	free_trial(&t);
}
END_TEST

START_TEST(parts_make_the_whole_batch)
{
	struct trial t, u;

	make_trial(&t, &nets[_i], 7);
	make_trial(&u, &nets[_i], 7);
	const struct fed_sgd one = {.lr = 0.1, .extra = nothing, .gradient = t.grads};
	struct fed_sgd parts = {.lr = 0.1, .gradient = u.grads};
	const size_t size = fed_shape_size(&u.net.input);
	put_input(&t);
	const double loss = fed_sgd_step(&t.ws, &one, t.params, t.label, t.target, t.batch);
	double sum = 0;
	for (uint32_t i = 0; i < 7; i += 3) {
		const uint32_t n = i + 3 < 7 ? 3 : 7 - i;

		memcpy(fed_workspace_input(&u.ws), u.input + i * size, n * size * sizeof(float));
		parts.random.first = i; /* dropout is that of the whole batch */
		sum += fed_sgd_accumulate(&u.ws, &parts, u.params, u.label + i,
		                          u.target + (size_t)i * u.net.outputs, n, 7);
	}
	fed_sgd_apply(&parts, &u.net, u.params);
	if (!fed_net_mixes_examples(&t.net)) { /* else parts are batches of their own */
		ck_assert_double_eq_tol(loss, sum, 1e-5);
		assert_close(t.params, u.params, t.net.dim, 1e-5);
	}
	free_trial(&t);
	free_trial(&u);
}
END_TEST

FED_SUITE(sgd)
{
	Suite *suite = suite_create("sgd");
	TCase *tests = tcase_create("sgd");

	tcase_add_loop_test(tests, plain_steps_need_no_buffer, 0, NETS);
	tcase_add_loop_test(tests, steps_are_their_definition, 0, NETS);
	tcase_add_loop_test(tests, parts_make_the_whole_batch, 0, NETS);
	suite_add_tcase(suite, tests);
	return suite;
}

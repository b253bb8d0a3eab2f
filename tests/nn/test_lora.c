/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frozen layers and adapters of low rank: at first the bits of the layers that they freeze, then
 * those plus a product; gradients are slopes; what is frozen does not move.
 */
#include <math.h>
#include <string.h>

#include "nn/layers/layers.h"
#include "nn/nets.h"
#include "nn/sgd.h"

enum { BATCH = 5 };

#define AFTER_LORA "lora rank=2 alpha=3, "
static const struct net_case cases[] = {
	{AFTER_LORA "dense 20, relu, dense 17, relu, dense 10", {3, {5, 4, 1}}, 10, 10},
	{AFTER_LORA "conv 8 5 2, relu, max_pool 2, flatten, dense 13, relu, dense 4",
     {3, {8, 8, 1}},
     4,
     4},
	{AFTER_LORA "conv 8 3 1, batch_norm, relu, residual, conv 8 3 1, group_norm groups=2, end, "
                "global_pool, dense 4",
     {3, {6, 6, 3}},
     4,
     4},
	{AFTER_LORA "embedding 11 12, positions, residual, layer_norm, attention heads=3 causal, end, "
                "residual, layer_norm, dense units=20 each, gelu, dense units=12 each, end, "
                "layer_norm, dense 11",
     {1, {7}},
     11,
     11},
	{AFTER_LORA "embedding 11 6, gru 9, trained, dense 11", {1, {7}}, 11, 11},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The same net with all layers trained. */
static struct net_case without(const struct net_case *c)
{
	struct net_case plain = *c;

	plain.layers += strlen(AFTER_LORA);
	return plain;
}

static void make(struct trial *t, const struct net_case *c)
{
	const bool marked = strncmp(c->layers, AFTER_LORA, strlen(AFTER_LORA)) == 0;

	make_trial(t, c, BATCH);
	if (c->input.rank == 1 && c->classes)
		fill_tokens(t->input, BATCH * fed_shape_size(&c->input), c->classes);
	if (marked)
		fed_net_init_frozen(&t->net, 7);
}

/* Adapters begin with B = 0. */
START_TEST(the_beginning_is_the_base)
{
	static const char trained[] = "trained, ";
	struct net_case plain = without(&cases[_i]);
	struct trial lora, base;
	char words[512];

	const char *mark = strstr(plain.layers, trained);
	if (mark) {
		snprintf(words, sizeof words, "%.*s%s", (int)(mark - plain.layers), plain.layers,
		         mark + strlen(trained));
		plain.layers = words;
	}
	make(&lora, &cases[_i]);
	make(&base, &plain);
	const size_t n = (size_t)BATCH * cases[_i].outputs;
	const float *y = forward_of(&base);
	const float *z = forward_of(&lora);
	for (size_t k = 0; k < n; k++)
		ck_assert(y[k] == z[k]);
	/* by operations: the same numbers, frozen or not */
	for (size_t o = 0; o < lora.net.ops; o++) {
		const struct fed_net_layer *op = &lora.net.op[o], *all = &base.net.op[o];

		ck_assert_uint_eq(op->frozen ? op->frozen : op->count, all->count);
		if (op->frozen)
			ck_assert_mem_eq(lora.net.frozen + op->frozen_at, base.params + all->offset,
			                 all->count * sizeof(float));
	}
	free_trial(&lora);
	free_trial(&base);
}
END_TEST

/* A dense layer with an adapter is one with W + alpha/rank A' B. */
START_TEST(an_adapter_is_added_to_the_weights)
{
	const struct net_case of = {AFTER_LORA "dense 9", {1, {13}}, 0, 9}, plain = without(&of);
	enum { IN = 13, UNITS = 9, RANK = 2 };
	struct trial lora, base;

	make(&lora, &of);
	make(&base, &plain);
	ck_assert_uint_eq(lora.net.dim, RANK * (IN + UNITS));
	ck_assert_uint_eq(lora.net.frozen_dim, (IN + 1) * UNITS);
	fill(lora.params, lora.net.dim, 12);
	const float *a = lora.params, *b = a + RANK * IN;
	for (size_t i = 0; i < IN; i++)
		for (size_t k = 0; k < UNITS; k++)
			for (size_t r = 0; r < RANK; r++)
				base.params[i * UNITS + k] += 3.0f / RANK * a[r * IN + i] * b[r * UNITS + k];
	fill(lora.input, BATCH * IN, 3);
	memcpy(base.input, lora.input, BATCH * IN * sizeof *base.input);
	float want[BATCH * UNITS];
	memcpy(want, forward_of(&base), sizeof want);
	const float *y = forward_of(&lora);
	for (size_t k = 0; k < BATCH * UNITS; k++)
		ck_assert_float_eq_tol(y[k], want[k], 1e-5f);
	/* forward, and backward by x and both matrices of the adapter, as the products say */
	const double w = 2.0 * IN * UNITS, ab = 2.0 * RANK * (IN + UNITS);
	ck_assert(fed_net_flops(&lora.net, 0, 1) == w + ab);
	ck_assert(fed_net_backward_flops(&lora.net, 0, 1, true) == w + 2 * ab);
	ck_assert(fed_net_backward_flops(&lora.net, 0, 1, false) == ab);
	free_trial(&lora);
	free_trial(&base);
}
END_TEST

START_TEST(gradients_are_slopes_and_the_base_stays)
{
	struct trial t;

	make(&t, &cases[_i]);
	fill(t.params, t.net.dim, 31);
	for (size_t j = 0; j < t.net.dim; j++)
		t.params[j] *= 0.3f;
	float *before = fed_alloc_floats(t.net.frozen_dim);
	memcpy(before, t.net.frozen, t.net.frozen_dim * sizeof *before);
	memset(t.grads, 0, t.net.dim * sizeof *t.grads);
	gradient_of(&t);
	const double step = 4e-3;
	for (size_t j = 0; j < t.net.dim; j += 1 + t.net.dim / 60) {
		const float kept = t.params[j];
		double loss[2];

		for (int k = 0; k < 2; k++) {
			t.params[j] = kept + (float)(k ? step : -step);
			loss[k] = loss_of(&t);
		}
		t.params[j] = kept;
		const double slope = (loss[1] - loss[0]) / (2 * step);
		ck_assert_msg(fabs(slope - (double)t.grads[j]) < 4e-3 + 0.03 * fabs(slope),
		              "case %d, parameter %zu: slope %g, gradient %g", _i, j, slope,
		              (double)t.grads[j]);
	}
	const struct fed_sgd sgd = {.lr = 0.1};
	put_input(&t);
	fed_sgd_step(&t.ws, &sgd, t.params, t.label, t.target, BATCH);
	ck_assert_mem_eq(before, t.net.frozen, t.net.frozen_dim * sizeof *before);
	fed_free_floats(before);
	free_trial(&t);
}
END_TEST

/* The gradient by the inputs of a frozen net is that of the net itself. */
START_TEST(what_is_frozen_passes_the_gradient_on)
{
	const struct net_case plain = without(&cases[1]);
	struct trial lora, base;

	make(&lora, &cases[1]);
	make(&base, &plain);
	gradient_of(&lora);
	gradient_of(&base);
	const float *a = fed_workspace_input_gradient(&lora.ws);
	const float *b = fed_workspace_input_gradient(&base.ws);
	for (size_t k = 0; k < BATCH * fed_shape_size(&plain.input); k++)
		ck_assert_float_eq_tol(a[k], b[k], 1e-5f);
	free_trial(&lora);
	free_trial(&base);
}
END_TEST

/* A client that trains adapters alone: no products for weights that stay, none below the first
 * adapter. */
START_TEST(frozen_layers_cost_half_or_nothing)
{
	struct fed_net net;
	struct fed_error err = {{0}};

	fed_assert_ok(make_net(&net, &cases[1], &err), &err);
	double conv = 0, dense = 0, own = 0;
	for (size_t o = 0; o < net.ops; o++) {
		if (net.op[o].ops != &fed_layer_lora) {
			conv += net.op[o].flops;
			continue;
		}
		const double base = fed_layer_dense.flops(net.op[o].config, &net.op[o].in);
		dense += base;
		own += net.op[o].flops - base;
	}
	const double relu = net.op[5].flops;
	const struct fed_net_layer *first = &net.op[4]; /* its dx is not needed */
	ck_assert(first->ops == &fed_layer_lora);
	ck_assert_double_eq(
		fed_net_backward_flops(&net, 0, net.layers, false),
		dense - fed_layer_dense.flops(first->config, &first->in) + 2 * relu +
			(2 * own - (first->flops - fed_layer_dense.flops(first->config, &first->in))));
	ck_assert(conv > 0);
	fed_net_release(&net);
}
END_TEST

FED_SUITE(lora)
{
	Suite *suite = suite_create("lora");
	TCase *tests = tcase_create("lora");

	tcase_add_loop_test(tests, the_beginning_is_the_base, 0, CASES);
	tcase_add_test(tests, an_adapter_is_added_to_the_weights);
	tcase_add_loop_test(tests, gradients_are_slopes_and_the_base_stays, 0, CASES);
	tcase_add_test(tests, what_is_frozen_passes_the_gradient_on);
	tcase_add_test(tests, frozen_layers_cost_half_or_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}

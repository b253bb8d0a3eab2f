/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frozen layers and adapters of low rank: at first the bits of the layers that they freeze, then
 * those plus a product; gradients are slopes; what is frozen does not move.
 */
#include <math.h>
#include <string.h>

#include "nn/layers/layers.h"
#include "nn/layers/lora.h"
#include "nn/nets.h"
#include "nn/sgd.h"

enum { BATCH = 5 };

#define AFTER_LORA "lora rank=2 alpha=3, "
#define ON(layers) "lora rank=2 alpha=3 on=" layers ", "
#define BLOCKS                                                                                \
	"embedding 11 12, positions, residual, layer_norm, attention heads=3 causal, end, "       \
	"residual, layer_norm, dense units=20 each, gelu, dense units=12 each, end, layer_norm, " \
	"dense 11"
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
	{AFTER_LORA BLOCKS, {1, {7}}, 11, 11},
	{AFTER_LORA "embedding 11 6, gru 9, trained, dense 11", {1, {7}}, 11, 11},
	/* each that may have one */
	{ON("dense") BLOCKS, {1, {7}}, 11, 11},
	{ON("all") BLOCKS, {1, {7}}, 11, 11},
	{ON("q") BLOCKS, {1, {7}}, 11, 11},
	{ON("k,out") BLOCKS, {1, {7}}, 11, 11},
	{ON("v") BLOCKS, {1, {7}}, 11, 11},
	{ON("out") BLOCKS, {1, {7}}, 11, 11},
	{ON("attention") "embedding 11 12, attention heads=2, last, dense 11", {1, {19}}, 11, 11},
	{ON("embedding") "embedding 11 6, gru 9, dense 11", {1, {7}}, 11, 11},
	{ON("conv") "conv 8 5 2, tanh, mean_pool 2, conv 20 3 1, tanh, flatten, dense 4",
     {3, {8, 8, 1}},
     4,
     4},
	{ON("conv,dense") "conv 8 3 1, group_norm groups=2, relu, residual, conv filters=12 kernel=3 "
                      "stride=2 pad=1, relu, conv 12 3 1, shortcut, conv filters=12 kernel=1 "
                      "stride=2, end, relu, global_pool, dense 4",
     {3, {7, 8, 3}},
     4,
     4},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The same net with all layers trained. */
static struct net_case without(const struct net_case *c)
{
	struct net_case plain = *c;

	plain.layers = strstr(plain.layers, ", ") + 2;
	return plain;
}

static void make(struct trial *t, const struct net_case *c)
{
	make_trial(t, c, BATCH);
	if (c->input.rank == 1 && c->classes)
		fill_tokens(t->input, BATCH * fed_shape_size(&c->input), c->classes);
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
	/* without x: the middle's gradient, A's and B's */
	ck_assert(fed_net_backward_flops(&lora.net, 0, 1, false) == 2.0 * RANK * (IN + 2 * UNITS));
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
		if (net.op[o].ops != &fed__lora_dense) {
			conv += net.op[o].flops;
			continue;
		}
		const double base = fed_layer_dense.flops(net.op[o].config, &net.op[o].in);
		dense += base;
		own += net.op[o].flops - base;
	}
	const double relu = net.op[5].flops;
	const struct fed_net_layer *first = &net.op[4]; /* its dx is not needed: through W and A */
	ck_assert(first->ops == &fed__lora_dense);
	const double inputs = (double)fed_shape_size(&first->in);
	ck_assert_double_eq(fed_net_backward_flops(&net, 0, net.layers, false),
	                    dense - fed_layer_dense.flops(first->config, &first->in) + 2 * relu +
	                        2 * own - 2.0 * 2 * inputs);
	ck_assert(conv > 0);
	fed_net_release(&net);
}
END_TEST

/* A projection with an adapter is one with W + alpha/rank A' B. */
START_TEST(adapters_of_attention_are_added_to_its_weights)
{
	static const char layers[] = "embedding 11 8, attention heads=2 causal, last, dense 11";
	const struct net_case of = {"lora rank=3 alpha=6 on=attention, embedding 11 8, attention "
	                            "heads=2 causal, last, dense 11",
	                            {1, {5}},
	                            11,
	                            11};
	const struct net_case plain = {layers, of.input, 11, 11};
	enum { WIDTH = 8, RANK = 3 };
	struct trial lora, base;

	make(&lora, &of);
	make(&base, &plain);
	ck_assert_uint_eq(lora.net.dim, 4 * 2 * WIDTH * RANK);
	fill(lora.params, lora.net.dim, 12);
	const struct fed_net_layer *attention = &base.net.op[1];
	for (size_t k = 0; k < 4; k++) {
		const float *a = lora.params + k * 2 * RANK * WIDTH, *b = a + RANK * WIDTH;
		/* (width, 3 width), its biases, (width, width) */
		float *w =
			base.params + attention->offset + (k < 3 ? k * WIDTH : 3 * (size_t)WIDTH * (WIDTH + 1));

		for (size_t i = 0; i < WIDTH; i++)
			for (size_t j = 0; j < WIDTH; j++)
				for (size_t r = 0; r < RANK; r++)
					w[i * (k < 3 ? 3 * WIDTH : WIDTH) + j] +=
						2 * a[r * WIDTH + i] * b[r * WIDTH + j];
	}
	const size_t n = (size_t)BATCH * 11;
	const float *y = forward_of(&lora), *z = forward_of(&base);
	for (size_t k = 0; k < n; k++)
		ck_assert_float_eq_tol(y[k], z[k], 1e-4f * (1 + fabsf(z[k])));
	free_trial(&lora);
	free_trial(&base);
}
END_TEST

/* A kernel of K + alpha/rank A B, the kernels as matrices. */
START_TEST(adapters_of_convolutions_are_added_to_their_kernels)
{
	static const char *const layers[] = {
		"conv 6 3 1, relu, flatten, dense 4",
		"conv filters=6 kernel=3 stride=2 pad=1, relu, flatten, dense 4"};
	char marked[200];
	const struct net_case plain = {layers[_i], {3, {7, 6, 2}}, 4, 4};
	struct net_case of = plain;
	enum { TAPS = 18, FILTERS = 6, RANK = 2 };
	struct trial lora, base;

	snprintf(marked, sizeof marked, "lora rank=2 alpha=3 on=conv, %s", layers[_i]);
	of.layers = marked;
	make(&lora, &of);
	make(&base, &plain);
	ck_assert_uint_eq(lora.net.dim, RANK * (TAPS + FILTERS));
	fill(lora.params, lora.net.dim, 12);
	const float *a = lora.params, *b = a + TAPS * RANK;
	for (size_t i = 0; i < TAPS; i++)
		for (size_t k = 0; k < FILTERS; k++)
			for (size_t r = 0; r < RANK; r++)
				base.params[i * FILTERS + k] += 1.5f * a[i * RANK + r] * b[r * FILTERS + k];
	const float *y = forward_of(&lora), *z = forward_of(&base);
	for (size_t k = 0; k < BATCH * 4; k++)
		ck_assert_float_eq_tol(y[k], z[k], 1e-4f * (1 + fabsf(z[k])));
	/* forward both kernels and B; backward the adapter's alone, as nothing below is trained */
	const double pixels = (double)fed_shape_size(&lora.net.op[0].out) / FILTERS;
	ck_assert_double_eq(lora.net.op[0].flops,
	                    2 * pixels * (TAPS * (FILTERS + RANK) + RANK * FILTERS));
	ck_assert_double_eq(fed_net_backward_flops(&lora.net, 0, 1, false),
	                    2 * pixels * RANK * (TAPS + 2 * FILTERS));
	ck_assert_double_eq(fed_net_backward_flops(&lora.net, 0, 1, true),
	                    2 * pixels * (TAPS * (FILTERS + 2 * RANK) + 2 * RANK * FILTERS));
	free_trial(&lora);
	free_trial(&base);
}
END_TEST

/* Of T tokens of width W: four projections of 2 T W^2, of which dx needs as many; the scores and
 * what they weigh 2 T^2 W each, backward two for each. */
START_TEST(attention_costs_what_its_adapters_need)
{
	enum { T = 7, W = 12, R = 2 };
	const double square = 2.0 * T * W * W, scores = 2.0 * T * T * W, thin = 2.0 * T * W * R;
	static const struct {
		const char *on;
		double adapters, squares, scores, thin; /* without dx */
	} of[] = {
		{"dense", 0, 0, 0, 0}, /* none is trained */
		{"q", 1, 1, 2, 3},     {"v", 1, 1, 1, 3},    {"q,v", 2, 1, 3, 6},
		{"out", 1, 0, 0, 3},   {"all", 4, 1, 4, 13},
	};
	char line[200];
	const struct net_case c = {line, {1, {T}}, 11, 11};
	struct fed_net net;
	struct fed_error err = {{0}};

	snprintf(line, sizeof line, "lora rank=2 on=%s, embedding 11 12, attention heads=3, dense 11",
	         of[_i].on);
	fed_assert_ok(make_net(&net, &c, &err), &err);
	const struct fed_net_layer *op = &net.op[1];
	const double n = of[_i].adapters;
	ck_assert_double_eq(op->count, n * 2 * W * R);
	ck_assert_double_eq(op->frozen, 4 * W * (W + 1));
	ck_assert_double_eq(op->flops, 4 * square + 2 * scores + n * 2 * thin);
	ck_assert_double_eq(op->back, 4 * square + 4 * scores + n * 4 * thin);
	ck_assert_double_eq(op->back - op->back_dx,
	                    of[_i].squares * square + of[_i].scores * scores + of[_i].thin * thin);
	fed_net_release(&net);
}
END_TEST

FED_SUITE(lora)
{
	Suite *suite = suite_create("lora");
	TCase *tests = tcase_create("lora");

	tcase_add_loop_test(tests, the_beginning_is_the_base, 0, CASES);
	tcase_add_test(tests, an_adapter_is_added_to_the_weights);
	tcase_add_test(tests, adapters_of_attention_are_added_to_its_weights);
	tcase_add_loop_test(tests, adapters_of_convolutions_are_added_to_their_kernels, 0, 2);
	tcase_add_loop_test(tests, attention_costs_what_its_adapters_need, 0, 6);
	tcase_add_loop_test(tests, gradients_are_slopes_and_the_base_stays, 0, CASES);
	tcase_add_test(tests, what_is_frozen_passes_the_gradient_on);
	tcase_add_test(tests, frozen_layers_cost_half_or_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}

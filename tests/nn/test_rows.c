/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dense layers over the rows of examples, and attention, where much of dy is 0: plain loops in
 * double, and sums of gradients.
 */
#include <stdlib.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "nn/layers/layers.h"
#include "nn/nets.h"
#include "nn/layers/stage.h"

static const enum fed_isa isas[] = {FED_ISA_PLAIN, FED_ISA_AVX2, FED_ISA_AVX512};
#define ISAS 3

/* Check runs each test in a process of its own, which asks for its instruction set once. */
static void use(enum fed_isa isa)
{
	setenv("FEDSH_ISA", fed_isa_name(isa), 1);
	fed_blas_init();
}

/* One call with everything that it reads and writes. */
struct trial_rows {
	struct fed_pass pass;
	size_t in, out, count, scratch;
	float *x, *y, *dy, *dx, *params, *grads, *cache;
};

static void set_up(struct trial_rows *t, const struct fed_layer *ops, const void *config,
                   struct fed_shape in, uint32_t batch)
{
	struct fed_error err = {{0}};

	*t = (struct trial_rows){.pass = {.config = config, .in = in, .batch = batch}};
	fed_assert_ok(ops->shape(config, &in, &t->pass.out, &err), &err);
	t->in = batch * fed_shape_size(&in);
	t->out = batch * fed_shape_size(&t->pass.out);
	t->count = ops->param_count(config, &in);
	t->scratch = ops->scratch_floats(config, &in, batch);
	const size_t cache = ops->cache_floats ? ops->cache_floats(config, &in) : 0;
	t->pass.x = t->x = fed_alloc_floats(t->in);
	t->pass.y = t->y = fed_alloc_floats(t->out);
	t->pass.dy = t->dy = fed_alloc_floats(t->out);
	t->pass.dx = t->dx = fed_alloc_floats(t->in);
	t->pass.params = t->params = fed_alloc_floats(t->count);
	t->pass.grads = t->grads = fed_alloc_floats(t->count);
	t->pass.cache = t->cache = fed_alloc_floats(batch * cache + 1);
	t->pass.scratch = fed_alloc_floats(t->scratch);
	fill(t->x, t->in, 1);
	fill(t->params, t->count, 2);
	fill(t->grads, t->count, 3);
	fill(t->pass.scratch, t->scratch, 5); /* uninitialised, says fed_pass */
	fill(t->dx, t->in, 6);
}

static void tear_down(struct trial_rows *t)
{
	fed_free_floats(t->x);
	fed_free_floats(t->y);
	fed_free_floats(t->dy);
	fed_free_floats(t->dx);
	fed_free_floats(t->params);
	fed_free_floats(t->grads);
	fed_free_floats(t->cache);
	fed_free_floats(t->pass.scratch);
}

static void assert_near(const float *got, const double *wanted, size_t n, const char *what)
{
	for (size_t j = 0; j < n; j++)
		ck_assert_msg(fabs((double)got[j] - wanted[j]) <= 1e-4 * (1 + 0.1 * fabs(wanted[j])),
		              "%s[%zu] is %.9g, should be %.9g", what, j, (double)got[j], wanted[j]);
}

/* Tokens of an example whose dy is not 0: all, the last, every third, none, the second half. */
enum { PATTERNS = 5 };

static bool is_live(int pattern, size_t token, size_t tokens)
{
	switch (pattern) {
	case 0:
		return true;
	case 1:
		return token + 1 == tokens;
	case 2:
		return token % 3 == 1;
	case 3:
		return false;
	default:
		return token >= tokens / 2;
	}
}

static void fill_dy(struct trial_rows *t, int pattern)
{
	const size_t tokens = t->pass.in.dim[0], width = t->pass.out.dim[1];

	fill(t->dy, t->out, 4);
	for (size_t row = 0; row < t->out / width; row++)
		if (!is_live(pattern, row % tokens, tokens))
			memset(t->dy + row * width, 0, width * sizeof *t->dy);
}

/* x W + b and its gradients. */
static void plain_dense(const struct trial_rows *t, size_t in, size_t units, double *y, double *dx,
                        double *grads)
{
	for (size_t j = 0; j < t->count; j++)
		grads[j] = (double)t->grads[j];
	for (size_t r = 0; r < t->in / in; r++)
		for (size_t u = 0; u < units; u++) {
			const double d = (double)t->dy[r * units + u];

			y[r * units + u] = (double)t->params[in * units + u];
			grads[in * units + u] += d;
			for (size_t i = 0; i < in; i++) {
				const double w = (double)t->params[i * units + u], x = (double)t->x[r * in + i];

				y[r * units + u] += x * w;
				dx[r * in + i] += d * w;
				grads[i * units + u] += x * d;
			}
		}
}

START_TEST(dense_rows_agree_with_plain_loops)
{
	static const struct {
		uint32_t batch, tokens, in, units;
	} sizes[] = {{3, 30, 24, 40}, {20, 17, 150, 33}, {2, 150, 16, 7}, {65, 1, 130, 20}};

	use(isas[_i % ISAS]);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		const struct fed_dense_config config = {.units = sizes[i].units, .each = true};
		struct trial_rows t;

		set_up(&t, &fed_layer_dense, &config, (struct fed_shape){2, {sizes[i].tokens, sizes[i].in}},
		       sizes[i].batch);
		fill_dy(&t, _i / ISAS);
		double *y = fed_alloc_array(t.out, sizeof *y), *dx = fed_alloc_array(t.in, sizeof *dx);
		double *grads = fed_alloc_array(t.count, sizeof *grads);
		plain_dense(&t, sizes[i].in, sizes[i].units, y, dx, grads);
		fed_layer_dense.forward(&t.pass);
		fed_layer_dense.backward(&t.pass);
		assert_near(t.y, y, t.out, "y");
		assert_near(t.dx, dx, t.in, "dx");
		assert_near(t.grads, grads, t.count, "grads");
		fed_free(y);
		fed_free(dx);
		fed_free(grads);
		tear_down(&t);
	}
}
END_TEST

/* Each part a dense layer of its own: a joint one whose other weights are 0. */
START_TEST(blocks_agree_with_plain_loops)
{
	enum { BATCH = 5, IN = 12, UNITS = 6 };
	struct fed_block_dense_config config = {.units = UNITS};
	struct fed_error err = {""};
	struct trial_rows t;
	double y[BATCH * UNITS], dx[BATCH * IN] = {0}, grads[90];

	use(isas[_i]);
	fed_assert_ok(fed_ranges_parse("0-3,5-5,7-11", &config.parts, &err), &err);
	set_up(&t, &fed__layer_block_dense, &config, (struct fed_shape){1, {IN}}, BATCH);
	ck_assert_uint_eq(t.count, (4 + 1) * 2 + (1 + 1) * 2 + (5 + 1) * 2);
	fill(t.dy, t.out, 4);
	for (size_t j = 0; j < t.count; j++)
		grads[j] = (double)t.grads[j];
	for (size_t k = 0, at = 0; k < 3; k++) {
		const size_t first = config.parts.range[k].first;
		const size_t n = fed_range_size(&config.parts.range[k]);

		for (size_t b = 0; b < BATCH; b++)
			for (size_t u = 0; u < 2; u++) {
				const size_t out = b * UNITS + 2 * k + u;

				y[out] = (double)t.params[at + n * 2 + u];
				grads[at + n * 2 + u] += (double)t.dy[out];
				for (size_t i = 0; i < n; i++) {
					const size_t x = b * IN + first + i, w = at + i * 2 + u;

					y[out] += (double)t.x[x] * (double)t.params[w];
					dx[x] += (double)t.dy[out] * (double)t.params[w];
					grads[w] += (double)t.dy[out] * (double)t.x[x];
				}
			}
		at += (n + 1) * 2;
	}
	fed__layer_block_dense.forward(&t.pass);
	fed__layer_block_dense.backward(&t.pass);
	assert_near(t.y, y, t.out, "y");
	assert_near(t.dx, dx, t.in, "dx");
	assert_near(t.grads, grads, t.count, "grads");
	tear_down(&t);
}
END_TEST

/* Gradients are linear in dy: those by some tokens, of which the first have none, are what all
 * tokens make less what the others do.  Finite differences are in test_gradients.c. */
START_TEST(attention_leaves_out_tokens_without_gradient)
{
	const struct fed_attention_config config = {.heads = 3, .causal = _i / ISAS % 2};
	const struct fed_shape in = {2, {37, 24}};
	const int pattern = _i / ISAS / 2 ? 4 : 1;
	struct trial_rows all, some, rest;

	use(isas[_i % ISAS]);
	struct trial_rows *const trials[] = {&all, &some, &rest};
	for (int k = 0; k < 3; k++) {
		struct trial_rows *t = trials[k];

		set_up(t, &fed__layer_attention, &config, in, 2);
		fill_dy(t, k == 1 ? pattern : 0);
		memset(t->grads, 0, t->count * sizeof *t->grads);
		for (size_t j = 0; k == 2 && j < t->out; j++)
			t->dy[j] = all.dy[j] - some.dy[j];
		fed__layer_attention.forward(&t->pass);
		fed__layer_attention.backward(&t->pass);
	}
	for (size_t j = 0; j < all.count; j++)
		ck_assert_float_eq_tol(some.grads[j] + rest.grads[j], all.grads[j], 1e-4f);
	for (size_t j = 0; j < all.in; j++)
		ck_assert_float_eq_tol(some.dx[j] + rest.dx[j], all.dx[j], 1e-4f);
	for (int k = 0; k < 3; k++)
		tear_down(trials[k]);
}
END_TEST

/* The gradients may be the parameters themselves: every dx is by the weights as they were. */
START_TEST(gradients_in_place_of_weights)
{
	const struct fed_attention_config heads = {.heads = 2, .causal = true};
	const struct fed_dense_config dense = {.units = 21, .each = true};
	const struct fed_layer *const ops[] = {&fed__layer_attention, &fed_layer_dense};
	const void *const configs[] = {&heads, &dense};

	use(isas[_i % ISAS]);
	for (int k = 0; k < 2; k++) {
		struct trial_rows apart, same;

		set_up(&apart, ops[k], configs[k], (struct fed_shape){2, {20, 16}}, 10);
		set_up(&same, ops[k], configs[k], (struct fed_shape){2, {20, 16}}, 10);
		fill_dy(&apart, 0);
		fill_dy(&same, 0);
		memcpy(apart.grads, apart.params, apart.count * sizeof *apart.grads);
		same.pass.grads = same.params;
		ops[k]->forward(&apart.pass);
		ops[k]->forward(&same.pass);
		ops[k]->backward(&apart.pass);
		ops[k]->backward(&same.pass);
		ck_assert_mem_eq(apart.dx, same.dx, apart.in * sizeof(float));
		ck_assert_mem_eq(apart.grads, same.params, apart.count * sizeof(float));
		tear_down(&apart);
		tear_down(&same);
	}
}
END_TEST

FED_SUITE(rows)
{
	Suite *suite = suite_create("rows");
	TCase *tests = tcase_create("rows");

	tcase_add_loop_test(tests, dense_rows_agree_with_plain_loops, 0, PATTERNS * ISAS);
	tcase_add_loop_test(tests, attention_leaves_out_tokens_without_gradient, 0, 4 * ISAS);
	tcase_add_loop_test(tests, blocks_agree_with_plain_loops, 0, ISAS);
	tcase_add_loop_test(tests, gradients_in_place_of_weights, 0, ISAS);
	suite_add_tcase(suite, tests);
	return suite;
}

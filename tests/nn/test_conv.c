/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The convolution of every instruction set against plain loops in double, over many shapes.
 */
#include <stdlib.h>

#include "base/cpu.h"
#include "nn/layers/layers.h"
#include "nn/nets.h"
#include "nn/layers/stage.h"

static const enum fed_isa isas[] = {FED_ISA_PLAIN, FED_ISA_AVX2, FED_ISA_AVX512};
#define ISAS 3

struct conv_case {
	uint32_t h, w, channels, filters, kernel, pad;
};

static const struct conv_case cases[] = {
	{1, 1, 1, 1, 1, 0},     {5, 3, 1, 6, 3, 1},     {28, 28, 1, 32, 5, 2}, {28, 27, 1, 6, 5, 2},
	{7, 9, 3, 16, 5, 2},    {9, 7, 3, 20, 3, 0},    {14, 14, 6, 16, 5, 0}, {12, 10, 32, 34, 5, 2},
	{13, 15, 32, 33, 3, 2}, {6, 5, 64, 64, 3, 1},   {8, 8, 16, 17, 1, 0},  {4, 30, 16, 32, 5, 2},
	{20, 20, 64, 8, 3, 1},  {20, 19, 40, 5, 3, 1},  {11, 11, 2, 48, 5, 1}, {33, 2, 5, 31, 2, 1},
	{9, 11, 17, 35, 4, 1},  {14, 14, 32, 64, 5, 2}, {7, 1, 16, 16, 3, 1},  {23, 21, 20, 18, 3, 2},
	{6, 6, 100, 3, 4, 3},   {3, 3, 7, 65, 3, 2},    {15, 15, 33, 7, 5, 2},
};
#define CASES ((int)(sizeof cases / sizeof *cases))
#define BATCH 2u

/* One call with everything that it reads and writes. */
struct trial_conv {
	struct fed_conv_config config;
	struct fed_pass pass;
	size_t in, out, count;
	float *x, *y, *dy, *dx, *params, *grads, *scratch;
};

static void set_up(struct trial_conv *t, const struct conv_case *c, unsigned zero_of_16)
{
	struct fed_error err = {{0}};

	*t = (struct trial_conv){.config = {c->filters, c->kernel, c->pad}};
	t->pass = (struct fed_pass){
		.config = &t->config,
		.in = {3, {c->h, c->w, c->channels}},
		.batch = BATCH,
	};
	fed_assert_ok(fed_layer_conv.shape(&t->config, &t->pass.in, &t->pass.out, &err), &err);
	t->in = BATCH * fed_shape_size(&t->pass.in);
	t->out = BATCH * fed_shape_size(&t->pass.out);
	t->count = fed_layer_conv.param_count(&t->config, &t->pass.in);
	t->pass.x = t->x = fed_alloc_floats(t->in);
	t->pass.y = t->y = fed_alloc_floats(t->out);
	t->pass.dy = t->dy = fed_alloc_floats(t->out);
	t->pass.dx = t->dx = fed_alloc_floats(t->in);
	t->pass.params = t->params = fed_alloc_floats(t->count);
	t->pass.grads = t->grads = fed_alloc_floats(t->count);
	const size_t scratch = fed_layer_conv.scratch_floats(&t->config, &t->pass.in, BATCH);
	t->pass.scratch = t->scratch = fed_alloc_floats(scratch);
	fill(t->x, t->in, 1);
	fill(t->params, t->count, 2);
	fill(t->grads, t->count, 3);
	fill(t->dy, t->out, 4);
	fill(t->scratch, scratch, 5); /* uninitialised, says fed_pass */
	for (size_t j = 0; j < t->out; j++)
		if (fed_random(6, j) % 16 < zero_of_16)
			t->dy[j] = 0;
}

static void tear_down(struct trial_conv *t)
{
	fed_free_floats(t->x);
	fed_free_floats(t->y);
	fed_free_floats(t->dy);
	fed_free_floats(t->dx);
	fed_free_floats(t->params);
	fed_free_floats(t->grads);
	fed_free_floats(t->scratch);
}

/* What a call should give. */
struct wanted {
	double *y, *dx, *grads;
};

/* Pixel (i, j) of example b: all its products, in both directions. */
static void plain_pixel(const struct trial_conv *t, const struct conv_case *c, size_t b, size_t i,
                        size_t j, struct wanted *wanted)
{
	const size_t kernel = c->kernel, channels = c->channels, filters = c->filters;
	const size_t out = ((b * t->pass.out.dim[0] + i) * t->pass.out.dim[1] + j) * filters;

	for (size_t f = 0; f < filters; f++) {
		wanted->y[out + f] = (double)t->params[t->count - filters + f];
		wanted->grads[t->count - filters + f] += (double)t->dy[out + f];
	}
	for (size_t tap = 0; tap < kernel * kernel; tap++) {
		const size_t row = i + tap / kernel, column = j + tap % kernel;

		if (row < c->pad || row >= c->h + c->pad || column < c->pad || column >= c->w + c->pad)
			continue;
		const size_t in = ((b * c->h + row - c->pad) * c->w + column - c->pad) * channels;
		for (size_t q = 0; q < channels; q++)
			for (size_t f = 0; f < filters; f++) {
				const size_t p = (tap * channels + q) * filters + f;

				wanted->y[out + f] += (double)t->x[in + q] * (double)t->params[p];
				wanted->grads[p] += (double)t->x[in + q] * (double)t->dy[out + f];
				wanted->dx[in + q] += (double)t->dy[out + f] * (double)t->params[p];
			}
	}
}

static struct wanted plain_conv(const struct trial_conv *t, const struct conv_case *c)
{
	struct wanted wanted = {
		.y = fed_alloc_array(t->out, sizeof(double)),
		.dx = fed_alloc_array(t->in, sizeof(double)),
		.grads = fed_alloc_array(t->count, sizeof(double)),
	};

	for (size_t j = 0; j < t->count; j++)
		wanted.grads[j] = (double)t->grads[j];
	for (size_t b = 0; b < BATCH; b++)
		for (size_t i = 0; i < t->pass.out.dim[0]; i++)
			for (size_t j = 0; j < t->pass.out.dim[1]; j++)
				plain_pixel(t, c, b, i, j, &wanted);
	return wanted;
}

/* Sums of up to n terms in float. */
static void assert_near(const float *got, const double *wanted, size_t n, const char *what)
{
	for (size_t j = 0; j < n; j++)
		ck_assert_msg(fabs((double)got[j] - wanted[j]) <= 1e-4 * (1 + 0.1 * fabs(wanted[j])),
		              "%s[%zu] is %.9g, should be %.9g", what, j, (double)got[j], wanted[j]);
}

/* Check runs each test in a process of its own, which asks for its instruction set once. */
static void use(enum fed_isa isa)
{
	setenv("FEDSH_ISA", fed_isa_name(isa), 1);
}

START_TEST(agrees_with_plain_loops)
{
	const struct conv_case *c = &cases[_i / ISAS];

	use(isas[_i % ISAS]);
	/* dense, as behind relu and pooling, few, none */
	static const unsigned zeros[] = {0, 12, 15, 16};

	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
		struct trial_conv t;

		set_up(&t, c, zeros[i]);
		struct wanted wanted = plain_conv(&t, c);
		fed_layer_conv.forward(&t.pass);
		fed_layer_conv.backward(&t.pass);
		assert_near(t.y, wanted.y, t.out, "y");
		assert_near(t.dx, wanted.dx, t.in, "dx");
		assert_near(t.grads, wanted.grads, t.count, "grads");
		fed_free(wanted.y);
		fed_free(wanted.dx);
		fed_free(wanted.grads);
		tear_down(&t);
	}
}
END_TEST

/* Example after example on two threads' lanes in turn, as the executor may do it, and without dx:
 * the same bits. */
START_TEST(chunks_do_not_change_bits)
{
	const struct fed_stage *stage = &fed__stage_conv;
	struct trial_conv whole, parts;

	use(isas[_i % ISAS]);
	set_up(&whole, &cases[_i / ISAS], _i % 2 ? 3 : 15);
	set_up(&parts, &cases[_i / ISAS], _i % 2 ? 3 : 15);
	fed_layer_conv.forward(&whole.pass);
	fed_layer_conv.backward(&whole.pass);

	struct fed_pass one = parts.pass;
	const struct fed_scratch_sizes n = stage->capacity(one.config, &one.in, &one.out);
	float *lanes = fed_alloc(2 * n.lane * sizeof *lanes); /* zeroed */
	float *sum = fed_alloc_floats(n.sum);
	struct fed_scratch capacity = {.batch = one.scratch, .sum = sum};

	one.dx = NULL;
	one.scratch = NULL;
	stage->begin_forward(&one, &capacity);
	for (size_t b = 0; b < BATCH; b++) {
		one.batch = 1;
		one.x = parts.x + b * parts.in / BATCH;
		one.y = parts.y + b * parts.out / BATCH;
		capacity.lane = lanes + b % 2 * n.lane;
		stage->forward(&one, &capacity);
	}
	stage->begin_backward(&one, &capacity);
	stage->clear_sum(&one, sum);
	for (size_t b = 0; b < BATCH; b++) {
		one.x = parts.x + b * parts.in / BATCH;
		one.dy = parts.dy + b * parts.out / BATCH;
		capacity.lane = lanes + b % 2 * n.lane;
		stage->backward(&one, &capacity);
	}
	stage->end_backward(&one, &capacity);
	ck_assert_mem_eq(whole.y, parts.y, whole.out * sizeof(float));
	ck_assert_mem_eq(whole.grads, parts.grads, whole.count * sizeof(float));
	fed_free(lanes);
	fed_free_floats(sum);
	tear_down(&whole);
	tear_down(&parts);
}
END_TEST

FED_SUITE(conv)
{
	Suite *suite = suite_create("conv");
	TCase *tests = tcase_create("conv");

	tcase_add_loop_test(tests, agrees_with_plain_loops, 0, CASES * ISAS);
	tcase_add_loop_test(tests, chunks_do_not_change_bits, 0, CASES * ISAS);
	suite_add_tcase(suite, tests);
	return suite;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench/bench_step.c - examples a second that one thread trains and evaluates, on random pictures.
 *
 *     bench_step [seconds a figure, default 1 [model]]
 *
 * One JSON line a figure: the median and the best over repeated parts, in seconds of the thread's
 * own time, because the machine may be shared.  "gflops" counts the products of forward and
 * backward (2 x forward).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "nn/sgd.h"

#define PARTS 25
#define SIDE 28u

static void need(int rc, const struct fed_error *err)
{
	if (rc == FED_OK)
		return;
	fprintf(stderr, "bench_step: %s\n", err->text);
	exit(1);
}

/* McMahan's 2NN and CNN (2017). */
static int build_2nn(struct fed_builder *b, struct fed_error *err)
{
	return b->dense(b, 200, err) || b->relu(b, err) || b->dense(b, 200, err) || b->relu(b, err) ||
	       b->dense(b, 10, err) || b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

static int build_cnn(struct fed_builder *b, struct fed_error *err)
{
	return b->conv(b, 32, 5, 2, err) || b->relu(b, err) || b->max_pool(b, 2, err) ||
	       b->conv(b, 64, 5, 2, err) || b->relu(b, err) || b->max_pool(b, 2, err) ||
	       b->flatten(b, err) || b->dense(b, 512, err) || b->relu(b, err) || b->dense(b, 10, err) ||
	       b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

static int build_lenet(struct fed_builder *b, struct fed_error *err)
{
	return b->conv(b, 6, 5, 2, err) || b->tanh(b, err) || b->mean_pool(b, 2, err) ||
	       b->conv(b, 16, 5, 0, err) || b->tanh(b, err) || b->mean_pool(b, 2, err) ||
	       b->flatten(b, err) || b->dense(b, 120, err) || b->tanh(b, err) || b->dense(b, 84, err) ||
	       b->tanh(b, err) || b->dense(b, 10, err) || b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

/* Layers as lines, then the loss. */
static int build_lines(struct fed_builder *b, const char *lines, struct fed_error *err)
{
	char text[2048], *rest = text;

	snprintf(text, sizeof text, "%s", lines);
	for (char *line; (line = strsep(&rest, ";"));)
		if (b->add(b, err, "%s", line))
			return FED_FAIL;
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

#define CONV(norm, filters, stride) "conv filters=" #filters " stride=" #stride " pad=1;" norm ";"
#define BLOCK(norm, filters) \
	"residual;" CONV(norm, filters, 1) "relu;" CONV(norm, filters, 1) "end;relu;"
#define SMALLER(norm, filters)                       \
	"residual;" CONV(norm, filters, 2) "relu;" CONV( \
		norm, filters, 1) "shortcut;"                \
						  "conv filters=" #filters " kernel=1 stride=2;end;relu;"
#define RESNET8(norm) \
	CONV(norm, 16, 1) \
	"relu;" BLOCK(norm, 16) SMALLER(norm, 32) SMALLER(norm, 64) "global_pool;dense"
#define DECODER                                                             \
	"residual;layer_norm;attention heads=4 causal;end;residual;layer_norm;" \
	"dense units=512 each;gelu;dense units=128 each;end;"

static int build_group(struct fed_builder *b, struct fed_error *err)
{
	return build_lines(b, RESNET8("group_norm groups=2"), err);
}

static int build_batch(struct fed_builder *b, struct fed_error *err)
{
	return build_lines(b, RESNET8("batch_norm"), err);
}

static int build_transformer(struct fed_builder *b, struct fed_error *err)
{
	return build_lines(
		b, "embedding width=128;positions;" DECODER DECODER DECODER DECODER "last;layer_norm;dense",
		err);
}

struct figure {
	const char *model;
	int (*build)(struct fed_builder *, struct fed_error *);
	uint32_t batch;
	bool train;
	double momentum;
	struct fed_shape input; /* rank 0: grey pictures; 1: tokens */
};

static const struct figure figures[] = {
	{"2nn", build_2nn, 10, true, 0},
	{"2nn", build_2nn, 50, true, 0},
	{"2nn", build_2nn, 600, true, 0},
	{"2nn", build_2nn, 10, true, 0.9},
	{"2nn", build_2nn, 128, false, 0},
	{"cnn", build_cnn, 10, true, 0},
	{"cnn", build_cnn, 50, true, 0},
	{"cnn", build_cnn, 10, true, 0.9},
	{"cnn", build_cnn, 128, false, 0},
	{"lenet", build_lenet, 10, true, 0},
	{"resnet8-group", build_group, 10, true, 0, {3, {32, 32, 3}}},
	{"resnet8-group", build_group, 50, true, 0, {3, {32, 32, 3}}},
	{"resnet8-batch", build_batch, 10, true, 0, {3, {32, 32, 3}}},
	{"resnet8-batch", build_batch, 50, true, 0, {3, {32, 32, 3}}},
	{"transformer", build_transformer, 16, true, 0, {1, {64}}},
};
enum { TOKENS = 80 };

struct work {
	const struct figure *figure;
	struct fed_net net;
	struct fed_workspace ws;
	struct fed_sgd sgd;
	float *params;
	int32_t *label;
};

static void set_up(struct work *w, const struct figure *figure)
{
	const struct fed_shape grey = {3, {SIDE, SIDE, 1}};
	const struct fed_shape input = figure->input.rank ? figure->input : grey;
	const uint32_t classes = input.rank == 1 ? TOKENS : 10;
	struct fed_net_builder storage;
	struct fed_error err = {{0}};

	*w = (struct work){.figure = figure};
	fed_net_init(&w->net, &input, classes, classes);
	need(figure->build(fed_net_builder(&storage, &w->net), &err), &err);
	need(fed_net_finish(&w->net, &err), &err);
	need(fed_workspace_init(&w->ws, &w->net, 0, w->net.layers, figure->batch, false, &err), &err);
	w->params = fed_alloc_floats(w->net.dim);
	w->label = fed_alloc_array(figure->batch, sizeof *w->label);
	/* so small a rate that the parameters stay as they are */
	w->sgd = (struct fed_sgd){.lr = 1e-6, .momentum = figure->momentum};
	w->sgd.gradient = fed_alloc_floats(w->net.dim);
	w->sgd.velocity = fed_alloc_floats(w->net.dim);
	if (!w->params || !w->label || !w->sgd.gradient || !w->sgd.velocity)
		need(fed_fail_memory(&err, w->net.dim * sizeof(float), "parameters"), &err);
	fed_net_init_params(&w->net, w->params, 1);
}

static void tear_down(struct work *w)
{
	fed_workspace_release(&w->ws);
	fed_net_release(&w->net);
	fed_free_floats(w->params);
	fed_free_floats(w->sgd.gradient);
	fed_free_floats(w->sgd.velocity);
	fed_free(w->label);
}

/* Random values in a rectangle on black that fills half of the picture, as in Fashion-MNIST. */
static void draw(float *x, uint32_t side, uint64_t key)
{
	const uint32_t high = side / 2 + (uint32_t)(fed_random(key, 0) % (side / 2));
	const uint32_t wide = side * side / 2 / high;
	const uint32_t top = (side - high) / 2, left = (side - wide) / 2;

	for (uint32_t i = 0; i < side; i++)
		for (uint32_t j = 0; j < side; j++) {
			const bool in = i - top < high && j - left < wide;
			x[i * side + j] = in ? (float)fed_random_real(key, 1 + i * side + j) : 0;
		}
}

/* One batch of new values, as a client gathers it. */
static void step(struct work *w, uint64_t number)
{
	const uint32_t batch = w->figure->batch;
	float *x = fed_workspace_input(&w->ws);

	for (uint32_t b = 0; b < batch; b++)
		w->label[b] = (int32_t)(fed_random(number, b) % 10);
	const size_t size = batch * fed_shape_size(&w->net.input);
	for (size_t j = 0; number < 2 && w->figure->input.rank && j < size; j++)
		x[j] = w->figure->input.rank == 1 ? (float)(fed_random(number, j) % TOKENS)
		                                  : (float)fed_random_real(number, j);
	for (uint32_t b = 0; !w->figure->input.rank && number < 2 && b < batch; b++)
		draw(x + (size_t)b * SIDE * SIDE, SIDE, fed_random(number, b));
	if (w->figure->train)
		fed_sgd_step(&w->ws, &w->sgd, w->params, w->label, NULL, batch);
	else
		fed_net_forward(&w->ws, w->params, batch);
}

static double thread_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct figure *figure, double seconds)
{
	struct work w;
	double rate[PARTS];
	uint64_t number = 0;

	set_up(&w, figure);
	while (number < 3)
		step(&w, number++);
	for (int part = 0; part < PARTS; part++) {
		const double begin = thread_seconds();
		double now = begin;
		uint64_t steps = 0;

		for (; now - begin < seconds / PARTS; steps++) {
			step(&w, number++);
			now = thread_seconds();
		}
		rate[part] = (double)(steps * figure->batch) / (now - begin);
	}
	qsort(rate, PARTS, sizeof *rate, by_value);
	const double median = rate[PARTS / 2];
	const double flops = fed_net_flops(&w.net, 0, w.net.layers) * (figure->train ? 3 : 1);
	printf("{\"bench\":\"step\",\"model\":\"%s\",\"batch\":%u,\"what\":\"%s\",\"momentum\":%g,"
	       "\"isa\":\"%s\",\"examples_per_second\":%.0f,\"best\":%.0f,\"gflops\":%.1f}\n",
	       figure->model, figure->batch, figure->train ? "train" : "forward", figure->momentum,
	       fed_isa_name(fed_cpu_isa()), median, rate[PARTS - 1], median * flops * 1e-9);
	fflush(stdout);
	tear_down(&w);
}

int main(int argc, char **argv)
{
	const double seconds = argc > 1 ? atof(argv[1]) : 1;
	const char *core = fed_blas_better_core();

	if (core) { /* base/blas.h: too late for this process */
		setenv("OPENBLAS_CORETYPE", core, 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		if (argc < 3 || strcmp(argv[2], figures[i].model) == 0)
			measure(&figures[i], seconds);
	return 0;
}

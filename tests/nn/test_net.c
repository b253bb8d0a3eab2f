/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole nets: building and refusing, running over a cut, export, and memory that runs out.
 */
#include <stdlib.h>

#include "nn/layers/layers.h"
#include "nn/nets.h"

/* Building ------------------------------------------------------------------- */

static const struct {
	struct net_case net;
	const char *words;
} refused[] = {
	{{"max_pool 3, dense 2", {3, {2, 2, 16}}, 2, 2}, "max_pool 3 needs at least 3x3, gets 2x2x16"},
	{{"mean_pool 0, dense 2", {3, {2, 2, 16}}, 2, 2}, "mean_pool 0 has no window"},
	{{"conv 4 5 0, dense 2", {3, {4, 9, 1}}, 2, 2}, "conv 5x5 needs at least 5x5, gets 4x9x1"},
	{{"conv 4 5 1, dense 2", {3, {2, 9, 1}}, 2, 2}, "conv 5x5 needs at least 3x3, gets 2x9x1"},
	{{"conv 4 3 3, dense 2", {3, {4, 9, 1}}, 2, 2}, "pad 3 must be less than the kernel, 3"},
	{{"conv 0 3 1, dense 2", {3, {4, 9, 1}}, 2, 2}, "0 filters"},
	{{"conv 4 3 1, dense 2", {1, {36}}, 2, 2}, "needs an image (H, W, C), gets 36"},
	{{"dense 0", {1, {4}}, 2, 2}, "dense 0 has no output"},
	{{"dense 4000000000, dense 2", {1, {4}}, 2, 2}, "more than 268435456 values"},
	{{"dense 100000000, dense 10", {1, {40}}, 10, 10}, "larger than 2147483648 parameters"},
	{{"gru 3, dense 2", {1, {4}}, 2, 2},
     "gru needs a sequence (T, width), gets examples of rank 1"},
	{{"gru 0, dense 2", {2, {4, 2}}, 2, 2}, "gru 0: the units are 1 to 32768"},
	{{"embedding 2 4, dense 2", {2, {4, 2}}, 2, 2},
     "needs a row of tokens, gets examples of rank 2"},
	{{"embedding 2 0, dense 2", {1, {4}}, 2, 2}, "embedding 2 0 has no table"},
	{{"dense 3", {1, {4}}, 2, 2}, "the last layer gives 3, the dataset needs 2 outputs"},
};

START_TEST(refusals_have_words)
{
	struct fed_net net;
	struct fed_error err = {{0}};

	ck_assert_int_eq(make_net(&net, &refused[_i].net, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, refused[_i].words) != NULL, "\"%s\" lacks \"%s\"", err.text,
	              refused[_i].words);
	fed_net_release(&net);
}
END_TEST

START_TEST(order_is_checked)
{
	const struct fed_shape input = {1, {4}};
	struct fed_net net;
	struct fed_net_builder storage;
	struct fed_error err = {{0}};

	fed_net_init(&net, &input, 2, 2);
	struct fed_builder *b = fed_net_builder(&storage, &net);
	ck_assert_int_eq(fed_net_finish(&net, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "no layers"));
	fed_assert_ok(b->dense(b, 2, &err), &err);
	ck_assert_int_eq(fed_net_finish(&net, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "no loss"));
	fed_assert_ok(b->loss(b, FED_LOSS_CROSS_ENTROPY, &err), &err);
	fed_assert_ok(fed_net_finish(&net, &err), &err);
	ck_assert_int_eq(b->relu(b, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "after the loss"));
	ck_assert_int_eq(fed_net_finish(&net, &err), FED_FAIL);
	fed_net_release(&net);
}
END_TEST

START_TEST(loss_fits_the_dataset)
{
	const struct fed_shape input = {1, {4}};
	struct fed_net net;
	struct fed_net_builder storage;
	struct fed_error err = {{0}};

	fed_net_init(&net, &input, 0, 2);
	struct fed_builder *b = fed_net_builder(&storage, &net);
	ck_assert_int_eq(b->loss(b, FED_LOSS_CROSS_ENTROPY, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "regression"));
	fed_net_init(&net, &input, 2, 2);
	ck_assert_int_eq(b->loss(b, FED_LOSS_SQUARED, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "2 classes"));
	ck_assert_int_eq(b->loss(b, (enum fed_loss)7, &err), FED_FAIL);
	fed_net_release(&net);
}
END_TEST

/* A plugin's own layer: y = a x with one learned a, and a cache that it does not need. */
struct gain_config {
	float start;
};

static int gain_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                      struct fed_error *err)
{
	if (((const struct gain_config *)config)->start < 0)
		return fed_fail(err, "gain wants a positive start");
	*out = *in;
	return FED_OK;
}

static size_t gain_params(const void *config, const struct fed_shape *in)
{
	(void)config, (void)in;
	return 1;
}

static void gain_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	(void)in, (void)key;
	*params = ((const struct gain_config *)config)->start;
}

static void gain_forward(const struct fed_pass *p)
{
	ck_assert_uint_eq(p->size, sizeof *p);
	for (size_t j = 0; j < p->batch * fed_shape_size(&p->in); j++)
		p->cache[j] = p->y[j] = *p->params * p->x[j];
}

static void gain_backward(const struct fed_pass *p)
{
	float sum = 0;

	for (size_t j = 0; j < p->batch * fed_shape_size(&p->in); j++) {
		sum += p->dy[j] * p->x[j];
		ck_assert_float_eq(p->cache[j], p->y[j]); /* no layer wrote over either */
		if (p->dx)
			p->dx[j] = *p->params * p->dy[j];
	}
	*p->grads += sum;
}

static double gain_flops(const void *config, const struct fed_shape *in)
{
	(void)config;
	return (double)fed_shape_size(in);
}

static size_t gain_cache(const void *config, const struct fed_shape *in)
{
	(void)config;
	return fed_shape_size(in);
}

static const struct fed_layer gain = {
	.size = sizeof(struct fed_layer),
	.name = "gain",
	.shape = gain_shape,
	.param_count = gain_params,
	.init = gain_init,
	.forward = gain_forward,
	.backward = gain_backward,
	.flops = gain_flops,
	.cache_floats = gain_cache,
};

START_TEST(plugin_layers_are_copied_and_run)
{
	const struct net_case c = {"dense 6", {1, {5}}, 6, 6};
	struct gain_config config = {2};
	struct trial t = {0};
	struct fed_net_builder storage;
	struct fed_error err = {{0}};

	fed_net_init(&t.net, &c.input, 3, 3);
	struct fed_builder *b = fed_net_builder(&storage, &t.net);
	fed_assert_ok(b->dense(b, 6, &err), &err);
	fed_assert_ok(b->layer(b, &gain, &config, sizeof config, &err), &err);
	config.start = -1; /* the net has its own copy */
	fed_assert_ok(b->relu(b, &err) || b->layer(b, &gain, &(struct gain_config){3}, 4, &err), &err);
	fed_assert_ok(b->dense(b, 3, &err) || b->loss(b, FED_LOSS_CROSS_ENTROPY, &err), &err);
	fed_assert_ok(fed_net_finish(&t.net, &err), &err);
	ck_assert_str_eq(t.net.layer[1].name, "gain1");
	ck_assert_str_eq(t.net.layer[3].name, "gain2");
	ck_assert_uint_eq(t.net.dim, 36 + 1 + 1 + 21);

	fed_assert_ok(fed_workspace_init(&t.ws, &t.net, 0, 5, 4, true, &err), &err);
	t.batch = 4;
	t.params = fed_alloc_floats(t.net.dim);
	t.grads = fed_alloc_floats(t.net.dim);
	t.input = fed_alloc_floats(20);
	t.label = fed_alloc_array(4, sizeof *t.label);
	fill(t.input, 20, 1);
	fed_net_init_params(&t.net, t.params, 1);
	ck_assert_float_eq(t.params[36], 2);
	ck_assert_float_eq(t.params[37], 3);
	gradient_of(&t);
	const float old = t.params[36], step = 1e-2f;
	t.params[36] = old + step;
	const double up = loss_of(&t);
	t.params[36] = old - step;
	ck_assert_double_eq_tol((up - loss_of(&t)) / (2 * (double)step), (double)t.grads[36], 2e-3);

	char name[48];
	struct fed_tensor tensor;
	ck_assert(fed_net_tensor(&t.net, 1, 0, name, &tensor));
	ck_assert_str_eq(name, "gain1.params");
	ck_assert_uint_eq(tensor.offset, 36);
	ck_assert(!fed_net_tensor(&t.net, 1, 1, name, &tensor));
	free_trial(&t);
}
END_TEST

START_TEST(broken_plugin_layers_are_refused)
{
	const struct fed_shape input = {1, {4}};
	const struct gain_config minus = {-1}, one = {1};
	struct fed_layer small = gain, silent = gain, nameless = gain;
	struct fed_net net;
	struct fed_net_builder storage;
	struct fed_error err = {{0}};

	small.size = 40;
	silent.backward = NULL;
	nameless.name = NULL;
	const struct {
		const struct fed_layer *layer;
		const void *config;
		size_t size;
		const char *words;
	} calls[] = {
		{NULL, &one, sizeof one, "without a struct"},
		{&small, &one, sizeof one, "its struct has 40 bytes"},
		{&silent, &one, sizeof one, "has no backward()"},
		{&nameless, &one, sizeof one, "without a name"},
		{&gain, NULL, 8, "a config of 8 bytes"},
		{&gain, &one, 1 << 20, "a config of 1048576 bytes"},
		{&gain, &minus, sizeof minus, "gain wants a positive start"},
	};

	fed_net_init(&net, &input, 2, 2);
	struct fed_builder *b = fed_net_builder(&storage, &net);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		ck_assert_int_eq(b->layer(b, calls[i].layer, calls[i].config, calls[i].size, &err),
		                 FED_FAIL);
		ck_assert_msg(strstr(err.text, calls[i].words) != NULL, "%s", err.text);
	}
	/* an older plugin's struct ends before the optional members */
	struct fed_layer old = gain;
	old.size = offsetof(struct fed_layer, cache_floats);
	fed_assert_ok(b->layer(b, &old, &one, sizeof one, &err), &err);
	ck_assert(!net.layer[0].ops->cache_floats);
	fed_net_release(&net);
}
END_TEST

/* Tokens that were shifted or are none are the nearest ones; nothing is learned about inputs. */
START_TEST(any_number_is_a_token)
{
	static const float odd[] = {-3, NAN, 0.4f, 1.6f, 4, 1e30f, -INFINITY, INFINITY};
	static const size_t row[] = {0, 0, 0, 2, 4, 4, 0, 4};
	const struct net_case c = {"embedding 5 3, dense 5", {1, {8}}, 5, 5};
	struct trial t;

	make_trial(&t, &c, 1);
	memcpy(t.input, odd, sizeof odd);
	gradient_of(&t);
	const float *dx = fed_workspace_input_gradient(&t.ws);
	for (size_t i = 0; i < 8; i++) {
		ck_assert_mem_eq(t.ws.activation[1] + 3 * i, t.params + 3 * row[i], 3 * sizeof(float));
		ck_assert_float_eq(dx[i], 0);
	}
	free_trial(&t);
}
END_TEST

/* Running -------------------------------------------------------------------- */

START_TEST(same_seed_same_parameters)
{
	struct trial t, u;

	make_trial(&t, &nets[_i], 1);
	make_trial(&u, &nets[_i], 1);
	ck_assert_mem_eq(t.params, u.params, t.net.dim * sizeof(float));
	fed_net_init_params(&u.net, u.params, 8);
	ck_assert_mem_ne(t.params, u.params, t.net.dim * sizeof(float));
	for (size_t o = 0; o < t.net.ops; o++) {
		const struct fed_net_layer *layer = &t.net.op[o];
		const double products = layer->flops / 2 / (double)fed_shape_size(&layer->out);
		const bool gru = layer->ops == &fed__layer_gru;
		const double bound = 1 / sqrt(gru ? layer->out.dim[0] : products);

		if (layer->ops != &fed_layer_dense && layer->ops != &fed_layer_conv && !gru)
			continue; /* others say how they begin */
		for (size_t j = 0; j < layer->count; j++)
			ck_assert_double_le(fabs((double)t.params[layer->offset + j]), bound * 1.000001);
	}
	free_trial(&t);
	free_trial(&u);
}
END_TEST

/* The same batch in two workspaces, [0, cut) and [cut, layers), the second's input gradient being
 * the first's output gradient; y, dx and grads of both. */
static void run_cut(struct trial *t, size_t cut, float *y, float *grads)
{
	const struct fed_net *net = &t->net;
	struct fed_workspace head, tail;
	struct fed_error err = {{0}};
	const size_t width = fed_shape_size(&net->layer[cut - 1].out);

	fed_assert_ok(fed_workspace_init(&head, net, 0, cut, t->batch, true, &err), &err);
	fed_assert_ok(fed_workspace_init(&tail, net, cut, net->layers, t->batch, true, &err), &err);
	memcpy(fed_workspace_input(&head), t->input,
	       t->batch * fed_shape_size(&net->input) * sizeof(float));
	memcpy(fed_workspace_input(&tail), fed_net_forward(&head, t->params, t->batch),
	       t->batch * width * sizeof(float));
	const float *out = fed_net_forward(&tail, t->params, t->batch);
	memcpy(y, out, (size_t)t->batch * net->outputs * sizeof(float));
	float *dy = fed_workspace_output_gradient(&tail);
	fed_net_loss(net, out, t->label, t->target, t->batch, 1, dy, NULL);
	fed_net_backward(&tail, t->params, grads, dy, t->batch);
	fed_net_backward(&head, t->params, grads, fed_workspace_input_gradient(&tail), t->batch);
	ck_assert_mem_eq(fed_workspace_input_gradient(&head), fed_workspace_input_gradient(&t->ws),
	                 t->batch * fed_shape_size(&net->input) * sizeof(float));
	fed_workspace_release(&head);
	fed_workspace_release(&tail);
}

START_TEST(cuts_do_not_change_bits)
{
	static const uint32_t batches[] = {1, 5, 70};

	for (size_t i = 0; i < 3; i++) {
		struct trial t;

		make_trial(&t, &nets[_i], batches[i]);
		const size_t outs = (size_t)t.batch * t.net.outputs;
		float *y = fed_alloc_floats(outs), *grads = fed_alloc_floats(t.net.dim);
		for (size_t cut = 1; cut < t.net.layers; cut++) {
			memset(grads, 0, t.net.dim * sizeof *grads);
			memset(t.grads, 0, t.net.dim * sizeof *grads);
			gradient_of(&t);
			run_cut(&t, cut, y, grads);
			ck_assert_mem_eq(y, t.ws.activation[t.net.ops], outs * sizeof *y);
			ck_assert_mem_eq(grads, t.grads, t.net.dim * sizeof *grads);
		}
		fed_free_floats(y);
		fed_free_floats(grads);
		free_trial(&t);
	}
}
END_TEST

/* Without the input gradient, in a larger workspace, a second time: the same gradient. */
START_TEST(gradients_repeat)
{
	struct trial t;
	struct fed_error err = {{0}};

	make_trial(&t, &nets[_i], 6);
	float *first = fed_alloc_floats(t.net.dim);
	gradient_of(&t);
	memcpy(first, t.grads, t.net.dim * sizeof *first);
	for (uint32_t capacity = 6; capacity < 200; capacity *= 3) {
		fed_workspace_release(&t.ws);
		fed_assert_ok(fed_workspace_init(&t.ws, &t.net, 0, t.net.layers, capacity, false, &err),
		              &err);
		ck_assert_ptr_null(fed_workspace_input_gradient(&t.ws));
		for (int again = 0; again < 2; again++) {
			memset(t.grads, 0, t.net.dim * sizeof *first);
			gradient_of(&t);
			ck_assert_mem_eq(first, t.grads, t.net.dim * sizeof *first);
		}
	}
	fed_free_floats(first);
	free_trial(&t);
}
END_TEST

/* Whatever way a layer takes for many examples, and when most of the picture is black: the gradient
 * is the sum over smaller batches. */
START_TEST(large_batches_are_sums)
{
	enum { PARTS = 3, PART = 50 };
	struct trial t;

	for (int black = 0; black < 2; black++) {
		make_trial(&t, &nets[_i], PARTS * PART);
		const size_t in = fed_shape_size(&t.net.input), outs = t.net.outputs;
		float *whole = fed_alloc_floats(t.net.dim);

		for (size_t j = 0; black && j < t.batch * in; j++)
			if (j % in % 9 > 2)
				t.input[j] = 0;
		const double loss = gradient_of(&t);
		memcpy(whole, t.grads, t.net.dim * sizeof *whole);
		memset(t.grads, 0, t.net.dim * sizeof *whole);
		struct trial part = t;
		double sum = 0;
		part.batch = PART;
		for (int i = 0; i < PARTS; i++) {
			sum += gradient_of(&part);
			part.input += PART * in;
			part.label += PART;
			part.target += PART * outs;
		}
		ck_assert_double_eq_tol(loss, sum, 1e-5 * loss);
		for (size_t j = 0; j < t.net.dim; j++)
			ck_assert_float_eq_tol(whole[j], t.grads[j], 1e-4f * (1 + fabsf(whole[j])));
		fed_free_floats(whole);
		free_trial(&t);
	}
}
END_TEST

/* Export --------------------------------------------------------------------- */

/* The tensor's value at position n of its file form. */
static float exported(const struct fed_tensor *t, const float *params, size_t n)
{
	size_t at = t->offset;

	for (uint32_t k = t->rank; k-- > 0; n /= t->dim[k])
		at += n % t->dim[k] * t->stride[k];
	return params[at];
}

START_TEST(files_have_the_order_of_pytorch)
{
	const struct net_case c = {"conv 4 3 1, relu, flatten, dense 5", {3, {6, 7, 2}}, 5, 5};
	struct trial t;
	struct fed_tensor tensor;
	char name[48];

	make_trial(&t, &c, 1);
	ck_assert(fed_net_tensor(&t.net, 0, 0, name, &tensor));
	ck_assert_str_eq(name, "conv1.weight");
	ck_assert_uint_eq(tensor.file_rank, 4);
	/* [filter 3][channel 1][row 2][column 0] of (4, 2, 3, 3); K is (3, 3, 2, 4) */
	ck_assert_float_eq(exported(&tensor, t.params, ((3 * 2 + 1) * 3 + 2) * 3 + 0),
	                   t.params[((2 * 3 + 0) * 2 + 1) * 4 + 3]);
	ck_assert(fed_net_tensor(&t.net, 0, 1, name, &tensor));
	ck_assert_str_eq(name, "conv1.bias");
	ck_assert_float_eq(exported(&tensor, t.params, 2), t.params[72 + 2]);
	ck_assert(!fed_net_tensor(&t.net, 0, 2, name, &tensor));
	ck_assert(!fed_net_tensor(&t.net, 1, 0, name, &tensor));

	ck_assert(fed_net_tensor(&t.net, 3, 0, name, &tensor));
	ck_assert_str_eq(name, "dense1.weight");
	ck_assert_uint_eq(tensor.file_rank, 2);
	ck_assert_uint_eq(tensor.file_shape[0], 5);
	ck_assert_uint_eq(tensor.file_shape[1], 168);
	/* [unit 4][channel 3, row 5, column 6 of (4, 6, 7)]; W is (6 x 7 x 4, 5) */
	ck_assert_float_eq(exported(&tensor, t.params, 4 * 168 + (3 * 6 + 5) * 7 + 6),
	                   t.params[76 + ((5 * 7 + 6) * 4 + 3) * 5 + 4]);
	free_trial(&t);
}
END_TEST

START_TEST(gru_files_have_the_order_of_pytorch)
{
	static const struct {
		const char *name;
		uint32_t rank, shape[2];
		size_t at, place; /* a position of the file and where it is in the layer */
	} wanted[] = {
		{"gru1.weight_ih_l0", 2, {12, 6}, 7 * 6 + 5, 5 * 12 + 7},
		{"gru1.weight_hh_l0", 2, {12, 4}, 11 * 4 + 3, (6 + 3) * 12 + 11},
		{"gru1.bias_ih_l0", 1, {12}, 10, 10 * 12 + 10},
		{"gru1.bias_hh_l0", 1, {12}, 2, 11 * 12 + 2},
	};
	const struct net_case c = {"embedding 5 6, gru 4, dense 5", {1, {3}}, 5, 5};
	struct trial t;
	struct fed_tensor tensor;
	char name[48];

	make_trial(&t, &c, 1);
	ck_assert_uint_eq(t.net.layer[1].count, 12 * 12);
	for (uint32_t k = 0; k < 4; k++) {
		ck_assert(fed_net_tensor(&t.net, 1, k, name, &tensor));
		ck_assert_str_eq(name, wanted[k].name);
		ck_assert_uint_eq(tensor.file_rank, wanted[k].rank);
		ck_assert_uint_eq(tensor.file_shape[0], wanted[k].shape[0]);
		ck_assert_uint_eq(tensor.file_shape[1], wanted[k].shape[1]);
		ck_assert_float_eq(exported(&tensor, t.params, wanted[k].at),
		                   t.params[30 + wanted[k].place]);
	}
	ck_assert(!fed_net_tensor(&t.net, 1, 4, name, &tensor));
	ck_assert(fed_net_tensor(&t.net, 0, 0, name, &tensor));
	ck_assert_str_eq(name, "embedding1.weight");
	ck_assert_float_eq(exported(&tensor, t.params, 4 * 6 + 5), t.params[29]);
	ck_assert(!fed_net_tensor(&t.net, 0, 1, name, &tensor));
	free_trial(&t);
}
END_TEST

START_TEST(mcmahans_nets_have_their_size)
{
	static const struct net_case published[] = {
		{"dense 200, relu, dense 200, relu, dense 10", {3, {28, 28, 1}}, 10, 10},
		{"conv 32 5 2, relu, max_pool 2, conv 64 5 2, relu, max_pool 2, flatten, dense 512, relu, "
	     "dense 10",
	     {3, {28, 28, 1}},
	     10,
	     10},
	};
	static const size_t dims[] = {199210, 1663370};
	struct fed_net net;
	struct fed_error err = {{0}};
	char what[48];

	for (size_t i = 0; i < 2; i++) {
		fed_assert_ok(make_net(&net, &published[i], &err), &err);
		ck_assert_uint_eq(net.dim, dims[i]);
		fed_net_layer_describe(&net, i ? 3 : 2, what);
		ck_assert_msg(strstr(what, i ? "5x5, 64 filters" : "200 to 200"), "%s", what);
		fed_net_release(&net);
	}
}
END_TEST

/* Memory --------------------------------------------------------------------- */

static int build_and_run(void *ctx, struct fed_error *err)
{
	struct fed_net net;
	struct fed_workspace ws = {0};
	int rc = make_net(&net, ctx, err);

	if (rc == FED_OK)
		rc = fed_workspace_init(&ws, &net, 0, net.layers, 2, true, err);
	fed_workspace_release(&ws);
	fed_net_release(&net);
	return rc;
}

START_TEST(memory_may_run_out)
{
	struct net_case c = nets[_i];

	ck_assert_uint_gt(fed_each_allocation(build_and_run, &c), 5);
}
END_TEST

/* All that the layers work in lies within what is told. */
START_TEST(workspaces_tell_their_size)
{
	struct fed_net net;
	struct fed_error err = {{0}};

	fed_assert_ok(make_net(&net, &nets[0], &err), &err);
	for (size_t first = 0; first < 2; first++)
		for (uint32_t batch = 1; batch < 100; batch += 7) {
			struct fed_workspace ws;
			double bytes;

			fed_assert_ok(fed_workspace_bytes(&net, first, 3, batch, true, &bytes, &err), &err);
			fed_assert_ok(fed_workspace_init(&ws, &net, first, 3, batch, true, &err), &err);
			const float *end = ws.block + (size_t)(bytes / sizeof *end);
			for (size_t i = 0; i <= 3 - first; i++) {
				const struct fed_net_layer *l = &net.layer[first + i - (first + i == 3)];
				const size_t floats = batch * fed_shape_size(first + i == 3 ? &l->out : &l->in);

				ck_assert(ws.activation[i] >= ws.block && ws.activation[i] + floats <= end);
				ck_assert(ws.gradient[i] >= ws.block && ws.gradient[i] < end);
			}
			fed_workspace_release(&ws);
		}
	double bytes;
	ck_assert_int_eq(fed_workspace_bytes(&net, 0, 9, 1, false, &bytes, &err), FED_FAIL);
	fed_net_release(&net);
}
END_TEST

START_TEST(workspaces_are_checked)
{
	struct fed_net net;
	struct fed_workspace ws;
	struct fed_error err = {{0}};

	fed_assert_ok(make_net(&net, &nets[0], &err), &err);
	ck_assert_int_eq(fed_workspace_init(&ws, &net, 2, 2, 1, false, &err), FED_FAIL);
	ck_assert_int_eq(fed_workspace_init(&ws, &net, 0, 9, 1, false, &err), FED_FAIL);
	ck_assert_int_eq(fed_workspace_init(&ws, &net, 0, 5, 0, false, &err), FED_FAIL);
	fed_workspace_release(&ws);
	fed_net_release(&net);
}
END_TEST

FED_SUITE(net)
{
	Suite *suite = suite_create("net");
	TCase *tests = tcase_create("net");

	tcase_add_loop_test(tests, refusals_have_words, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, order_is_checked);
	tcase_add_test(tests, loss_fits_the_dataset);
	tcase_add_test(tests, plugin_layers_are_copied_and_run);
	tcase_add_test(tests, broken_plugin_layers_are_refused);
	tcase_add_test(tests, any_number_is_a_token);
	tcase_add_loop_test(tests, same_seed_same_parameters, 0, NETS);
	tcase_add_loop_test(tests, cuts_do_not_change_bits, 0, NETS);
	tcase_add_loop_test(tests, gradients_repeat, 0, NETS);
	tcase_add_loop_test(tests, large_batches_are_sums, 0, NETS);
	tcase_add_test(tests, files_have_the_order_of_pytorch);
	tcase_add_test(tests, gru_files_have_the_order_of_pytorch);
	tcase_add_test(tests, mcmahans_nets_have_their_size);
	tcase_add_loop_test(tests, memory_may_run_out, 0, NETS);
	tcase_add_test(tests, workspaces_tell_their_size);
	tcase_add_test(tests, workspaces_are_checked);
	suite_add_tcase(suite, tests);
	return suite;
}

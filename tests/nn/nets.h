/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/nets.h - nets, batches and finite differences for the tests of nn.
 */
#ifndef FED_TEST_NETS_H
#define FED_TEST_NETS_H

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "nn/net.h"
#include "support/suite.h"

/* A net as words: "conv 6 5 2, relu, max_pool 2, dense 10"; the loss follows from classes. */
struct net_case {
	const char *layers;
	struct fed_shape input;
	uint32_t classes, outputs;
};

/* Whole models, small. */
#define MLP "dense 20, relu, dense 17, relu, dense 10"
#define CNN                                                                                  \
	"conv 8 5 2, relu, max_pool 2, conv 20 5 2, relu, max_pool 2, flatten, dense 33, relu, " \
	"dense 10"
#define LENET                                                                                  \
	"conv 6 5 2, tanh, mean_pool 2, conv 16 5 0, tanh, mean_pool 2, flatten, dense 21, tanh, " \
	"dense 12, tanh, dense 10"

/* Blocks with and without a shortcut, staged layers and others on both sides of each. */
#define RESIDUAL                                                                                  \
	"conv 8 3 1, group_norm groups=2, relu, residual, conv 8 3 1, batch_norm, relu, conv 8 3 1, " \
	"end, relu, residual, relu, conv filters=12 kernel=3 stride=2 pad=1, group_norm groups=3, "   \
	"relu, conv 12 3 1, dropout rate=0.25, shortcut, conv filters=12 kernel=1 stride=2, end, "    \
	"residual, dropout rate=0.1, end, relu, global_pool, residual, dense 12, tanh, end, dense 4"
#define DECODER                                                                              \
	"embedding 11 12, positions, dropout rate=0.1, residual, layer_norm, attention heads=3 " \
	"causal, dropout rate=0.2, end, residual, layer_norm, dense units=20 each, gelu, dense " \
	"units=12 each, end, layer_norm, dense 11"

static const struct net_case nets[] = {
	{MLP, {3, {9, 7, 1}}, 10, 10},
	{CNN, {3, {12, 12, 1}}, 10, 10},
	{LENET, {3, {16, 16, 1}}, 10, 10},
	{"embedding 11 6, gru 9, dense 11", {1, {7}}, 11, 11},
	{"flatten, relu, tanh, dense 4", {2, {3, 5}}, 0, 4},
	{"conv 16 3 1, relu, relu, mean_pool 3, max_pool 1, tanh, flatten, flatten, dense 3",
     {3, {9, 10, 3}},
     3,
     3},
	{RESIDUAL, {3, {12, 10, 3}}, 4, 4},
	{DECODER, {1, {7}}, 11, 11},
};
#define NETS ((int)(sizeof nets / sizeof *nets))

static inline int add_word(struct fed_builder *b, const char *word, struct fed_error *err)
{
	unsigned x = 0, y = 0, z = 0;
	char kind[16];

	ck_assert_int_ge(sscanf(word, "%15s %u %u %u", kind, &x, &y, &z), 1);
	if (strchr(word, '='))
		return b->add(b, err, "%s", word);
	if (strcmp(kind, "dense") == 0)
		return b->dense(b, x, err);
	if (strcmp(kind, "conv") == 0)
		return b->conv(b, x, y, z, err);
	if (strcmp(kind, "max_pool") == 0)
		return b->max_pool(b, x, err);
	if (strcmp(kind, "mean_pool") == 0)
		return b->mean_pool(b, x, err);
	if (strcmp(kind, "embedding") == 0)
		return b->embedding(b, x, y, err);
	if (strcmp(kind, "gru") == 0)
		return b->gru(b, x, err);
	if (strcmp(kind, "relu") == 0)
		return b->relu(b, err);
	if (strcmp(kind, "tanh") == 0)
		return b->tanh(b, err);
	if (strcmp(kind, "flatten") == 0)
		return b->flatten(b, err);
	return b->add(b, err, "%s", word);
}

/* FED_OK, or what the first refusal said; release the net either way. */
static inline int make_net(struct fed_net *net, const struct net_case *c, struct fed_error *err)
{
	struct fed_net_builder storage;
	char words[512];

	fed_net_init(net, &c->input, c->classes, c->outputs);
	struct fed_builder *b = fed_net_builder(&storage, net);
	snprintf(words, sizeof words, "%s", c->layers);
	for (char *word = words, *next; word; word = next) {
		next = strstr(word, ", "); /* a list in a setting has no blanks */
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (add_word(b, word, err))
			return FED_FAIL;
	}
	if (b->loss(b, c->classes ? FED_LOSS_CROSS_ENTROPY : FED_LOSS_SQUARED, err))
		return FED_FAIL;
	return fed_net_finish(net, err);
}

/* Uniform in [-1, 1), value j from number j of the stream `key`. */
static inline void fill(float *v, size_t n, uint64_t key)
{
	for (size_t j = 0; j < n; j++)
		v[j] = (float)(2 * fed_random_real(key, j) - 1);
}

static inline void fill_tokens(float *v, size_t n, uint32_t vocabulary)
{
	for (size_t j = 0; j < n; j++)
		v[j] = (float)(fed_random(4, j) % vocabulary);
}

/* A net with parameters, a batch and room for its gradients. */
struct trial {
	struct fed_net net;
	struct fed_workspace ws;
	float *params, *grads, *input, *target;
	int32_t *label;
	uint32_t batch;
	bool training; /* passes are those of a step */
	uint64_t key;
};

static inline void make_trial(struct trial *t, const struct net_case *c, uint32_t batch)
{
	struct fed_error err = {{0}};

	fed_assert_ok(make_net(&t->net, c, &err), &err);
	fed_assert_ok(fed_workspace_init(&t->ws, &t->net, 0, t->net.layers, batch, true, &err), &err);
	if (t->net.frozen_dim)
		fed_net_init_frozen(&t->net, 7);
	t->batch = batch;
	t->training = false;
	t->key = 0;
	t->params = fed_alloc_floats(t->net.dim + 1);
	t->grads = fed_alloc_floats(t->net.dim + 1);
	t->input = fed_alloc_floats(batch * fed_shape_size(&c->input));
	t->target = fed_alloc_floats((size_t)batch * c->outputs);
	t->label = fed_alloc_array(batch, sizeof *t->label);
	fed_net_init_params(&t->net, t->params, 7);
	fill(t->input, batch * fed_shape_size(&c->input), 1);
	fill(t->target, (size_t)batch * c->outputs, 2);
	if (strncmp(c->layers, "embedding", 9) == 0)
		fill_tokens(t->input, batch * fed_shape_size(&c->input), c->classes);
	for (uint32_t i = 0; i < batch && c->classes; i++)
		t->label[i] = (int32_t)(fed_random(3, i) % c->classes);
}

static inline void free_trial(struct trial *t)
{
	fed_workspace_release(&t->ws);
	fed_net_release(&t->net);
	fed_free_floats(t->params);
	fed_free_floats(t->grads);
	fed_free_floats(t->input);
	fed_free_floats(t->target);
	fed_free(t->label);
}

static inline void put_input(struct trial *t)
{
	memcpy(fed_workspace_input(&t->ws), t->input,
	       t->batch * fed_shape_size(&t->net.input) * sizeof *t->input);
}

static inline const float *forward_of(struct trial *t)
{
	put_input(t);
	return t->training ? fed_net_forward_training(&t->ws, t->params, t->batch,
	                                              (struct fed_step_random){.key = t->key})
	                   : fed_net_forward(&t->ws, t->params, t->batch);
}

/* The sum of the losses at params, input as they stand. */
static inline double loss_of(struct trial *t)
{
	const float *y = forward_of(t);
	return fed_net_loss(&t->net, y, t->label, t->target, t->batch, 0, NULL, NULL);
}

/* Forward, loss and backward; gradients are added to t->grads. */
static inline double gradient_of(struct trial *t)
{
	float *dy = fed_workspace_output_gradient(&t->ws);

	const float *y = forward_of(t);
	const double loss = fed_net_loss(&t->net, y, t->label, t->target, t->batch, 1, dy, NULL);
	fed_net_backward(&t->ws, t->params, t->grads, dy, t->batch);
	return loss;
}

#endif

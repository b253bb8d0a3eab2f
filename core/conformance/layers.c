/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/layers.c - one layer of a net, called with memory of our own.
 */
#include "conformance/layers.h"

#include <string.h>

#include "base/mem.h"

static void unset(float *v, size_t n)
{
	memset(v, 0xff, n * sizeof *v);
}

bool fed__layer_trial_init(struct fed_layer_trial *t, struct fed_checker *c,
                           const struct fed_net *net, size_t number, uint32_t batch, const float *x,
                           const float *params)
{
	const struct fed_net_layer *l = &net->layer[number];
	const struct fed_layer *ops = l->ops;

	*t = (struct fed_layer_trial){
		.checker = c,
		.net = net,
		.layer = l,
		.number = number,
		.batch = batch,
		.in = fed_shape_size(&l->in),
		.out = fed_shape_size(&l->out),
		.cached = ops->cache_floats ? batch * ops->cache_floats(l->config, &l->in) : 0,
		.scratched = ops->scratch_floats ? ops->scratch_floats(l->config, &l->in, batch) : 0,
	};
	t->params = fed__floats(c, "params", l->count);
	t->grads = fed__floats(c, "grads", l->count);
	t->x = fed__floats(c, "x", batch * t->in);
	t->dx = fed__floats(c, "dx", batch * t->in);
	t->y = fed__floats(c, "y", batch * t->out);
	t->dy = fed__floats(c, "dy", batch * t->out);
	t->cache = fed__floats(c, "cache", t->cached);
	t->scratch = fed__floats(c, "scratch", t->scratched);
	if (c->no_memory)
		return false;
	memcpy(t->params, params, l->count * sizeof *params);
	memcpy(t->x, x, batch * t->in * sizeof *x);
	fed__fill_normal(t->dy, batch * t->out, fed_random(c->options.seed, 100 + number), 1);
	return true;
}

static struct fed_pass pass_of(const struct fed_layer_trial *t)
{
	return (struct fed_pass){
		.size = sizeof(struct fed_pass),
		.config = t->layer->config,
		.in = t->layer->in,
		.out = t->layer->out,
		.batch = t->batch,
		.params = t->params,
		.x = t->x,
		.y = t->y,
		.cache = t->cache,
		.scratch = t->scratch,
	};
}

void fed__layer_forward(struct fed_layer_trial *t)
{
	const struct fed_pass pass = pass_of(t);

	unset(t->y, t->batch * t->out);
	unset(t->cache, t->cached);
	unset(t->scratch, t->scratched);
	t->layer->ops->forward(&pass);
}

void fed__layer_backward(struct fed_layer_trial *t, const float *params, float *dx, float *grads)
{
	struct fed_pass pass = pass_of(t);

	unset(t->scratch, t->scratched);
	if (dx)
		unset(dx, t->batch * t->in);
	pass.params = params;
	pass.dy = t->dy;
	pass.dx = dx;
	pass.grads = grads;
	t->layer->ops->backward(&pass);
}

bool fed__layer_has_input_gradient(const struct fed_layer_trial *t)
{
	return !t->net->tokens || t->number > 0;
}

void fed__fill_examples(const struct fed_net *net, float *x, uint32_t batch, uint64_t key)
{
	const size_t n = batch * fed_shape_size(&net->input);

	if (net->tokens)
		for (size_t j = 0; j < n; j++)
			x[j] = (float)(fed_random(key, j) % net->classes);
	else if (net->input.rank > 1)
		fed__fill_uniform(x, n, key, 0, 1);
	else
		fed__fill_normal(x, n, key, 1);
}

void fed__each_layer(struct fed_checker *c, const struct fed_net *net, uint32_t batch, bool own,
                     void (*with)(struct fed_layer_trial *, void *ctx), void *ctx)
{
	const uint64_t seed = c->options.seed;
	float *params = fed_alloc_floats(net->dim + 1);
	float *x = fed_alloc_floats(batch * fed_shape_size(&net->input));

	if (!params || !x) {
		c->no_memory = true;
		fed_fail_memory(&c->why, net->dim * sizeof *params, "a model's parameters");
	} else {
		fed_net_init_params(net, params, fed_random(seed, 1));
		fed__fill_examples(net, x, batch, fed_random(seed, 2));
	}
	for (size_t l = 0; l < net->layers && fed_check_goes_on(c); l++) {
		struct fed_layer_trial t;

		if (!fed__layer_trial_init(&t, c, net, l, batch, x, params + net->layer[l].offset))
			break;
		fed__layer_forward(&t);
		fed_free_floats(x);
		x = fed_alloc_floats(batch * t.out);
		if (!x) {
			c->no_memory = true;
			fed_fail_memory(&c->why, batch * t.out * sizeof *x, "a layer's output");
			break;
		}
		memcpy(x, t.y, batch * t.out * sizeof *x);
		if (!own || fed_net_layer_is_own(&net->layer[l]))
			with(&t, ctx);
		fed__buffers_release(c);
	}
	fed_free_floats(x);
	fed_free_floats(params);
}

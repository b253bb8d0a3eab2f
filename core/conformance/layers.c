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
	const struct fed_net_layer *l = &net->op[number];
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
		.training = !t->evaluates,
		.first = t->first,
		.key = fed_random(t->checker->options.seed, 200 + t->number),
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

/* Outputs of all operations so far: out[o + 1] is that of operation o, out[0] the examples. */
static bool keep_output(struct fed_checker *c, const struct fed_net *net, float **out,
                        const struct fed_layer_trial *t)
{
	const struct fed_net_layer *op = &net->op[t->number];
	const size_t n = t->batch * t->out;
	float *y = fed_alloc_floats(n);

	if (!y) {
		c->no_memory = true;
		fed_fail_memory(&c->why, n * sizeof *y, "a layer's output");
		return false;
	}
	memcpy(y, t->y, n * sizeof *y);
	for (size_t j = 0; op->other != FED_NO_BOUNDARY && j < n; j++)
		y[j] += out[op->other][j];
	out[t->number + 1] = y;
	return true;
}

void fed__each_layer(struct fed_checker *c, const struct fed_net *net, uint32_t batch, bool own,
                     void (*with)(struct fed_layer_trial *, void *ctx), void *ctx)
{
	const uint64_t seed = c->options.seed;
	float *params = fed_alloc_floats(net->dim + 1);
	float **out = fed_alloc_array(net->ops + 1, sizeof *out);

	if (out)
		out[0] = fed_alloc_floats(batch * fed_shape_size(&net->input));
	if (!params || !out || !out[0]) {
		c->no_memory = true;
		fed_fail_memory(&c->why, net->dim * sizeof *params, "a model's parameters");
	} else {
		fed_net_init_params(net, params, fed_random(seed, 1));
		fed__fill_examples(net, out[0], batch, fed_random(seed, 2));
	}
	for (size_t o = 0; o < net->ops && fed_check_goes_on(c); o++) {
		const struct fed_net_layer *op = &net->op[o];
		struct fed_layer_trial t;

		if (!fed__layer_trial_init(&t, c, net, o, batch, out[op->source], params + op->offset))
			break;
		fed__layer_forward(&t);
		if (!keep_output(c, net, out, &t))
			break;
		if (!own || fed_net_layer_is_own(op))
			with(&t, ctx);
		fed__buffers_release(c);
	}
	for (size_t o = 0; out && o <= net->ops; o++)
		fed_free_floats(out[o]);
	fed_free(out);
	fed_free_floats(params);
}

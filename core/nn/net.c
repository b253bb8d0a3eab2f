/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/net.c - init, release, parameters and description of a net.
 */
#include "nn/net.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "fedsh/codec.h"
#include "nn/layers/image.h"
#include "nn/layers/layers.h"

void fed_net_init(struct fed_net *net, const struct fed_shape *input, uint32_t classes,
                  uint32_t outputs)
{
	*net =
		(struct fed_net){.input = *input, .classes = classes, .outputs = outputs, .positions = 1};
}

void fed_net_release(struct fed_net *net)
{
	for (size_t o = 0; o < net->ops; o++)
		fed_free(net->op[o].copy);
	fed_free(net->op);
	fed_free(net->layer);
	fed_free_floats(net->frozen);
	*net = (struct fed_net){0};
}

/* Whether the shape is an answer for each of the last tokens of an example. */
static bool is_each_token(const struct fed_net *net, const struct fed_shape *out)
{
	return net->tokens && net->loss == FED_LOSS_CROSS_ENTROPY && out->rank == 2 &&
	       out->dim[1] == net->outputs && out->dim[0] <= fed_shape_size(&net->input);
}

int fed_net_finish(struct fed_net *net, struct fed_error *err)
{
	char text[FED_SHAPE_TEXT];

	if (net->broken)
		return fed_fail(err, "a layer was refused and build() went on without it");
	if (net->in_block)
		return fed_fail(err, "a residual block has no end");
	if (net->layers == 0)
		return fed_fail(err, "the model has no layers");
	if (!net->loss)
		return fed_fail(err, "the model names no loss");
	const struct fed_shape *out = &net->layer[net->layers - 1].out;
	if (is_each_token(net, out))
		net->positions = out->dim[0];
	else if (fed_shape_size(out) != net->outputs)
		return fed_fail(err, "the last layer gives %s, the dataset needs %u outputs",
		                fed_shape_text(out, text), net->outputs);
	if (net->frozen_dim == 0)
		return FED_OK;
	if (net->dim == 0)
		return fed_fail(
			err, "nothing is trained: lora has rank 0 or meets no layer of those that it is on");
	net->frozen = fed_alloc_floats(net->frozen_dim);
	if (!net->frozen)
		return fed_fail_memory(err, net->frozen_dim * sizeof *net->frozen, "the frozen base");
	memset(net->frozen, 0, net->frozen_dim * sizeof *net->frozen);
	return FED_OK;
}

void fed_net_init_frozen(struct fed_net *net, uint64_t seed)
{
	for (size_t o = 0; o < net->ops; o++) {
		const struct fed_net_layer *op = &net->op[o];
		const struct fed_layer *base = fed__net_base_ops(op);
		float *own = net->frozen + op->frozen_at;

		if (op->frozen == 0)
			continue;
		memset(own, 0, op->frozen * sizeof *own);
		if (base->init)
			base->init(op->config, &op->in, own, fed_stream_key(seed, FED_FOR_INIT, o, 0));
	}
}

void fed_net_init_params(const struct fed_net *net, float *params, uint64_t seed)
{
	for (size_t o = 0; o < net->ops; o++) {
		const struct fed_net_layer *op = &net->op[o];
		float *own = params + op->offset;

		memset(own, 0, op->count * sizeof *own);
		if (op->count && op->ops->init)
			op->ops->init(op->config, &op->in, own, fed_stream_key(seed, FED_FOR_INIT, o, 0));
	}
}

double fed_net_flops(const struct fed_net *net, size_t first, size_t last)
{
	double flops = 0;

	for (size_t l = first; l < last; l++)
		flops += net->layer[l].flops;
	return flops;
}

double fed_net_backward_flops(const struct fed_net *net, size_t first, size_t last,
                              bool input_gradient)
{
	double flops = 0;
	bool below = input_gradient; /* whether something below needs the gradient */

	if (net->frozen_dim == 0)
		return 2 * fed_net_flops(net, first, last);
	if (first >= last)
		return 0;
	for (size_t o = net->layer[first].begin; o < net->layer[last - 1].end; o++) {
		const struct fed_net_layer *op = &net->op[o];

		if (below || op->count)
			flops += below ? op->back : op->back - op->back_dx;
		below |= op->count > 0;
	}
	return flops;
}

void fed__net_each_trained(const struct fed_net *net, size_t limit,
                           void (*take)(void *ctx, size_t from, size_t to), void *ctx)
{
	size_t from = 0;

	for (size_t o = 0; o < net->ops; o++) {
		const struct fed_net_layer *op = &net->op[o];
		const size_t end = op->offset + op->count, to = end - op->buffers;

		if (op->buffers == 0 || to >= limit)
			continue;
		if (to > from)
			take(ctx, from, to);
		from = end;
	}
	if (from < limit)
		take(ctx, from, limit);
}

/* Tensor t of `count` parameters at `offset`, which `ops` have for this operation. */
static bool tensor_of(const struct fed_net_layer *op, const struct fed_layer *ops, size_t offset,
                      size_t count, uint32_t t, char name[48], struct fed_tensor *out)
{
	struct fed_tensor tensor = {.name = "params",
	                            .rank = 1,
	                            .dim = {(uint32_t)count},
	                            .stride = {1},
	                            .file_rank = 1,
	                            .file_shape = {(uint32_t)count}};

	if (count == 0)
		return false;
	if (ops->tensor ? !ops->tensor(op->config, &op->in, t, &tensor) : t > 0)
		return false;
	snprintf(name, 48, "%s.%.15s", op->name, tensor.name);
	tensor.offset += offset;
	*out = tensor;
	return true;
}

bool fed_net_op_tensor(const struct fed_net *net, size_t o, uint32_t t, char name[48],
                       struct fed_tensor *out)
{
	const struct fed_net_layer *op = &net->op[o];

	return tensor_of(op, op->ops, op->offset, op->count, t, name, out);
}

static bool frozen_op_tensor(const struct fed_net *net, size_t o, uint32_t t, char name[48],
                             struct fed_tensor *out)
{
	const struct fed_net_layer *op = &net->op[o];

	return tensor_of(op, fed__net_base_ops(op), op->frozen_at, op->frozen, t, name, out);
}

/* Tensor t of layer l, as `of` lists those of its operations. */
static bool
layer_tensor(const struct fed_net *net, size_t l, uint32_t t, char name[48], struct fed_tensor *out,
             bool (*of)(const struct fed_net *, size_t, uint32_t, char[48], struct fed_tensor *))
{
	for (size_t o = net->layer[l].begin; o < net->layer[l].end; o++) {
		uint32_t n = 0;

		for (; of(net, o, n, name, out); n++)
			if (n == t)
				return true;
		t -= n;
	}
	return false;
}

bool fed_net_tensor(const struct fed_net *net, size_t l, uint32_t t, char name[48],
                    struct fed_tensor *out)
{
	return layer_tensor(net, l, t, name, out, fed_net_op_tensor);
}

bool fed_net_frozen_tensor(const struct fed_net *net, size_t l, uint32_t t, char name[48],
                           struct fed_tensor *out)
{
	return layer_tensor(net, l, t, name, out, frozen_op_tensor);
}

/* A tensor as a matrix of its outputs and the rest, in memory order; one row where it has none. */
static struct fed_matrix matrix_of(const struct fed_tensor *t)
{
	size_t size = 1;

	for (uint32_t k = 0; k < t->rank; k++)
		size *= t->dim[k];
	const size_t outputs = t->dim[0];
	if (t->rank > 1 && outputs && t->stride[0] == 1)
		return (struct fed_matrix){size / outputs, outputs};
	if (t->rank > 1 && outputs && t->stride[0] == size / outputs)
		return (struct fed_matrix){outputs, size / outputs};
	return (struct fed_matrix){1, size};
}

static int add_matrix(struct fed_matrix **all, uint32_t *n, struct fed_matrix m,
                      struct fed_error *err)
{
	struct fed_matrix *grown = fed_resize(*all, *n * sizeof m, (*n + 1) * sizeof m);

	if (!grown)
		return fed_fail_memory(err, (*n + 1) * sizeof m, "the matrices of a model");
	*all = grown;
	grown[(*n)++] = m;
	return FED_OK;
}

int fed_net_matrices(const struct fed_net *net, struct fed_matrix **out, uint32_t *n,
                     struct fed_error *err)
{
	struct fed_matrix *all = NULL;
	struct fed_tensor tensor;
	size_t at = 0; /* first parameter that is in none yet */
	uint32_t count = 0;
	char unused[48];
	int rc = FED_OK;

	for (size_t l = 0; rc == FED_OK && l < net->layers; l++)
		for (uint32_t t = 0; rc == FED_OK && fed_net_tensor(net, l, t, unused, &tensor); t++) {
			const struct fed_matrix m = matrix_of(&tensor);

			if (tensor.offset < at || tensor.offset + m.rows * m.columns > net->dim)
				continue; /* a plugin's tensors overlap */
			if (tensor.offset > at)
				rc = add_matrix(&all, &count, (struct fed_matrix){1, tensor.offset - at}, err);
			if (rc == FED_OK)
				rc = add_matrix(&all, &count, m, err);
			at = tensor.offset + m.rows * m.columns;
		}
	if (rc == FED_OK && (at < net->dim || count == 0))
		rc = add_matrix(&all, &count, (struct fed_matrix){1, net->dim - at}, err);
	if (rc) {
		fed_free(all);
		return FED_FAIL;
	}
	*out = all;
	*n = count;
	return FED_OK;
}

void fed_net_layer_describe(const struct fed_net *net, size_t l, char what[48])
{
	const struct fed_net_layer *layer = &net->layer[l];

	*what = 0;
	if (!layer->ops)
		snprintf(what, 48, "block of %zu layers", layer->end - layer->begin - 1);
	else if (layer->ops->describe)
		layer->ops->describe(layer->config, &layer->in, what, 48);
}

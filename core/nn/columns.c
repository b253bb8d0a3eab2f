/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/columns.c - nets whose first layers treat parts of the columns apart.
 */
#include "nn/columns.h"

#include "nn/layers/layers.h"

/* The blocks of layer l, or NULL. */
static const struct fed_block_dense_config *blocks_at(const struct fed_net *net, size_t l)
{
	return l < net->layers && net->layer[l].ops == &fed__layer_block_dense ? net->layer[l].config
	                                                                       : NULL;
}

const struct fed_ranges *fed_net_parts(const struct fed_net *net)
{
	size_t l = 0;

	while (l < net->layers && net->layer[l].ops == &fed_layer_flatten)
		l++;
	const struct fed_block_dense_config *c = blocks_at(net, l);
	return c ? &c->parts : NULL;
}

static bool keeps_columns(const struct fed_layer *ops)
{
	return ops == &fed__layer_relu || ops == &fed__layer_tanh || ops == &fed__layer_gelu ||
	       ops == &fed__layer_dropout;
}

/* Whether the blocks of a layer are the shares of the parts in its `width` inputs. */
static bool continues(const struct fed_block_dense_config *c, uint32_t parts, size_t width)
{
	bool same = c->parts.n == parts;

	for (uint32_t k = 0; same && k < parts; k++)
		same = c->parts.range[k].first == k * width / parts &&
		       c->parts.range[k].last + 1 == (k + 1) * width / parts;
	return same;
}

size_t fed_net_layers_apart(const struct fed_net *net)
{
	const struct fed_ranges *parts = fed_net_parts(net);
	bool begun = false;
	size_t l = 0;

	for (; parts && l < net->layers; l++) {
		const struct fed_block_dense_config *c = blocks_at(net, l);

		if (c && (!begun || continues(c, parts->n, fed_shape_size(&net->layer[l].in))))
			begun = true;
		else if (begun && !keeps_columns(net->layer[l].ops))
			break;
	}
	return l;
}

size_t fed_net_first_cut_apart(const struct fed_net *net)
{
	size_t l = 0;

	while (l < net->layers && !blocks_at(net, l))
		l++;
	return l + 1;
}

void fed_net_part_params(const struct fed_net *net, size_t l, uint32_t part, size_t *at, size_t *n)
{
	const struct fed_block_dense_config *c = blocks_at(net, l);

	*at = net->layer[l].offset;
	*n = 0;
	for (uint32_t k = 0; c && k <= part; k++) {
		*at += *n;
		*n = (size_t)(fed_range_size(&c->parts.range[k]) + 1) * (c->units / c->parts.n);
	}
}

double fed_net_part_flops(const struct fed_net *net, size_t layers, uint32_t part)
{
	const uint32_t parts = fed_net_parts(net)->n;
	double flops = 0;

	for (size_t l = 0; l < layers; l++) {
		const struct fed_block_dense_config *c = blocks_at(net, l);

		flops += c ? 2.0 * fed_range_size(&c->parts.range[part]) * (c->units / parts)
		           : fed_net_flops(net, l, l + 1) / parts;
	}
	return flops;
}

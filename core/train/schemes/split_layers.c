/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_layers.c - layers and parameters of the parts of a cut model.
 */
#include "train/schemes/split_internal.h"

int fed_split_cuts(const struct fed_split *s, const struct fed_net *net, size_t at[2],
                   struct fed_error *err)
{
	if (s->vertical)
		return fed__vertical_cuts(s, net, at, err);
	const size_t layers = net->layers;
	const bool two = s->labels == FED_LABELS_CLIENT;

	if (layers < (two ? 3 : 2))
		return fed_reject(err, "a model of %zu layer%s cannot be cut %s; take one with at least %d",
		                  layers, layers == 1 ? "" : "s", two ? "twice" : "at all", two ? 3 : 2);
	if (s->cut.n > 1 + two)
		return two ? fed_reject(err, "%lld cuts; labels=client takes two, cut=1,3",
		                        (long long)s->cut.n)
		           : fed_reject(err, "%lld cuts; labels=server takes one, labels=client two",
		                        (long long)s->cut.n);
	at[0] = s->cut.n > 0 ? (size_t)s->cut.v[0] : layers / 2;
	at[1] = !two ? layers : s->cut.n > 1 ? (size_t)s->cut.v[1] : layers - 1;
	if (at[0] >= layers || (two && at[1] >= layers))
		return fed_reject(
			err, "no cut after layer %zu: the model has %zu layers, cut=1 to cut=%zu (see `model`)",
			two && at[0] < layers ? at[1] : at[0], layers, layers - 1);
	if (at[0] >= at[1])
		return fed_reject(err, "cut=%zu,%zu leaves the server no layer; the second is larger",
		                  at[0], at[1]);
	return FED_OK;
}

void fed__part_layers(const struct fed_split *s, const struct fed_net *net,
                      enum fed_split_part part, size_t *first, size_t *last)
{
	*first = part == FED_PART_HEAD ? 0 : s->at[part == FED_PART_TAIL];
	*last = part == FED_PART_TAIL ? net->layers : s->at[part == FED_PART_SERVER];
}

void fed__split_client_layers(const void *state, const struct fed_net *net, size_t at[2])
{
	const struct fed_split *s = state;
	size_t end;

	fed__part_layers(s, net, FED_PART_HEAD, &end, &at[0]);
	fed__part_layers(s, net, FED_PART_TAIL, &at[1], &end);
}

size_t fed__cut_width(const struct fed_net *net, size_t layer)
{
	return fed_shape_size(layer < net->layers ? &net->layer[layer].in
	                                          : &net->layer[net->layers - 1].out);
}

void fed__server_params(const struct fed_split *s, const struct fed_net *net, size_t *from,
                        size_t *to)
{
	*from = net->layer[s->at[0]].offset;
	*to = s->at[1] < net->layers ? net->layer[s->at[1]].offset : net->dim;
}

float *fed__server_model(const struct fed_turn *t)
{
	return t->split->parallel == FED_PARALLEL_V1 ? t->params : t->split->params;
}

size_t fed__turn_dim(const struct fed_split *s, const struct fed_net *net)
{
	const bool head_alone = s->parallel == FED_PARALLEL_V2 && s->labels == FED_LABELS_SERVER;

	return head_alone ? net->layer[s->at[0]].offset : net->dim;
}

bool fed__turn_has_memory(const struct fed_split *s, const struct fed_net *net,
                          enum fed_split_part part)
{
	const bool one = s->parallel == FED_PARALLEL_V2 &&
	                 (s->labels == FED_LABELS_SERVER || s->smashed == FED_SMASHED_BATCH);
	size_t first, last;

	fed__part_layers(s, net, part, &first, &last);
	return first < last && !(one && part == FED_PART_SERVER);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/columns.h - nets whose first layers treat parts of the columns apart (layers block_dense).
 */
#ifndef FED_NN_COLUMNS_H
#define FED_NN_COLUMNS_H

#include "base/ranges.h"
#include "nn/net.h"

/* The parts of the input's columns, or NULL: the net's first layer joins them. */
const struct fed_ranges *fed_net_parts(const struct fed_net *);
/* Layers from the first on that treat these parts apart: each part has an equal share of their
 * outputs, in order. */
size_t fed_net_layers_apart(const struct fed_net *);
/* The first cut behind a layer of the parts: those before it have columns, not shares. */
size_t fed_net_first_cut_apart(const struct fed_net *);
/* A part's own parameters in layer l, [*at, *at + *n); there may be none. */
void fed_net_part_params(const struct fed_net *, size_t l, uint32_t part, size_t *at, size_t *n);
/* FLOPs of a part, forward through the first `layers`, one example. */
double fed_net_part_flops(const struct fed_net *, size_t layers, uint32_t part);

#endif

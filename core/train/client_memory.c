/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/client_memory.c - the same from the layers' workspace.
 */
#include "train/client_memory.h"

#include <math.h>

#include "train/local/internal.h"
#include "train/round/scheme.h"

/* Layers [first, last) and one batch. */
static double memory_of(const struct fed_federation *f, size_t first, size_t last, uint32_t batch)
{
	const struct fed_net *net = f->net;
	size_t trained = 0, frozen = 0;
	double space;
	struct fed_error unused;

	if (first >= last)
		return 0;
	for (size_t l = first; l < last; l++) {
		trained += net->layer[l].count;
		frozen += net->layer[l].frozen;
	}
	const bool gradient =
		f->plan.momentum > 0 || f->plan.weight_decay > 0 || fed_has_local_gradient(f->aggregator);
	const double vectors = 1 + gradient + (f->plan.momentum > 0);
	if (fed_workspace_bytes(net, first, last, batch, first > 0, &space, &unused))
		return NAN;
	return space + sizeof(float) * (vectors * (double)trained + (double)frozen);
}

double fed__client_memory(const struct fed_federation *f)
{
	const uint32_t batch = fed__training_batch(&f->plan, f->clients->most);
	size_t at[2] = {f->net->layers, f->net->layers};

	if (f->scheme->client_layers)
		f->scheme->client_layers(f->scheme_state, f->net, at);
	return memory_of(f, 0, at[0], batch ? batch : 1) +
	       memory_of(f, at[1], f->net->layers, batch ? batch : 1);
}

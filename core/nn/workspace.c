/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/workspace.c - memory to run layers in, and the forward and backward walks.
 *
 * Neighbouring layers that treat each example alone (nn/stage.h) form a run, which takes a few
 * examples through all its layers before it takes the next few: their activations and gradients
 * stay in the second-level cache.
 */
#include <string.h>

#include "base/mem.h"
#include "nn/net.h"
#include "nn/stage.h"

/* Activations and gradients of one chunk: half of a usual second-level cache. */
#define CHUNK_FLOATS ((size_t)1 << 17)
#define BLOCK_FLOATS_MAX ((size_t)1 << 40)
#define ALIGN_FLOATS 16u /* a cache line */

const struct fed_stage *fed_stage_of(const struct fed_layer *ops)
{
	static const struct fed_stage *const stages[] = {
		&fed_stage_conv, &fed_stage_max_pool, &fed_stage_mean_pool,
		&fed_stage_relu, &fed_stage_tanh,     &fed_stage_flatten,
	};

	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		if (stages[i]->ops == ops)
			return stages[i];
	return NULL;
}

static const struct fed_net_layer *layer_at(const struct fed_workspace *ws, size_t l)
{
	return &ws->net->layer[l];
}

/* Floats of one example at boundary i: the input of layer first + i. */
static size_t boundary_size(const struct fed_workspace *ws, size_t i)
{
	const size_t l = ws->first + i;

	return fed_shape_size(l < ws->last ? &layer_at(ws, l)->in : &layer_at(ws, l - 1)->out);
}

/* Runs ---------------------------------------------------------------------- */

static uint32_t chunk_of(const struct fed_workspace *ws, const struct fed_run *run)
{
	size_t floats = 0;

	for (size_t l = run->first; l < run->last; l++)
		floats += 2 * fed_shape_size(&layer_at(ws, l)->out);
	const size_t fit = CHUNK_FLOATS / floats;
	return fit < 1 ? 1 : fit < ws->max_batch ? (uint32_t)fit : ws->max_batch;
}

static void find_runs(struct fed_workspace *ws)
{
	size_t l = ws->first;

	while (l < ws->last) {
		struct fed_run *run = &ws->run[ws->runs++];
		const bool staged = fed_stage_of(layer_at(ws, l)->ops) != NULL;

		run->first = l++;
		while (staged && l < ws->last && fed_stage_of(layer_at(ws, l)->ops))
			l++;
		run->last = l;
		run->chunk = staged ? chunk_of(ws, run) : ws->max_batch;
	}
}

/* Examples that the gradient at boundary i has room for. */
static uint32_t gradient_room(const struct fed_workspace *ws, size_t i)
{
	for (size_t r = 0; r < ws->runs; r++)
		if (ws->first + i > ws->run[r].first && ws->first + i < ws->run[r].last)
			return ws->run[r].chunk;
	return ws->max_batch;
}

/* Layout -------------------------------------------------------------------- */

/* Hands out parts of a block; without a block it only counts. */
struct layout {
	float *block;
	size_t used;
};

static float *take(struct layout *at, size_t per_example, size_t examples)
{
	float *part = at->block ? at->block + at->used : NULL;

	/* saturates beyond BLOCK_FLOATS_MAX, where the caller gives up */
	if (per_example > BLOCK_FLOATS_MAX / examples)
		at->used = BLOCK_FLOATS_MAX;
	if (at->used < BLOCK_FLOATS_MAX)
		at->used += (per_example * examples + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
	return part;
}

/* A layer may overwrite its input when nobody reads that again: neither the layer that made it nor
 * the caller, whose batch the first boundary is.  flatten changes nothing and always may. */
static void lay_out_activations(struct fed_workspace *ws, struct layout *at)
{
	bool kept = true;

	ws->activation[0] = take(at, boundary_size(ws, 0), ws->max_batch);
	for (size_t i = 0; i < ws->last - ws->first; i++) {
		const struct fed_layer *ops = layer_at(ws, ws->first + i)->ops;
		const struct fed_stage *stage = fed_stage_of(ops);

		if (stage && stage->in_place && (!kept || ops == &fed_layer_flatten)) {
			ws->activation[i + 1] = ws->activation[i];
			kept |= stage->keeps_y;
		} else {
			ws->activation[i + 1] = take(at, boundary_size(ws, i + 1), ws->max_batch);
			kept = stage ? stage->keeps_y : ops != &fed_layer_dense;
		}
	}
}

static void lay_out_gradients(struct fed_workspace *ws, struct layout *at)
{
	const size_t n = ws->last - ws->first;
	const size_t lowest = ws->lowest - ws->first + !ws->input_gradient;

	ws->gradient[n] = take(at, boundary_size(ws, n), ws->max_batch);
	for (size_t i = n; i-- > lowest;) {
		const struct fed_stage *stage = fed_stage_of(layer_at(ws, ws->first + i)->ops);
		const uint32_t room = gradient_room(ws, i);

		if (stage && stage->in_place && room == gradient_room(ws, i + 1))
			ws->gradient[i] = ws->gradient[i + 1];
		else
			ws->gradient[i] = take(at, boundary_size(ws, i), room);
	}
}

/* Stages keep their scratch over the chunks; all others share one. */
static void lay_out_scratch(struct fed_workspace *ws, struct layout *at)
{
	size_t shared = 0;

	for (size_t i = 0; i < ws->last - ws->first; i++) {
		const struct fed_net_layer *l = layer_at(ws, ws->first + i);
		const size_t cache = l->ops->cache_floats ? l->ops->cache_floats(l->config, &l->in) : 0;
		const size_t scratch =
			l->ops->scratch_floats ? l->ops->scratch_floats(l->config, &l->in, ws->max_batch) : 0;

		ws->cache[i] = take(at, cache, ws->max_batch);
		if (fed_stage_of(l->ops))
			ws->scratch[i] = take(at, scratch, 1);
		else if (scratch > shared)
			shared = scratch;
	}
	float *common = take(at, shared, 1);
	for (size_t i = 0; i < ws->last - ws->first; i++)
		if (!fed_stage_of(layer_at(ws, ws->first + i)->ops))
			ws->scratch[i] = common;
}

static size_t lay_out(struct fed_workspace *ws, float *block)
{
	struct layout at = {.block = block};

	lay_out_activations(ws, &at);
	lay_out_gradients(ws, &at);
	lay_out_scratch(ws, &at);
	return at.used;
}

static int allocate_tables(struct fed_workspace *ws, struct fed_error *err)
{
	const size_t n = ws->last - ws->first;

	ws->run = fed_alloc_array(n, sizeof *ws->run);
	ws->activation = fed_alloc_array(n + 1, sizeof *ws->activation);
	ws->gradient = fed_alloc_array(n + 1, sizeof *ws->gradient);
	ws->cache = fed_alloc_array(n, sizeof *ws->cache);
	ws->scratch = fed_alloc_array(n, sizeof *ws->scratch);
	if (!ws->run || !ws->activation || !ws->gradient || !ws->cache || !ws->scratch)
		return fed_fail_memory(err, n * sizeof *ws->run, "a workspace");
	return FED_OK;
}

/* All but the block, of which it tells the size. */
static int measure(struct fed_workspace *ws, const struct fed_net *net, size_t first, size_t last,
                   uint32_t max_batch, bool input_gradient, size_t *floats, struct fed_error *err)
{
	*ws = (struct fed_workspace){0};
	if (first >= last || last > net->layers)
		return fed_fail(err, "no layers %zu to %zu in a model of %zu", first, last, net->layers);
	if (max_batch < 1)
		return fed_fail(err, "a batch of 0 examples, at least 1 is needed");
	*ws = (struct fed_workspace){
		.net = net,
		.first = first,
		.last = last,
		.max_batch = max_batch,
		.lowest = first,
		.input_gradient = input_gradient,
	};
	while (!input_gradient && ws->lowest < last - 1 && layer_at(ws, ws->lowest)->count == 0)
		ws->lowest++;
	if (allocate_tables(ws, err))
		return FED_FAIL;
	find_runs(ws);
	*floats = lay_out(ws, NULL);
	return FED_OK;
}

static int allocate(struct fed_workspace *ws, size_t floats, struct fed_error *err)
{
	if (floats >= BLOCK_FLOATS_MAX)
		return fed_fail(err, "a batch of %u examples of this model fits no memory", ws->max_batch);
	ws->block = fed_alloc_floats(floats);
	if (!ws->block)
		return fed_fail_memory(err, floats * sizeof *ws->block, "activations");
	lay_out(ws, ws->block);
	return FED_OK;
}

int fed_workspace_init(struct fed_workspace *ws, const struct fed_net *net, size_t first,
                       size_t last, uint32_t max_batch, bool input_gradient, struct fed_error *err)
{
	size_t floats = 0;
	int rc = measure(ws, net, first, last, max_batch, input_gradient, &floats, err);

	if (rc == FED_OK)
		rc = allocate(ws, floats, err);
	if (rc)
		fed_workspace_release(ws);
	return rc;
}

int fed_workspace_bytes(const struct fed_net *net, size_t first, size_t last, uint32_t max_batch,
                        bool input_gradient, double *bytes, struct fed_error *err)
{
	struct fed_workspace ws;
	size_t floats = 0;
	const int rc = measure(&ws, net, first, last, max_batch, input_gradient, &floats, err);

	*bytes = (double)floats * sizeof *ws.block;
	fed_workspace_release(&ws);
	return rc;
}

void fed_workspace_release(struct fed_workspace *ws)
{
	fed_free(ws->run);
	fed_free(ws->activation);
	fed_free(ws->gradient);
	fed_free(ws->cache);
	fed_free(ws->scratch);
	fed_free_floats(ws->block);
	*ws = (struct fed_workspace){0};
}

float *fed_workspace_input(struct fed_workspace *ws)
{
	return ws->activation[0];
}

float *fed_workspace_output_gradient(struct fed_workspace *ws)
{
	return ws->gradient[ws->last - ws->first];
}

const float *fed_workspace_input_gradient(const struct fed_workspace *ws)
{
	return ws->input_gradient ? ws->gradient[0] : NULL;
}

/* Walks --------------------------------------------------------------------- */

/* Layer l on examples from .. from + batch - 1; grads NULL for a forward pass. */
static struct fed_pass pass_of(const struct fed_workspace *ws, size_t l, const float *params,
                               uint32_t from, uint32_t batch)
{
	const struct fed_net_layer *layer = layer_at(ws, l);
	const size_t i = l - ws->first;

	return (struct fed_pass){
		.config = layer->config,
		.in = layer->in,
		.out = layer->out,
		.batch = batch,
		.params = params + layer->offset,
		.x = ws->activation[i] + from * boundary_size(ws, i),
		.y = ws->activation[i + 1] + from * boundary_size(ws, i + 1),
		.cache = ws->cache[i],
		.scratch = ws->scratch[i],
	};
}

static void run_forward(struct fed_workspace *ws, const struct fed_run *run, const float *params,
                        uint32_t batch)
{
	for (size_t l = run->first; l < run->last; l++) {
		const struct fed_stage *stage = fed_stage_of(layer_at(ws, l)->ops);
		const struct fed_pass pass = pass_of(ws, l, params, 0, batch);

		if (!stage)
			layer_at(ws, l)->ops->forward(&pass);
		else if (stage->begin_forward)
			stage->begin_forward(&pass);
	}
	if (!fed_stage_of(layer_at(ws, run->first)->ops))
		return;
	for (uint32_t from = 0; from < batch; from += run->chunk) {
		const uint32_t n = batch - from < run->chunk ? batch - from : run->chunk;

		for (size_t l = run->first; l < run->last; l++) {
			const struct fed_pass pass = pass_of(ws, l, params, from, n);
			fed_stage_of(layer_at(ws, l)->ops)->forward(&pass);
		}
	}
}

const float *fed_net_forward(struct fed_workspace *ws, const float *params, uint32_t batch)
{
	for (size_t r = 0; r < ws->runs; r++)
		run_forward(ws, &ws->run[r], params, batch);
	return ws->activation[ws->last - ws->first];
}

/* What backward needs beside pass_of(). */
struct backward {
	struct fed_workspace *ws;
	const float *params, *dy; /* dy: the caller's, by the output of the last layer */
	float *grads;
};

/* The gradient at boundary i for examples from ..; inside a run there is room for a chunk only. */
static float *gradient_at(const struct fed_workspace *ws, const struct fed_run *run, size_t i,
                          uint32_t from)
{
	const size_t l = ws->first + i;

	if (!ws->gradient[i])
		return NULL;
	if (l > run->first && l < run->last)
		return ws->gradient[i];
	return ws->gradient[i] + from * boundary_size(ws, i);
}

static struct fed_pass backward_pass(const struct backward *b, const struct fed_run *run, size_t l,
                                     uint32_t from, uint32_t batch)
{
	const size_t i = l - b->ws->first;
	struct fed_pass pass = pass_of(b->ws, l, b->params, from, batch);

	pass.dy = l + 1 == b->ws->last ? b->dy + from * boundary_size(b->ws, i + 1)
	                               : gradient_at(b->ws, run, i + 1, from);
	pass.dx = gradient_at(b->ws, run, i, from);
	pass.grads = b->grads + layer_at(b->ws, l)->offset;
	return pass;
}

static void run_backward(const struct backward *b, const struct fed_run *run, uint32_t batch)
{
	struct fed_workspace *ws = b->ws;
	const size_t lowest = run->first > ws->lowest ? run->first : ws->lowest;

	for (size_t l = run->last; l-- > lowest;) {
		const struct fed_stage *stage = fed_stage_of(layer_at(ws, l)->ops);
		const struct fed_pass pass = backward_pass(b, run, l, 0, batch);

		if (!stage)
			layer_at(ws, l)->ops->backward(&pass);
		else if (stage->begin_backward)
			stage->begin_backward(&pass);
	}
	if (!fed_stage_of(layer_at(ws, run->first)->ops))
		return;
	for (uint32_t from = 0; from < batch; from += run->chunk) {
		const uint32_t n = batch - from < run->chunk ? batch - from : run->chunk;

		for (size_t l = run->last; l-- > lowest;) {
			const struct fed_pass pass = backward_pass(b, run, l, from, n);
			fed_stage_of(layer_at(ws, l)->ops)->backward(&pass);
		}
	}
	for (size_t l = run->last; l-- > lowest;) {
		const struct fed_stage *stage = fed_stage_of(layer_at(ws, l)->ops);
		const struct fed_pass pass = backward_pass(b, run, l, 0, batch);

		if (stage->end_backward)
			stage->end_backward(&pass);
	}
}

void fed_net_backward(struct fed_workspace *ws, const float *params, float *grads, const float *dy,
                      uint32_t batch)
{
	const struct backward b = {.ws = ws, .params = params, .dy = dy, .grads = grads};

	for (size_t r = ws->runs; r-- > 0 && ws->run[r].last > ws->lowest;)
		run_backward(&b, &ws->run[r], batch);
}

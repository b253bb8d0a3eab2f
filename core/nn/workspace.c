/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/workspace.c - layout and allocation of workspaces.
 *
 * Adjacent layers that treat examples independently (nn/layers/stage.h) form a run, which processes
 * a chunk of a few examples in all its layers before the next chunk: activations and gradients stay
 * in the second-level cache.
 */
#include <string.h>

#include "base/mem.h"
#include "nn/execute_internal.h"

#define BLOCK_FLOATS_MAX ((size_t)1 << 40)

/* Runs ---------------------------------------------------------------------- */

static uint32_t chunk_of(const struct fed_workspace *ws, const struct fed_run *run)
{
	size_t floats = 0;

	for (size_t o = run->first; o < run->last; o++) {
		const struct fed_net_layer *op = fed_op_at(ws, o);

		floats += 2 * fed_shape_size(&op->out) + (op->adds ? fed_shape_size(&op->in) : 0);
	}
	const size_t fit = FED_CHUNK_FLOATS / floats;
	return fit < 1 ? 1 : fit < ws->max_batch ? (uint32_t)fit : ws->max_batch;
}

static void find_runs(struct fed_workspace *ws)
{
	size_t o = ws->begin;

	while (o < ws->end) {
		struct fed_run *run = &ws->run[ws->runs++];
		const bool staged = fed__stage_of(fed_op_at(ws, o)->ops) != NULL;

		run->first = o++;
		while (staged && o < ws->end && fed__stage_of(fed_op_at(ws, o)->ops))
			o++;
		run->last = o;
		run->chunk = staged ? chunk_of(ws, run) : ws->max_batch;
	}
}

/* The run of operation begin + i. */
static const struct fed_run *run_of(const struct fed_workspace *ws, size_t i)
{
	size_t r = 0;

	while (ws->run[r].last <= ws->begin + i)
		r++;
	return &ws->run[r];
}

/* Layout -------------------------------------------------------------------- */

/* An arena over a block; without a block it only counts. */
struct layout {
	float *block;
	size_t used;
};

static float *take_block(struct layout *at, size_t per_example, size_t examples)
{
	float *part = at->block ? at->block + at->used : NULL;

	/* saturates beyond BLOCK_FLOATS_MAX, where the caller fails */
	if (per_example > BLOCK_FLOATS_MAX / examples)
		at->used = BLOCK_FLOATS_MAX;
	if (at->used < BLOCK_FLOATS_MAX)
		at->used +=
			(per_example * examples + FED_LINE_FLOATS - 1) / FED_LINE_FLOATS * FED_LINE_FLOATS;
	return part;
}

/* Whether the operation that made y reads it backward; its own kind decides. */
static bool keeps_y(const struct fed_net_layer *op)
{
	const struct fed_stage *stage = fed__stage_of(op->ops);

	return stage ? stage->keeps_y
	             : op->ops != &fed_layer_dense && !op->adapted && op->ops != &fed__layer_batch_norm;
}

/* An operation may overwrite its input when that is not read again: neither by the one that made
 * it, nor by another branch, nor by the caller, who owns the batch at the first boundary.  flatten
 * changes nothing and always may. */
static void lay_out_activations(struct fed_workspace *ws, struct layout *at)
{
	bool kept = true;

	ws->activation[0] = take_block(at, fed_boundary_size(ws, 0), ws->max_batch);
	for (size_t i = 0; i < ws->end - ws->begin; i++) {
		const struct fed_net_layer *op = fed_op_at(ws, ws->begin + i);
		const struct fed_stage *stage = fed__stage_of(op->ops);
		const bool alone = op->source == ws->begin + i && op->reader == ws->begin + i;

		if (stage && stage->in_place && alone && (!kept || op->ops == &fed_layer_flatten)) {
			ws->activation[i + 1] = ws->activation[i];
			kept |= stage->keeps_y;
		} else {
			ws->activation[i + 1] = take_block(at, fed_boundary_size(ws, i + 1), ws->max_batch);
			kept = keeps_y(op);
		}
	}
}

/* Whether the gradient at boundary i takes the place of that at i + 1. */
static bool is_in_place_back(const struct fed_workspace *ws, size_t i)
{
	const struct fed_net_layer *op = fed_op_at(ws, ws->begin + i);
	const struct fed_stage *stage = fed__stage_of(op->ops);
	const struct fed_run *run = run_of(ws, i);

	return stage && stage->in_place && op->source == ws->begin + i && !op->adds &&
	       fed_is_inside(ws, run, i) == fed_is_inside(ws, run, i + 1);
}

/* Gradients inside a run are in a lane, those of a chunk one after another. */
static void lay_out_gradients(struct fed_workspace *ws, struct layout *at)
{
	const size_t n = ws->end - ws->begin;
	const size_t lowest = ws->lowest - ws->begin + !ws->input_gradient;
	const struct fed_run *above = NULL;
	struct layout lane = {.used = 0};

	ws->gradient[n] = take_block(at, fed_boundary_size(ws, n), ws->max_batch);
	for (size_t i = n; i-- > lowest;) {
		const struct fed_net_layer *op = fed_op_at(ws, ws->begin + i);
		const struct fed_run *run = run_of(ws, i);
		const bool inside = fed_is_inside(ws, run, i);

		if (run != above)
			lane.used = 0;
		if (is_in_place_back(ws, i)) {
			ws->gradient[i] = ws->gradient[i + 1];
			ws->inner[i] = ws->inner[i + 1];
		} else if (inside) {
			ws->inner[i] = lane.used;
			take_block(&lane, fed_boundary_size(ws, i), run->chunk);
		} else {
			ws->gradient[i] = take_block(at, fed_boundary_size(ws, i), ws->max_batch);
		}
		if (op->adds && fed_run_is_staged(ws, run)) {
			ws->inner_branch[i] = lane.used;
			take_block(&lane, fed_boundary_size(ws, i), run->chunk);
		} else if (op->adds) {
			ws->branch[i] = take_block(at, fed_boundary_size(ws, i), ws->max_batch);
		}
		above = run;
	}
}

/* All but stages share one scratch. */
static void lay_out_scratch(struct fed_workspace *ws, struct layout *at)
{
	size_t shared = 0;

	for (size_t i = 0; i < ws->end - ws->begin; i++) {
		const struct fed_net_layer *l = fed_op_at(ws, ws->begin + i);
		const struct fed_scratch_sizes capacity = fed_stage_capacity(l);
		const size_t cache = l->ops->cache_floats ? l->ops->cache_floats(l->config, &l->in) : 0;
		const size_t scratch =
			l->ops->scratch_floats ? l->ops->scratch_floats(l->config, &l->in, ws->max_batch) : 0;

		ws->cache[i] = take_block(at, cache, ws->max_batch);
		if (fed__stage_of(l->ops)) {
			ws->scratch[i] = take_block(at, capacity.batch, 1);
			ws->sum[i] = take_block(at, capacity.sum, 1);
		} else if (scratch > shared) {
			shared = scratch;
		}
	}
	float *common = take_block(at, shared, 1);
	for (size_t i = 0; i < ws->end - ws->begin; i++)
		if (!fed__stage_of(fed_op_at(ws, ws->begin + i)->ops))
			ws->scratch[i] = common;
}

/* Parameters of the operations that have a backward pass. */
static size_t trained_params(const struct fed_workspace *ws)
{
	const struct fed_net_layer *last = fed_op_at(ws, ws->end - 1);

	return last->offset + last->count - fed_op_at(ws, ws->lowest)->offset;
}

/* Most parameters of a frozen operation that has a backward pass. */
static size_t largest_frozen(const struct fed_workspace *ws)
{
	size_t most = 0;

	for (size_t o = ws->lowest; o < ws->end; o++) {
		const struct fed_net_layer *op = fed_op_at(ws, o);

		if (!op->adapted && op->frozen > most)
			most = op->frozen;
	}
	return most;
}

static size_t lay_out(struct fed_workspace *ws, float *block)
{
	struct layout at = {.block = block};

	if (ws->max_batch > FED_DIRECT_EXAMPLES)
		ws->step = take_block(&at, trained_params(ws), 1);
	if (ws->end == ws->net->ops && ws->net->positions > 1) {
		ws->label = (int32_t *)(void *)take_block(&at, ws->net->positions, ws->max_batch);
		ws->answer = take_block(&at, ws->net->outputs, ws->max_batch);
	}
	ws->sink = take_block(&at, largest_frozen(ws), 1);
	lay_out_activations(ws, &at);
	lay_out_gradients(ws, &at);
	lay_out_scratch(ws, &at);
	return at.used;
}

static int allocate_tables(struct fed_workspace *ws, struct fed_error *err)
{
	const size_t n = ws->end - ws->begin;

	ws->run = fed_alloc_array(n, sizeof *ws->run);
	ws->activation = fed_alloc_array(n + 1, sizeof *ws->activation);
	ws->gradient = fed_alloc_array(n + 1, sizeof *ws->gradient);
	ws->inner = fed_alloc_array(n + 1, sizeof *ws->inner);
	ws->branch = fed_alloc_array(n, sizeof *ws->branch);
	ws->inner_branch = fed_alloc_array(n, sizeof *ws->inner_branch);
	ws->cache = fed_alloc_array(n, sizeof *ws->cache);
	ws->scratch = fed_alloc_array(n, sizeof *ws->scratch);
	ws->sum = fed_alloc_array(n, sizeof *ws->sum);
	if (!ws->run || !ws->activation || !ws->gradient || !ws->inner || !ws->branch ||
	    !ws->inner_branch || !ws->cache || !ws->scratch || !ws->sum)
		return fed_fail_memory(err, n * sizeof *ws->run, "a workspace");
	return FED_OK;
}

/* Initialise all but the block, and return its size. */
static int measure_workspace(struct fed_workspace *ws, const struct fed_net *net, size_t first,
                             size_t last, uint32_t max_batch, bool input_gradient, size_t *floats,
                             struct fed_error *err)
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
		.begin = net->layer[first].begin,
		.end = net->layer[last - 1].end,
		.max_batch = max_batch,
		.lowest = net->layer[first].begin,
		.input_gradient = input_gradient,
	};
	while (!input_gradient && ws->lowest < ws->end - 1 && fed_op_at(ws, ws->lowest)->count == 0)
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
	if (ws->step)
		memset(ws->step, 0, trained_params(ws) * sizeof *ws->step);
	memset(ws->sink, 0, largest_frozen(ws) * sizeof *ws->sink);
	return FED_OK;
}

/* threads NULL: the workspace gets a thread scratch of its own. */
static int init_workspace(struct fed_workspace *ws, const struct fed_net *net,
                          const struct fed_thread_scratch *thread_scratch, size_t first,
                          size_t last, uint32_t max_batch, bool input_gradient,
                          struct fed_error *err)
{
	size_t floats = 0;
	int rc = measure_workspace(ws, net, first, last, max_batch, input_gradient, &floats, err);

	if (rc == FED_OK)
		rc = allocate(ws, floats, err);
	if (rc == FED_OK && !thread_scratch)
		rc = fed_thread_scratch_init(&ws->own, net, NULL, err);
	if (rc)
		fed_workspace_release(ws);
	ws->shared = thread_scratch;
	return rc;
}

int fed_workspace_init(struct fed_workspace *ws, const struct fed_net *net, size_t first,
                       size_t last, uint32_t max_batch, bool input_gradient, struct fed_error *err)
{
	return init_workspace(ws, net, NULL, first, last, max_batch, input_gradient, err);
}

int fed_workspace_init_for(struct fed_workspace *ws,
                           const struct fed_thread_scratch *thread_scratch, size_t first,
                           size_t last, uint32_t max_batch, bool input_gradient,
                           struct fed_error *err)
{
	return init_workspace(ws, thread_scratch->net, thread_scratch, first, last, max_batch,
	                      input_gradient, err);
}

int fed_workspace_bytes(const struct fed_net *net, size_t first, size_t last, uint32_t max_batch,
                        bool input_gradient, double *bytes, struct fed_error *err)
{
	struct fed_workspace ws;
	size_t floats = 0;
	const int rc =
		measure_workspace(&ws, net, first, last, max_batch, input_gradient, &floats, err);

	*bytes = (double)floats * sizeof *ws.block;
	fed_workspace_release(&ws);
	return rc;
}

void fed_workspace_release(struct fed_workspace *ws)
{
	fed_free(ws->run);
	fed_free(ws->activation);
	fed_free(ws->gradient);
	fed_free(ws->inner);
	fed_free(ws->branch);
	fed_free(ws->inner_branch);
	fed_free(ws->cache);
	fed_free(ws->scratch);
	fed_free(ws->sum);
	fed_thread_scratch_release(&ws->own);
	fed_free_floats(ws->block);
	*ws = (struct fed_workspace){0};
}

float *fed_workspace_input(struct fed_workspace *ws)
{
	return ws->activation[0];
}

float *fed_workspace_output_gradient(struct fed_workspace *ws)
{
	return ws->gradient[ws->end - ws->begin];
}

const float *fed_workspace_input_gradient(const struct fed_workspace *ws)
{
	return ws->input_gradient ? ws->gradient[0] : NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/execute.c - forward and backward through the layers of a workspace, with the help of idle
 * threads where a pass is long enough.
 *
 * Forward, the threads divide a run's chunks; backward, groups of examples.  Each group has its own
 * sum of gradients, and these are added in order to that of the first group.  The number of groups
 * depends on the batch alone.
 */
#include <string.h>

#include "base/cpu.h"
#include "nn/execute_internal.h"
#include "nn/kernels/kernels.h"

/* FLOPs of a pass from which parallel execution pays: waking a thread takes about ten
 * microseconds. */
#define SHARED_FLOPS 8e6
/* Examples of a group at least: adding its sum costs about a third of processing one example. */
#define GROUP_EXAMPLES 8u

const struct fed_stage *fed__stage_of(const struct fed_layer *ops)
{
	static const struct fed_stage *const stages[] = {
		&fed__stage_conv,        &fed__stage_strided, &fed__stage_max_pool, &fed__stage_mean_pool,
		&fed__stage_global_pool, &fed__stage_relu,    &fed__stage_tanh,     &fed__stage_gelu,
		&fed__stage_dropout,     &fed__stage_flatten, &fed__stage_add,      &fed__stage_group_norm,
		&fed__stage_layer_norm,
	};

	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		if (stages[i]->ops == ops)
			return stages[i];
	return NULL;
}

/* NULL: forward and backward are not divided. */
static const struct fed_divided *divided_of(const struct fed_layer *ops)
{
	return ops == fed__divided_dense.ops ? &fed__divided_dense : NULL;
}

/* Sharing --------------------------------------------------------------------- */

/* Number of threads for a pass of so many FLOPs. */
static int threads_for(const struct fed_workspace *ws, double flops)
{
	return flops < SHARED_FLOPS ? 1 : fed_thread_scratch_of(ws)->threads;
}

static void run_parallel(const struct fed_workspace *ws, int threads, size_t n,
                         void (*part)(void *ctx, size_t i, int worker), void *ctx)
{
	fed_pool_share(threads > 1 ? fed_thread_scratch_of(ws)->pool : NULL, ws->worker, n, part, ctx);
}

static double ops_flops(const struct fed_net *net, size_t first, size_t last)
{
	double flops = 0;

	for (size_t o = first; o < last; o++)
		flops += net->op[o].flops;
	return flops;
}

static double flops_of(const struct fed_workspace *ws, const struct fed_run *run, uint32_t batch)
{
	return batch * ops_flops(ws->net, run->first, run->last);
}

/* Layers -------------------------------------------------------------------------- */

/* Operation l on examples from .. from + batch - 1; grads NULL for a forward pass. */
static struct fed_pass pass_of(const struct fed_workspace *ws, size_t l, const float *params,
                               uint32_t from, uint32_t batch)
{
	const struct fed_net_layer *op = fed_op_at(ws, l);
	const size_t i = l - ws->begin, source = op->source - ws->begin;
	const size_t cache =
		op->ops->cache_floats && from ? from * op->ops->cache_floats(op->config, &op->in) : 0;

	return (struct fed_pass){
		.size = sizeof(struct fed_pass),
		.config = op->config,
		.in = op->in,
		.out = op->out,
		.batch = batch,
		.params = fed__net_is_frozen(op) ? ws->net->frozen + op->frozen_at : params + op->offset,
		.x = ws->activation[source] + from * fed_boundary_size(ws, source),
		.y = ws->activation[i + 1] + from * fed_boundary_size(ws, i + 1),
		.cache = ws->cache[i] + cache,
		.scratch = ws->scratch[i],
		.training = ws->training && !(fed__net_is_frozen(op) && op->ops->buffer_count),
		.first = ws->key.first + from,
		.key = fed_random(ws->key.key, l),
		.frozen = op->frozen ? ws->net->frozen + op->frozen_at : NULL,
	};
}

/* Add the other input of an addition to its output. */
static void add_other(const struct fed_workspace *ws, size_t l, const struct fed_pass *p,
                      uint32_t from)
{
	const size_t other = fed_op_at(ws, l)->other, size = fed_shape_size(&p->out);

	if (other != FED_NO_BOUNDARY)
		fed_kernels()->add(p->y, ws->activation[other - ws->begin] + from * size, p->y,
		                   p->batch * size);
}

/* Scratch of stage l on thread `worker`. */
static struct fed_scratch stage_scratch(const struct fed_workspace *ws, size_t l, int worker)
{
	const struct fed_thread_scratch *thread_scratch = fed_thread_scratch_of(ws);

	return (struct fed_scratch){.batch = ws->scratch[l - ws->begin],
	                            .lane = thread_scratch->lane[worker] + thread_scratch->capacity[l]};
}

/* The sum of a group on thread `worker`; that of the first group, which becomes the total, is in
 * the workspace. */
static float *group_sum(const struct fed_workspace *ws, size_t l, size_t group, int worker)
{
	const struct fed_thread_scratch *thread_scratch = fed_thread_scratch_of(ws);

	return group ? thread_scratch->lane[worker] + thread_scratch->sum[l] : ws->sum[l - ws->begin];
}

/* Forward -------------------------------------------------------------------------- */

/* A forward pass: a run on a batch in chunks, or a layer in parts. */
struct forward {
	struct fed_workspace *ws;
	const struct fed_run *run;
	const float *params;
	uint32_t batch, chunk;
	const struct fed_divided *divided;
	struct fed_pass pass;
	uint32_t parts;
};

static void forward_chunk(void *ctx, size_t chunk, int worker)
{
	const struct forward *f = ctx;
	const uint32_t from = (uint32_t)chunk * f->chunk;
	const uint32_t n = f->batch - from < f->chunk ? f->batch - from : f->chunk;

	for (size_t l = f->run->first; l < f->run->last; l++) {
		const struct fed_net_layer *layer = fed_op_at(f->ws, l);
		const struct fed_stage *stage = fed__stage_of(layer->ops);
		const struct fed_pass pass = pass_of(f->ws, l, f->params, from, n);
		const struct fed_scratch scratch = stage_scratch(f->ws, l, worker);

		if (stage->forward)
			stage->forward(&pass, &scratch);
		else
			layer->ops->forward(&pass);
		add_other(f->ws, l, &pass, from);
	}
}

static void forward_staged(struct forward *f)
{
	const int threads = threads_for(f->ws, flops_of(f->ws, f->run, f->batch));
	const uint32_t share_of = (f->batch + (uint32_t)threads - 1) / (uint32_t)threads;

	for (size_t l = f->run->first; l < f->run->last; l++) {
		const struct fed_stage *stage = fed__stage_of(fed_op_at(f->ws, l)->ops);
		const struct fed_pass pass = pass_of(f->ws, l, f->params, 0, f->batch);
		const struct fed_scratch scratch = stage_scratch(f->ws, l, f->ws->worker);

		if (stage->begin_forward)
			stage->begin_forward(&pass, &scratch);
	}
	f->chunk = f->run->chunk < share_of ? f->run->chunk : share_of;
	run_parallel(f->ws, threads, (f->batch + f->chunk - 1) / f->chunk, forward_chunk, f);
}

static void forward_part(void *ctx, size_t part, int worker)
{
	const struct forward *f = ctx;

	(void)worker;
	f->divided->forward(&f->pass, (uint32_t)part, f->parts);
}

static void run_forward(struct fed_workspace *ws, const struct fed_run *run, const float *params,
                        uint32_t batch)
{
	struct forward f = {.ws = ws, .run = run, .params = params, .batch = batch};
	const struct fed_layer *ops = fed_op_at(ws, run->first)->ops;

	if (fed_run_is_staged(ws, run)) {
		forward_staged(&f);
		return;
	}
	f.divided = divided_of(ops);
	f.pass = pass_of(ws, run->first, params, 0, batch);
	if (!f.divided) {
		ops->forward(&f.pass);
		return;
	}
	const int threads = threads_for(ws, flops_of(ws, run, batch));
	f.parts = f.divided->forward_parts(&f.pass, threads);
	run_parallel(ws, threads, f.parts, forward_part, &f);
}

static const float *forward(struct fed_workspace *ws, const float *params, uint32_t batch)
{
	for (size_t r = 0; r < ws->runs; r++)
		run_forward(ws, &ws->run[r], params, batch);
	return ws->activation[ws->end - ws->begin];
}

/* Each example's answer at its last token, (B, outputs). */
static const float *last_answers(struct fed_workspace *ws, const float *y, uint32_t batch)
{
	const size_t n = ws->net->outputs, positions = ws->net->positions;

	for (size_t b = 0; b < batch; b++)
		memcpy(ws->answer + b * n, y + ((b + 1) * positions - 1) * n, n * sizeof *y);
	return ws->answer;
}

const float *fed_net_forward(struct fed_workspace *ws, const float *params, uint32_t batch)
{
	ws->training = false;
	ws->key = (struct fed_step_random){0};
	const float *y = forward(ws, params, batch);

	return ws->answer ? last_answers(ws, y, batch) : y;
}

const float *fed_net_forward_training(struct fed_workspace *ws, const float *params, uint32_t batch,
                                      struct fed_step_random key)
{
	ws->training = true;
	ws->key = key;
	return forward(ws, params, batch);
}

void fed_net_update_buffers(struct fed_workspace *ws, float *params, uint32_t batch)
{
	for (size_t o = ws->begin; ws->net->buffers && o < ws->end; o++) {
		const struct fed_net_layer *op = fed_op_at(ws, o);
		const struct fed_pass pass = {
			.size = sizeof pass,
			.config = op->config,
			.in = op->in,
			.out = op->out,
			.batch = batch,
			.cache = ws->cache[o - ws->begin],
			.training = true,
		};

		if (op->buffers)
			op->ops->update(&pass, params + op->offset + op->count - op->buffers);
	}
}

/* Backward --------------------------------------------------------------------------- */

struct backward {
	struct fed_workspace *ws;
	const struct fed_run *run;
	const float *params, *dy; /* dy: the caller's, by the output of the last layer */
	float *grads;             /* of the first parameter of layer ws->lowest */
	uint32_t batch;
	size_t lowest; /* layer of the run that needs a backward pass */
	/* staged */
	uint32_t groups;
	atomic_uint added; /* groups whose sums were added to the first one's */
	/* divided */
	const struct fed_divided *divided;
	struct fed_pass pass;
	uint32_t parts;
};

/* The gradient at boundary i for examples from ..; inside the run that of a chunk, in the lane. */
static float *gradient_at(const struct backward *b, size_t i, uint32_t from, int worker)
{
	const struct fed_workspace *ws = b->ws;
	const struct fed_thread_scratch *thread_scratch = fed_thread_scratch_of(ws);

	if (ws->begin + i < ws->lowest + !ws->input_gradient)
		return NULL; /* not needed */
	if (fed_is_inside(ws, b->run, i))
		return thread_scratch->lane[worker] + thread_scratch->inner + ws->inner[i];
	return ws->gradient[i] + from * fed_boundary_size(ws, i);
}

static struct fed_pass backward_pass(const struct backward *b, size_t l, uint32_t from,
                                     uint32_t batch, int worker)
{
	const struct fed_workspace *ws = b->ws;
	const size_t i = l - ws->begin;
	struct fed_pass pass = pass_of(ws, l, b->params, from, batch);

	pass.dy = l + 1 == ws->end ? b->dy + from * fed_boundary_size(ws, i + 1)
	                           : gradient_at(b, i + 1, from, worker);
	pass.dx = gradient_at(b, fed_op_at(ws, l)->source - ws->begin, from, worker);
	pass.grads = fed__net_is_frozen(fed_op_at(ws, l))
	                 ? ws->sink
	                 : b->grads + (fed_op_at(ws, l)->offset - fed_op_at(ws, ws->lowest)->offset);
	return pass;
}

/* Where an operation that adds to another branch's gradient makes its own. */
static float *branch_at(const struct backward *b, size_t l, int worker)
{
	const struct fed_workspace *ws = b->ws;
	const struct fed_thread_scratch *thread_scratch = fed_thread_scratch_of(ws);

	return fed_run_is_staged(ws, b->run) ? thread_scratch->lane[worker] + thread_scratch->inner +
	                                           ws->inner_branch[l - ws->begin]
	                                     : ws->branch[l - ws->begin];
}

/* Backward through one operation, and the gradients of branches that meet there. */
static void backward_op(const struct backward *b, size_t l, struct fed_pass *pass,
                        const struct fed_scratch *scratch, uint32_t from, int worker)
{
	const struct fed_net_layer *op = fed_op_at(b->ws, l);
	const struct fed_stage *stage = fed__stage_of(op->ops);
	float *whole = pass->dx;

	if (op->other != FED_NO_BOUNDARY) {
		float *other = gradient_at(b, op->other - b->ws->begin, from, worker);

		if (other)
			memcpy(other, pass->dy, pass->batch * fed_shape_size(&pass->out) * sizeof *other);
	}
	if (op->adds && whole)
		pass->dx = branch_at(b, l, worker);
	if (stage && stage->backward)
		stage->backward(pass, scratch);
	else
		op->ops->backward(pass);
	if (op->adds && whole)
		fed_kernels()->add(whole, pass->dx, whole, pass->batch * fed_shape_size(&pass->in));
}

/* The stages in reverse order. */
static void backward_chunk(const struct backward *b, uint32_t from, uint32_t n, size_t group,
                           int worker)
{
	for (size_t l = b->run->last; l-- > b->lowest;) {
		struct fed_pass pass = backward_pass(b, l, from, n, worker);
		struct fed_scratch scratch = stage_scratch(b->ws, l, worker);

		scratch.sum = group_sum(b->ws, l, group, worker);
		backward_op(b, l, &pass, &scratch, from, worker);
	}
}

/* begin_backward or end_backward of the stages, in the thread of the workspace. */
static void for_the_batch(const struct backward *b, bool begin)
{
	for (size_t l = b->run->last; l-- > b->lowest;) {
		const struct fed_stage *stage = fed__stage_of(fed_op_at(b->ws, l)->ops);
		const struct fed_pass pass = backward_pass(b, l, 0, b->batch, b->ws->worker);
		struct fed_scratch scratch = stage_scratch(b->ws, l, b->ws->worker);

		scratch.sum = group_sum(b->ws, l, 0, b->ws->worker);
		if (begin && stage->begin_backward)
			stage->begin_backward(&pass, &scratch);
		else if (!begin && stage->end_backward)
			stage->end_backward(&pass, &scratch);
	}
}

static void clear_sums(const struct backward *b, size_t group, int worker)
{
	for (size_t l = b->run->last; l-- > b->lowest;) {
		const struct fed_stage *stage = fed__stage_of(fed_op_at(b->ws, l)->ops);
		const struct fed_pass pass = backward_pass(b, l, 0, b->batch, worker);

		if (stage->clear_sum)
			stage->clear_sum(&pass, group_sum(b->ws, l, group, worker));
	}
}

/* Add a group's sums to those of the groups before it, waiting for these; each of them is done or
 * running. */
static void add_sums(struct backward *b, size_t group, int worker)
{
	for (unsigned i = 0; atomic_load_explicit(&b->added, memory_order_acquire) != group; i++)
		fed_cpu_relax(i);
	for (size_t l = b->run->last; group > 0 && l-- > b->lowest;) {
		const struct fed_stage *stage = fed__stage_of(fed_op_at(b->ws, l)->ops);
		const struct fed_pass pass = backward_pass(b, l, 0, b->batch, worker);

		if (stage->add_sum)
			stage->add_sum(&pass, group_sum(b->ws, l, group, worker),
			               group_sum(b->ws, l, 0, worker));
	}
	atomic_store_explicit(&b->added, (unsigned)group + 1, memory_order_release);
}

static void backward_group(void *ctx, size_t group, int worker)
{
	struct backward *b = ctx;
	const uint32_t end = (uint32_t)((uint64_t)b->batch * (group + 1) / b->groups);

	clear_sums(b, group, worker);
	for (uint32_t from = (uint32_t)((uint64_t)b->batch * group / b->groups); from < end;) {
		const uint32_t n = end - from < b->run->chunk ? end - from : b->run->chunk;

		backward_chunk(b, from, n, group, worker);
		from += n;
	}
	add_sums(b, group, worker);
}

static void backward_staged(struct backward *b)
{
	const double flops = 2 * b->batch * ops_flops(b->ws->net, b->lowest, b->run->last);

	for_the_batch(b, true);
	b->groups = b->batch < GROUP_EXAMPLES ? 1 : b->batch / GROUP_EXAMPLES;
	run_parallel(b->ws, threads_for(b->ws, flops), b->groups, backward_group, b);
	for_the_batch(b, false);
}

static void backward_part(void *ctx, size_t part, int worker)
{
	const struct backward *b = ctx;

	(void)worker;
	b->divided->backward(&b->pass, (uint32_t)part, b->parts);
}

static void backward_whole(struct backward *b)
{
	const struct fed_layer *ops = fed_op_at(b->ws, b->run->first)->ops;
	const int threads = threads_for(b->ws, 2 * flops_of(b->ws, b->run, b->batch));

	b->divided = divided_of(ops);
	b->pass = backward_pass(b, b->run->first, 0, b->batch, b->ws->worker);
	if (!b->divided || fed_op_at(b->ws, b->run->first)->adds) {
		backward_op(b, b->run->first, &b->pass, NULL, 0, b->ws->worker);
		return;
	}
	b->parts = b->divided->backward_parts(&b->pass, threads);
	run_parallel(b->ws, threads, b->parts, backward_part, b);
}

static void backward(struct fed_workspace *ws, const float *params, float *grads, const float *dy,
                     uint32_t batch)
{
	for (size_t r = ws->runs; r-- > 0 && ws->run[r].last > ws->lowest;) {
		const size_t first = ws->run[r].first;
		struct backward b = {
			.ws = ws,
			.run = &ws->run[r],
			.params = params,
			.dy = dy,
			.grads = grads,
			.batch = batch,
			.lowest = first > ws->lowest ? first : ws->lowest,
		};

		if (fed_run_is_staged(ws, b.run))
			backward_staged(&b);
		else
			backward_whole(&b);
	}
}

void fed_net_backward(struct fed_workspace *ws, const float *params, float *grads, const float *dy,
                      uint32_t batch)
{
	const struct fed_net_layer *first = fed_op_at(ws, ws->lowest);
	const struct fed_net_layer *last = fed_op_at(ws, ws->end - 1);
	const bool direct = grads != params || batch <= FED_DIRECT_EXAMPLES;

	grads += first->offset;
	backward(ws, params, direct ? grads : ws->step, dy, batch);
	if (!direct)
		fed_kernels()->plain_step(grads, ws->step, last->offset + last->count - first->offset, -1,
		                          0);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/execute_internal.h - layout of runs and scratch memory, shared by workspace.c, execute.c and
 * thread_scratch.c.
 */
#ifndef FED_NN_EXECUTE_INTERNAL_H
#define FED_NN_EXECUTE_INTERNAL_H

#include "nn/net.h"
#include "nn/layers/stage.h"

/* Activations and gradients of one chunk: half of a usual second-level cache. */
#define FED_CHUNK_FLOATS ((size_t)1 << 17)
#define FED_LINE_FLOATS 16u /* a cache line */

/* Scratch sizes of this layer as a stage; all 0 when it is no stage or needs none. */
static inline struct fed_scratch_sizes fed_stage_capacity(const struct fed_net_layer *l)
{
	const struct fed_stage *stage = fed__stage_of(l->ops);

	return stage && stage->capacity ? stage->capacity(l->config, &l->in, &l->out)
	                                : (struct fed_scratch_sizes){0};
}

static inline const struct fed_net_layer *fed_op_at(const struct fed_workspace *ws, size_t o)
{
	return &ws->net->op[o];
}

/* Floats of one example at boundary i: the output of operation begin + i - 1. */
static inline size_t fed_boundary_size(const struct fed_workspace *ws, size_t i)
{
	return fed_shape_size(i ? &fed_op_at(ws, ws->begin + i - 1)->out
	                        : &fed_op_at(ws, ws->begin)->in);
}

/* Whether the run treats examples independently; else it is a single operation on the whole batch.
 */
static inline bool fed_run_is_staged(const struct fed_workspace *ws, const struct fed_run *run)
{
	return fed__stage_of(fed_op_at(ws, run->first)->ops) != NULL;
}

/* Whether boundary i is inside the run, and read there alone: its gradient is made and consumed
 * chunk by chunk. */
static inline bool fed_is_inside(const struct fed_workspace *ws, const struct fed_run *run,
                                 size_t i)
{
	const size_t o = ws->begin + i;

	return o > run->first && o < run->last && fed_op_at(ws, o)->reader < run->last;
}

static inline const struct fed_thread_scratch *fed_thread_scratch_of(const struct fed_workspace *ws)
{
	return ws->shared ? ws->shared : &ws->own;
}

#endif

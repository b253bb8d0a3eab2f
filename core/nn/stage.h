/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/stage.h - what the executor may know about a built-in layer beyond struct fed_layer.
 *
 * A stage treats each example alone, so the executor may run several stages on a few examples,
 * then on the next few: what one leaves is still in the cache when the next reads it.  Other
 * threads may take other examples meanwhile (nn/thread_scratch.h).  Results do not depend on how a
 * batch is cut into such chunks, nor on who takes them: gradients of parameters are summed example
 * after example in groups that the batch's size alone decides, and groups are added in order.
 *
 * A layer whose outputs can be made in parts, each from all examples, is divided instead.
 */
#ifndef FED_NN_STAGE_H
#define FED_NN_STAGE_H

#include "nn/layers.h"

/* Where a stage works: as many floats of each as it asks for. */
struct fed_scratch {
	float *batch; /* from the begin to the end of a pass; read by all threads */
	float *lane;  /* of this thread; zero at first, then as the stage left it */
	float *sum;   /* the parameters' gradients from one group of examples */
};

struct fed_scratch_sizes {
	size_t batch, lane, sum;
};

struct fed_stage {
	const struct fed_layer *ops;
	/* y may be x, and dx may be dy: backward() reads neither x nor more of y than the element. */
	bool in_place;
	/* backward() reads y, so that the next layer must not overwrite it. */
	bool keeps_y;
	/* All optional.  Without room, forward() and backward() are the layer's. */
	struct fed_scratch_sizes (*capacity)(const void *config, const struct fed_shape *in,
	                                     const struct fed_shape *out);
	/* What is done once for a batch, before and after the chunks.  begin_forward sees no x and y,
	 * begin_backward and end_backward no x, y, dy; dx only tells whether it is wanted. */
	void (*begin_forward)(const struct fed_pass *, const struct fed_scratch *);
	void (*forward)(const struct fed_pass *, const struct fed_scratch *);
	void (*begin_backward)(const struct fed_pass *, const struct fed_scratch *);
	void (*backward)(const struct fed_pass *, const struct fed_scratch *);
	/* The sum of the last group has become that of all: to pass->grads. */
	void (*end_backward)(const struct fed_pass *, const struct fed_scratch *);
	/* A sum of no examples; the sum of another group's behind `to`. */
	void (*clear_sum)(const struct fed_pass *, float *sum);
	void (*add_sum)(const struct fed_pass *, const float *from, float *to);
};

/* NULL for dense and for layers that a plugin brought: they get the whole batch. */
const struct fed_stage *fed_stage_of(const struct fed_layer *);

/* Parts of one pass over the whole batch, which may run at the same time.  Results do not depend on
 * `threads`, which may share them. */
struct fed_divided {
	const struct fed_layer *ops;
	uint32_t (*forward_parts)(const struct fed_pass *, int threads);
	void (*forward)(const struct fed_pass *, uint32_t part, uint32_t parts);
	uint32_t (*backward_parts)(const struct fed_pass *, int threads);
	void (*backward)(const struct fed_pass *, uint32_t part, uint32_t parts);
};

extern const struct fed_divided fed_divided_dense;

extern const struct fed_stage fed_stage_conv;
extern const struct fed_stage fed_stage_max_pool;
extern const struct fed_stage fed_stage_mean_pool;
extern const struct fed_stage fed_stage_relu;
extern const struct fed_stage fed_stage_tanh;
extern const struct fed_stage fed_stage_flatten;

#endif

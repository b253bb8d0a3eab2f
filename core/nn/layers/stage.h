/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/stage.h - internal interface of built-in layers, beyond struct fed_layer.
 *
 * A stage treats examples independently, so the executor may run several stages on a chunk of a few
 * examples, then on the next: the output of one is still in the cache when the next reads it.
 * Other threads may process other chunks meanwhile (nn/thread_scratch.h).  Results depend neither
 * on the chunks nor on the threads that process them: gradients of parameters are summed example
 * after example in groups that the batch's size alone decides, and groups are added in order.
 *
 * A layer whose outputs can be computed in parts, each from all examples, is a divided layer
 * instead.
 */
#ifndef FED_NN_STAGE_H
#define FED_NN_STAGE_H

#include "nn/layers/layers.h"

/* Scratch memory of a stage: as many floats of each kind as capacity() returns. */
struct fed_scratch {
	float *batch; /* from the begin to the end of a pass; read by all threads */
	float *lane;  /* of this thread; zero at first, then kept from call to call */
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
	/* All optional.  Without capacity(), forward() and backward() of the layer are called. */
	struct fed_scratch_sizes (*capacity)(const void *config, const struct fed_shape *in,
	                                     const struct fed_shape *out);
	/* Called once for a batch, before and after the chunks.  begin_forward gets no x and y,
	 * begin_backward and end_backward no x, y, dy; dx is NULL unless it is needed. */
	void (*begin_forward)(const struct fed_pass *, const struct fed_scratch *);
	void (*forward)(const struct fed_pass *, const struct fed_scratch *);
	void (*begin_backward)(const struct fed_pass *, const struct fed_scratch *);
	void (*backward)(const struct fed_pass *, const struct fed_scratch *);
	/* Add the sum over all groups to pass->grads. */
	void (*end_backward)(const struct fed_pass *, const struct fed_scratch *);
	/* Set a sum to zero; add the sum of another group to `to`. */
	void (*clear_sum)(const struct fed_pass *, float *sum);
	void (*add_sum)(const struct fed_pass *, const float *from, float *to);
};

/* NULL for dense and for layers of plugins: they get the whole batch. */
const struct fed_stage *fed__stage_of(const struct fed_layer *);

/* A layer whose pass over the whole batch divides into parts, which may run concurrently.  Results
 * do not depend on the number of threads. */
struct fed_divided {
	const struct fed_layer *ops;
	uint32_t (*forward_parts)(const struct fed_pass *, int threads);
	void (*forward)(const struct fed_pass *, uint32_t part, uint32_t parts);
	uint32_t (*backward_parts)(const struct fed_pass *, int threads);
	void (*backward)(const struct fed_pass *, uint32_t part, uint32_t parts);
};

extern const struct fed_divided fed__divided_dense;

extern const struct fed_stage fed__stage_conv;
extern const struct fed_stage fed__stage_max_pool;
extern const struct fed_stage fed__stage_mean_pool;
extern const struct fed_stage fed__stage_relu;
extern const struct fed_stage fed__stage_tanh;
extern const struct fed_stage fed__stage_flatten;
extern const struct fed_stage fed__stage_strided; /* conv with a stride */
extern const struct fed_stage fed__stage_global_pool;
extern const struct fed_stage fed__stage_gelu;
extern const struct fed_stage fed__stage_dropout;
extern const struct fed_stage fed__stage_group_norm;
extern const struct fed_stage fed__stage_layer_norm;
extern const struct fed_stage fed__stage_add;

#endif

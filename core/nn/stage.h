/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/stage.h - what the executor may know about a built-in layer beyond struct fed_layer.
 *
 * A stage treats each example alone, so the executor may run several stages on a few examples,
 * then on the next few: what one leaves is still in the cache when the next reads it.  Results do
 * not depend on how a batch is cut into such chunks: gradients of parameters are summed example
 * after example, in scratch, and added to pass->grads once, at the end.
 *
 * The scratch of a stage is its own from begin to end.
 */
#ifndef FED_NN_STAGE_H
#define FED_NN_STAGE_H

#include "nn/layers.h"

struct fed_stage {
	const struct fed_layer *ops;
	/* y may be x, and dx may be dy: backward() reads neither x nor more of y than the element. */
	bool in_place;
	/* backward() reads y, so that the next layer must not overwrite it. */
	bool keeps_y;
	/* Optional: what is done once for a batch, before and after the chunks.  begin_forward sees no
	 * x and y, begin_backward and end_backward no x, y, dy; dx only tells whether it is wanted. */
	void (*begin_forward)(const struct fed_pass *);
	void (*forward)(const struct fed_pass *);
	void (*begin_backward)(const struct fed_pass *);
	void (*backward)(const struct fed_pass *);
	void (*end_backward)(const struct fed_pass *);
};

/* NULL for dense and for layers that a plugin brought: they get the whole batch. */
const struct fed_stage *fed_stage_of(const struct fed_layer *);

extern const struct fed_stage fed_stage_conv;
extern const struct fed_stage fed_stage_max_pool;
extern const struct fed_stage fed_stage_mean_pool;
extern const struct fed_stage fed_stage_relu;
extern const struct fed_stage fed_stage_tanh;
extern const struct fed_stage fed_stage_flatten;

#endif

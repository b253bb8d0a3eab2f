/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/sgd.h - mini-batch stochastic gradient descent.
 *
 *     v <- momentum v + g + weight_decay w + extra(w);   w <- w - lr v
 *
 * g is the gradient of the batch's mean loss.  Plain SGD (no momentum, decay or extra term) adds
 * -lr g to w inside the products that make g: no gradient buffer, half the memory traffic.
 * Buffers (fedsh/model.h) are set by their layers instead, once a step or part of one.
 * Gradients of more than FED_DIRECT_EXAMPLES examples are first summed in the workspace (nn/net.h).
 */
#ifndef FED_NN_SGD_H
#define FED_NN_SGD_H

#include "nn/net.h"

struct fed_sgd {
	double lr, momentum, weight_decay;
	/* Optional: add to g[j], j0 <= j < j1, another term of the gradient at w. */
	void (*extra)(void *ctx, const float *w, float *g, size_t j0, size_t j1);
	void *ctx;
	/* [dim], needed unless the step is plain (fed__sgd_is_plain) and in one part.  Zero before the
	 * first step; every step leaves it zero. */
	float *gradient;
	float *velocity;               /* [dim], zero at the start; needed with momentum */
	double *squares;               /* optional: grows by the sum of the examples' squared losses */
	struct fed_step_random random; /* of this step, or of this part of it */
};

bool fed__sgd_is_plain(const struct fed_sgd *);

/* The batch is in fed_workspace_input(ws); ws spans the whole net.  Returns the sum of the
 * examples' losses before the step. */
double fed_sgd_step(struct fed_workspace *ws, const struct fed_sgd *, float *w,
                    const int32_t *label, const float *target, uint32_t batch);

/* The same for a batch that is larger than the workspace, in parts: gather `part` examples into the
 * input and accumulate, until all `batch` are done; then apply once.  Needs the gradient buffer.
 * Returns the part's sum of losses. */
double fed_sgd_accumulate(struct fed_workspace *ws, const struct fed_sgd *, float *w,
                          const int32_t *label, const float *target, uint32_t part, uint32_t batch);
void fed_sgd_apply(const struct fed_sgd *, const struct fed_net *, float *w);

#endif

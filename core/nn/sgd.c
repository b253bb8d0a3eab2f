/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/sgd.c - mini-batch stochastic gradient descent.
 */
#include "nn/sgd.h"

#include "nn/kernels/kernels.h"

bool fed__sgd_is_plain(const struct fed_sgd *sgd)
{
	return sgd->momentum == 0 && sgd->weight_decay == 0 && !sgd->extra;
}

/* Sum of the squared losses of the examples, one by one. */
static double squared_losses(const struct fed_net *net, const float *y, const int32_t *label,
                             const float *target, uint32_t batch)
{
	double sum = 0;

	for (uint32_t b = 0; b < batch; b++) {
		const size_t own = (size_t)b * net->positions, at = own * net->outputs;
		const double loss = fed_net_training_loss(net, y + at, label ? label + own : NULL,
		                                          target ? target + at : NULL, 1, 0, NULL);

		sum += loss * loss;
	}
	return sum;
}

/* One pass; adds scale * gradient of the summed loss to grads. */
static double loss_and_gradient(struct fed_workspace *ws, const struct fed_sgd *sgd, float *w,
                                float *grads, const int32_t *label, const float *target,
                                uint32_t batch, float scale)
{
	float *dy = fed_workspace_output_gradient(ws);
	const float *y = fed_net_forward_training(ws, w, batch, sgd->random);

	if (ws->net->positions > 1) {
		fed_net_spread_labels(ws->net, fed_workspace_input(ws), label, batch, ws->label);
		label = ws->label;
	}
	if (sgd->squares)
		*sgd->squares += squared_losses(ws->net, y, label, target, batch);
	const double loss = fed_net_training_loss(ws->net, y, label, target, batch, scale, dy);

	fed_net_backward(ws, w, grads, dy, batch);
	fed_net_update_buffers(ws, w, batch);
	return loss;
}

double fed_sgd_step(struct fed_workspace *ws, const struct fed_sgd *sgd, float *w,
                    const int32_t *label, const float *target, uint32_t batch)
{
	if (fed__sgd_is_plain(sgd))
		return loss_and_gradient(ws, sgd, w, w, label, target, batch, (float)(-sgd->lr / batch));
	const double loss = fed_sgd_accumulate(ws, sgd, w, label, target, batch, batch);
	fed_sgd_apply(sgd, ws->net, w);
	return loss;
}

double fed_sgd_accumulate(struct fed_workspace *ws, const struct fed_sgd *sgd, float *w,
                          const int32_t *label, const float *target, uint32_t part, uint32_t batch)
{
	return loss_and_gradient(ws, sgd, w, sgd->gradient, label, target, part, (float)(1.0 / batch));
}

struct application {
	const struct fed_sgd *sgd;
	float *w;
};

/* Step parameters from .. to - 1. */
static void apply_stretch(void *ctx, size_t from, size_t to)
{
	enum { BLOCK = 8192 }; /* w and g stay in the cache between the extra term and the step */
	const struct application *a = ctx;
	const struct fed_sgd *sgd = a->sgd;
	const struct fed_kernels *k = fed_kernels();
	const float lr = (float)sgd->lr, decay = (float)sgd->weight_decay;
	float *w = a->w;

	for (size_t j = from; j < to; j += BLOCK) {
		const size_t end = to - j < BLOCK ? to : j + BLOCK;

		if (sgd->extra)
			sgd->extra(sgd->ctx, w, sgd->gradient, j, end);
		if (sgd->momentum > 0)
			k->momentum_step(w + j, sgd->velocity + j, sgd->gradient + j, end - j, lr,
			                 (float)sgd->momentum, decay);
		else
			k->plain_step(w + j, sgd->gradient + j, end - j, lr, decay);
	}
}

void fed_sgd_apply(const struct fed_sgd *sgd, const struct fed_net *net, float *w)
{
	struct application a = {sgd, w};

	fed__net_each_trained(net, net->dim, apply_stretch, &a);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/layers.h - one layer of a net, called with memory of our own (private to
 * conformance/).
 */
#ifndef FED_CONFORMANCE_LAYERS_H
#define FED_CONFORMANCE_LAYERS_H

#include "conformance/checker.h"

/* A layer and a batch for it; all vectors are buffers of the present check. */
struct fed_layer_trial {
	struct fed_checker *checker;
	const struct fed_net *net;
	const struct fed_net_layer *layer;
	size_t number; /* of the layer in the net */
	uint32_t batch;
	size_t in, out;        /* numbers of one example */
	float *params, *grads; /* [layer->count] */
	float *x, *dx;         /* [batch][in] */
	float *y, *dy;         /* [batch][out] */
	float *cache, *scratch;
	size_t cached, scratched; /* floats of them */
	bool evaluates;           /* else passes are those of a step of training, */
	uint32_t first;           /* whose batch has so many examples before */
};
/* x [batch][in] and params, the layer's own, are copied.  False: no memory. */
bool fed__layer_trial_init(struct fed_layer_trial *, struct fed_checker *, const struct fed_net *,
                           size_t number, uint32_t batch, const float *x, const float *params);
/* The layer's forward and backward.  y, cache and scratch are NaN before forward(). */
void fed__layer_forward(struct fed_layer_trial *);
void fed__layer_backward(struct fed_layer_trial *, const float *params, float *dx, float *grads);
/* Whether there is a gradient by the input: tokens have none. */
bool fed__layer_has_input_gradient(const struct fed_layer_trial *);

/* Fail unless backward() gives the slopes of forward() by the parameters and by the inputs, at as
 * many numbers of each as so many FLOPs allow, but at least 2, and along some directions. */
void fed__check_layer_gradients(struct fed_layer_trial *, double flops, size_t least);

/* Call with(trial, ctx) for each layer of a net, or for those that a plugin brought, on a batch
 * that the layers before it made of random examples. */
void fed__each_layer(struct fed_checker *, const struct fed_net *, uint32_t batch, bool own,
                     void (*with)(struct fed_layer_trial *, void *ctx), void *ctx);
/* Random examples of the net's input, (batch, in). */
void fed__fill_examples(const struct fed_net *, float *x, uint32_t batch, uint64_t key);

#endif

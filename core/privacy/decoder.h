/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/decoder.h - decoder net that reconstructs inputs from smashed data, trained on public
 * examples.
 *
 * An attacker who knows the head of a cut, and has examples like the clients', can learn its
 * inverse: a decoder is trained on pairs of smashed data and inputs for least squared error
 * (model inversion, Erdogan et al. 2022 and others).  If the smashed data are an image, of any
 * layers, the decoder is convolutional and enlarges by sub-pixels (Shi et al.
 * 2016); else it has one hidden layer.  It learns the difference from the mean of the public
 * inputs, so that without information its output is their mean.
 */
#ifndef FED_PRIVACY_DECODER_H
#define FED_PRIVACY_DECODER_H

#include <stdatomic.h>

#include "nn/net.h"

struct fed_decoder {
	struct fed_net net;
	struct fed_thread_scratch thread_scratch;
	struct fed_workspace space;
	float *params; /* [net.dim] */
	float *mean;   /* [inputs]: of the public inputs */
	float *middle; /* [smashed]: of the public smashed data */
	double spread; /* their standard deviation around it, over all numbers */
};

/* An untrained decoder for the cut below layer [cut] of the net `of`.  All calls are on the thread
 * of the pool's owner, which its idle threads help; NULL: no pool. */
int fed__decoder_init(struct fed_decoder *, const struct fed_net *of, size_t cut, uint64_t seed,
                      struct fed_pool *, struct fed_error *);
void fed__decoder_release(struct fed_decoder *); /* zeroed is fine */
/* Train on n public examples: z (n, smashed), x (n, input).  Ends early when *stopped is not 0;
 * returns the steps made, or less than 0 without memory. */
int64_t fed__decoder_train(struct fed_decoder *, const float *z, const float *x, uint32_t n,
                           uint32_t steps, uint64_t seed, const atomic_int *stopped,
                           struct fed_error *);
/* Reconstruct one example: z [smashed], x [input]. */
void fed__decoder_draw(struct fed_decoder *, const float *z, float *x);

#endif

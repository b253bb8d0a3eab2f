/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/noise.h - Gaussian noise that clients add to what they send (setting `noise`).
 *
 * It is added to updates before the codec, those of split learning's heads under v1 and v2 among
 * them, and to smashed data, so that the server, or an eavesdropper, learns less of the examples.
 * There is no clipping and no privacy budget: this is the noise of differential privacy without its
 * guarantee.
 */
#ifndef FED_TRAIN_CLIENTS_NOISE_H
#define FED_TRAIN_CLIENTS_NOISE_H

#include "base/random.h"

/* Add noise: v[i] += N(0, sigma^2), i in [0, n), drawn in this order.  sigma 0 changes and draws
 * nothing. */
void fed_noise_add(struct fed_stream *, double sigma, float *v, size_t n);

#endif

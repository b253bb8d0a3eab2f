/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_winograd.h - the convolution by Winograd's algorithm.  Private to
 * nn/layers/conv_pass.c.
 */
#ifndef FED_NN_CONV_WINOGRAD_H
#define FED_NN_CONV_WINOGRAD_H

#include "nn/layers/conv_layout.h"

void fed__winograd_begin_forward(const struct conv_geometry *, const struct fed_pass *,
                                 const struct conv_shared *);
void fed__winograd_forward(const struct conv_geometry *, const struct fed_pass *,
                           const struct conv_shared *, const struct conv_lane *);
/* shared->turned is the turned kernel, without padding. */
void fed__winograd_begin_backward(const struct conv_geometry *, const struct conv_shared *);
/* One example: adds to the sum `taps`; dx unless it is NULL. */
void fed__winograd_backward(const struct conv_geometry *, const float *x, const float *dy,
                            const struct conv_shared *, const struct conv_lane *, float *taps,
                            float *dx);
void fed__winograd_end_backward(const struct conv_geometry *, const float *taps, float *kernel);

#endif

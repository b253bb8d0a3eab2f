/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/conv_pass.h - passes of the convolution, as a stage of nn/layers/stage.h.  Private to
 * nn/layers/conv.c.
 */
#ifndef FED_NN_CONV_PASS_H
#define FED_NN_CONV_PASS_H

#include "nn/layers/stage.h"

struct fed_scratch_sizes fed__conv_scratch(const void *config, const struct fed_shape *in,
                                           const struct fed_shape *out);
void fed__conv_begin_forward(const struct fed_pass *, const struct fed_scratch *);
void fed__conv_forward(const struct fed_pass *, const struct fed_scratch *);
void fed__conv_begin_backward(const struct fed_pass *, const struct fed_scratch *);
void fed__conv_backward(const struct fed_pass *, const struct fed_scratch *);
void fed__conv_end_backward(const struct fed_pass *, const struct fed_scratch *);
void fed__conv_clear_sum(const struct fed_pass *, float *sum);
void fed__conv_add_sum(const struct fed_pass *, const float *from, float *to);

#endif

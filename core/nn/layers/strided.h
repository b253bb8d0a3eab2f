/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/strided.h - passes of the convolution with a stride, as a stage of nn/layers/stage.h.
 * Private to nn/layers/conv.c.
 */
#ifndef FED_NN_STRIDED_H
#define FED_NN_STRIDED_H

#include "nn/layers/stage.h"

struct fed_scratch_sizes fed__strided_scratch(const void *config, const struct fed_shape *in,
                                              const struct fed_shape *out);
void fed__strided_forward(const struct fed_pass *, const struct fed_scratch *);
void fed__strided_begin_backward(const struct fed_pass *, const struct fed_scratch *);
void fed__strided_backward(const struct fed_pass *, const struct fed_scratch *);
void fed__strided_end_backward(const struct fed_pass *, const struct fed_scratch *);
void fed__strided_clear_sum(const struct fed_pass *, float *sum);
void fed__strided_add_sum(const struct fed_pass *, const float *from, float *to);

#endif

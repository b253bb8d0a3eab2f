/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/conv_pass.h - the convolution's passes, in the parts that nn/stage.h wants.  Private to
 * nn/conv.c.
 */
#ifndef FED_NN_CONV_PASS_H
#define FED_NN_CONV_PASS_H

#include "nn/layers.h"

void fed_conv_begin_forward(const struct fed_pass *);
void fed_conv_forward(const struct fed_pass *);
void fed_conv_begin_backward(const struct fed_pass *);
void fed_conv_backward(const struct fed_pass *);
void fed_conv_end_backward(const struct fed_pass *);

size_t fed_conv_scratch(const struct fed_conv_config *, const struct fed_shape *in,
                        const struct fed_shape *out);

#endif

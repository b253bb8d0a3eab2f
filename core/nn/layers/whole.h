/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/whole.h - a stage as an ordinary layer: its passes over a batch at once, in one thread,
 * with scratch memory of the pass.
 */
#ifndef FED_NN_WHOLE_H
#define FED_NN_WHOLE_H

#include "nn/layers/stage.h"

size_t fed__whole_floats(const struct fed_stage *, const void *config, const struct fed_shape *in);
void fed__whole_forward(const struct fed_stage *, const struct fed_pass *);
void fed__whole_backward(const struct fed_stage *, const struct fed_pass *);

#endif

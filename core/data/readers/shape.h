/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/shape.h - the shape of an example as a user says it; for core/data alone.
 */
#ifndef FED_DATA_READERS_SHAPE_H
#define FED_DATA_READERS_SHAPE_H

#include "fedsh/model.h"

/* Parse "28x28", "32x32x3" (height, width, channels) or "60"; two sides have one channel.  width:
 * the numbers of an example, or 0 where they are not known.  FED_REJECT: it is none, or of another
 * number. */
int fed__shape_parse(const char *text, uint32_t width, struct fed_shape *, struct fed_error *);

#endif

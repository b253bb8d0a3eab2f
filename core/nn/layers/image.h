/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/image.h - shapes as images, and as text.
 */
#ifndef FED_NN_IMAGE_H
#define FED_NN_IMAGE_H

#include "fedsh/model.h"

struct fed_image {
	uint32_t h, w, c;
};

/* (H, W, C), or (H, W) with one channel. */
static inline bool fed_is_image(const struct fed_shape *s)
{
	return s->rank == 2 || s->rank == 3;
}

static inline struct fed_image fed_image_of(const struct fed_shape *s)
{
	return (struct fed_image){s->dim[0], s->dim[1], s->rank == 3 ? s->dim[2] : 1};
}

#define FED_SHAPE_TEXT 40

/* "28x28x1"; returns text. */
static inline const char *fed_shape_text(const struct fed_shape *s, char text[FED_SHAPE_TEXT])
{
	int at = 0;

	for (uint32_t i = 0; i < s->rank && i < 3; i++)
		at += snprintf(text + at, FED_SHAPE_TEXT - (size_t)at, i ? "x%u" : "%u", s->dim[i]);
	return text;
}

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/resize.h - pictures turned upright, laid on a background, scaled to a size;
 * for core/data alone.
 *
 * Scaling down takes the mean over the area that a pixel covers, scaling up interpolates linearly;
 * each direction by itself.
 */
#ifndef FED_DATA_READERS_PICTURES_RESIZE_H
#define FED_DATA_READERS_PICTURES_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

/* Pixels (height, width, channels) of a byte each. */
struct fed_pixels {
	uint8_t *v;
	uint32_t height, width;
	uint8_t channels;
};

/* Turn as the orientation of Exif says: 1 none, 2 mirrored, 3 upside down, 6 a quarter to the right
 * and so on.  `to` has memory for as many bytes; its sizes are set. */
void fed__pixels_turn(const struct fed_pixels *from, int orientation, struct fed_pixels *to);
/* From 2 or 4 channels to 1 or 3, in place: on white, on black, or without regard to alpha. */
enum fed_alpha { FED_ALPHA_WHITE, FED_ALPHA_BLACK, FED_ALPHA_IGNORE };
void fed__pixels_flatten(struct fed_pixels *, enum fed_alpha);
/* Grey to colour or back; `to` has memory for them. */
void fed__pixels_recolour(const struct fed_pixels *from, uint8_t channels, uint8_t *to);

/* A part of a picture. */
struct fed_window {
	double y, x, height, width;
};
/* The whole, or the largest part in the middle with the aspect ratio of a size. */
struct fed_window fed__window_whole(const struct fed_pixels *);
struct fed_window fed__window_middle(const struct fed_pixels *, uint32_t height, uint32_t width);
/* Scale a part of it to `to`, whose sizes and channels are set. */
int fed__pixels_scale(const struct fed_pixels *from, const struct fed_window *,
                      const struct fed_pixels *to, struct fed_error *);

#endif

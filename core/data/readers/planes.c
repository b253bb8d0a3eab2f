/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/planes.c - pictures whose channels are planes, one behind another.
 */
#include "data/readers/planes.h"

static void three(const uint8_t *restrict planes, size_t pixels, uint8_t *restrict out)
{
	const uint8_t *red = planes, *green = planes + pixels, *blue = planes + 2 * pixels;

	for (size_t i = 0; i < pixels; i++) {
		out[3 * i] = red[i];
		out[3 * i + 1] = green[i];
		out[3 * i + 2] = blue[i];
	}
}

void fed__planes_to_pixels(const uint8_t *planes, size_t pixels, size_t channels, uint8_t *out)
{
	if (channels == 3) {
		three(planes, pixels, out);
		return;
	}
	for (size_t k = 0; k < channels; k++)
		for (size_t i = 0; i < pixels; i++)
			out[i * channels + k] = planes[k * pixels + i];
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/planes.h - pictures whose channels are planes, one behind another; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_PLANES_H
#define FED_DATA_READERS_PLANES_H

#include <stddef.h>
#include <stdint.h>

/* Turn (channels, pixels) into (pixels, channels). */
void fed__planes_to_pixels(const uint8_t *planes, size_t pixels, size_t channels, uint8_t *out);

#endif

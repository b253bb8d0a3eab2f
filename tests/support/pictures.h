/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/pictures.h - PNG and JPEG files for tests: PNG by an encoder of its own, so that every
 * form of it can be made, JPEG by the library.
 */
#ifndef FED_TEST_PICTURES_H
#define FED_TEST_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture_png {
	uint32_t height, width;
	uint8_t depth;       /* bits of a channel: 1, 2, 4, 8, 16 */
	uint8_t type;        /* 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha */
	const uint8_t *rows; /* as they are in the file: packed, 16 bits big-endian, without filters */
	const uint8_t *palette, *transparent; /* chunks PLTE, tRNS */
	size_t palette_n, transparent_n;
	bool interlaced; /* of 8 or 16 bits */
};
/* Write one to `to`, which has enough memory; returns its bytes. */
size_t picture_png(uint8_t *to, const struct picture_png *);

struct picture_jpeg {
	uint32_t height, width;
	uint8_t channels;      /* 1, 3, 4: CMYK as Adobe's programs store it */
	const uint8_t *pixels; /* (height, width, channels) */
	bool progressive;
	uint8_t turn; /* orientation in an Exif marker; 0: none */
	int quality;
};
/* Likewise, at most `most` bytes; 0: built without the library. */
size_t picture_jpeg(uint8_t *to, size_t most, const struct picture_jpeg *);

#endif

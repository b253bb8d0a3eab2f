/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/picture.h - one PNG or JPEG file: its header, its pixels; for core/data
 * alone.
 *
 * All functions may be called by several threads.
 */
#ifndef FED_DATA_READERS_PICTURES_PICTURE_H
#define FED_DATA_READERS_PICTURES_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

/* Pixels of a file whose header claims more are refused, before memory for them is allocated. */
#define FED_PICTURE_PIXELS ((uint64_t)1 << 26)

enum fed_picture_kind { FED_PICTURE_PNG, FED_PICTURE_JPEG };

struct fed_picture_head {
	enum fed_picture_kind kind;
	uint32_t height, width; /* as stored, before turning */
	uint8_t channels;       /* of the pixels: 1 grey, 2 grey and alpha, 3 colour, 4 with alpha */
	bool deep;              /* 16 bits a channel, to become 8 */
	bool cmyk;              /* printing colours, to become red, green and blue */
	uint8_t turn;           /* orientation of Exif: 1 (upright) to 8 */
};

/* By the file's first bytes, whatever its name; FED_REJECT: it is damaged or no such file. */
int fed__picture_head(const uint8_t *bytes, size_t n, struct fed_picture_head *,
                      struct fed_error *);
/* Pixels (height, width, channels), not turned.  FED_REJECT: damaged; FED_FAIL: out of memory. */
int fed__picture_pixels(const uint8_t *bytes, size_t n, const struct fed_picture_head *,
                        uint8_t *pixels, struct fed_error *);

/* The same for each kind (png.c, jpeg.c). */
int fed__png_head(const uint8_t *bytes, size_t n, struct fed_picture_head *, struct fed_error *);
int fed__png_pixels(const uint8_t *bytes, size_t n, const struct fed_picture_head *,
                    uint8_t *pixels, struct fed_error *);
int fed__jpeg_head(const uint8_t *bytes, size_t n, struct fed_picture_head *, struct fed_error *);
int fed__jpeg_pixels(const uint8_t *bytes, size_t n, const struct fed_picture_head *,
                     uint8_t *pixels, struct fed_error *);

#endif

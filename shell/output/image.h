/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/image.h - images side by side, as text.
 *
 * With colour and UTF-8 a character shows two pixels, one above the other, in true colours or the
 * nearest of 24 greys and 216 colours; without colour a shade for both; without UTF-8 an ASCII
 * shade. Images too wide for the screen are reduced by a whole factor.
 */
#ifndef FED_SHELL_OUTPUT_IMAGE_H
#define FED_SHELL_OUTPUT_IMAGE_H

#include "fedsh/model.h"
#include "shell/shell.h"

struct fed_image_file {
	const char *title;
	const float *x; /* (shape): (H, W) or (H, W, C); three or more channels: the first three are
	                   red, green, blue; fewer: the first is grey */
	struct fed_shape shape;
	float low, high; /* black, white */
};

/* Append n images of the same shape in a row with place for `across` of them; a title may be wider
 * than its picture. */
void fed__image_row_text(const struct fed_image_file *, size_t n, size_t across,
                         const struct fed_screen *, struct fed_text *out);
/* Append n <= 4 images of the same shape. */
void fed__images_text(const struct fed_image_file *, size_t n, const struct fed_screen *,
                      struct fed_text *out);

#endif

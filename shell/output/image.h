/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/image.h - pictures beside one another, as text.
 *
 * With colours and UTF-8 a character shows two pixels, one above the other, in 24 greys or 216
 * colours; without colours a shade for both; without UTF-8 a shade of ASCII.  Pictures too wide for
 * the screen are shown smaller, by a whole factor.
 */
#ifndef FED_SHELL_OUTPUT_IMAGE_H
#define FED_SHELL_OUTPUT_IMAGE_H

#include "fedsh/model.h"
#include "shell/shell.h"

struct fed_image_file {
	const char *title;
	const float *x; /* (shape): (H, W) or (H, W, C); of several channels the first three are
	                   colours, of two the first is grey */
	struct fed_shape shape;
	float low, high; /* black, white */
};

/* All of the same shape; at most 4. */
void fed_images_text(const struct fed_image_file *, size_t n, const struct fed_screen *,
                     struct fed_text *out);

#endif

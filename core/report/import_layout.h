/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/import_layout.h - layouts in which files have the numbers of a tensor.
 *
 * Those of the model are PyTorch's: a matrix (out, in), a kernel (out, in, height, width), the
 * columns of a matrix behind a flattened picture in the order (C, H, W).
 */
#ifndef FED_REPORT_IMPORT_LAYOUT_H
#define FED_REPORT_IMPORT_LAYOUT_H

#include "formats/tensors.h"

enum fed_layout {
	FED_LAYOUT_SAME,
	/* (in, out), as Keras, Flax and the Conv1D of GPT-2 have it; the columns behind a picture in
	 * the order (H, W, C) */
	FED_LAYOUT_TRANSPOSED,
	/* (height, width, in, out), as Keras and Flax */
	FED_LAYOUT_CHANNELS_LAST,
	/* (in, out, height, width), as torch.nn.ConvTranspose2d: a convolution with the kernel turned
	 * by 180 degrees, of stride 1 and padding kernel - 1 - that of the other */
	FED_LAYOUT_TURNED,
	FED_LAYOUTS
};

/* Whether the shape of `t` is that of `own` in the layout; dimensions of 1 at the front are left
 * out. */
bool fed__layout_fits(const struct fed_named_tensor *own, const struct fed_stored_tensor *t,
                      enum fed_layout);
/* Where number k of `own`, in its file's order, is in `t`. */
size_t fed__layout_place(const struct fed_named_tensor *own, const struct fed_stored_tensor *t,
                         enum fed_layout, size_t k);
/* For a table: "transposed"; "-" for the same. */
const char *fed__layout_word(const struct fed_named_tensor *own, enum fed_layout);

#endif

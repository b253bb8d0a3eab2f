/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/import_layout.c - layouts in which files have the numbers of a tensor.
 */
#include "report/import_layout.h"

#include <string.h>

/* Which dimension of the model's tensor each one of the file's is. */
static const uint32_t order[FED_LAYOUTS][4] = {
	[FED_LAYOUT_SAME] = {0, 1, 2, 3},
	[FED_LAYOUT_TRANSPOSED] = {1, 0},
	[FED_LAYOUT_CHANNELS_LAST] = {2, 3, 1, 0},
	[FED_LAYOUT_TURNED] = {1, 0, 2, 3},
};

/* Dimensions of 1 at the front beyond those that are wanted. */
static uint32_t extra(const struct fed_stored_tensor *t, uint32_t rank)
{
	uint32_t n = 0;

	while (t->rank - n > rank && t->shape[n] == 1)
		n++;
	return n;
}

bool fed__layout_fits(const struct fed_named_tensor *own, const struct fed_stored_tensor *t,
                      enum fed_layout layout)
{
	const uint32_t rank = own->walk.file_rank, skip = extra(t, rank);
	const uint32_t wants = layout == FED_LAYOUT_TRANSPOSED ? 2 : 4;

	if (t->rank - skip != rank || (layout != FED_LAYOUT_SAME && rank != wants))
		return false;
	for (uint32_t k = 0; k < rank; k++)
		if (t->shape[skip + k] != own->walk.file_shape[order[layout][k]])
			return false;
	return true;
}

/* The column in the order (H, W, C) of one in the order (C, H, W). */
static size_t channels_last(const struct fed_tensor *walk, size_t column)
{
	const size_t channels = walk->dim[1], pixels = (size_t)walk->dim[2] * walk->dim[3];

	return column % pixels * channels + column / pixels;
}

/* Offset of an index in the order that the file's bytes have. */
static size_t offset_of(const struct fed_stored_tensor *t, uint32_t skip, const size_t *index,
                        uint32_t rank)
{
	size_t at = 0;

	for (uint32_t k = 0; k < rank; k++) {
		const uint32_t d = t->fortran ? rank - 1 - k : k;

		at = at * t->shape[skip + d] + index[d];
	}
	return at;
}

size_t fed__layout_place(const struct fed_named_tensor *own, const struct fed_stored_tensor *t,
                         enum fed_layout layout, size_t k)
{
	const uint32_t rank = own->walk.file_rank;
	size_t mine[4] = {0}, theirs[4] = {0};

	if (layout == FED_LAYOUT_SAME && !t->fortran)
		return k;
	for (uint32_t d = rank; d-- > 0;) {
		mine[d] = k % own->walk.file_shape[d];
		k /= own->walk.file_shape[d];
	}
	if (layout == FED_LAYOUT_TRANSPOSED && own->walk.rank == 4)
		mine[1] = channels_last(&own->walk, mine[1]);
	for (uint32_t d = 2; layout == FED_LAYOUT_TURNED && d < 4; d++)
		mine[d] = own->walk.file_shape[d] - 1 - mine[d];
	for (uint32_t d = 0; d < rank; d++)
		theirs[d] = mine[order[layout][d]];
	return offset_of(t, extra(t, rank), theirs, rank);
}

const char *fed__layout_word(const struct fed_named_tensor *own, enum fed_layout layout)
{
	switch (layout) {
	case FED_LAYOUT_TRANSPOSED:
		return own->walk.rank == 4 && own->walk.dim[1] > 1 ? "transposed, channels last"
		                                                   : "transposed";
	case FED_LAYOUT_CHANNELS_LAST:
		return "channels last";
	case FED_LAYOUT_TURNED:
		return "transposed convolution: turned";
	default:
		return "-";
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_rows.h - rows of one width, whose number is not known before the last; for
 * core/data alone.
 *
 * They lie in blocks that are never moved and are released as soon as they are read again: reading
 * needs the memory of the rows once, the dataset once more only for its pages that are filled.
 */
#ifndef FED_DATA_READERS_LEAF_LEAF_ROWS_H
#define FED_DATA_READERS_LEAF_LEAF_ROWS_H

#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_leaf_rows {
	size_t bytes;     /* of a row */
	size_t per_block; /* rows */
	uint64_t n;       /* rows */
	void **block;     /* [blocks] */
	size_t blocks;
};

/* A new row, zeroed; NULL: out of memory. */
void *fed__leaf_rows_add(struct fed_leaf_rows *, struct fed_error *);
/* Row i.  The block before its own is released: rows are taken in order. */
const void *fed__leaf_rows_take(struct fed_leaf_rows *, uint64_t i);
void fed__leaf_rows_release(struct fed_leaf_rows *);

#endif

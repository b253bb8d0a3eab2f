/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_rows.c - rows of one width in blocks.
 */
#include "data/readers/leaf/leaf_rows.h"

#include "base/mem.h"

#define BLOCK_BYTES ((size_t)4 << 20)

static int add_block(struct fed_leaf_rows *r, struct fed_error *err)
{
	void **const grown =
		fed_resize(r->block, r->blocks * sizeof *grown, (r->blocks + 1) * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, (r->blocks + 1) * sizeof *grown, "the examples");
	r->block = grown;
	r->per_block = r->bytes < BLOCK_BYTES ? BLOCK_BYTES / r->bytes : 1;
	/* the system grants more than it has, and ends who uses it */
	if (2.0 * (double)(r->per_block * r->bytes) < fed_mem_available())
		r->block[r->blocks] = fed_alloc(r->per_block * r->bytes);
	if (!r->block[r->blocks])
		return fed_fail_memory(err, r->per_block * r->bytes, "the examples");
	r->blocks++;
	return FED_OK;
}

void *fed__leaf_rows_add(struct fed_leaf_rows *r, struct fed_error *err)
{
	if ((r->blocks == 0 || r->n == r->blocks * r->per_block) && add_block(r, err))
		return NULL;
	r->n++;
	return (char *)r->block[r->blocks - 1] + (r->n - 1) % r->per_block * r->bytes;
}

const void *fed__leaf_rows_take(struct fed_leaf_rows *r, uint64_t i)
{
	const size_t block = (size_t)(i / r->per_block);

	if (block > 0 && r->block[block - 1]) {
		fed_free(r->block[block - 1]);
		r->block[block - 1] = NULL;
	}
	return (const char *)r->block[block] + i % r->per_block * r->bytes;
}

void fed__leaf_rows_release(struct fed_leaf_rows *r)
{
	for (size_t i = 0; i < r->blocks; i++)
		fed_free(r->block[i]);
	fed_free(r->block);
	*r = (struct fed_leaf_rows){0};
}

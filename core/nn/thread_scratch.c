/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/thread_scratch.c - allocation of the lanes.
 */
#include "nn/thread_scratch.h"

#include <string.h>

#include "base/mem.h"
#include "nn/execute_internal.h"

/* The offset of n more floats of a lane, aligned to a cache line. */
static size_t take_aligned(size_t *used, size_t n)
{
	const size_t at = *used;

	*used += (n + FED_LINE_FLOATS - 1) / FED_LINE_FLOATS * FED_LINE_FLOATS;
	return at;
}

/* Lay out a lane: returns its floats that begin as zero; *floats is its size. */
static size_t lay_out_lane(struct fed_thread_scratch *c, size_t *floats)
{
	size_t used = 0, widest = 0;

	for (size_t l = 0; l < c->net->ops; l++)
		c->capacity[l] = take_aligned(&used, fed_stage_capacity(&c->net->op[l]).lane);
	const size_t zeroed = used;
	for (size_t l = 0; l < c->net->ops; l++) {
		c->sum[l] = take_aligned(&used, fed_stage_capacity(&c->net->op[l]).sum);
		widest += fed_shape_size(&c->net->op[l].out) + FED_LINE_FLOATS;
		if (c->net->op[l].adds)
			widest += fed_shape_size(&c->net->op[l].in) + FED_LINE_FLOATS;
	}
	c->inner = take_aligned(&used, widest > FED_CHUNK_FLOATS ? widest : FED_CHUNK_FLOATS);
	*floats = used;
	return zeroed;
}

static int allocate(struct fed_thread_scratch *c, struct fed_error *err)
{
	size_t floats;

	c->capacity = fed_alloc_array(c->net->ops, sizeof *c->capacity);
	c->sum = fed_alloc_array(c->net->ops, sizeof *c->sum);
	c->lane = fed_alloc_array((size_t)c->threads, sizeof *c->lane);
	if (!c->capacity || !c->sum || !c->lane)
		return fed_fail_memory(err, c->net->ops * sizeof *c->capacity, "a lane");
	const size_t zeroed = lay_out_lane(c, &floats);
	for (int k = 0; k < c->threads; k++) {
		c->lane[k] = fed_alloc_floats(floats);
		if (!c->lane[k])
			return fed_fail_memory(err, floats * sizeof **c->lane, "a lane");
		memset(c->lane[k], 0, zeroed * sizeof **c->lane);
	}
	return FED_OK;
}

int fed_thread_scratch_init(struct fed_thread_scratch *c, const struct fed_net *net,
                            struct fed_pool *pool, struct fed_error *err)
{
	*c = (struct fed_thread_scratch){.net = net, .pool = pool, .threads = fed_pool_threads(pool)};
	if (allocate(c, err) == FED_OK)
		return FED_OK;
	fed_thread_scratch_release(c);
	return FED_FAIL;
}

void fed_thread_scratch_release(struct fed_thread_scratch *c)
{
	for (int k = 0; c->lane && k < c->threads; k++)
		fed_free_floats(c->lane[k]);
	fed_free(c->lane);
	fed_free(c->capacity);
	fed_free(c->sum);
	*c = (struct fed_thread_scratch){0};
}

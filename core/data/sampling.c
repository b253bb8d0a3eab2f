/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/sampling.c - sampling of example ids without replacement, and the uniform partitions.
 */
#include "data/sampling.h"

#include "base/mem.h"

static void fill_sampler(struct fed_sampler *u, const struct fed_partition_job *d,
                         const int32_t *class_of)
{
	/* left[] is a count first, then the index of the next id of its class */
	for (uint32_t i = 0; i < d->data->train; i++)
		if (d->shared || fed_in_pool(d->pool, i))
			u->left[class_of ? class_of[i] : 0]++;
	for (uint32_t c = 0; c < u->classes; c++) {
		u->first[c + 1] = u->first[c] + u->left[c];
		u->left[c] = 0;
	}
	for (uint32_t i = 0; i < d->data->train; i++) {
		uint32_t c = class_of ? (uint32_t)class_of[i] : 0;

		if (d->shared || fed_in_pool(d->pool, i))
			u->ids[u->first[c] + u->left[c]++] = i;
	}
	u->total = u->first[u->classes];
}

int fed__sampler_init(struct fed_sampler *u, const struct fed_partition_job *d,
                      const int32_t *class_of, uint32_t classes, struct fed_error *err)
{
	const uint32_t ids = d->shared ? d->data->train : d->pool->left;

	*u = (struct fed_sampler){.classes = classes};
	u->ids = fed_alloc_array(ids ? ids : 1, sizeof *u->ids);
	u->first = fed_alloc_array(classes + 1, sizeof *u->first);
	u->left = fed_alloc_array(classes, sizeof *u->left);
	if (!u->ids || !u->first || !u->left) {
		fed__sampler_release(u);
		return fed_fail_memory(err, ids * sizeof *u->ids, "the examples to partition");
	}
	fill_sampler(u, d, class_of);
	return FED_OK;
}

void fed__sampler_release(struct fed_sampler *u)
{
	fed_free(u->ids);
	fed_free(u->first);
	fed_free(u->left);
	*u = (struct fed_sampler){0};
}

void fed__sampler_refill(struct fed_sampler *u)
{
	for (uint32_t c = 0; c < u->classes; c++)
		u->left[c] = u->first[c + 1] - u->first[c];
	u->total = u->first[u->classes];
}

int fed__partition_uniform(struct fed_partition_job *d, struct fed_error *err)
{
	struct fed_sampler u;
	const struct fed_partition_result *result = d->result;

	if (fed__sampler_init(&u, d, NULL, 1, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < d->n; i++) {
		if (d->shared)
			fed__sampler_refill(&u);
		for (uint64_t k = result->start[i]; k < result->start[i + 1]; k++) {
			/* a client larger than the pool gets all, then starts again */
			if (!u.total)
				fed__sampler_refill(&u);
			result->ids[k] = fed_sampler_draw(&u, 0, &d->rand);
		}
	}
	fed__sampler_release(&u);
	return FED_OK;
}

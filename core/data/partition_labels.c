/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition_labels.c - classes for partitions by label: the labels, or the deciles of a
 * regression's target.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/partition_internal.h"

enum { TENTHS = 10 };

struct labelled_example {
	float target;
	uint32_t id;
};

static int by_target(const void *a, const void *b)
{
	const struct labelled_example *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Deciles of the first target. */
static int rank_targets(const struct fed_dataset *data, int32_t *class_of, struct fed_error *err)
{
	struct labelled_example *ranked = fed_alloc_array(data->train, sizeof *ranked);

	if (!ranked)
		return fed_fail_memory(err, data->train * sizeof *ranked, "sorted targets");
	for (uint32_t i = 0; i < data->train; i++)
		ranked[i] = (struct labelled_example){data->target[(size_t)i * data->outputs], i};
	qsort(ranked, data->train, sizeof *ranked, by_target);
	for (uint32_t i = 0; i < data->train; i++)
		class_of[ranked[i].id] = (int32_t)((uint64_t)i * TENTHS / data->train);
	fed_free(ranked);
	return FED_OK;
}

int fed__partition_by_classes(const struct fed_dataset *data, int32_t **class_of, uint32_t *classes,
                              struct fed_error *err)
{
	int32_t *made = fed_alloc_array(data->train, sizeof *made);

	if (!made)
		return fed_fail_memory(err, data->train * sizeof *made, "labels");
	if (data->label) {
		memcpy(made, data->label, data->train * sizeof *made);
	} else if (rank_targets(data, made, err)) {
		fed_free(made);
		return FED_FAIL;
	}
	*class_of = made;
	*classes = data->label ? data->classes : TENTHS;
	return FED_OK;
}

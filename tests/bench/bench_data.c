/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long it takes to load data sets, to partition them over many clients and to gather batches.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"
#include "data/partition.h"

static struct fed_dataset *load(const char *name)
{
	struct fed_dataset *data;
	struct fed_error err;
	const double start = fed_wall_seconds();

	if (fed_dataset_load(&data, name, NULL, 0, &(struct fed_generation){1}, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.text);
		return NULL;
	}
	printf("{\"bench\":\"load\",\"dataset\":\"%s\",\"seconds\":%.3f,\"examples\":%u}\n", name,
	       fed_wall_seconds() - start, data->train + data->test);
	return data;
}

static const struct partition_case {
	struct fed_partition how;
	uint32_t n;
} cases[] = {
	{{FED_PARTITION_IID, .samples = 20, .reuse = true}, 1000000},
	{{FED_PARTITION_NONIID, .samples = 20, .reuse = true}, 1000000},
	{{FED_PARTITION_DIRICHLET, .samples = 20, .alpha = 0.1, .reuse = true}, 1000000},
	{{FED_PARTITION_QUANTITY, .samples = 20, .spread = 1, .reuse = true}, 1000000},
	{{FED_PARTITION_FEATURE, .samples = 20, .spread = 0.1, .reuse = true}, 1000000},
	{{FED_PARTITION_DIRICHLET, .samples = 20, .alpha = 0.1, .reuse = true}, 100000},
	{{FED_PARTITION_DIRICHLET, .samples = 1, .alpha = 0.1}, 60000},
	{{FED_PARTITION_IID, .samples = 600}, 100},
	{{FED_PARTITION_NONIID, .samples = 600}, 100},
	{{FED_PARTITION_DIRICHLET, .samples = 600, .alpha = 0.1}, 100},
};

static void partition(const struct fed_dataset *data, const struct partition_case *c)
{
	struct fed_example_pool pool;
	struct fed_partition_result made;
	struct fed_error err;

	if (fed_example_pool_init(&pool, data->train, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return;
	}
	const double start = fed_wall_seconds();
	const int rc = fed_partition_run(data, &pool, &c->how, c->n, 1, 0, &made, &err);

	if (rc) {
		/* a data set that is smaller than Fashion-MNIST */
		fprintf(stderr, "%s: %s\n", fed_partition_names[c->how.kind], err.text);
	} else {
		printf("{\"bench\":\"partition\",\"partition\":\"%s\",\"clients\":%u,\"samples\":%lld,"
		       "\"reuse\":%s,\"seconds\":%.3f}\n",
		       fed_partition_names[c->how.kind], c->n, (long long)c->how.samples,
		       c->how.reuse ? "true" : "false", fed_wall_seconds() - start);
		fed_partition_result_release(&made);
	}
	fed_example_pool_release(&pool);
}

static void gather(const struct fed_dataset *data)
{
	enum { BATCH = 100, TIMES = 5000 };
	const size_t size = fed_shape_size(&data->shape);
	float *x = fed_alloc_floats(BATCH * size);
	uint32_t ids[BATCH];
	struct fed_stream r = fed_stream_open(1, FED_FOR_SAMPLE, 0, 0);

	if (!x)
		return;
	for (int i = 0; i < BATCH; i++)
		ids[i] = fed_stream_below(&r, data->train);
	const double start = fed_wall_seconds();
	for (int k = 0; k < TIMES; k++)
		fed_dataset_gather(data, ids, BATCH, NULL, x, NULL, NULL);
	printf("{\"bench\":\"gather\",\"dataset\":\"%s\",\"nanoseconds_per_example\":%.1f}\n",
	       data->name, (fed_wall_seconds() - start) / TIMES / BATCH * 1e9);
	fed_free_floats(x);
}

int main(void)
{
	static const char *const others[] = {"glyphs", "blobs", "synthetic", "linear"};
	struct fed_dataset *data = load("fashion");

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct fed_dataset *other = load(others[i]);

		if (i == 0 && !data)
			data = other;
		else
			fed_dataset_free(other);
	}
	if (!data)
		return EXIT_FAILURE;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		partition(data, &cases[i]);
	gather(data);
	fed_dataset_free(data);
	return EXIT_SUCCESS;
}

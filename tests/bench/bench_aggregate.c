/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Milliseconds of an aggregation: n updates of d numbers that lie in memory, from begin to the
 * checked step, on several threads; beside it how fast the same memory can be read at all.  One
 * JSON line a rule and run; tests/bench/compare-aggregate runs NumPy and PyTorch in turns with it.
 *
 *     bench_aggregate [N D THREADS F REPEATS [RULE...]]        100 1663370 2 20 5, all rules
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "plug/calls/call.h"

static size_t n = 100, dim = 1663370, ld;
static int threads = 2, f = 20, repeats = 5;
static float *rows, *out;
static struct fed_update *updates;
static struct fed_pool *pool;

static int die(const struct fed_error *err)
{
	fprintf(stderr, "bench_aggregate: %s\n", err->text);
	return 1;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void say(const char *rule, double *seconds)
{
	const double bytes = (double)n * (double)dim * sizeof(float);

	qsort(seconds, (size_t)repeats, sizeof *seconds, by_value);
	printf("{\"bench\":\"aggregate\",\"rule\":\"%s\",\"n\":%zu,\"d\":%zu,\"f\":%d,\"threads\":%d,"
	       "\"ms\":%.2f,\"ms_min\":%.2f,\"gb_per_s\":%.1f,\"isa\":\"%s\"}\n",
	       rule, n, dim, f, threads, seconds[repeats / 2] * 1e3, seconds[0] * 1e3,
	       bytes / seconds[0] / 1e9, fed_isa_name(fed_cpu_isa()));
	fflush(stdout);
}

/* Reading: sums of whole lines, a range of rows for each i. */
typedef float line __attribute__((vector_size(64)));
static line sums[64];

static void read_rows(void *ctx, size_t i, int worker)
{
	const line *p = (const line *)(rows + n * i / 64 * ld);
	const line *end = (const line *)(rows + n * (i + 1) / 64 * ld);
	line a = {0}, b = {0}, c = {0}, d = {0};

	(void)ctx, (void)worker;
	for (; p + 4 <= end; p += 4) {
		a += p[0];
		b += p[1];
		c += p[2];
		d += p[3];
	}
	sums[i] = a + b + c + d;
}

/* 20% of the updates lie apart from the others. */
static void fill_row(void *ctx, size_t i, int worker)
{
	(void)ctx, (void)worker;
	for (size_t j = 0; j < dim; j++)
		rows[i * ld + j] = (float)(fed_random_real(i, 2 * j) + fed_random_real(i, 2 * j + 1) - 1 +
		                           (i < n / 5 ? 0.3 : 0));
}

static void refused(void *ctx, size_t i, const char *text)
{
	(void)ctx;
	fprintf(stderr, "bench_aggregate: update %zu: %s\n", i, text);
}

static int aggregate(struct fed_instance *instance, struct fed_error *err)
{
	struct fed_round round = {.seed = 1,
	                          .dim = dim,
	                          .params = out,
	                          .ld = ld,
	                          .invited = (uint32_t)n,
	                          .population = (uint32_t)n};
	const struct fed_lent_updates lent = {updates, n, refused, NULL};
	struct fed_aggregation a;

	if (fed_aggregation_lend(&a, instance, &round, &lent, pool, err))
		return FED_FAIL;
	const int rc = fed_aggregation_finish(&a, out, err);
	fed_aggregation_release(&a);
	return rc;
}

static int run_rule(const char *rule, const char *plugin, const char *key, struct fed_error *err)
{
	char path[4096], value[32];
	struct fed_assign assign = {key, value};
	struct fed_registry *registry;
	const struct fed_entry *entry;
	struct fed_instance instance;
	double *seconds = calloc((size_t)repeats, sizeof *seconds);

	snprintf(value, sizeof value, "%d", f);
	snprintf(path, sizeof path, "%s/%s.so", FED_PLUGIN_DIR, plugin);
	if (fed_registry_init(&registry, err) || fed_registry_load(registry, path, &entry, err) ||
	    fed_instance_init(&instance, entry, &assign, key ? 1 : 0, err) ||
	    fed_instance_size(&instance, dim, err))
		return FED_FAIL;
	for (int i = -1; i < repeats; i++) { /* one to warm up */
		const double began = fed_wall_seconds();
		if (aggregate(&instance, err))
			return FED_FAIL;
		if (i >= 0)
			seconds[i] = fed_wall_seconds() - began;
	}
	say(rule, seconds);
	free(seconds);
	fed_instance_release(&instance);
	fed_registry_free(registry);
	return FED_OK;
}

static int run_read(struct fed_error *err)
{
	double *seconds = calloc((size_t)repeats, sizeof *seconds);

	for (int i = 0; i < repeats; i++) {
		const double began = fed_wall_seconds();
		if (fed_pool_each(pool, 64, read_rows, NULL, err))
			return FED_FAIL;
		seconds[i] = fed_wall_seconds() - began;
	}
	for (size_t i = 1; i < 64; i++)
		sums[0] += sums[i];
	out[0] = sums[0][0]; /* it is used, so it is computed */
	say("read", seconds);
	free(seconds);
	return FED_OK;
}

static const struct {
	const char *rule, *plugin, *key;
} rules[] = {
	{"mean", "fedavg", NULL},
	{"median", "median", NULL},
	{"trimmed-mean", "trimmed-mean", "f"},
	{"krum", "krum", "f"},
	{"multi-krum", "multi-krum", "f"},
	{"geometric-median", "geometric-median", NULL},
	{"bulyan", "bulyan", "f"},
	{"bgd", "bgd", NULL},
	{"centered-clip", "centered-clip", NULL},
	{"norm-clip", "norm-clip", NULL},
};

static bool asked(int argc, char **argv, const char *rule)
{
	for (int i = 6; i < argc; i++)
		if (strcmp(argv[i], rule) == 0)
			return true;
	return argc <= 6;
}

int main(int argc, char **argv)
{
	struct fed_error err = {""};

	if (argc > 5) {
		n = strtoull(argv[1], NULL, 10);
		dim = strtoull(argv[2], NULL, 10);
		threads = atoi(argv[3]);
		f = atoi(argv[4]);
		repeats = atoi(argv[5]);
	}
	ld = (dim + 15) / 16 * 16;
	rows = fed_alloc_floats(n * ld);
	out = fed_alloc_floats(ld);
	updates = calloc(n, sizeof *updates);
	if (!rows || !out || !updates)
		return fprintf(stderr, "bench_aggregate: out of memory\n"), 1;
	if (fed_pool_init(&pool, threads, 2 * threads, &err) ||
	    fed_pool_each(pool, n, fill_row, NULL, &err))
		return die(&err);
	for (size_t i = 0; i < n; i++)
		updates[i] = (struct fed_update){.delta = rows + i * ld,
		                                 .base = out,
		                                 .weight = 600,
		                                 .samples = 600,
		                                 .client = (uint32_t)i,
		                                 .steps = 60};
	if (asked(argc, argv, "read") && run_read(&err))
		return die(&err);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (asked(argc, argv, rules[i].rule) &&
		    run_rule(rules[i].rule, rules[i].plugin, rules[i].key, &err))
			return die(&err);
	return 0;
}

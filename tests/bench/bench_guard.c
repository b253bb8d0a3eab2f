/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cost of the guard: the same plugin trusted and in a worker process, in turns.
 *
 *     bench_guard aggregate [N D THREADS REPEATS]   100 1663370 2 9: from begin to the checked step
 *     bench_guard train [ROUNDS]                    12: rounds of 10 clients, 600 images each, 2NN,
 *                                                   E = 1, B = 10, two threads or processes
 *
 * One JSON line a form: medians of both; `over_ms` is what the guard adds, `ratio` the rate of
 * guarded trainings over that of trusted ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "plug/call.h"
#include "session/internal.h"

enum { TRUSTED, GUARDED, BOTH };

static size_t n = 100, dim = 1663370;
static int threads = 2, repeats = 9;
static float *rows, *params, *out;
static struct fed_pool *pool;

static int die(const struct fed_error *err)
{
	fprintf(stderr, "bench_guard: %s\n", err->text);
	return 1;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(double *seconds, int count)
{
	qsort(seconds, (size_t)count, sizeof *seconds, by_value);
	return seconds[count / 2];
}

/* Aggregations ----------------------------------------------------------- */

static int aggregate(struct fed_instance *x, struct fed_error *err)
{
	const struct fed_round round = {
		.seed = 1, .dim = dim, .params = params, .invited = (uint32_t)n, .population = (uint32_t)n};
	struct fed_aggregation a;
	int rc = fed_aggregation_begin(&a, x, &round, n, pool, err);

	if (rc)
		return rc;
	for (size_t i = 0; rc == FED_OK && i < n; i++) {
		const struct fed_update u = {.size = sizeof u,
		                             .client = (uint32_t)i,
		                             .delta = rows + i * dim,
		                             .base = params,
		                             .weight = 1,
		                             .samples = 1};

		rc = fed_aggregation_add(&a, &u, err);
	}
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, out, err);
	fed_aggregation_release(&a);
	return rc;
}

static int open_plugin(struct fed_registry *registry, const char *file, struct fed_instance *x,
                       struct fed_error *err)
{
	const struct fed_entry *entry;

	return fed_registry_load(registry, file, &entry, err) ||
	       fed_instance_init(x, entry, NULL, 0, err) || fed_instance_size(x, dim, err);
}

static int run_form(const char *form, const char *file, struct fed_error *err)
{
	struct fed_registry *registry[BOTH];
	struct fed_instance x[BOTH];
	double seconds[BOTH][64], middle[BOTH];

	for (int k = 0; k < BOTH; k++)
		if (fed_registry_init(&registry[k], err) ||
		    (k == GUARDED && fed_registry_guard(registry[k], FED_BUILD_DIR "/fedsh-worker", err)) ||
		    open_plugin(registry[k], file, &x[k], err))
			return FED_FAIL;
	for (int i = -1; i < repeats; i++)
		for (int k = 0; k < BOTH; k++) {
			const double began = fed_wall_seconds();

			if (aggregate(&x[k], err))
				return FED_FAIL;
			if (i >= 0)
				seconds[k][i] = fed_wall_seconds() - began;
		}
	for (int k = 0; k < BOTH; k++) {
		middle[k] = median_of(seconds[k], repeats);
		fed_instance_release(&x[k]);
		fed_registry_free(registry[k]);
	}
	printf("{\"bench\":\"guard\",\"form\":\"%s\",\"n\":%zu,\"d\":%zu,\"threads\":%d,"
	       "\"trusted_ms\":%.2f,\"guarded_ms\":%.2f,\"over_ms\":%.2f,\"over_percent\":%.1f}\n",
	       form, n, dim, threads, middle[TRUSTED] * 1e3, middle[GUARDED] * 1e3,
	       (middle[GUARDED] - middle[TRUSTED]) * 1e3,
	       100 * (middle[GUARDED] / middle[TRUSTED] - 1));
	fflush(stdout);
	return FED_OK;
}

static int run_aggregations(int argc, char **argv)
{
	struct fed_error err;

	if (argc > 5) {
		n = strtoull(argv[2], NULL, 10);
		dim = strtoull(argv[3], NULL, 10);
		threads = atoi(argv[4]);
		repeats = atoi(argv[5]);
	}
	repeats = repeats < 1 ? 1 : repeats > 64 ? 64 : repeats;
	rows = malloc(n * dim * sizeof *rows);
	params = calloc(dim, sizeof *params);
	out = calloc(dim, sizeof *out);
	if (!rows || !params || !out)
		return fprintf(stderr, "bench_guard: out of memory\n"), 1;
	for (size_t i = 0; i < n * dim; i++)
		rows[i] = (float)(i % 1009) * 1e-3f - 0.5f;
	if (fed_pool_init(&pool, threads, 1, &err) ||
	    run_form("streaming", FED_BUILD_DIR "/fixtures/crash_stream.so", &err) ||
	    run_form("columns", FED_BUILD_DIR "/fixtures/crash_columns.so", &err) ||
	    run_form("reduce", FED_BUILD_DIR "/fixtures/crash_reduce.so", &err))
		return die(&err);
	fed_pool_free(pool);
	return 0;
}

/* Trainings -------------------------------------------------------------- */

static int compose(struct fed_session *s, bool guarded, struct fed_error *err)
{
	const struct fed_partition how = {
		.kind = FED_PARTITION_IID, .samples = 600, .shards = 2, .alpha = 1, .spread = 1};
	const struct fed_assign size[] = {{.key = "train", .value = "6000"}};
	const struct fed_assign layers[] = {{.key = "hidden", .value = "200"}};
	const char *file = FED_BUILD_DIR "/fixtures/crash_columns.so"; /* has hooks at the clients */
	const struct fed_entry *entry;
	uint32_t first;

	return fed__session_init(s, FED_PLUGIN_DIR, (struct fed_sink){0}, err) ||
	       fed_session_guard(s, FED_BUILD_DIR "/fedsh-worker", err) ||
	       (guarded ? fed_session_load(s, file, &entry, err)
	                : fed_session_load_trusted(s, file, &entry, err)) ||
	       fed_session_dataset(s, "glyphs", size, 1, err) ||
	       fed_session_model(s, "mlp", layers, 1, err) ||
	       fed_session_aggregator(s, "crash-columns", NULL, 0, err) ||
	       fed_session_add_clients(s, 10, &how, NULL, NULL, &first, err) ||
	       fed_session_set(s, "batch", "10", err) || fed_session_set(s, "epochs", "1", err) ||
	       fed_session_set(s, "eval-every", "0", err) || fed_session_set(s, "threads", "2", err);
}

static int run_trainings(int rounds)
{
	static struct fed_session s[BOTH];
	struct fed_run_result result;
	struct fed_error err = {""};
	double seconds[BOTH][64], middle[BOTH];

	rounds = rounds < 1 ? 1 : rounds > 64 ? 64 : rounds;
	for (int k = 0; k < BOTH; k++)
		if (compose(&s[k], k == GUARDED, &err))
			return die(&err);
	for (int i = -1; i < rounds; i++)
		for (int k = 0; k < BOTH; k++) {
			if (fed_session_run(&s[k], 1, NULL, &result, &err))
				return die(&err);
			if (i >= 0)
				seconds[k][i] = s[k].history.record[s[k].history.n - 1].wall;
		}
	const bool same = memcmp(fed_session_params(&s[TRUSTED]), fed_session_params(&s[GUARDED]),
	                         s[TRUSTED].parts.net.dim * sizeof(float)) == 0;
	for (int k = 0; k < BOTH; k++) {
		middle[k] = median_of(seconds[k], rounds);
		fed__session_release(&s[k]);
	}
	printf("{\"bench\":\"guard\",\"form\":\"training\",\"clients\":10,\"threads\":2,"
	       "\"trusted_ms\":%.1f,\"guarded_ms\":%.1f,\"ratio\":%.3f,\"same_bits\":%s}\n",
	       middle[TRUSTED] * 1e3, middle[GUARDED] * 1e3, middle[TRUSTED] / middle[GUARDED],
	       same ? "true" : "false");
	return !same;
}

int main(int argc, char **argv)
{
	const char *core = fed_blas_better_core();

	if (core && !getenv("OPENBLAS_CORETYPE")) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	if (argc > 1 && strcmp(argv[1], "aggregate") == 0)
		return run_aggregations(argc, argv);
	if (argc > 1 && strcmp(argv[1], "train") == 0)
		return run_trainings(argc > 2 ? atoi(argv[2]) : 12);
	return fprintf(stderr, "usage: bench_guard aggregate|train [...]\n"), 2;
}

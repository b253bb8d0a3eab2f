/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cost of the guard: the same plugin trusted and in a worker process, in turns.
 *
 *     bench_guard aggregate [N D THREADS REPEATS]   100 1663370 2 9: from begin to the checked step
 *     bench_guard train [ROUNDS]                    12: rounds of 10 clients, 600 images each, 2NN,
 *                                                   E = 1, B = 10, two threads or processes
 *
 * One JSON line a form: medians of both; `over_ms` is what the guard adds; `over_percent` and
 * `ratio`, the rate of guarded trainings over that of trusted ones, are medians over the turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "net/shared_vectors.h"
#include "plug/calls/call.h"
#include "session/internal.h"

enum { TRUSTED, GUARDED, BOTH };

static size_t n = 100, dim = 1663370;
static int threads = 2, repeats = 9;
static float *params, *out;
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

/* A plugin, and updates where the trainings of its session would leave them. */
struct side {
	struct fed_registry *registry;
	struct fed_instance x;
	struct fed_vector_free_list list;
	struct fed_shared_vectors **update; /* [n] */
	double seconds[64];
};

static int aggregate(struct side *s, struct fed_error *err)
{
	const struct fed_round round = {
		.seed = 1, .dim = dim, .params = params, .invited = (uint32_t)n, .population = (uint32_t)n};
	struct fed_aggregation a;
	int rc = fed_aggregation_begin(&a, &s->x, &round, n, pool, err);

	if (rc)
		return rc;
	for (size_t i = 0; rc == FED_OK && i < n; i++) {
		const struct fed_update u = {.size = sizeof u,
		                             .client = (uint32_t)i,
		                             .delta = s->update[i]->vector[0],
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

static int open_side(struct side *s, bool guarded, const char *file, struct fed_error *err)
{
	const struct fed_entry *entry;

	if (fed_registry_init(&s->registry, err) ||
	    (guarded && fed_registry_guard(s->registry, FED_BUILD_DIR "/fedsh-worker", err)) ||
	    fed_registry_load(s->registry, file, &entry, err) ||
	    fed_instance_init(&s->x, entry, NULL, 0, err) || fed_instance_size(&s->x, dim, err))
		return FED_FAIL;
	fed_vector_free_list_init(&s->list, 0);
	fed_vector_free_list_place(&s->list, fed_update_memory(&s->x));
	s->update = fed_alloc_array(n, sizeof(struct fed_shared_vectors *));
	for (size_t i = 0; s->update && i < n; i++) {
		s->update[i] = fed_vector_free_list_take(&s->list, 1, dim);
		if (!s->update[i])
			return fed_fail_memory(err, n * dim * sizeof(float), "updates");
		for (size_t j = 0; j < dim; j++)
			s->update[i]->vector[0][j] = (float)((i * dim + j) % 1009) * 1e-3f - 0.5f;
	}
	return s->update ? FED_OK : fed_fail_memory(err, n * sizeof(void *), "updates");
}

static void close_side(struct side *s)
{
	for (size_t i = 0; i < n; i++)
		fed_shared_vectors_unref(s->update[i]);
	fed_free(s->update);
	fed_vector_free_list_release(&s->list);
	fed_instance_release(&s->x);
	fed_registry_free(s->registry);
}

static int run_form(const char *form, const char *file, struct fed_error *err)
{
	struct side side[BOTH];
	double middle[BOTH], ratio[64];

	for (int k = 0; k < BOTH; k++)
		if (open_side(&side[k], k == GUARDED, file, err))
			return FED_FAIL;
	for (int i = -1; i < repeats; i++)
		for (int k = 0; k < BOTH; k++) {
			const double began = fed_wall_seconds();

			if (aggregate(&side[k], err))
				return FED_FAIL;
			if (i >= 0)
				side[k].seconds[i] = fed_wall_seconds() - began;
		}
	for (int i = 0; i < repeats; i++)
		ratio[i] = side[GUARDED].seconds[i] / side[TRUSTED].seconds[i];
	for (int k = 0; k < BOTH; k++) {
		middle[k] = median_of(side[k].seconds, repeats);
		close_side(&side[k]);
	}
	printf("{\"bench\":\"guard\",\"form\":\"%s\",\"n\":%zu,\"d\":%zu,\"threads\":%d,"
	       "\"trusted_ms\":%.2f,\"guarded_ms\":%.2f,\"over_ms\":%.2f,\"over_percent\":%.1f}\n",
	       form, n, dim, threads, middle[TRUSTED] * 1e3, middle[GUARDED] * 1e3,
	       (middle[GUARDED] - middle[TRUSTED]) * 1e3, 100 * (median_of(ratio, repeats) - 1));
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
	params = calloc(dim, sizeof *params);
	out = calloc(dim, sizeof *out);
	if (!params || !out)
		return fprintf(stderr, "bench_guard: out of memory\n"), 1;
	if (fed_pool_init(&pool, threads, 1, &err) ||
	    run_form("streaming", FED_BUILD_DIR "/fixtures/crash_stream.so", &err) ||
	    run_form("columns", FED_BUILD_DIR "/fixtures/crash_columns.so", &err) ||
	    run_form("reduce", FED_BUILD_DIR "/fixtures/crash_reduce.so", &err))
		return die(&err);
	fed_pool_free(pool);
	return 0;
}

/* Trainings -------------------------------------------------------------- */

/* What is guarded in a run: an aggregator with hooks at the clients, one that gets each update at
 * once, a model with a layer of its own. */
static const struct work {
	const char *form, *file;
	enum fed_kind kind;
	const char *name, *key, *value;
} works[] = {
	{"hooks", "crash_columns.so", FED_KIND_AGGREGATOR, "crash-columns", NULL, NULL},
	{"streaming", "crash_stream.so", FED_KIND_AGGREGATOR, "crash-stream", NULL, NULL},
	{"own-layer", "faulty_model.so", FED_KIND_MODEL, "faulty-model", "units", "200"},
};

static int compose(struct fed_session *s, const struct work *work, bool guarded,
                   struct fed_error *err)
{
	const struct fed_partition how = {
		.kind = FED_PARTITION_IID, .samples = 600, .shards = 2, .alpha = 1, .spread = 1};
	const struct fed_assign size[] = {{.key = "train", .value = "6000"}};
	const struct fed_assign layers[] = {{.key = "hidden", .value = "200,200"}};
	const struct fed_assign own[] = {{.key = work->key, .value = work->value}};
	const bool model = work->kind == FED_KIND_MODEL;
	const struct fed_entry *entry;
	char file[4096];
	uint32_t first;

	snprintf(file, sizeof file, "%s/fixtures/%s", FED_BUILD_DIR, work->file);
	return fed__session_init(s, FED_PLUGIN_DIR, (struct fed_sink){0}, err) ||
	       fed_session_guard(s, FED_BUILD_DIR "/fedsh-worker", err) ||
	       (guarded ? fed_session_load(s, file, &entry, err)
	                : fed_session_load_trusted(s, file, &entry, err)) ||
	       fed_session_dataset(s, "glyphs", size, 1, err) ||
	       fed_session_model(s, model ? work->name : "mlp", model ? own : layers, 1, err) ||
	       fed_session_aggregator(s, model ? "fedavg" : work->name, NULL, 0, err) ||
	       fed_session_add_clients(s, 10, &how, NULL, NULL, &first, err) ||
	       fed_session_set(s, "batch", "10", err) || fed_session_set(s, "epochs", "1", err) ||
	       fed_session_set(s, "eval-every", "0", err) || fed_session_set(s, "threads", "2", err);
}

static int run_trainings(const struct work *work, int rounds)
{
	static struct fed_session s[BOTH];
	struct fed_run_result result;
	struct fed_error err = {""};
	double seconds[BOTH][64], middle[BOTH], ratio[64];

	rounds = rounds < 1 ? 1 : rounds > 64 ? 64 : rounds;
	for (int k = 0; k < BOTH; k++)
		if (compose(&s[k], work, k == GUARDED, &err))
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
	for (int i = 0; i < rounds; i++)
		ratio[i] = seconds[TRUSTED][i] / seconds[GUARDED][i];
	for (int k = 0; k < BOTH; k++) {
		middle[k] = median_of(seconds[k], rounds);
		fed__session_release(&s[k]);
	}
	printf("{\"bench\":\"guard\",\"form\":\"%s\",\"clients\":10,\"threads\":2,"
	       "\"trusted_ms\":%.1f,\"guarded_ms\":%.1f,\"ratio\":%.3f,\"same_bits\":%s}\n",
	       work->form, middle[TRUSTED] * 1e3, middle[GUARDED] * 1e3, median_of(ratio, rounds),
	       same ? "true" : "false");
	fflush(stdout);
	return !same;
}

static int run_all_trainings(int rounds)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof works / sizeof *works; i++)
		rc = run_trainings(&works[i], rounds);
	return rc;
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
		return run_all_trainings(argc > 2 ? atoi(argv[2]) : 12);
	return fprintf(stderr, "usage: bench_guard aggregate|train [...]\n"), 2;
}

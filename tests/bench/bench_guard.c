/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cost of the guard: the same plugin trusted and in a worker process, in turns.
 *
 *     bench_guard aggregate [N D THREADS REPEATS [FORM]]   100 1663370 2 9: from begin to the
 *                                                          checked step
 *     bench_guard train [ROUNDS [FORM]]                    12: rounds of 10 clients, 600 images
 *                                                          each, 2NN, E = 1, B = 10, two threads
 *                                                          or processes
 *
 * One JSON line a form: medians of both; `over_ms` is what the guard adds; `over_percent` and
 * `ratio`, the rate of guarded trainings over that of trusted ones, are medians over the turns;
 * `processor` is the same with the processor time of both processes in place of time.
 */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/mem.h"
#include "net/shared_vectors.h"
#include "plug/calls/call.h"
#include "session/internal.h"

enum { TRUSTED, GUARDED, BOTH, TURNS_MOST = 64 };

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

static double clock_seconds(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Clocks of this process and of its worker processes. */
struct clocks {
	clockid_t clock[64];
	int n;
};

static struct clocks find_clocks(void)
{
	struct clocks c = {.clock = {CLOCK_PROCESS_CPUTIME_ID}, .n = 1};
	glob_t all;

	if (glob("/proc/[0-9]*/stat", 0, NULL, &all))
		return c;
	for (size_t i = 0; i < all.gl_pathc; i++) {
		FILE *file = fopen(all.gl_pathv[i], "r");
		int pid, parent;

		if (file && fscanf(file, "%d (%*[^)]) %*c %d", &pid, &parent) == 2 && parent == getpid() &&
		    c.n < 64 && clock_getcpuclockid(pid, &c.clock[c.n]) == 0)
			c.n++;
		if (file)
			fclose(file);
	}
	globfree(&all);
	return c;
}

static double processor_seconds(const struct clocks *c)
{
	double sum = 0;

	for (int i = 0; i < c->n; i++)
		sum += clock_seconds(c->clock[i]);
	return sum;
}

/* What the turns of both took. */
struct turns {
	double wall[BOTH][TURNS_MOST], processor[BOTH][TURNS_MOST];
};

/* The median over the turns of guarded over trusted. */
static double ratio_of(double of[BOTH][TURNS_MOST], int count)
{
	double ratio[TURNS_MOST];

	for (int i = 0; i < count; i++)
		ratio[i] = of[GUARDED][i] / of[TRUSTED][i];
	return median_of(ratio, count);
}

/* Aggregations ----------------------------------------------------------- */

/* A plugin, and updates where the trainings of its session would leave them. */
struct side {
	struct fed_registry *registry;
	struct fed_instance x;
	struct fed_vector_free_list list;
	struct fed_shared_vectors **update; /* [n] */
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
	struct turns turns;
	struct side side[BOTH];

	for (int k = 0; k < BOTH; k++)
		if (open_side(&side[k], k == GUARDED, file, err))
			return FED_FAIL;
	for (int i = -1; i < repeats; i++)
		for (int k = 0; k < BOTH; k++) {
			const struct clocks clocks = find_clocks();
			const double processor = processor_seconds(&clocks), began = fed_wall_seconds();

			if (aggregate(&side[k], err))
				return FED_FAIL;
			if (i < 0)
				continue;
			turns.wall[k][i] = fed_wall_seconds() - began;
			turns.processor[k][i] = processor_seconds(&clocks) - processor;
		}
	for (int k = 0; k < BOTH; k++)
		close_side(&side[k]);
	const double over = ratio_of(turns.wall, repeats), work = ratio_of(turns.processor, repeats);
	const double trusted = median_of(turns.wall[TRUSTED], repeats);
	const double guarded = median_of(turns.wall[GUARDED], repeats);
	printf("{\"bench\":\"guard\",\"form\":\"%s\",\"n\":%zu,\"d\":%zu,\"threads\":%d,"
	       "\"trusted_ms\":%.2f,\"guarded_ms\":%.2f,\"over_ms\":%.2f,\"over_percent\":%.1f,"
	       "\"processor\":%.3f}\n",
	       form, n, dim, threads, trusted * 1e3, guarded * 1e3, (guarded - trusted) * 1e3,
	       100 * (over - 1), work);
	fflush(stdout);
	return FED_OK;
}

static int run_aggregations(int argc, char **argv)
{
	static const char *const forms[][2] = {
		{"streaming", FED_BUILD_DIR "/fixtures/crash_stream.so"},
		{"columns", FED_BUILD_DIR "/fixtures/crash_columns.so"},
		{"reduce", FED_BUILD_DIR "/fixtures/crash_reduce.so"},
	};
	struct fed_error err;

	if (argc > 5) {
		n = strtoull(argv[2], NULL, 10);
		dim = strtoull(argv[3], NULL, 10);
		threads = atoi(argv[4]);
		repeats = atoi(argv[5]);
	}
	repeats = repeats < 1 ? 1 : repeats > TURNS_MOST ? TURNS_MOST : repeats;
	params = calloc(dim, sizeof *params);
	out = calloc(dim, sizeof *out);
	if (!params || !out)
		return fprintf(stderr, "bench_guard: out of memory\n"), 1;
	if (fed_pool_init(&pool, threads, 1, &err))
		return die(&err);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if ((argc < 7 || strcmp(argv[6], forms[i][0]) == 0) &&
		    run_form(forms[i][0], forms[i][1], &err))
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
	       fed_session_add_clients(s, 10, &how, NULL, NULL, NULL, &first, err) ||
	       fed_session_set(s, "batch", "10", err) || fed_session_set(s, "epochs", "1", err) ||
	       fed_session_set(s, "eval-every", "0", err) || fed_session_set(s, "threads", "2", err);
}

static int run_trainings(const struct work *work, int rounds)
{
	static struct fed_session s[BOTH];
	struct turns turns;
	struct fed_run_result result;
	struct fed_error err = {""};

	rounds = rounds < 1 ? 1 : rounds > TURNS_MOST ? TURNS_MOST : rounds;
	for (int k = 0; k < BOTH; k++)
		if (compose(&s[k], work, k == GUARDED, &err))
			return die(&err);
	for (int i = -1; i < rounds; i++)
		for (int k = 0; k < BOTH; k++) {
			const struct clocks clocks = find_clocks();
			const double processor = processor_seconds(&clocks);

			if (fed_session_run(&s[k], 1, NULL, &result, &err))
				return die(&err);
			if (i < 0)
				continue;
			turns.wall[k][i] = s[k].history.record[s[k].history.n - 1].wall;
			turns.processor[k][i] = processor_seconds(&clocks) - processor;
		}
	const bool same = memcmp(fed_session_params(&s[TRUSTED]), fed_session_params(&s[GUARDED]),
	                         s[TRUSTED].parts.net.dim * sizeof(float)) == 0;
	for (int k = 0; k < BOTH; k++)
		fed__session_release(&s[k]);
	const double over = ratio_of(turns.wall, rounds), busy = ratio_of(turns.processor, rounds);
	printf("{\"bench\":\"guard\",\"form\":\"%s\",\"clients\":10,\"threads\":2,"
	       "\"trusted_ms\":%.1f,\"guarded_ms\":%.1f,\"ratio\":%.3f,\"processor\":%.3f,"
	       "\"same_bits\":%s}\n",
	       work->form, median_of(turns.wall[TRUSTED], rounds) * 1e3,
	       median_of(turns.wall[GUARDED], rounds) * 1e3, 1 / over, busy, same ? "true" : "false");
	fflush(stdout);
	return !same;
}

static int run_all_trainings(int rounds, const char *form)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof works / sizeof *works; i++)
		if (!form || strcmp(form, works[i].form) == 0)
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
		return run_all_trainings(argc > 2 ? atoi(argv[2]) : 12, argc > 3 ? argv[3] : NULL);
	return fprintf(stderr, "usage: bench_guard aggregate|train [...]\n"), 2;
}

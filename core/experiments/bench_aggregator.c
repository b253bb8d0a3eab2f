/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/bench_aggregator.c - how long an aggregator takes for a round of random updates.
 */
#include "experiments/bench_aggregator.h"

#include <math.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"
#include "plug/aggregator_chain.h"
#include "plug/calls/call.h"
#include "session/internal.h"

enum { CALLS_LEAST = 3, CALLS_MOST = 1000 };
#define PERIOD 1.0 /* seconds */

/* What a bench holds. */
struct bench {
	struct fed_instance aggregator;
	struct fed_pool *pool;
	size_t n, dim;
	float *rows;   /* [n][dim] */
	float *params; /* [dim] */
	float *step;   /* [dim] */
	double seconds[CALLS_MOST];
};

static void bench_release(struct bench *b)
{
	fed_pool_free(b->pool);
	fed_instance_release(&b->aggregator);
	fed_free_floats(b->rows);
	fed_free_floats(b->params);
	fed_free_floats(b->step);
	fed_free(b);
}

/* Updates of length about 1 around a common direction. */
static void fill(struct bench *b, uint64_t key)
{
	const double scale = 1 / sqrt((double)b->dim);

	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < b->dim; j++) {
			const double common = fed_random_real(key, j) - 0.5;
			const double own = fed_random_real(key + 1 + i, j) - 0.5;

			b->rows[i * b->dim + j] = (float)(scale * (common + own));
		}
}

static int prepare(struct bench *b, const struct fed_session *s, struct fed_error *err)
{
	const int threads =
		s->parts.settings.threads ? (int)s->parts.settings.threads : fed_cpu_count();

	if (b->dim > SIZE_MAX / sizeof(float) / b->n)
		return fed_fail_memory(err, SIZE_MAX, "the updates");
	b->rows = fed_alloc_floats(b->n * b->dim);
	b->params = fed_alloc_floats(b->dim);
	b->step = fed_alloc_floats(b->dim);
	if (!b->rows || !b->params || !b->step)
		return fed_fail_memory(err, b->n * b->dim * sizeof(float), "the updates");
	fill(b, fed_stream_key((uint64_t)s->parts.settings.seed, FED_FOR_PLUGIN, 0, 0));
	if (fed_pool_init(&b->pool, threads, threads, err))
		return FED_FAIL;
	return fed_instance_size(&b->aggregator, b->dim, err);
}

static void drop_note(const struct fed_host *host, const char *text)
{
	(void)host, (void)text;
}

/* One aggregation, as a round makes it. */
static int aggregate(struct bench *b, const struct fed_session *s, double *seconds,
                     struct fed_error *err)
{
	const struct fed_host host = {sizeof host, .note = drop_note};
	const struct fed_round round = {
		.seed = fed_stream_key((uint64_t)s->parts.settings.seed, FED_FOR_PLUGIN, 0, 0),
		.dim = b->dim,
		.params = b->params,
		.invited = (uint32_t)b->n,
		.population = (uint32_t)b->n,
		.lr = s->parts.settings.lr,
		.host = &host,
	};
	struct fed_aggregation a = {0};
	const double began = fed_wall_seconds();
	int rc = fed_aggregation_begin(&a, &b->aggregator, &round, b->n, b->pool, err);

	for (size_t i = 0; rc == FED_OK && i < b->n; i++) {
		const struct fed_update update = {.delta = b->rows + i * b->dim,
		                                  .base = b->params,
		                                  .weight = 1,
		                                  .samples = 1,
		                                  .client = (uint32_t)i,
		                                  .steps = 1,
		                                  .loss = NAN};

		rc = fed_aggregation_add(&a, &update, err);
		if (rc == FED_REJECT) /* one update less */
			rc = FED_OK;
	}
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, b->step, err);
	*seconds = fed_wall_seconds() - began;
	fed_aggregation_release(&a);
	return rc == FED_OK ? FED_OK : FED_FAIL;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int fed_bench_aggregator(struct fed_aggregator_timing *out, const struct fed_session *s,
                         const char *aggregator, const struct fed_assign *assign, size_t n_assign,
                         size_t n, size_t dim, struct fed_error *err)
{
	struct bench *b = fed_alloc(sizeof *b);
	uint32_t calls = 0;

	if (!b)
		return fed_fail_memory(err, sizeof *b, "a measurement");
	b->n = n;
	b->dim = dim;
	int rc = fed_aggregator_make(s->plugins, &b->aggregator, aggregator, assign, n_assign, err)
	             ? FED_REJECT
	             : prepare(b, s, err);
	if (rc == FED_OK) /* the first one starts the process and meets cold memory */
		rc = aggregate(b, s, &b->seconds[0], err);
	const double began = fed_wall_seconds();
	while (rc == FED_OK && calls < CALLS_MOST &&
	       (calls < CALLS_LEAST || fed_wall_seconds() - began < PERIOD))
		rc = atomic_load(&s->interrupts) ? fed_fail(err, "interrupted")
		                                 : aggregate(b, s, &b->seconds[calls++], err);
	if (rc == FED_OK) {
		qsort(b->seconds, calls, sizeof *b->seconds, compare);
		const double median = b->seconds[calls / 2];

		*out = (struct fed_aggregator_timing){
			.n = n,
			.dim = dim,
			.calls = calls,
			.seconds = median,
			.rate = median > 0 ? (double)n * (double)dim * sizeof(float) / median : 0,
		};
	}
	bench_release(b);
	return rc;
}

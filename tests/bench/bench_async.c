/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Client trainings a second of scheme async against scheme sync: the same model, clients and
 * aggregator, 1,000 clients of which 100 are at work, 2 threads, without evaluation.  The two run
 * in turns; each one's best turn counts, for machines are noisy.  A turn begins without work under
 * way, is measured once it is in its stride, and leaves nothing that would run in the other's turn.
 * One JSON line a figure; where others use the processors, the ratio of processor time says more.
 *
 *     bench_async [MODEL...]     those of the table below; all when none is named
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "session/internal.h"
#include "train/participants.h"

enum { CLIENTS = 1000, AT_WORK = 100, TURNS = 7 };
#define TURN_SECONDS 0.4
#define TURN_TRAININGS 400 /* at least: those trained ahead at either end are few beside them */

struct work {
	const char *name, *dataset, *model, *hidden;
	int64_t samples;
};
static const struct work works[] = {
	{"softmax", "blobs", "softmax", NULL, 20},
	{"mlp", "blobs", "mlp", "32", 20},
	{"2nn", "glyphs", "mlp", "200,200", 60},
	{"2nn-600", "glyphs", "mlp", "200,200", 600},
};

/* `per` trainings make a version. */
struct side {
	const char *scheme, *aggregator;
	uint32_t per;
	struct fed_session session;
	double best;       /* trainings a second */
	double processor;  /* seconds of a training, at least: both threads together */
	uint64_t versions; /* of a turn's second part; 0: not known yet */
};

static int compose(struct side *side, const struct work *w, struct fed_error *err)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = w->samples,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1,
	                                  .reuse = true};
	const struct fed_assign hidden = {.key = "hidden", .value = w->hidden};
	const struct fed_assign width = {.key = "concurrency", .value = "100"};
	const bool async = strcmp(side->scheme, "async") == 0;
	struct fed_session *s = &side->session;
	struct fed_device_spec laptops;
	uint32_t first;

	return fed_device_parse("laptop:0.3", &laptops, err) ||
	       fed__session_init(s, FED_PLUGIN_DIR, (struct fed_sink){0}, err) ||
	       fed_session_dataset(s, w->dataset, NULL, 0, err) ||
	       fed_session_model(s, w->model, &hidden, w->hidden != NULL, err) ||
	       fed_session_add_clients(s, CLIENTS, &how, &laptops, NULL, NULL, &first, err) ||
	       fed_session_aggregator(s, side->aggregator, NULL, 0, err) ||
	       fed_session_scheme(s, side->scheme, &width, async, err) ||
	       fed_session_set(s, "participants", "100", err) ||
	       fed_session_set(s, "epochs", "1", err) || fed_session_set(s, "batch", "10", err) ||
	       fed_session_set(s, "lr", "0.01", err) ||
	       fed_session_set(s, "eval_every", "never", err) ||
	       fed_session_set(s, "threads", "2", err);
}

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Some versions; *rate is trainings a second. */
static int run(struct side *side, uint64_t versions, double *rate, struct fed_error *err)
{
	struct fed_run_result result;
	const double start = fed_wall_seconds(), before = processor_seconds();

	if (fed_session_run(&side->session, versions, NULL, &result, err))
		return FED_FAIL;
	const double each = (processor_seconds() - before) / ((double)result.versions * side->per);
	*rate = (double)result.versions * side->per / (fed_wall_seconds() - start);
	if (side->versions > 0 && (side->processor == 0 || each < side->processor))
		side->processor = each;
	return FED_OK;
}

/* One turn; *rate is of its second part. */
static int take_turn(struct side *side, double *rate, struct fed_error *err)
{
	const uint64_t stride = 2 * AT_WORK / side->per;

	if (run(side, stride, rate, err))
		return FED_FAIL;
	if (side->versions == 0) {
		const double enough = *rate * TURN_SECONDS;
		const double trainings = enough > TURN_TRAININGS ? enough : TURN_TRAININGS;
		side->versions = (uint64_t)(trainings / side->per);
	}
	if (run(side, side->versions, rate, err))
		return FED_FAIL;
	fed_cancel_open(&side->session.federation, true);
	return FED_OK;
}

/* Sync and async with one aggregator; best and processor are of sync and async. */
static int compare(const struct work *w, const char *aggregator, uint32_t per, double best[2],
                   double processor[2], struct fed_error *err)
{
	struct side side[2] = {{.scheme = "sync", .aggregator = aggregator, .per = AT_WORK},
	                       {.scheme = "async", .aggregator = aggregator, .per = per}};
	int rc = FED_OK;

	for (int k = 0; k < 2 && rc == FED_OK; k++)
		rc = compose(&side[k], w, err);
	for (int turn = 0; turn < 2 * TURNS && rc == FED_OK; turn++) {
		struct side *s = &side[turn % 2];
		double rate;

		rc = take_turn(s, &rate, err);
		s->best = rc == FED_OK && rate > s->best ? rate : s->best;
	}
	for (int k = 0; k < 2; k++) {
		best[k] = side[k].best;
		processor[k] = side[k].processor;
		fed__session_release(&side[k].session);
	}
	return rc;
}

static int report(const struct work *w, struct fed_error *err)
{
	static const struct {
		const char *name;
		uint32_t per;
	} aggregators[] = {{"fedasync", 1}, {"fedbuff", 10}};
	const size_t n = sizeof aggregators / sizeof *aggregators;
	double best[2], processor[2];

	for (size_t i = 0; i < n; i++) {
		if (compare(w, aggregators[i].name, aggregators[i].per, best, processor, err))
			return FED_FAIL;
		printf("{\"bench\":\"async\",\"model\":\"%s\",\"samples\":%lld,\"aggregator\":\"%s\","
		       "\"updates_per_version\":%u,\"sync_trainings_per_s\":%.0f,"
		       "\"async_trainings_per_s\":%.0f,\"ratio\":%.3f,\"sync_cpu_us\":%.2f,"
		       "\"async_cpu_us\":%.2f,\"cpu_ratio\":%.3f}\n",
		       w->name, (long long)w->samples, aggregators[i].name, aggregators[i].per, best[0],
		       best[1], best[1] / best[0], 1e6 * processor[0], 1e6 * processor[1],
		       processor[0] / processor[1]);
		fflush(stdout);
	}
	return FED_OK;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	bool wanted = argc == 1;

	for (int i = 1; i < argc; i++)
		wanted |= strcmp(argv[i], name) == 0;
	return wanted;
}

int main(int argc, char **argv)
{
	struct fed_error err = {""};
	const char *core = fed_blas_better_core();

	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		if (is_wanted(works[i].name, argc, argv) && report(&works[i], &err)) {
			fprintf(stderr, "bench_async: %s\n", err.text);
			return 1;
		}
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What time travel costs: rounds with and without snapshots in turns, by processor time; moves to
 * snapshots and to places between two, against the rounds in between; a saved history of 1,000
 * versions, its bytes and the time to restore it.  One JSON line each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "session/internal.h"
#include "travel/travel.h"

enum { TURNS = 12, MOVES = 20, VERSIONS = 1000, APART = 50 };

static const struct work {
	const char *name, *model, *hidden, *scheme, *participants;
	uint32_t clients, samples;
	uint64_t rounds; /* of a turn */
} works[] = {
	{"2nn-b10", "mlp", "200,200", "sync", "10", 100, 600, 4},
	{"async-1000", "mlp", "200,200", "async", "1000", 1000, 20, 300},
	{"cnn", "cnn", NULL, "sync", "10", 100, 60, 3},
};

/* hidden: bytes of memory for the history. */
static const struct work longs[] = {
	{"10000-versions-1m", "softmax", "1000000", "sync", "4", 10, 20, 100},
	{"10000-versions-10m", "softmax", "10000000", "sync", "4", 10, 20, 100},
};

static void version_made(void *travel)
{
	fed_travel_version(travel);
}

static double processor_seconds(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static int compose(struct fed_session *s, const struct work *w, struct fed_error *err)
{
	const struct fed_assign hidden = {"hidden", w->hidden};
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = w->samples,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1,
	                                  .reuse = true};
	uint32_t first;

	const bool layers = strcmp(w->model, "mlp") == 0;

	return fed__session_init(s, FED_PLUGIN_DIR, (struct fed_sink){NULL, NULL}, err) ||
	       fed_session_dataset(s, "glyphs", NULL, 0, err) ||
	       fed_session_model(s, w->model, &hidden, layers, err) ||
	       fed_session_add_clients(s, w->clients, &how, NULL, NULL, NULL, &first, err) ||
	       fed_session_scheme(s, w->scheme, NULL, 0, err) ||
	       fed_session_set(s, "participants", w->participants, err) ||
	       fed_session_set(s, "batch", "10", err) || fed_session_set(s, "epochs", "1", err) ||
	       fed_session_set(s, "threads", "1", err) ||
	       fed_session_set(s, "eval_every", "never", err);
}

static bool put_folder(void *ctx, struct fed_text *out)
{
	(void)ctx;
	fed_text_add(out, "/tmp");
	return true;
}

/* Lines are "round N". */
static int play(void *session, const char *line, struct fed_error *err)
{
	struct fed_run_result result;

	return fed_session_run(session, strtoull(line + 6, NULL, 10), NULL, &result, err);
}

/* A command of some rounds, with its revision if there is a history. */
static int make(struct fed_session *s, struct fed_travel *t, uint64_t rounds, struct fed_error *err)
{
	char line[40];
	const struct fed_travel_entry entry = {.lines = line, .single = true};
	struct fed_run_result result;
	uint32_t forked;

	snprintf(line, sizeof line, "round %llu\n", (unsigned long long)rounds);
	if (!t)
		return fed_session_run(s, rounds, NULL, &result, err);
	fed_travel_begin(t, false);
	return fed_session_run(s, rounds, NULL, &result, err) ||
	       fed_travel_end(t, &entry, &forked, err);
}

/* Processor seconds of turns without a history and with one. */
static int measure_rounds(struct fed_session *s, struct fed_travel *t, const struct work *w,
                          struct fed_error *err)
{
	double without = 0, with = 0;

	if (make(s, t, w->rounds, err)) /* memory is touched */
		return FED_FAIL;
	for (int turn = 0; turn < TURNS; turn++) {
		const bool on = turn % 2;
		const double began = processor_seconds();

		fed_session_set_version_hook(s, on ? (struct fed_version_hook){version_made, t}
		                                   : (struct fed_version_hook){0});
		if (make(s, on ? t : NULL, w->rounds, err))
			return FED_FAIL;
		*(on ? &with : &without) += processor_seconds() - began;
	}
	printf("{\"bench\":\"travel\",\"work\":\"%s\",\"version_ms\":%.3f,\"cost\":%.4f,"
	       "\"snapshots\":%u,\"memory_mb\":%.1f}\n",
	       w->name, 1e3 * without / (double)(w->rounds * TURNS / 2), with / without - 1,
	       fed_travel_snapshots(t), 1e-6 * (double)fed_travel_memory(t));
	return FED_OK;
}

/* From the end to a version and back; *seconds: the fastest way there. */
static int measure_move(struct fed_travel *t, uint64_t version, double *seconds,
                        struct fed_error *err)
{
	*seconds = 1e9;
	for (int i = 0; i < MOVES; i++) {
		struct fed_place place;
		double began;

		if (fed_travel_at_version(t, version, &place, err))
			return FED_FAIL;
		began = processor_seconds();
		if (fed_travel_go(t, place, err))
			return FED_FAIL;
		began = processor_seconds() - began;
		*seconds = began < *seconds ? began : *seconds;
		if (fed_travel_redo(t, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* Ten versions behind the last snapshot, of which it was told to take none. */
static int measure_moves(struct fed_session *s, struct fed_travel *t, const struct work *w,
                         struct fed_error *err)
{
	double snapshot, replay, rounds;

	fed_session_set_version_hook(s, (struct fed_version_hook){version_made, t});
	fed_travel_set_spacing(t, 1);
	if (make(s, t, 2, err))
		return FED_FAIL;
	const uint64_t kept = fed_session_version(s);
	fed_travel_set_spacing(t, 1000000000);
	rounds = processor_seconds();
	if (make(s, t, 12, err))
		return FED_FAIL;
	rounds = (processor_seconds() - rounds) * 10 / 12;
	if (measure_move(t, kept, &snapshot, err) || measure_move(t, kept + 10, &replay, err))
		return FED_FAIL;
	fed_travel_set_spacing(t, 0);
	printf("{\"bench\":\"travel\",\"work\":\"%s\",\"to_snapshot_ms\":%.2f,\"to_10_later_ms\":%.2f,"
	       "\"10_versions_ms\":%.2f}\n",
	       w->name, 1e3 * snapshot, 1e3 * replay, 1e3 * rounds);
	return FED_OK;
}

static int with_travel(const struct work *w,
                       int (*work)(struct fed_session *, struct fed_travel *, const struct work *,
                                   struct fed_error *),
                       struct fed_error *err)
{
	struct fed_session s;
	const struct fed_travel_host host = {.ctx = &s, .play = play, .folder = put_folder};
	struct fed_travel *t;

	if (compose(&s, w, err) || fed_travel_new(&t, &s, &host, err))
		return FED_FAIL;
	fed_travel_limit(t, 1000000000, 0);
	const int rc = work(&s, t, w, err);
	fed_travel_free(t);
	fed__session_release(&s);
	return rc;
}

static int measure(struct fed_session *s, struct fed_travel *t, const struct work *w,
                   struct fed_error *err)
{
	return measure_rounds(s, t, w, err) || measure_moves(s, t, w, err);
}

/* 10,000 versions of a tiny model, with little memory: what the history keeps of them. */
static int measure_long(struct fed_session *s, struct fed_travel *t, const struct work *w,
                        struct fed_error *err)
{
	const struct fed_tree *tree = fed_travel_tree(t);
	uint64_t last = 0, gap = 0;
	double seconds;

	fed_travel_limit(t, strtoull(w->hidden, NULL, 10), 4 * strtoull(w->hidden, NULL, 10));
	fed_session_set_version_hook(s, (struct fed_version_hook){version_made, t});
	for (int turn = 0; turn < 100; turn++)
		if (make(s, t, w->rounds, err))
			return FED_FAIL;
	for (uint32_t i = 0; i < tree->n; i++)
		for (uint32_t k = 0; k < tree->revision[i].n_kept; k++) {
			const struct fed_kept_snapshot *x = &tree->revision[i].kept[k];
			const uint64_t version = x->inside ? x->version : tree->revision[i].version;

			gap = version - last > gap ? version - last : gap;
			last = version;
		}
	gap = fed_session_version(s) - last > gap ? fed_session_version(s) - last : gap;
	const size_t memory = fed_travel_memory(t);
	const uint32_t snapshots = fed_travel_snapshots(t);
	if (measure_move(t, fed_session_version(s) - 1, &seconds, err))
		return FED_FAIL;
	printf("{\"bench\":\"travel\",\"work\":\"%s\",\"versions\":%llu,\"snapshots\":%u,"
	       "\"memory_mb\":%.3f,\"disk_mb\":%.3f,\"widest_gap\":%llu,\"to_the_last_but_one_ms\":%."
	       "2f}\n",
	       w->name, (unsigned long long)fed_session_version(s), snapshots, 1e-6 * (double)memory,
	       1e-6 * (double)fed_travel_disk(t), (unsigned long long)gap, 1e3 * seconds);
	return FED_OK;
}

static char path[64];

static int save(struct fed_session *s, struct fed_travel *t, const struct work *w,
                struct fed_error *err)
{
	(void)w;
	fed_session_set_version_hook(s, (struct fed_version_hook){version_made, t});
	fed_travel_set_spacing(t, APART);
	if (make(s, t, VERSIONS, err))
		return FED_FAIL;
	double seconds = processor_seconds();
	if (fed_travel_save(t, path, err))
		return FED_FAIL;
	seconds = processor_seconds() - seconds;
	printf("{\"bench\":\"travel\",\"versions\":%d,\"save_s\":%.3f,", VERSIONS, seconds);
	return FED_OK;
}

static int restore(struct fed_session *s, struct fed_travel *t, const struct work *w,
                   struct fed_error *err)
{
	const struct fed_travel_entry entry = {.lines = "restore\n", .restarts = true};
	double wall = fed_wall_seconds(), seconds = processor_seconds();
	struct stat st;
	uint32_t forked;

	(void)s, (void)w;
	fed_travel_begin(t, true);
	if (stat(path, &st) || fed_travel_restore(t, path, err) ||
	    fed_travel_end(t, &entry, &forked, err))
		return FED_FAIL;
	wall = fed_wall_seconds() - wall;
	seconds = processor_seconds() - seconds;
	printf("\"file_mb\":%.2f,\"snapshots\":%u,\"restore_s\":%.3f,\"restore_wall_s\":%.3f}\n",
	       1e-6 * (double)st.st_size, fed_travel_snapshots(t), seconds, wall);
	return FED_OK;
}

int main(int argc, char **argv)
{
	const struct work file = {"file", "mlp", "200,200", "sync", "10", 100, 20, 1};
	struct fed_error err = {""};
	const char *core = fed_blas_better_core();
	int rc = FED_OK;

	const char *only = argc > 1 ? argv[1] : NULL; /* the name of a work */

	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	for (size_t i = 0; rc == FED_OK && i < sizeof works / sizeof *works; i++)
		if (!only || strcmp(only, works[i].name) == 0)
			rc = with_travel(&works[i], measure, &err);
	for (size_t i = 0; rc == FED_OK && i < sizeof longs / sizeof *longs; i++)
		if (!only || strcmp(only, longs[i].name) == 0)
			rc = with_travel(&longs[i], measure_long, &err);
	snprintf(path, sizeof path, "/tmp/bench-travel-%d.fed", (int)getpid());
	if (rc == FED_OK && (!only || strcmp(only, file.name) == 0))
		rc = with_travel(&file, save, &err) || with_travel(&file, restore, &err);
	unlink(path);
	if (rc)
		fprintf(stderr, "error: %s\n", err.text);
	return rc != FED_OK;
}

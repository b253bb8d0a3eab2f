/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a million clients cost: seconds and bytes of `add-client 1000000 iid samples=20 reuse`, and
 * a round that samples 100 of them against the same round among 1,000.  One JSON line a figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "session/internal.h"

/* Resident bytes of this process. */
static double resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!f || fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median seconds of a round that invites 100 of n clients; joining and resident bytes on the way.
 */
static int measure(uint32_t n, double *join, double *bytes, double *round, struct fed_error *err)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = 20,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1,
	                                  .reuse = true};
	enum { ROUNDS = 21 };
	double seconds[ROUNDS];
	struct fed_session s;
	struct fed_device_spec phones;
	struct fed_link_spec mobile;
	uint32_t first;

	if (fed_device_parse("phone:0.5", &phones, err) || fed_link_parse("4g:0.3", &mobile, err) ||
	    fed__session_init(&s, FED_PLUGIN_DIR, (struct fed_sink){0}, err) ||
	    fed_session_dataset(&s, "glyphs", NULL, 0, err))
		return FED_FAIL;
	const double before = resident(), start = fed_wall_seconds();
	int rc = fed_session_add_clients(&s, n, &how, &phones, &mobile, NULL, &first, err);
	*join = fed_wall_seconds() - start;
	*bytes = resident() - before;
	rc = rc || fed_session_set(&s, "participants", "100", err) ||
	     fed_session_set(&s, "eval_every", "never", err);
	for (int i = 0; rc == FED_OK && i < ROUNDS; i++) {
		struct fed_run_result result;
		const double t = fed_wall_seconds();
		rc = fed_session_run(&s, 1, NULL, &result, err);
		seconds[i] = fed_wall_seconds() - t;
	}
	fed__session_release(&s);
	if (rc)
		return FED_FAIL;
	qsort(seconds, ROUNDS, sizeof *seconds, by_value);
	*round = seconds[ROUNDS / 2];
	return FED_OK;
}

int main(int argc, char **argv)
{
	struct fed_error err = {""};
	double join, bytes, many, few;
	const char *core = fed_blas_better_core();

	(void)argc;
	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	if (measure(1000, &join, &bytes, &few, &err) || measure(1000000, &join, &bytes, &many, &err)) {
		fprintf(stderr, "bench_scale: %s\n", err.text);
		return 1;
	}
	printf("{\"bench\":\"join\",\"clients\":1000000,\"samples\":20,\"seconds\":%.3f,\"mb\":%.1f}\n",
	       join, bytes / 1e6);
	printf("{\"bench\":\"idle-client\",\"bytes_beside_examples\":%.1f,\"row\":%zu}\n",
	       bytes / 1e6 - 80, sizeof(struct fed_client));
	printf("{\"bench\":\"round-of-100\",\"of_1000_s\":%.5f,\"of_1000000_s\":%.5f,\"ratio\":%.3f}\n",
	       few, many, many / few);
	return 0;
}

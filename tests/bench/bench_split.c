/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Images a second of split learning on Fashion-MNIST: one client of 6,000 images, the CNN cut after
 * its second pooling, an epoch a round; torch_split.py does the same work.  One JSON line.
 *
 *     bench_split BATCH LR ROUNDS THREADS [KEY=VALUE of the scheme]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "session/internal.h"

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int die(const struct fed_error *err)
{
	fprintf(stderr, "bench_split: %s\n", err->text);
	return 1;
}

static int compose(struct fed_session *s, char **arg, int more, struct fed_error *err)
{
	const struct fed_partition how = {
		.kind = FED_PARTITION_IID, .samples = 6000, .shards = 2, .alpha = 1, .spread = 1};
	struct fed_assign scheme[8];
	size_t n = 0;
	bool cut = false;
	uint32_t first;

	for (; n < 7 && more > 0; more--, n++) {
		char *value = arg[5 + n];
		scheme[n].key = strsep(&value, "=");
		scheme[n].value = value;
		cut |= strcmp(scheme[n].key, "cut") == 0;
	}
	if (!cut)
		scheme[n++] = (struct fed_assign){.key = "cut", .value = "6"};
	return fed_session_dataset(s, "fashion", NULL, 0, err) ||
	       fed_session_model(s, "cnn", NULL, 0, err) ||
	       fed_session_add_clients(s, 1, &how, NULL, NULL, NULL, &first, err) ||
	       fed_session_scheme(s, "split", scheme, n, err) ||
	       fed_session_set(s, "batch", arg[1], err) || fed_session_set(s, "lr", arg[2], err) ||
	       fed_session_set(s, "eval-every", "0", err) || fed_session_set(s, "threads", arg[4], err);
}

int main(int argc, char **argv)
{
	struct fed_session s;
	struct fed_error err = {""};
	const char *core = fed_blas_better_core();

	if (argc < 5)
		return fprintf(stderr, "usage: bench_split BATCH LR ROUNDS THREADS [KEY=VALUE]...\n"), 2;
	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	if (fed__session_init(&s, FED_PLUGIN_DIR, (struct fed_sink){0}, &err) ||
	    compose(&s, argv, argc - 5, &err))
		return die(&err);

	const int rounds = atoi(argv[3]);
	double *seconds = calloc((size_t)rounds, sizeof *seconds);
	for (int i = -1; i < rounds; i++) { /* one round to warm up */
		struct fed_run_result result;
		if (fed_session_run(&s, 1, NULL, &result, &err))
			return die(&err);
		if (i >= 0)
			seconds[i] = s.history.record[s.history.n - 1].wall;
	}
	qsort(seconds, (size_t)rounds, sizeof *seconds, by_value);
	printf("{\"bench\":\"split\",\"model\":\"cnn\",\"batch\":%s,\"threads\":%s,\"rounds\":%d,"
	       "\"images_per_s\":%.0f,\"s_per_epoch\":%.4f,\"s_min\":%.4f,\"train_loss\":%.4f,"
	       "\"isa\":\"%s\",\"blas\":\"%s\"}\n",
	       argv[1], argv[4], rounds, 6000 / seconds[rounds / 2], seconds[rounds / 2], seconds[0],
	       s.history.record[s.history.n - 1].train_loss, fed_isa_name(fed_cpu_isa()),
	       fed_blas_describe());
	free(seconds);
	fed__session_release(&s);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Seconds a round of FedAvg on Fashion-MNIST: 100 clients IID, 10 a round, training and averaging
 * without evaluation; the same work as the lean PyTorch loops that tests/bench/compare runs beside
 * it.  One JSON line.
 *
 *     bench_round MODEL EPOCHS BATCH(0 = all) LR ROUNDS THREADS [clients]
 *
 * clients: 1,000 clients of 60 examples instead, all in each round, which train on half of them and
 * evaluate the model on the other half: also seconds of that evaluation, and its share of training.
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
	fprintf(stderr, "bench_round: %s\n", err->text);
	return 1;
}

static int set(struct fed_session *s, const char *key, const char *value, struct fed_error *err)
{
	return fed_session_set(s, key, value, err);
}

static int compose(struct fed_session *s, char **arg, bool clients, struct fed_error *err)
{
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = clients ? 60 : 600,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1};
	uint32_t first;

	return fed_session_dataset(s, "fashion", NULL, 0, err) ||
	       fed_session_model(s, arg[1], NULL, 0, err) ||
	       (clients && (set(s, "holdout", "0.5", err) || set(s, "eval-every", "never", err))) ||
	       fed_session_add_clients(s, clients ? 1000 : 100, &how, NULL, NULL, NULL, &first, err) ||
	       set(s, "fraction", clients ? "1" : "0.1", err) || set(s, "epochs", arg[2], err) ||
	       set(s, "batch", arg[3][0] == '0' ? "all" : arg[3], err) || set(s, "lr", arg[4], err) ||
	       set(s, "threads", arg[6], err);
}

/* Seconds of the clients' evaluation of the model. */
static double evaluate_clients(struct fed_session *s, struct fed_error *err)
{
	struct fed_record unused;
	const double began = fed_wall_seconds();

	if (fed_federation_evaluate_clients(&s->federation, s->federation.params, &unused, err))
		return -1;
	return fed_wall_seconds() - began;
}

static void print_clients(char **argv, int rounds, double *train, double *evaluate)
{
	qsort(train, (size_t)rounds, sizeof *train, by_value);
	qsort(evaluate, (size_t)rounds, sizeof *evaluate, by_value);
	printf("{\"bench\":\"clients\",\"model\":\"%s\",\"epochs\":%s,\"batch\":%s,\"threads\":%s,"
	       "\"rounds\":%d,\"s_training\":%.4f,\"s_evaluation\":%.4f,\"share\":%.3f}\n",
	       argv[1], argv[2], argv[3], argv[6], rounds, train[rounds / 2], evaluate[rounds / 2],
	       evaluate[rounds / 2] / train[rounds / 2]);
}

int main(int argc, char **argv)
{
	const bool clients = argc == 8 && strcmp(argv[7], "clients") == 0;
	struct fed_session s;
	struct fed_error err = {""};
	const char *core = fed_blas_better_core();

	if (argc != 7 && !clients)
		return fprintf(stderr,
		               "usage: bench_round MODEL EPOCHS BATCH LR ROUNDS THREADS [clients]\n"),
		       2;
	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	if (fed__session_init(&s, FED_PLUGIN_DIR, (struct fed_sink){0}, &err) ||
	    compose(&s, argv, clients, &err))
		return die(&err);

	const int rounds = atoi(argv[5]);
	double *seconds = calloc((size_t)rounds, sizeof *seconds);
	double *evaluation = calloc((size_t)rounds, sizeof *evaluation);
	for (int i = -1; i < rounds; i++) { /* one round to warm up */
		struct fed_run_result result;
		if (fed_session_run(&s, 1, NULL, &result, &err))
			return die(&err);
		if (i >= 0)
			seconds[i] = s.history.record[s.history.n - 1].wall;
		if (i >= 0 && clients && (evaluation[i] = evaluate_clients(&s, &err)) < 0)
			return die(&err);
	}
	if (clients) {
		print_clients(argv, rounds, seconds, evaluation);
		free(seconds);
		free(evaluation);
		fed__session_release(&s);
		return 0;
	}
	qsort(seconds, (size_t)rounds, sizeof *seconds, by_value);
	printf("{\"bench\":\"round\",\"model\":\"%s\",\"epochs\":%s,\"batch\":%s,\"threads\":%s,"
	       "\"rounds\":%d,\"s_per_round\":%.5f,\"s_min\":%.5f,\"s_max\":%.5f,\"accuracy\":%.4f,"
	       "\"isa\":\"%s\",\"blas\":\"%s\"}\n",
	       argv[1], argv[2], argv[3], argv[6], rounds, seconds[rounds / 2], seconds[0],
	       seconds[rounds - 1], s.history.record[s.history.n - 1].test_accuracy,
	       fed_isa_name(fed_cpu_isa()), fed_blas_describe());
	free(seconds);
	free(evaluation);
	fed__session_release(&s);
	return 0;
}

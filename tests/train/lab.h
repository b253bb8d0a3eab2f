/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train/lab.h - a small federation for tests: dataset, model, clients, plugins, threads.
 */
#ifndef TESTS_TRAIN_LAB_H
#define TESTS_TRAIN_LAB_H

#include "train/faults/faults.h"
#include "train/federation.h"

struct lab {
	struct fed_settings settings;
	struct fed_registry *plugins;
	struct fed_dataset *data;
	struct fed_instance model, aggregator, transport, selection;
	struct fed_net net;
	struct fed_clients clients;
	struct fed_faults faults;
	struct fed_federation federation;
	const struct fed_scheme *scheme; /* sync*/
	char scheme_state[2048] __attribute__((aligned(16)));
	const struct fed_network_service *network; /* likewise, for transport zmq */
	struct fed_sink sink;                      /* set before lab_start; may be empty */
};

/* A plugin that comes with fedsh, opened in place and not as a copy, so that its library stays open
 * between tests (support/keep.c). */
const struct fed_entry *lab_load(struct lab *, const char *path);
/* Compose a federation; each text is "NAME key=value ...". The clients have `samples` examples
 * each, partitioned by `kind`. */
void lab_compose(struct lab *, const char *dataset, const char *model, const char *aggregator,
                 const char *transport, uint32_t clients, int64_t samples,
                 enum fed_partition_kind kind);
/* Add clients. */
void lab_add(struct lab *, uint32_t clients, int64_t samples, enum fed_partition_kind kind,
             double flops);
/* Set a setting of the scheme. */
void lab_scheme(struct lab *, const struct fed_scheme *, const char *key, const char *value);
/* "oort alpha=1": set the selection rule, before lab_start. */
void lab_select(struct lab *, const char *rule);
/* "straggler factor=10", "byzantine attack=sign-flip scale=3": inject a fault into clients first ..
 * first + n - 1, active while from <= version < until. Returns the fault's number. */
uint64_t lab_inject(struct lab *, const char *fault, uint32_t first, uint32_t n, uint64_t from,
                    uint64_t until);
/* A sink that aborts the round at the `left`-th event from now on; 0 aborts none. */
struct lab_interrupter {
	struct fed_federation *federation;
	int left;
};
struct fed_sink lab_interrupt(struct lab *, struct lab_interrupter *);
void lab_start(struct lab *);
/* Run n rounds, which must succeed. */
void lab_run(struct lab *, int n);
void lab_release(struct lab *);

#endif

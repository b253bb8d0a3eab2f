/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/cluster.h - cluster: a job of ranks whose processors train for the session of rank 0.
 *
 *     fed_cluster_join(&c, folder, &err);        (every rank; --mpi)
 *     if (fed_cluster_rank(c) > 0)
 *             return fed_rank_serve(c, plugin_folder, &err);
 *     fed_session_use_ranks(session, fed_cluster_ranks(c));
 *     ...
 *     fed_cluster_leave(c);
 */
#ifndef FED_CLUSTER_CLUSTER_H
#define FED_CLUSTER_CLUSTER_H

#include "base/text.h"
#include "fedsh/plugin.h"

struct fed_cluster;
struct fed_ranks; /* train/local/places.h */

/* Join the job that an MPI launcher has started this process for.  program_folder: where fedsh is,
 * and the modules.  Call before kernels are chosen (base/cpu.h): the instruction set is agreed on.
 * FED_REJECT: no launcher did, or what is missing. */
int fed_cluster_join(struct fed_cluster **, const char *program_folder, struct fed_error *);
int fed_cluster_rank(const struct fed_cluster *);
int fed_cluster_size(const struct fed_cluster *);
/* Threads for a rank: the processors that it sees, divided by the ranks on its machine. */
int fed_cluster_threads(const struct fed_cluster *);
/* Doubts about how the job was started, a line each: ranks that are bound to one processor. */
void fed_cluster_doubts(const struct fed_cluster *, struct fed_text *);

/* Rank 0: start the thread that deals trainings. */
int fed_cluster_lead(struct fed_cluster *, struct fed_error *);
struct fed_ranks *fed_cluster_ranks(struct fed_cluster *);

/* Another rank: serve trainings until rank 0 leaves.  plugin_folder: of the built-in plugins. */
int fed_rank_serve(struct fed_cluster *, const char *plugin_folder, struct fed_error *);

/* Leave the job; rank 0 sends the others home.  NULL is fine. */
void fed_cluster_leave(struct fed_cluster *);

/* What a rank did, for the view of ranks. */
struct fed_rank_report {
	uint32_t rank, threads, waiting;    /* trainings that it has */
	uint64_t trainings, sent, received; /* bytes */
	double busy;                        /* seconds of its threads in trainings */
	char host[64];
};
/* Of rank i >= 1; false: there is none. */
bool fed_cluster_report(struct fed_cluster *, uint32_t i, struct fed_rank_report *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/cluster.h - cluster: a job of ranks whose processors train for the session of rank 0.
 *
 *     fed_cluster_join(&c, folders, &err);        (every rank)
 *     if (fed_cluster_rank(c) > 0)
 *             fed_rank_serve(c, plugin_folder, &err);
 *     else
 *             fed_session_use_ranks(session, fed_cluster_ranks(c));
 *     ...
 *     fed_cluster_leave(c);
 */
#ifndef FED_CLUSTER_CLUSTER_H
#define FED_CLUSTER_CLUSTER_H

#include "base/text.h"
#include "fedsh/plugin.h"

struct fed_cluster;
struct fed_ranks; /* train/local/places.h */

/* Join the job that an MPI launcher has started this process for, and agree on what all ranks
 * compute with: before kernels are chosen (base/cpu.h) and threads are started.  folder: where the
 * modules may be, NULL past the last.  At rank 0 a thread begins that deals trainings.  FED_REJECT:
 * no launcher started it, or what is missing. */
int fed_cluster_join(struct fed_cluster **, const char *const *folder, struct fed_error *);
/* Start workers and lead them, from a shell on its own terminal.  program: the path of fedsh, which
 * the launcher starts as `PROGRAM --mpi-relay SOCKET` (fed_cluster_join, then fed_cluster_relay at
 * rank 0 and fed_rank_serve at the others). */
int fed_cluster_start_workers(struct fed_cluster **, int workers, const char *program,
                              struct fed_error *);
/* Join the workers' job; at rank 0, which is the relay, nothing is agreed on and no thread begins.
 */
int fed_cluster_join_workers(struct fed_cluster **, const char *const *folder, struct fed_error *);
/* Rank 0 of the workers: pass messages between them and the shell that listens at the socket, until
 * it leaves. */
int fed_cluster_relay(struct fed_cluster *, const char *socket, struct fed_error *);
int fed_cluster_rank(const struct fed_cluster *);
/* "8 ranks on 2 machines, 16 threads, Open MPI", and doubts about how the job was started, a line
 * each: ranks that are bound to one processor. */
void fed_cluster_describe(const struct fed_cluster *, struct fed_text *line,
                          struct fed_text *doubts);
/* Rank 0: where trainings run. */
struct fed_ranks *fed_cluster_ranks(struct fed_cluster *);
/* Another rank: serve until rank 0 leaves.  plugin_folder: of the built-in plugins. */
int fed_rank_serve(struct fed_cluster *, const char *plugin_folder, struct fed_error *);
/* Leave the job; rank 0 sends the others home.  NULL is fine. */
void fed_cluster_leave(struct fed_cluster *);

#endif

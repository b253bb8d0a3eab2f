/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/ranks.h - ranks that train for a shell (core/cluster): the options --mpi and --mpi-workers.
 */
#ifndef FED_SHELL_RANKS_H
#define FED_SHELL_RANKS_H

#include "cluster/cluster.h"
#include "shell/shell.h"

struct fed_rank_options {
	bool mpi;          /* join the job that this process is started in */
	int workers;       /* ranks to be started; 0: none */
	const char *relay; /* socket of the shell that started this process as a worker, or NULL */
};

struct fed_rank_files {
	const char *const *module; /* folders, NULL past the last */
	const char *program, *plugins;
};

/* Join the ranks that the options are about; NULL: there are none.  *left: this process was another
 * rank than that of the session, and has served, or it cannot join: it ends with *result. */
struct fed_cluster *fed__ranks_join(const struct fed_rank_options *, const struct fed_rank_files *,
                                    bool *left, enum fed_exit *result);
/* Let the session train on them, and say what they are. */
void fed__ranks_use(struct fed_shell *, struct fed_cluster *);

#endif

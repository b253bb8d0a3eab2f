/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/ranks.c - ranks that train for a shell.
 */
#include "shell/ranks.h"

#include <stdlib.h>

static int serve(struct fed_cluster *cluster, const struct fed_rank_options *o,
                 const struct fed_rank_files *files, struct fed_error *err)
{
	if (fed_cluster_rank(cluster) == 0)
		return fed_cluster_relay(cluster, o->relay, err);
	return files->plugins ? fed_rank_serve(cluster, files->plugins, err)
	                      : fed_fail(err, "out of memory");
}

struct fed_cluster *fed__ranks_join(const struct fed_rank_options *o,
                                    const struct fed_rank_files *files, bool *left,
                                    enum fed_exit *result)
{
	struct fed_cluster *cluster = NULL;
	struct fed_error err;

	*left = o->mpi || o->workers || o->relay;
	*result = FED_EXIT_USAGE;
	const int rc = o->relay ? fed_cluster_join_workers(&cluster, files->module, &err)
	               : o->mpi ? fed_cluster_join(&cluster, files->module, &err)
	               : o->workers
	                   ? fed_cluster_start_workers(&cluster, o->workers, files->program, &err)
	                   : FED_OK;
	if (rc)
		fprintf(stderr, "error: %s: %s\n", o->workers ? "--mpi-workers" : "--mpi", err.text);
	if (!cluster)
		return NULL;
	*left = o->relay || fed_cluster_rank(cluster) > 0;
	if (!*left)
		return cluster;
	*result = FED_EXIT_OK;
	if (serve(cluster, o, files, &err)) {
		fprintf(stderr, "error: rank %d: %s\n", fed_cluster_rank(cluster), err.text);
		exit(FED_EXIT_IO); /* the launcher ends the others */
	}
	fed_cluster_leave(cluster);
	return NULL;
}

void fed__ranks_use(struct fed_shell *shell, struct fed_cluster *cluster)
{
	struct fed_text line = {0}, doubts = {0};

	fed_cluster_describe(cluster, &line, &doubts);
	fprintf(stderr, "%s\n", fed_text_str(&line));
	if (doubts.len)
		fprintf(stderr, "warning: %s", fed_text_str(&doubts));
	fed_text_release(&line);
	fed_text_release(&doubts);
	shell->cluster = cluster;
	fed_session_use_ranks(shell->session, fed_cluster_ranks(cluster));
}

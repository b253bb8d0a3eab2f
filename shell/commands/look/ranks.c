/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/ranks.c - the command `ranks`: what the ranks of the job do.
 */
#include "shell/commands/look/ranks.h"

#include "base/cpu.h"
#include "cluster/cluster.h"
#include "shell/glossary/figures.h"
#include "shell/output/print.h"
#include "train/local/places.h"

int fed__run_ranks(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "rank", .kind = FED_CELL_NUMBER},
		{.title = "host", .rank = 3},
		{.title = "threads", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "trainings", .kind = FED_CELL_NUMBER},
		{.title = "has now", .kind = FED_CELL_NUMBER, .rank = 2, .key = "jobs"},
		{.title = "busy", .kind = FED_CELL_NUMBER},
		{.title = "waiting", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "sent", .kind = FED_CELL_NUMBER},
		{.title = "received", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {
		.name = "ranks", .column = columns, .columns = sizeof columns / sizeof *columns};
	struct fed_ranks_status status;
	struct fed_rank_report r;

	(void)call;
	(void)err;
	if (!shell->cluster) {
		fed__print(shell,
		           "no ranks: trainings run on this process's threads alone; `mpirun -n 8 fedsh "
		           "--mpi FILE` starts a job that has some\n");
		return FED_OK;
	}
	struct fed_ranks *ranks = fed_cluster_ranks(shell->cluster);
	for (uint32_t i = 0; ranks->report(ranks, i, &r); i++) {
		fed__table_integer(&table, r.rank);
		fed__table_cell(&table, "%s", r.host);
		fed__table_integer(&table, r.threads);
		fed__table_count(&table, (double)r.trainings);
		fed__table_integer(&table, r.jobs);
		fed__table_seconds(&table, r.busy);
		fed__table_seconds(&table, r.threads * r.since - r.busy);
		fed__table_bytes(&table, (double)r.sent);
		fed__table_bytes(&table, (double)r.received);
	}
	fed__table_print(shell, &table);
	struct fed_text alone = {0};
	fed__figure_rank0(shell->session, &alone);
	fed__print(shell, "%s\n", fed_text_str(&alone));
	fed_text_release(&alone);
	ranks->status(ranks, &status);
	if (status.ended)
		fed__print(shell,
		           "the ranks have ended: trainings run on this process's threads, to the same "
		           "results; for ranks `save FILE`, start fedsh with them, and `restore "
		           "FILE`\n");
	return FED_OK;
}

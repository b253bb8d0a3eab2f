/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/jobs.c - the commands of jobs: jobs, fg, bg, stop and wait.
 */
#include "shell/commands/jobs.h"

#include <math.h>
#include <string.h>

#include "shell/jobs/job.h"
#include "shell/output/print.h"

static int say_none(struct fed_shell *shell)
{
	fed__print(shell, "nothing runs behind the prompt; `round 100 &` does\n");
	return FED_OK;
}

static void put_running(struct fed_shell *shell, struct fed_table *table)
{
	const struct fed_job_progress p = fed__job_progress(shell);

	fed__table_integer(table, p.number);
	fed__table_cell(table, "runs");
	fed__table_count(table, (double)fed_session_version(shell->session));
	if (p.of > 0) {
		struct fed_text text = {0};

		fed_text_add(&text, "%s of %s %s", fed_count(p.done).s, fed_count(p.of).s, p.unit);
		fed__table_shown(table, p.done, fed_text_str(&text));
		fed_text_release(&text);
	} else {
		fed__table_count(table, p.done);
	}
	fed__table_seconds(table, p.left);
	fed__table_cell(table, "%s", p.command);
}

static void put_ended(struct fed_shell *shell, struct fed_table *table)
{
	const struct fed_jobs *jobs = &shell->jobs;

	fed__table_integer(table, jobs->last);
	fed__table_cell(table, "%s",
	                jobs->left || jobs->result == FED_EXIT_INTERRUPTED ? "stopped"
	                : jobs->result                                     ? "failed"
	                                                                   : "done");
	fed__table_count(table, (double)jobs->version);
	fed__table_real(table, NAN, "%g");
	fed__table_seconds(table, NAN);
	fed__table_cell(table, "%s", jobs->ended);
}

int fed__run_jobs(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "job", .kind = FED_CELL_NUMBER},
		{.title = "state", .rank = 1},
		{.title = "version", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "done", .kind = FED_CELL_NUMBER, .rank = 3},
		{.title = "left", .kind = FED_CELL_NUMBER, .rank = 4},
		{.title = "command", .kind = FED_CELL_PROSE},
	};
	struct fed_table table = {.name = "jobs", .column = columns, .columns = 6};

	(void)call, (void)err;
	if (fed__job_runs(shell))
		put_running(shell, &table);
	else if (*shell->jobs.ended)
		put_ended(shell, &table);
	else
		say_none(shell);
	fed__table_print(shell, &table);
	return FED_OK;
}

int fed__run_fg(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call, (void)err;
	if (!fed__job_runs(shell))
		return say_none(shell);
	fed__print_styled(shell, FED_EMPHASIS_DIM, "%s\n", fed__job_command(shell));
	fed__print_flush(shell);
	shell->fault = fed__job_to_front(shell, false);
	return FED_OK;
}

int fed__run_wait(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call, (void)err;
	if (fed__job_runs(shell))
		shell->fault = fed__job_to_front(shell, true);
	return FED_OK;
}

int fed__run_bg(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const char resume[] = "continue &";

	(void)call, (void)err;
	if (fed__job_runs(shell)) {
		fed__print(shell, "`%s` runs behind the prompt already; `fg` brings it to the front\n",
		           fed__job_command(shell));
		return FED_OK;
	}
	if (!fed_session_left(shell->session))
		return fed_fail(err, "nothing was stopped; `round 100 &` runs behind the prompt");
	shell->fault = fed__shell_execute(shell, resume, strlen(resume), shell->place);
	return FED_OK;
}

int fed__run_stop(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call, (void)err;
	if (!fed__job_runs(shell))
		return say_none(shell);
	if (strcmp(fed__job_progress(shell).unit, "rounds") != 0) {
		fed__print(shell,
		           fed__job_stop(shell) ? "`%s` drops the running trials\n"
		                                : "`%s` stops after the running trials; `stop` again drops "
		                                  "them\n",
		           fed__job_command(shell));
		return FED_OK;
	}
	fed__print(shell,
	           fed__job_stop(shell) ? "`%s` is aborted with its round\n"
	                                : "`%s` stops after its round; `stop` again aborts that\n",
	           fed__job_command(shell));
	return FED_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/watch.c - the command `watch`: open the full-screen view, or change its view and
 * pace; `attach`: how others see it.
 */
#include "shell/commands/watch.h"

#include <unistd.h>

#include "shell/jobs/job.h"
#include "shell/output/print.h"
#include "shell/terminal/watch_bridge.h"
#include "tui/attach/attached.h"
#include "tui/watch.h"

const struct fed_field fed__watch_rows[] = {
	FED_ARG_TEXT(struct fed_watch_args, view, FED_FIELD_POSITIONAL, "view",
                 "overview, clients, updates, timeline, split, log, compare, plane, room"),
	FED_ROW(struct fed_watch_args, pace, double, FED_TYPE_REAL, .def = -1, .min = -1, .max = 1000,
            .help = "rounds a second at most; 0: full speed"),
	FED_END,
};

/* Say how to continue the run that was interrupted when the user left. */
static void say_interrupted_run(struct fed_shell *shell)
{
	const struct fed_session *s = shell->session;

	if (fed_session_left(s))
		fed__print(shell, "stopped at version %llu; `continue` goes on\n",
		           (unsigned long long)fed_session_version(s));
}

int fed__run_watch(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_watch_args *a = call->args;
	const char *view = *a->view ? a->view : NULL;

	if (shell->watching.watch)
		return fed_watch_switch(shell->watching.watch, view, a->pace, err);
	if ((shell->place && shell->place->file) || !isatty(STDIN_FILENO) ||
	    !isatty(fileno(shell->out))) {
		fed__print(shell,
		           "watch: in a terminal, `fedsh --watch FILE` shows this script as it runs\n");
		return FED_OK;
	}
	const int rc = fed__watch_bridge_run(shell, view, a->pace, NULL, err);
	if (rc == FED_OK && !shell->quit && !fed__job_runs(shell))
		say_interrupted_run(shell);
	return rc;
}

int fed__run_attach(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	(void)call;
	if (!shell->attached && !shell->jobs.host && !shell->watching.watch) {
		fed__print(shell, "attach: a session at a prompt can be seen from other terminals, by "
		                  "`fedsh --attach`\n");
		return FED_OK;
	}
	if (!shell->attached && fed__onlookers_begin(shell, err))
		return FED_FAIL;
	const size_t n = fed_attached_count(shell->attached);
	fed__print(shell, "`fedsh --attach %ld` in another terminal shows the watch of this session\n",
	           (long)getpid());
	fed__print(shell, "%s terminal%s attached now\n", n ? fed_count((double)n).s : "no",
	           n == 1 ? " is"
	           : n    ? "s are"
	                  : " is");
	return FED_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/watch_state.c - hooks for commands and scripts while the watch is open.
 */
#include "shell/language/watch_state.h"

#include <string.h>

#include "shell/jobs/job.h"

void fed__watch_state_interrupted(struct fed_shell *shell, const char *resume)
{
	struct fed_watch_state *w = &shell->watching;

	snprintf(w->resume, sizeof w->resume, "%s", resume);
	w->stopped = true;
}

const char *fed__watch_state_resume(struct fed_shell *shell)
{
	struct fed_watch_state *w = &shell->watching;

	if (!w->resume[0])
		return NULL;
	memcpy(w->resuming, w->resume, sizeof w->resuming);
	w->resume[0] = 0;
	return w->resuming;
}

void fed__watch_state_script(struct fed_shell *shell, bool begins)
{
	if (shell->watching.watch)
		fed_watch_script(shell->watching.watch, begins);
}

enum fed_exit fed__watch_state_part(struct fed_shell *shell, const struct fed_watch_part *part)
{
	struct fed_watch *watch = shell->watching.watch;

	return !watch || fed_watch_part(watch, part) ? FED_EXIT_OK : FED_EXIT_INTERRUPTED;
}

enum fed_exit fed__watch_state_after(struct fed_shell *shell, enum fed_exit result)
{
	struct fed_watch_state *w = &shell->watching;

	if (fed__job_runs(shell) && !fed__job_is_here())
		return result; /* a command that looks between two events of the job */
	w->stopped = false;
	if (!w->watch && !fed__job_is_here())
		fed__onlookers_attend(shell);
	if (!w->watch && !fed__job_is_here())
		return result;
	fflush(shell->out);
	const bool goes_on = w->watch ? fed_watch_after(w->watch) : fed__job_after(shell);
	return !goes_on && result == FED_EXIT_OK ? FED_EXIT_INTERRUPTED : result;
}

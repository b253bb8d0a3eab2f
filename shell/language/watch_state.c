/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/watch_state.c - hooks for commands and scripts while the watch is open.
 */
#include "shell/language/watch_state.h"

void fed__watch_state_interrupted(struct fed_shell *shell, const char *resume)
{
	struct fed_watch_state *w = &shell->watching;

	snprintf(w->resume, sizeof w->resume, "%s", resume);
	w->stopped = true;
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

	w->stopped = false;
	if (!w->watch)
		return result;
	fflush(shell->out);
	if (!fed_watch_after(w->watch) && result == FED_EXIT_OK)
		return FED_EXIT_INTERRUPTED;
	return result;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/watch_state.c - hooks for commands and scripts while the watch is open.
 */
#include "shell/language/watch_state.h"

#include "tui/watch.h"

void fed__watch_state_interrupted(struct fed_shell *shell, const char *resume)
{
	struct fed_watch_state *w = &shell->watching;

	snprintf(w->resume, sizeof w->resume, "%s", resume);
	w->stopped = true;
}

bool fed__watch_state_line(struct fed_shell *shell, const char *text)
{
	struct fed_watch *watch = shell->watching.watch;

	return !watch || fed_watch_line(watch, text);
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

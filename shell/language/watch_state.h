/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/watch_state.h - hooks for commands and scripts while the watch is open, or the
 * command is a job.
 */
#ifndef FED_SHELL_LANGUAGE_WATCH_STATE_H
#define FED_SHELL_LANGUAGE_WATCH_STATE_H

#include "shell/shell.h"
#include "tui/watch.h"

/* Called by a command that was interrupted between two events; resume: the command that resumes it.
 */
void fed__watch_state_interrupted(struct fed_shell *, const char *resume);
/* Take the command that resumes it; NULL: there is none. Valid until the next one. */
const char *fed__watch_state_resume(struct fed_shell *);
/* Called when a script begins and when it ends. */
void fed__watch_state_script(struct fed_shell *, bool begins);
/* Called before each command of a script, and for captions without one; waits until it may run.
 * FED_EXIT_INTERRUPTED: the user left, do not run it. */
enum fed_exit fed__watch_state_part(struct fed_shell *, const struct fed_watch_part *);
/* Called after each command with its result; returns the result to use. */
enum fed_exit fed__watch_state_after(struct fed_shell *, enum fed_exit);

#endif

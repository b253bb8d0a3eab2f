/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/watch_state.h - hooks for commands and scripts while the watch is open.
 */
#ifndef FED_SHELL_LANGUAGE_WATCH_STATE_H
#define FED_SHELL_LANGUAGE_WATCH_STATE_H

#include "shell/shell.h"

/* Called by a command that was interrupted between two events; resume: the command that resumes it.
 */
void fed__watch_state_interrupted(struct fed_shell *, const char *resume);
/* Called before each line of a script; false: the user left, do not run it. */
bool fed__watch_state_line(struct fed_shell *, const char *text);
/* Called after each command with its result; returns the result to use. */
enum fed_exit fed__watch_state_after(struct fed_shell *, enum fed_exit);

#endif

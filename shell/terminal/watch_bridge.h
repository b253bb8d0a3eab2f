/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/watch_bridge.h - adapter that runs the watch (tui/watch.h) on the session of a
 * shell.
 *
 * While it is open, commands run in another thread than the one that opened it.
 */
#ifndef FED_SHELL_TERMINAL_WATCH_BRIDGE_H
#define FED_SHELL_TERMINAL_WATCH_BRIDGE_H

#include "shell/shell.h"

/* The callbacks of jobs, in front of the prompt, behind it and under the watch. */
extern const struct fed_job_host fed__prompt_job_host;

/* Run the watch until the user leaves. view NULL: the first; pace in rounds a second, 0: full
 * speed, below 0: not chosen; script: first command lines, NULL-ended, or NULL. Fails without a
 * suitable terminal. If a job runs, it is entered before and after, and shown. */
int fed__watch_bridge_run(struct fed_shell *, const char *view, double pace,
                          const char *const *script, struct fed_error *);

#endif

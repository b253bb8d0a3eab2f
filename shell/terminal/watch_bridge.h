/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/watch_bridge.h - open the watch (tui/watch.h) on the session of a shell.
 *
 * While it is open commands run in another thread than the one that opened it.
 */
#ifndef FED_SHELL_TERMINAL_WATCH_BRIDGE_H
#define FED_SHELL_TERMINAL_WATCH_BRIDGE_H

#include "shell/shell.h"

/* Until the user leaves; view NULL: the first; pace in rounds a second, 0: full speed; script:
 * command lines to begin with, NULL-ended, or NULL.  FED_FAIL where there is no terminal for it. */
int fed_watching_run(struct fed_shell *, const char *view, double pace, const char *const *script,
                     struct fed_error *);

#endif

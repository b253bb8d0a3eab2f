/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/watch_state.h - commands and scripts while the watch is open.
 */
#ifndef FED_SHELL_LANGUAGE_WATCH_STATE_H
#define FED_SHELL_LANGUAGE_WATCH_STATE_H

#include "shell/shell.h"

/* For the commands that make rounds: this one stopped between two events, `resume` finishes it. */
void fed_watching_stopped(struct fed_shell *, const char *resume);
/* A script's line is about to run; false: the user left, it must not. */
bool fed_watching_line(struct fed_shell *, const char *text);
/* After each command: what counts as its result. */
enum fed_exit fed_watching_after(struct fed_shell *, enum fed_exit);

#endif

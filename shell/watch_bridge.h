/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/watch_bridge.h - what the shell lends to the watch, and what it tells it.
 *
 * The watch itself is tui/'s; main.c connects the two.  While it is open commands run in another
 * thread than the one that opened it.
 */
#ifndef FED_SHELL_WATCH_BRIDGE_H
#define FED_SHELL_WATCH_BRIDGE_H

#include "shell/language/command.h"

/* From here on what is printed goes to the watch; the screen is no terminal. */
int fed_watching_open(struct fed_shell *, void *watch, struct fed_error *);
void fed_watching_close(struct fed_shell *);

/* For the watch, in its runner's thread. */
void fed_watching_execute(struct fed_shell *, const char *line);
const char *fed_watching_resume(struct fed_shell *);
/* For the commands that make rounds: this one stops between two events, `resume` finishes it. */
void fed_watching_stopped(struct fed_shell *, const char *resume);
/* After each command: what counts as its result. */
enum fed_exit fed_watching_after(struct fed_shell *, enum fed_exit);

/* The command `watch`. */
struct fed_watch_args {
	char view[32];
	double pace;
};
extern const struct fed_field fed_watch_rows[];
int fed_run_watch(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

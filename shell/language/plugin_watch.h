/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/plugin_watch.h - the command `watch-plugin`: a source that is built and reloaded
 * when it is saved.
 */
#ifndef FED_SHELL_LANGUAGE_PLUGIN_WATCH_H
#define FED_SHELL_LANGUAGE_PLUGIN_WATCH_H

#include "shell/shell.h"

/* Watch the source of a plugin from now on, instead of another; "off": none. */
int fed__plugin_watch(struct fed_shell *, const char *name, struct fed_error *);
/* Whether the source was saved since and no round is open, so that a run is due. */
bool fed__plugin_watch_due(struct fed_shell *);
/* A sink: stops a run after the round in which the source was saved. */
void fed__plugin_watch_event(void *shell, const struct fed_event *);
/* Whether the run that has just ended was stopped by this, and by no Ctrl-C. */
bool fed__plugin_watch_stopped(struct fed_shell *);
/* Build and reload it, by commands that are printed.  While no round is played. */
void fed__plugin_watch_run(struct fed_shell *);
void fed__plugin_watch_end(struct fed_shell *);

#endif

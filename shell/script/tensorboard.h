/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/tensorboard.h - TensorBoard's event files of the session's runs, written while they
 * are made.
 */
#ifndef FED_SHELL_SCRIPT_TENSORBOARD_H
#define FED_SHELL_SCRIPT_TENSORBOARD_H

#include "shell/shell.h"

/* Write the kept runs and this one below a folder, which is made, and follow the session. */
int fed__tensorboard_start(struct fed_shell *, const char *folder, struct fed_error *);
void fed__tensorboard_stop(struct fed_shell *);
/* Sink of the session's events; shell is a struct fed_shell *. */
void fed__tensorboard_event(void *shell, const struct fed_event *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/kept.h - the table of the runs that a session keeps.
 */
#ifndef FED_SHELL_COMMANDS_LOOK_KEPT_H
#define FED_SHELL_COMMANDS_LOOK_KEPT_H

#include "history/kept_runs.h"
#include "shell/shell.h"

/* The kept runs with their last figures. */
void fed__list_kept(struct fed_shell *, const struct fed_runs *);

#endif

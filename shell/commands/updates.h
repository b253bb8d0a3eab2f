/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/updates.h - the last round's updates: as a table, as a map, as a matrix of angles.
 */
#ifndef FED_SHELL_COMMANDS_UPDATES_H
#define FED_SHELL_COMMANDS_UPDATES_H

#include "experiments/try_aggregator.h"
#include "shell/language/command.h"

struct fed_updates_args {
	int view, sort;
	char save[4096];
};
extern const struct fed_field fed_updates_rows[];
int fed_run_updates(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* What an aggregator made of a file. */
void fed_show_trial(struct fed_shell *, const struct fed_trial *);

#endif

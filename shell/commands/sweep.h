/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/sweep.h - play sweeps, show their table.
 */
#ifndef FED_SHELL_COMMANDS_SWEEP_H
#define FED_SHELL_COMMANDS_SWEEP_H

#include "shell/language/command.h"

extern const struct fed_field fed_sweep_rows[]; /* over struct fed_sweep_plan */
int fed_run_sweep(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Play a plan, or go on with it, and show its table. */
int fed_show_sweep(struct fed_shell *, const struct fed_sweep_plan *, struct fed_error *);
/* A metric of the last one over its values. */
int fed_plot_sweep(struct fed_shell *, const char *metric, struct fed_error *);

#endif

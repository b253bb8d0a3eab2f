/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/sweep.h - the command `sweep`: runs over the values of a setting, as table
 * and chart.
 */
#ifndef FED_SHELL_COMMANDS_STUDY_SWEEP_H
#define FED_SHELL_COMMANDS_STUDY_SWEEP_H

#include "shell/language/command.h"
#include "shell/output/chart.h"

extern const struct fed_field fed__sweep_rows[]; /* rows of struct fed_sweep_plan */
int fed__run_sweep(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Run a plan, or resume it, and print its table. */
int fed__show_sweep(struct fed_shell *, const struct fed_sweep_plan *, struct fed_error *);
/* Plot a metric of the last sweep over its values. */
int fed__plot_sweep(struct fed_shell *, const char *metric, const struct fed_plot_form *,
                    struct fed_error *);

#endif

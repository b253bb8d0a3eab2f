/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/tournament.h - the command `tournament`: attacks against aggregators, as a
 * grid.
 */
#ifndef FED_SHELL_COMMANDS_STUDY_TOURNAMENT_H
#define FED_SHELL_COMMANDS_STUDY_TOURNAMENT_H

#include "shell/language/command.h"
#include "shell/output/figure.h"

extern const struct fed_field fed__tournament_rows[]; /* rows of struct fed_tournament_plan */
int fed__run_tournament(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Plot the grid of the last tournament as a heat map. */
int fed__plot_tournament(struct fed_shell *, const struct fed_figure_form *, struct fed_error *);

#endif

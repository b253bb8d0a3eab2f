/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/tournament.h - play tournaments, show their grid.
 */
#ifndef FED_SHELL_COMMANDS_TOURNAMENT_H
#define FED_SHELL_COMMANDS_TOURNAMENT_H

#include "shell/language/command.h"

extern const struct fed_field fed_tournament_rows[]; /* over struct fed_tournament_plan */
int fed_run_tournament(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* The grid of the last one as a heat map. */
int fed_plot_tournament(struct fed_shell *, struct fed_error *);

#endif

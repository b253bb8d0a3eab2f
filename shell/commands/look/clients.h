/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/clients.h - the commands `clients` and `plot`: table of clients, curves of
 * metrics.
 */
#ifndef FED_SHELL_COMMANDS_CLIENTS_H
#define FED_SHELL_COMMANDS_CLIENTS_H

#include "shell/language/command.h"
#include "shell/output/chart.h"

struct fed_clients_args {
	char filter[4096], sort[64], columns[512];
	int64_t n;
	struct fed_figure_form to;
};
extern const struct fed_field fed__clients_rows[];
int fed__run_clients(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* Arguments of `plot`. */
struct fed_plot_args {
	char metric[512], of[64], words[500];
	struct fed_plot_form form;
};
extern const struct fed_field fed__plot_rows[];
int fed__run_plot(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

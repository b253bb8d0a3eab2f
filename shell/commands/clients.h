/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/clients.h - the commands `clients` and `plot`: table of clients, curves of
 * metrics.
 */
#ifndef FED_SHELL_COMMANDS_CLIENTS_H
#define FED_SHELL_COMMANDS_CLIENTS_H

#include "shell/language/command.h"

struct fed_clients_args {
	char filter[4096], sort[64], columns[512];
	int64_t n;
};
extern const struct fed_field fed__clients_rows[];
int fed__run_clients(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* metrics: names joined by commas; against: the metric of the horizontal axis. */
int fed__show_plot(struct fed_shell *, const char *metrics, const char *against,
                   struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/clients.h - the commands `clients` and `plot`: table of clients, curves of
 * metrics.
 */
#ifndef FED_SHELL_COMMANDS_CLIENTS_H
#define FED_SHELL_COMMANDS_CLIENTS_H

#include "shell/shell.h"

/* who NULL: the first 20 and a summary. */
int fed__show_clients(struct fed_shell *, const char *who, struct fed_error *);

/* metrics: names joined by commas; against: the metric of the horizontal axis. */
int fed__show_plot(struct fed_shell *, const char *metrics, const char *against,
                   struct fed_error *);

#endif

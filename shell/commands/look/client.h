/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/client.h - the commands `log`, `client` and `timeline`: events and
 * invitations as text.
 */
#ifndef FED_SHELL_COMMANDS_CLIENT_H
#define FED_SHELL_COMMANDS_CLIENT_H

#include "shell/language/command.h"
#include "shell/output/figure.h"

/* Filter of `log`: events that match every given argument. */
struct fed_log_args {
	int64_t n;         /* the last n of them */
	char kind[256];    /* names joined by commas, or all; "": all but steps */
	char client[4096]; /* WHO */
	char version[64];  /* 7, 3-5, 3-, -5 */
	char text[256];    /* part of the text, ignoring case */
};
extern const struct fed_field fed__log_rows[];
int fed__run_log(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* Arguments of `client`: the client, and how many of its invitations to show. */
struct fed_client_args {
	char client[128];
	int64_t n;
};
extern const struct fed_field fed__client_arg_rows[];
int fed__run_client(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* Arguments of `timeline`: clients, and how many rounds to show. */
struct fed_timeline_args {
	char who[4096];
	int64_t n;
	struct fed_figure_form to;
};
extern const struct fed_field fed__timeline_rows[];
int fed__run_timeline(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

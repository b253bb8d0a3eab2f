/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/client.h - what happened, shown as text: the commands log, client and timeline.
 */
#ifndef FED_SHELL_COMMANDS_CLIENT_H
#define FED_SHELL_COMMANDS_CLIENT_H

#include "shell/language/command.h"

/* The events that match all of what was given. */
struct fed_log_args {
	int64_t n;         /* the last n of them */
	char kind[256];    /* names joined by commas, or all; without it steps are left out */
	char client[4096]; /* WHO */
	char version[64];  /* 7, 3-5, 3-, -5 */
	char text[256];    /* part of it, capitals or not */
};
extern const struct fed_field fed_log_rows[];
int fed_run_log(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* What a client is, and the last n of its invitations. */
struct fed_client_args {
	int64_t client, n;
};
extern const struct fed_field fed_story_rows[];
int fed_run_client(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* The last n rounds, a row for each client that took part. */
struct fed_timeline_args {
	char who[4096];
	int64_t n;
};
extern const struct fed_field fed_timeline_rows[];
int fed_run_timeline(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

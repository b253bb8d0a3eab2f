/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/serve.h - the command `serve`.
 */
#ifndef FED_SHELL_COMMANDS_ROOM_SERVE_H
#define FED_SHELL_COMMANDS_ROOM_SERVE_H

#include "shell/language/command.h"

struct fed_serve_args {
	char endpoint[200];
	bool strict;
	double patience;
	int64_t most;
	char code[32];
};
extern const struct fed_field fed__serve_rows[];
int fed__run_serve(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Print what is to be typed on other machines. */
void fed__say_room(struct fed_shell *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/every.h - the command `every`: repeat a command that looks.
 */
#ifndef FED_SHELL_COMMANDS_EVERY_H
#define FED_SHELL_COMMANDS_EVERY_H

#include "shell/language/command.h"

struct fed_every_args {
	char period[32];
	int64_t n;
	char command[2000];
};
extern const struct fed_field fed__every_rows[];
int fed__run_every(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

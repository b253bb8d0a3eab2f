/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/reconstruct.h - the command `reconstruct`: inputs recovered from a client's
 * messages.
 */
#ifndef FED_SHELL_COMMANDS_RECONSTRUCT_H
#define FED_SHELL_COMMANDS_RECONSTRUCT_H

#include "shell/language/command.h"

struct fed_reconstruct_args {
	char client[128];
	int64_t example, cut, batch, steps;
	int from;
};
extern const struct fed_field fed__reconstruct_rows[];
int fed__run_reconstruct(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

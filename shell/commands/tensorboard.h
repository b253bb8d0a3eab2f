/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/tensorboard.h - the command `tensorboard`: event files of the session's runs.
 */
#ifndef FED_SHELL_COMMANDS_TENSORBOARD_H
#define FED_SHELL_COMMANDS_TENSORBOARD_H

#include "shell/language/command.h"

struct fed_tensorboard_args {
	char folder[4096];
};
extern const struct fed_field fed__tensorboard_rows[];
int fed__run_tensorboard(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/edit.h - the command `edit`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_EDIT_H
#define FED_SHELL_COMMANDS_KIT_EDIT_H

#include "shell/language/command.h"

struct fed_edit_args {
	char name[4096], old[4096], new[4096];
};
extern const struct fed_field fed__edit_rows[];
/* Open an editor on the source of a plugin, or replace a text in it. */
int fed__run_edit(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

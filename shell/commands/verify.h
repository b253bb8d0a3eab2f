/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/verify.h - the command `verify`: recordings replayed by programs of their own.
 */
#ifndef FED_SHELL_COMMANDS_VERIFY_H
#define FED_SHELL_COMMANDS_VERIFY_H

#include "shell/language/command.h"

struct fed_verify_args {
	char files[4096];
};
extern const struct fed_field fed__verify_rows[];
int fed__run_verify(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/leakage.h - the command `leakage`: how much each cut reveals about inputs and
 * labels.
 */
#ifndef FED_SHELL_COMMANDS_LEAKAGE_H
#define FED_SHELL_COMMANDS_LEAKAGE_H

#include "shell/language/command.h"

struct fed_leakage_args {
	int64_t cut, examples;
};
extern const struct fed_field fed__leakage_rows[];
int fed__run_leakage(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

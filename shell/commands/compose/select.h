/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/select.h - choice of the selection rule.
 */
#ifndef FED_SHELL_COMMANDS_SELECT_H
#define FED_SHELL_COMMANDS_SELECT_H

#include "shell/language/command.h"

struct fed_select_args {
	char name[64];
};
extern const struct fed_field fed__select_rows[];
/* The parameters of the named rule. */
const struct fed_field *fed__select_more(const struct fed_shell *, const void *args);
int fed__run_select(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

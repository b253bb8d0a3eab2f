/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/branches.h - commands on the branches of the session's history.
 */
#ifndef FED_SHELL_COMMANDS_TRAVEL_BRANCHES_H
#define FED_SHELL_COMMANDS_TRAVEL_BRANCHES_H

#include "shell/language/command.h"

struct fed_branch_args {
	char what[64], name[64], to[64];
};
extern const struct fed_field fed__branch_rows[], fed__switch_rows[];
int fed__run_branch(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_branches(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_switch(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

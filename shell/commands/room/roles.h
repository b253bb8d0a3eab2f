/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/roles.h - the commands `role`, `votes` and `reveal`.
 */
#ifndef FED_SHELL_COMMANDS_ROOM_ROLES_H
#define FED_SHELL_COMMANDS_ROOM_ROLES_H

#include "shell/language/command.h"

struct fed_role_args {
	char fault[32], who[64];
	bool secret;
};
extern const struct fed_field fed__role_rows[];
int fed__run_role(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_votes(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_reveal(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

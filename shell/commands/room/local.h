/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/local.h - the commands `start-members` and `signal-member`: members on this
 * machine.
 */
#ifndef FED_SHELL_COMMANDS_ROOM_LOCAL_H
#define FED_SHELL_COMMANDS_ROOM_LOCAL_H

#include "shell/language/command.h"

struct fed_start_members_args {
	int64_t n, samples;
	bool roles;
	char data[400], names[400];
};
extern const struct fed_field fed__start_members_rows[];
int fed__run_start_members(struct fed_shell *, const struct fed_call *, struct fed_error *);

struct fed_signal_member_args {
	char who[64];
	int what;
};
extern const struct fed_field fed__signal_member_rows[];
int fed__run_signal_member(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

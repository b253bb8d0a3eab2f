/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/wait_room.h - the command `wait-room`.
 */
#ifndef FED_SHELL_COMMANDS_ROOM_WAIT_ROOM_H
#define FED_SHELL_COMMANDS_ROOM_WAIT_ROOM_H

#include "shell/language/command.h"

struct fed_wait_room_args {
	int64_t n;
	double within;
};
extern const struct fed_field fed__wait_room_rows[];
int fed__run_wait_room(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/record.h - the command `record-room`.
 */
#ifndef FED_SHELL_COMMANDS_ROOM_RECORD_H
#define FED_SHELL_COMMANDS_ROOM_RECORD_H

#include "shell/language/command.h"

struct fed_record_room_args {
	char file[4096];
	int64_t clients;
};
extern const struct fed_field fed__record_room_rows[];
int fed__run_record_room(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif

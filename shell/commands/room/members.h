/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/members.h - the command `room`, and counts of members.
 */
#ifndef FED_SHELL_COMMANDS_ROOM_MEMBERS_H
#define FED_SHELL_COMMANDS_ROOM_MEMBERS_H

#include "shell/language/command.h"

struct fed_room;

int fed__run_room(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Append "5 here, 1 waits for approval, 1 left". */
int fed__put_members(struct fed_text *, const struct fed_room *, struct fed_error *);

#endif

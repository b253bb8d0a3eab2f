/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/serving/local_members.h - members on this machine, for lessons and for trying a room out:
 * each is a `fedsh join` in a process of its own, with a key pair of its own.
 *
 * They end with the room.  What they print goes to a file in a temporary folder, which is removed
 * with them.
 */
#ifndef FED_SHELL_SERVING_LOCAL_MEMBERS_H
#define FED_SHELL_SERVING_LOCAL_MEMBERS_H

#include "shell/shell.h"

struct fed_local_member {
	char name[24];
	pid_t pid; /* 0: it has ended */
	bool paused;
};
struct fed_local_members {
	struct fed_local_member *of; /* [n] */
	uint32_t n;
	char folder[64]; /* "": none was made */
};

/* Start a member with this data (member.h), in the room that is open. */
int fed__local_member_start(struct fed_shell *, const char *name, const char *data, bool roles,
                            struct fed_error *);
bool fed__local_member_runs(struct fed_shell *, const char *name);
enum fed_member_signal { FED_SIGNAL_KILL, FED_SIGNAL_PAUSE, FED_SIGNAL_WAKE };
/* FED_REJECT: no such member runs here. */
int fed__local_member_signal(struct fed_shell *, const char *name, enum fed_member_signal,
                             struct fed_error *);
/* End all, and forget them. */
void fed__local_members_end(struct fed_shell *);

#endif

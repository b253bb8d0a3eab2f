/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/serving/serving.h - the room of a shell, while no round runs.
 *
 * A room belongs to the thread that has the session.  Within a round the session's transport takes
 * what comes; between commands it is taken here: by the prompt, by the watch's thread where it has
 * taken the session, by commands that wait.
 */
#ifndef FED_SHELL_SERVING_SERVING_H
#define FED_SHELL_SERVING_SERVING_H

#include "room/room.h"
#include "shell/shell.h"

/* Who looks at the room: shell->room_source. */
void fed__serving_init(struct fed_shell *);
/* Open the room of the session.  FED_REJECT: session or endpoint are not fit for one. */
int fed__serving_open(struct fed_shell *, const struct fed_room_options *, struct fed_error *);
/* Tell the members why, and close; the session stays.  Without a room nothing is done. */
void fed__serving_close(struct fed_shell *, const char *why);
/* Another session has taken the place of the one that served (`reset`, `restore`): the room stays
 * open for it, or is closed where it has clients that are simulated; both are said. */
void fed__serving_renew(struct fed_shell *);
/* `restart`: the clients stay; answers to earlier rounds are ignored. */
void fed__serving_restart(struct fed_shell *);
/* FED_REJECT: a room is open; `refused` completes "a room is open, and ...". */
int fed__serving_check_closed(const struct fed_shell *, const char *refused, struct fed_error *);

/* Whether something came, or silence is to be looked at: then attend with the session.  Called by
 * any thread, like fed__serving_descriptor(); a room that closes meanwhile is due once more at
 * most. */
bool fed__serving_is_due(const struct fed_shell *);
/* Take what came; what people are told is printed. */
void fed__serving_attend(struct fed_shell *);
/* The same, appended to a text: for a prompt, above whose line it stands. */
void fed__serving_attend_to(struct fed_shell *, struct fed_text *said);
/* Print such a text: it has its colours already. */
void fed__serving_say(struct fed_shell *, struct fed_text *said);
/* Wait until the descriptor can be read, for at most so many seconds (INFINITY: as long as it
 * takes), and attend meanwhile where this thread has the session; what people are told is appended
 * to said, or printed where that is NULL.  1: it can be read; 0: time is over; -1: Ctrl-C came, or
 * a signal that ends the program. */
int fed__serving_wait(struct fed_shell *, int fd, double seconds, struct fed_text *said);
/* Standard input as a stream that attends while it waits for more.  NULL: no memory. */
FILE *fed__serving_input(struct fed_shell *);
/* For poll(): readable when something came; -1: no room is open. */
int fed__serving_descriptor(const struct fed_shell *);

#endif

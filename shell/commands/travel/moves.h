/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/travel/moves.h - commands that go back and forward in the history of the session.
 */
#ifndef FED_SHELL_COMMANDS_TRAVEL_MOVES_H
#define FED_SHELL_COMMANDS_TRAVEL_MOVES_H

#include "shell/language/command.h"

struct fed_place;

struct fed_undo_args {
	int64_t n;
};
extern const struct fed_field fed__undo_rows[];
int fed__run_undo(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_redo(struct fed_shell *, const struct fed_call *, struct fed_error *);

struct fed_play_args {
	int64_t to; /* 0: to where the branch ends */
};
extern const struct fed_field fed__play_rows[];

struct fed_rewind_args {
	char where[2000];
};
extern const struct fed_field fed__rewind_rows[];
int fed__run_rewind(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_play(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_versions(struct fed_shell *, const struct fed_call *, struct fed_error *);

/* A command of a revision that follows the present place on the way to one that was left: ", before
 * `inject late 3`"; and that redo goes forward again. */
void fed__say_next(struct fed_shell *, struct fed_place left);
/* Say where the session is after a move: "back at version 12 (3.2 s)". */
void fed__say_place(struct fed_shell *, const char *way);

#endif

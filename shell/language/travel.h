/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/travel.h - the shell's side of time travel (travel/travel.h): commands become
 * revisions, and a move takes journal and recording along.
 */
#ifndef FED_SHELL_LANGUAGE_TRAVEL_H
#define FED_SHELL_LANGUAGE_TRAVEL_H

#include "shell/language/command.h"

struct fed_place;

/* play: a line as a replay plays it, fed__execute_quietly(). */
int fed__travel_init(struct fed_shell *,
                     int (*play)(void *shell, const char *line, struct fed_error *),
                     struct fed_error *);
/* Apply the settings about the history; FED_FAIL unless a text says how much memory it gets. */
void fed__travel_apply(struct fed_shell *);
int fed__travel_check_memory(const char *typed, struct fed_error *);

/* What a command may do to the history, from its beginning to its end. */
struct fed_travel_call {
	bool counts, groups; /* it may be a revision; it runs commands that `undo` takes back at once */
	struct fed_text carried; /* lines that set the breakpoints which came along, or empty */
	size_t journal;          /* length of the journal before it, and how often it began anew: */
	uint64_t restarts;
	uint32_t revision;      /* of the place before it */
	uint64_t versions, run; /* of the run before it (struct fed_session_status) */
	struct fed_record last; /* of its history, of so many: */
	size_t records;
};
/* looks: the call changes nothing, though its command may. */
void fed__travel_before(struct fed_shell *, const struct fed_command *, bool looks,
                        struct fed_travel_call *);
void fed__travel_after(struct fed_shell *, const struct fed_command *, struct fed_travel_call *,
                       enum fed_exit result);
/* A command that runs others made the journal begin anew, with the session as it is now. */
void fed__travel_restarted(struct fed_shell *);

/* The history moved: journal, recording and what is known of the versions follow. */
void fed__travel_follow(struct fed_shell *);
/* FED_REJECT: the session cannot go to another version: it serves a room. */
int fed__travel_check(const struct fed_shell *, struct fed_error *);
/* Go to a place, with the journal of then. */
int fed__travel_to(struct fed_shell *, struct fed_place, struct fed_error *);
int fed__travel_undo(struct fed_shell *, uint64_t commands, struct fed_error *);
int fed__travel_redo(struct fed_shell *, struct fed_error *);
int fed__travel_switch(struct fed_shell *, const char *branch, struct fed_error *);
#endif

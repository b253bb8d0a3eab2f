/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/travel.h - time travel: the history of a session as a tree, and the way to any place of
 * it.
 *
 * The host tells when commands begin and end, and when a version was made.  Snapshots are taken so
 * often that they cost a fiftieth of the time; a place between two is had by replay, which gives
 * the same bits.  The session is used by one thread at a time, and so is its history.
 */
#ifndef FED_TRAVEL_TRAVEL_H
#define FED_TRAVEL_TRAVEL_H

#include "travel/tree.h"

struct fed_travel;
struct fed_travel_host {
	void *ctx;
	/* Play a line of the journal: without output, without recording it. */
	int (*play)(void *ctx, const char *line, struct fed_error *);
	/* Append the folder of a file with snapshots, which is made if there is none; false: nowhere.
	 */
	bool (*folder)(void *ctx, struct fed_text *);
	/* Whether a line of a file may be played: a comment, or a command that changes sessions.  NULL:
	 * each may. */
	bool (*allows)(void *ctx, const char *line);
};

/* The history of a session begins with its present state. */
int fed_travel_new(struct fed_travel **, struct fed_session *, const struct fed_travel_host *,
                   struct fed_error *);
void fed_travel_free(struct fed_travel *); /* NULL is fine */
/* Bytes of snapshots in memory, and in a file with what is beyond.  What is beyond both has fewer
 * snapshots, and takes longer to go to. */
void fed_travel_limit(struct fed_travel *, size_t memory, uint64_t disk);
/* Why the file of snapshots is missing or cannot grow, so that there are fewer; "": it can. */
const char *fed_travel_file_failure(const struct fed_travel *);
/* A snapshot every so many versions; 0: by what they cost. */
void fed_travel_set_spacing(struct fed_travel *, uint64_t versions);

/* Recording ------------------------------------------------------------------------------- */

/* A command begins; discards: it may end the run.  Commands that it runs are a part of it. */
void fed_travel_begin(struct fed_travel *, bool discards);
/* Keep the event log of the present place, which is about to be left otherwise. */
void fed_travel_leave(struct fed_travel *);
/* Whether a command runs that may become a revision. */
bool fed_travel_is_recording(const struct fed_travel *);
/* The running command made a version. */
void fed_travel_version(struct fed_travel *);
/* What a command did to the session. */
struct fed_travel_entry {
	const char *lines;   /* of the journal, each ended by a newline; "": it changed nothing */
	const char *carried; /* those that set the breakpoints which came along; NULL: none did */
	bool restarts;       /* the journal begins anew with them */
	bool single;         /* it is one line, and ended by itself */
	bool outside;        /* it depends on files, which may be others later */
	uint32_t group;      /* 0: none */
	uint32_t carried_group;
	const char *notes[2]; /* of the host, which gets them back; NULL is fine */
};
/* The command ended.  *forked: the new branch that it began (its number), or UINT32_MAX. */
int fed_travel_end(struct fed_travel *, const struct fed_travel_entry *, uint32_t *forked,
                   struct fed_error *);
/* A number for a group of commands. */
uint32_t fed_travel_new_group(struct fed_travel *);

/* Breakpoints go along with a search through the past (search.h): where the place that it came to
 * has others, the lines of the journal that set them are appended.  They become a revision of their
 * own before that of the next command that changes the session (fed_travel_entry.carried); false:
 * there are none. */
bool fed_travel_carried(const struct fed_travel *, struct fed_text *lines);

/* Files ------------------------------------------------------------------------------------ */

/* Save the session with its history: revisions, branches, snapshots some 50 versions apart. */
int fed_travel_save(struct fed_travel *, const char *path, struct fed_error *);
/* As fed_session_save_unsynced(), with the history where its snapshots are small. */
int fed_travel_save_unsynced(struct fed_travel *, const char *path, struct fed_error *);
/* Restore a session.  The history of its file follows the present place from the end of the running
 * command on, which is no revision then; without one the command is. */
int fed_travel_restore(struct fed_travel *, const char *path, struct fed_error *);
/* The first branch of the history that the last command restored; UINT32_MAX: none. */
uint32_t fed_travel_arrived(const struct fed_travel *);

/* Places ----------------------------------------------------------------------------------- */

const struct fed_tree *fed_travel_tree(const struct fed_travel *);
struct fed_place fed_travel_place(const struct fed_travel *);
uint32_t fed_travel_branch(const struct fed_travel *); /* that the place is on */
/* The versions of the present run on the present branch. */
struct fed_course {
	uint64_t first, here, last; /* first: the version that the history or the run begins with */
	bool behind;                /* commands follow the present place on the branch */
	const char *branch;
};
struct fed_course fed_travel_course(const struct fed_travel *);
/* While the history goes somewhere, hooks see the versions on the way. */
bool fed_travel_is_moving(const struct fed_travel *);
/* The revision whose versions are being made again then. */
uint32_t fed_travel_playing(const struct fed_travel *);
/* Bytes of all snapshots, and how many there are. */
size_t fed_travel_memory(const struct fed_travel *);
uint64_t fed_travel_disk(const struct fed_travel *);
uint32_t fed_travel_snapshots(const struct fed_travel *);

/* The last place on the present branch, before or after the present one, at which this run had a
 * version.  The place on the path to the present one before fault number k was injected. */
int fed_travel_at_version(const struct fed_travel *, uint64_t version, struct fed_place *,
                          struct fed_error *);
int fed_travel_before_fault(const struct fed_travel *, uint64_t number, struct fed_place *,
                            struct fed_error *);
/* The last place on the paths to both of two places. */
struct fed_place fed_travel_common(const struct fed_travel *, struct fed_place, struct fed_place);
/* Append the lines of the journal that lead from one place to another one after it. */
void fed_travel_lines(const struct fed_travel *, struct fed_place from, struct fed_place to,
                      struct fed_text *);
/* Where a branch ends; false: there is none of that name. */
bool fed_travel_tip(const struct fed_travel *, const char *name, struct fed_place *);
/* Append the lines of the journal that lead from the last new beginning to a place. */
void fed_travel_journal(const struct fed_travel *, struct fed_place, struct fed_text *);

/* Going ------------------------------------------------------------------------------------ */

/* Make the last version of a place again where that takes no longer than so many seconds, rather
 * than to restore it: then its updates and verdicts are there, which a snapshot has not. */
void fed_travel_set_remake(struct fed_travel *, double seconds);
/* Bring the session to a place.  On failure it is where it was.  FED_REJECT: interrupted. */
int fed_travel_go(struct fed_travel *, struct fed_place, struct fed_error *);
/* Call `look` with the session at a place, and bring it back. */
int fed_travel_visit(struct fed_travel *, struct fed_place,
                     int (*look)(void *ctx, struct fed_error *), void *ctx, struct fed_error *);
/* Go back to before the last n commands; those of a group count as one, but of the open one. */
int fed_travel_undo(struct fed_travel *, uint64_t n, uint32_t open_group, struct fed_error *);
/* Forward again to where the last move came from. */
int fed_travel_redo(struct fed_travel *, struct fed_error *);

/* Branches ---------------------------------------------------------------------------------- */

/* Begin a branch here: what follows is on it. */
int fed_travel_fork(struct fed_travel *, const char *name, struct fed_error *);
/* Go to where a branch ends. */
int fed_travel_switch(struct fed_travel *, const char *name, struct fed_error *);
int fed_travel_rename(struct fed_travel *, const char *name, const char *to, struct fed_error *);
/* Forget a branch and what it alone leads to; refused for the present one. */
int fed_travel_delete(struct fed_travel *, const char *name, struct fed_error *);

#endif

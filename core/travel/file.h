/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/file.h - the history of a session in its file: sections "+chunk" and "+tree".
 */
#ifndef FED_TRAVEL_FILE_H
#define FED_TRAVEL_FILE_H

#include "checkpoint/columns.h"
#include "travel/internal.h"

/* In file order; places have columns of their own. */
extern const struct fed_record_column fed__place_columns[];
extern const struct fed_record_column fed__revision_columns[];
extern const struct fed_record_column fed__kept_columns[];
extern const struct fed_record_column fed__branch_columns[];

/* How the notes of a revision are written. */
enum { FED_NOTE_NONE, FED_NOTE_SAME, FED_NOTE_TEXT, FED_NOTE_KINDS };

/* The history that a file has, until it becomes a part of this one. */
struct fed_arriving {
	struct fed_tree tree;
	struct fed_place at;
	uint32_t branch, groups, runs;
	bool carries; /* its session has other breakpoints than the place */
};
void fed__arriving_free(struct fed_arriving *, struct fed_snapshots *); /* NULL is fine */
/* Read the history of a file, if it has one; the loader fails where it is not whole. */
void fed__load_history(struct fed_loader *, struct fed_travel *, struct fed_arriving **);
/* Write the history: revisions, branches, and snapshots some way apart. */
void fed__save_history(struct fed_saver *, struct fed_travel *);
/* Bytes that its snapshots take there. */
uint64_t fed__history_bytes(struct fed_travel *);

/* Make the history that arrived a part of this one, behind the present place, and its present place
 * this one's; group: of the command.  FED_FAIL: no memory, and nothing has changed. */
int fed__travel_graft(struct fed_travel *, struct fed_arriving *, uint32_t group,
                      struct fed_error *);
/* Whether this history has all revisions of the one that arrived: its present place, and a branch
 * that goes there. */
bool fed__travel_match(const struct fed_travel *, const struct fed_arriving *, struct fed_place *,
                       uint32_t *branch);
/* Forget what arrived and was not grafted. */
void fed__travel_drop_arriving(struct fed_travel *);

#endif

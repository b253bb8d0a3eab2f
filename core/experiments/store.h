/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/store.h - a file of studies and their runs, round by round (SQLite).
 *
 * Tables `study`, `run` and `round`; the view `rounds` has the whole composition in each row, for
 * other programs.  Each change is one transaction: what was killed, or met a full disk, has changed
 * nothing.  A study that is being run is locked (by its number, in the file PATH.lock); a kill
 * frees it.  All functions of one store are called by one thread.
 *
 * Figures are kept bit for bit, NaN as NULL.  A file from a later program may have more columns;
 * one from an earlier program gets those that it lacks.
 */
#ifndef FED_EXPERIMENTS_STORE_H
#define FED_EXPERIMENTS_STORE_H

#include "base/text.h"
#include "history/metrics.h"

struct fed_store;

#define FED_STUDY_NAME_MAX 32        /* bytes, with the NUL */
#define FED_STUDY_ROUNDS_MAX 1000000 /* of a run */

struct fed_stored_study {
	int64_t id;
	char name[FED_STUDY_NAME_MAX];
	char *factors, *until, *composition; /* until "": no condition */
	char *commands;                      /* that made its session, a line each; "": unknown */
	char *began;                         /* UTC, ISO 8601 */
	uint64_t rounds;                     /* of each run, at most */
	uint64_t cells;
	struct fed_text snapshot; /* of its session; read by fed_store_snapshot() alone */
	uint64_t played, failed;  /* runs that there are; those of them that failed */
};
void fed_stored_study_release(struct fed_stored_study *); /* zeroed is fine */

/* A run, or the part of it that is to be kept. */
struct fed_stored_run {
	int64_t id;
	uint64_t cell, rounds, clients;
	bool reached;
	double seconds; /* wall */
	const char *levels, *composition, *program, *plugins, *why;
	const char *scheme;
	const char *ended; /* UTC; set by the store */
};

/* What a store is opened for: to look, which writes nothing into the file, to change what is in it,
 * or also to make it. */
enum fed_store_use { FED_STORE_LOOK, FED_STORE_CHANGE, FED_STORE_MAKE };
/* FED_REJECT: the file is not there, and not to be made; or the program was built without SQLite.
 * A file from an earlier program gets what it lacks in one transaction, unless it is looked at. */
int fed_store_open(struct fed_store **, const char *path, enum fed_store_use, struct fed_error *);
void fed_store_close(struct fed_store *); /* NULL is fine */

/* FED_REJECT: there is no study of this name; the error has the nearest one. */
int fed_store_find(struct fed_store *, const char *name, struct fed_stored_study *,
                   struct fed_error *);
int fed_store_snapshot(struct fed_store *, int64_t study, struct fed_text *, struct fed_error *);
/* Add a study; sets id and began. */
int fed__store_add(struct fed_store *, struct fed_stored_study *, struct fed_error *);
int fed_store_remove(struct fed_store *, int64_t study, struct fed_error *);
/* Calls in the order of the studies' names, and of the cells; what is taken is valid during the
 * call.  A false ends it. */
int fed_store_each_study(struct fed_store *,
                         bool (*take)(void *ctx, const struct fed_stored_study *), void *ctx,
                         struct fed_error *);
int fed_store_each_run(struct fed_store *, int64_t study,
                       bool (*take)(void *ctx, const struct fed_stored_run *), void *ctx,
                       struct fed_error *);
/* Keep a run with its rounds; one of the same cell is replaced. */
int fed__store_put(struct fed_store *, int64_t study, const struct fed_stored_run *,
                   const struct fed_history *, struct fed_error *);
/* FED_REJECT: there is none. */
int fed_store_remove_run(struct fed_store *, int64_t study, uint64_t cell, struct fed_error *);
/* The rounds of a run, appended. */
int fed_store_history(struct fed_store *, int64_t run, struct fed_history *, struct fed_error *);
/* A metric of each round of each run of a study, by cell and round. */
int fed__store_figures(struct fed_store *, int64_t study, const struct fed_field *metric,
                       bool (*take)(void *ctx, uint64_t cell, uint64_t round, double value),
                       void *ctx, struct fed_error *);

/* See the file as it is now until this ends, whatever other programs add. */
int fed__store_freeze(struct fed_store *, bool on, struct fed_error *);
/* Tests: wait so long for other programs; begin or end a change that keeps others from theirs. */
void fed__store_patience(struct fed_store *, int milliseconds);
int fed__store_hold(struct fed_store *, bool on, struct fed_error *);

/* Lock a study while it is run or removed.  FED_REJECT: another program runs it. */
int fed_store_lock(struct fed_store *, const struct fed_stored_study *, struct fed_error *);
void fed_store_unlock(struct fed_store *, const struct fed_stored_study *);

#endif

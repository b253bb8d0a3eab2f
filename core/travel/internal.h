/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/internal.h - definition of struct fed_travel, for core/travel.
 */
#ifndef FED_TRAVEL_INTERNAL_H
#define FED_TRAVEL_INTERNAL_H

#include "session/breakpoints.h"
#include "travel/logs.h"
#include "travel/travel.h"

#define FED_WAYS_MAX 64u

/* A move that `redo` takes back. */
struct fed_way {
	struct fed_place place;
	uint32_t branch, arrivals; /* arrivals: as fed_travel.arrivals_here */
};

#define FED_ARRIVALS_MAX 64u

/* Where a file was restored: `undo` goes from there to where the session was. */
struct fed_arrival {
	struct fed_place at, from;
	uint32_t branch;    /* that it was on */
	uint32_t group;     /* of the command that restored */
	uint32_t revisions; /* of the history before it */
};

struct fed_arriving;
struct fed_travel {
	struct fed_session *session; /* the host's */
	struct fed_travel_host host;
	struct fed_snapshots snapshots;
	struct fed_tree tree;
	struct fed_left_logs logs;
	struct fed_place at;
	uint32_t branch;
	struct fed_way way[FED_WAYS_MAX]; /* [n_ways], the last move last */
	uint32_t n_ways;
	double remake;         /* seconds that the last version of a place may take to be made again */
	uint32_t groups, runs; /* numbers given so far */
	uint64_t spacing;      /* versions; 0: by cost */
	double rested;         /* wall seconds when the last snapshot was made or the command began */
	double work;           /* seconds of commands and versions since the last snapshot */
	double tried;          /* the same when the last attempt at one failed */
	/* The running command. */
	unsigned depth;             /* of commands that run others: one revision for all of them */
	bool compound;              /* another one ran inside it */
	struct fed_revision before; /* what the session was when it began; owns nothing */
	uint64_t run_before;        /* fed_session_status.runs */
	struct fed_kept_snapshot *pending; /* [n_pending] of its versions */
	uint32_t n_pending, pending_capacity;
	/* The present breakpoints were carried to an earlier place, which has others. */
	bool carries;
	struct fed_arriving
		*arriving; /* owned: it was restored with the session (file.h); NULL: none */
	struct fed_arrival arrival[FED_ARRIVALS_MAX]; /* [n_arrivals], the last one last */
	uint32_t arrivals_here; /* the first so many came before the present place: `undo` sees them */
	uint32_t n_arrivals, arrived; /* arrived: first branch of the last one, or UINT32_MAX */
	/* Going somewhere. */
	bool moving;
	bool away;                         /* the session is not at the place any more */
	const struct fed_snapshot *needed; /* for the way back; thinning leaves it */
	bool shortened;                    /* by a run that ends before it did: no snapshot is kept */
	uint32_t playing;                  /* the revision that is being replayed */
};

/* Steps of the open round; 0: none is open. */
uint64_t fed__travel_steps(const struct fed_session *);
/* A command follows the present place: arrivals that were gone back on are forgotten. */
void fed__travel_settle_arrivals(struct fed_travel *);
/* The place before the last n commands (groups count as one), and how many arrivals are before it.
 */
int fed__travel_before_commands(const struct fed_travel *, uint64_t n, uint32_t open_group,
                                struct fed_place *, uint32_t *arrivals, struct fed_error *);
/* The arrivals that are before a place on the way to the present one. */
uint32_t fed__travel_arrivals_at(const struct fed_travel *, struct fed_place);
/* The last place on the path to `to` with this version, and steps of the next round. */
bool fed__travel_find(const struct fed_travel *, struct fed_place to, uint64_t version,
                      uint64_t steps, struct fed_place *);
/* Bring the session to a place, by a snapshot and a replay. */
int fed__travel_replay(struct fed_travel *, struct fed_place, struct fed_error *);
/* The same from the last snapshot before a place, telling a probe of the steps in between.
 * FED_FAIL: also where there is none. */
int fed__travel_replay_before(struct fed_travel *, struct fed_place end, struct fed_probe *,
                              struct fed_place *begin, struct fed_error *);

/* Make the versions and steps up to these inside a command, as it did. */
int fed__travel_run_to(struct fed_travel *, uint64_t version, uint64_t steps, struct fed_error *);

/* A move, which sets aside what would see the way: the session may be taken anywhere until its end,
 * where it is at a place (to), or brought back where it was (NULL, or rc is no FED_OK). */
struct fed_move {
	struct fed_snapshot *present;
	struct fed_snapshot kept; /* the tree's, which it borrows, but for the mark in the event log */
	size_t sinks;
	struct fed_pause_hook pause;
};
int fed__move_begin(struct fed_travel *, struct fed_move *, struct fed_error *);
/* Returns rc, or FED_FAIL with what went wrong in addition. */
int fed__move_end(struct fed_travel *, struct fed_move *, const struct fed_place *to, int rc,
                  struct fed_error *);
/* The same, which `redo` takes back. */
int fed__move_to(struct fed_travel *, struct fed_move *, const struct fed_place *to, int rc,
                 struct fed_error *);

/* The place at which a version of the present run was made; false: not on the path. */
bool fed__travel_made_at(const struct fed_travel *, uint64_t version, struct fed_place *);
/* The place in a revision with this version and steps: its beginning, its end, or inside. */
struct fed_place fed__travel_place_in(const struct fed_travel *, uint32_t revision,
                                      uint64_t version, uint64_t steps);
/* Forget all, and begin with the present state. */
void fed__travel_begin_anew(struct fed_travel *);
/* Take a snapshot of the session as it is, in its place of the event log.  FED_REJECT: it is too
 * large to keep beside others. */
int fed__travel_snapshot(struct fed_travel *, struct fed_snapshot **, struct fed_error *);
/* The same, of any size. */
int fed__travel_snapshot_of_any_size(struct fed_travel *, struct fed_snapshot **,
                                     struct fed_error *);
/* A snapshot was kept: work is counted from here, and there may be too many now. */
void fed__travel_kept(struct fed_travel *);
/* Whether a snapshot is due: enough work was done since the last one. */
bool fed__travel_is_due(struct fed_travel *, bool at_version);
/* Remove snapshots until memory and file hold what they may. */
void fed__travel_thin(struct fed_travel *);
/* Digest of the session's last record. */
uint64_t fed__travel_digest(const struct fed_session *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/tree.h - tree of revisions: what each command made of the session, on branches.
 *
 * A revision is a command of the journal, or several lines of it that belong together, with the
 * state of the session after it.  A command that makes rounds has places inside it, too: one for
 * each version.  Revision 0 is the session as it was when the history began.
 */
#ifndef FED_TRAVEL_TREE_H
#define FED_TRAVEL_TREE_H

#include "history/metrics.h"
#include "travel/snapshots.h"

/* A place in the tree: after a revision, or inside it, when it had made a version and perhaps some
 * steps of the next round. */
struct fed_place {
	uint32_t revision;
	bool inside;
	uint64_t version, steps; /* inside; else 0 */
};
static inline bool fed_place_is(struct fed_place a, struct fed_place b)
{
	return a.revision == b.revision && a.inside == b.inside && a.version == b.version &&
	       a.steps == b.steps;
}

/* A snapshot at a place of its revision. */
struct fed_kept_snapshot {
	uint64_t version;
	bool inside;
	bool pinned; /* the place cannot be had by replay */
	double work; /* seconds of work since the snapshot before it on the path */
	struct fed_snapshot *snapshot;
};

struct fed_revision {
	struct fed_place from;
	uint32_t branch; /* that it was made on */
	uint32_t
		group;     /* the same for all that one line ran: `undo` takes them back at once; 0: none */
	uint32_t run;  /* number of the run from version 0 on; another command may begin another one */
	char *lines;   /* of the journal, each ended by a newline */
	bool restarts; /* the journal begins anew with these lines */
	bool single;   /* one line that ended by itself: what is left of a run says how to finish it */
	bool complete; /* nothing of a run was left to continue */
	bool gone;     /* it belongs to no branch any more */
	uint64_t version_before, version; /* before and after it, with the steps of the open round: */
	uint64_t steps_before, steps;
	uint64_t faults; /* injected so far */
	double clock;
	uint64_t digest; /* of the last record (history/metrics.h); 0: no round was made yet */
	char *notes[2];  /* of the host (travel.h) */
	struct fed_kept_snapshot *kept; /* [n_kept] by version, the one after the revision last */
	uint32_t n_kept, kept_capacity;
};

#define FED_BRANCH_NAME 40
struct fed_branch {
	char name[FED_BRANCH_NAME + 1]; /* "": the branch was deleted */
	struct fed_place fork;          /* where it leaves the branch that it comes from */
	struct fed_place tip;
	uint32_t of; /* that branch; its own number: none */
	/* The session's history when it left the place `left` last; empty: it never did. */
	struct fed_history history;
	struct fed_place left;
};

struct fed_tree {
	struct fed_revision *revision; /* [n] */
	uint32_t n, capacity;
	struct fed_branch *branch; /* [n_branches] */
	uint32_t n_branches, branch_capacity;
};
void fed__tree_release(struct fed_tree *, struct fed_snapshots *);
void fed__revision_release(struct fed_revision *, struct fed_snapshots *);
/* Add a revision, whose strings the tree takes; also on FED_FAIL. */
int fed__tree_add(struct fed_tree *, struct fed_revision *, uint32_t *number, struct fed_error *);
/* Keep a snapshot, which the tree takes; FED_FAIL: no memory, and it is the caller's. */
int fed__tree_keep(struct fed_tree *, uint32_t revision, const struct fed_kept_snapshot *,
                   struct fed_error *);
/* A new branch from here; the name must be free. */
int fed__tree_fork(struct fed_tree *, const char *name, struct fed_place, uint32_t of,
                   uint32_t *branch, struct fed_error *);
/* Number of the branch of a name; UINT32_MAX: none. */
uint32_t fed__tree_branch(const struct fed_tree *, const char *name);
/* FED_FAIL with the reason unless a branch may be called so. */
int fed__tree_check_name(const struct fed_tree *, const char *name, struct fed_error *);

/* The version that the session has at a place. */
uint64_t fed_place_version(const struct fed_tree *, struct fed_place);
/* Places of the path to this one, the first one first, which is in revision 0; fed_free().  NULL:
 * no memory. */
struct fed_place *fed_tree_path(const struct fed_tree *, struct fed_place, uint32_t *n);
/* Whether one place is on the path that leads to the other, or is the same. */
bool fed__place_leads_to(const struct fed_tree *, struct fed_place, struct fed_place to);
/* Remove the revisions after a place that are on no branch's path. */
void fed__tree_prune(struct fed_tree *, struct fed_snapshots *);

#endif

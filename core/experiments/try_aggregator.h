/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/try_aggregator.h - test of an aggregator on updates from a file, or on those of the
 * last round, outside the session's run.
 */
#ifndef FED_EXPERIMENTS_TRY_AGGREGATOR_H
#define FED_EXPERIMENTS_TRY_AGGREGATOR_H

#include "plug/calls/call.h"
#include "session/session.h"

struct fed_trial {
	size_t n, dim, ld;
	float *rows;                 /* [n][ld] */
	float *step;                 /* [dim] */
	struct fed_update *update;   /* [n]; client is the row, of the last round the client */
	struct fed_verdict *verdict; /* [n] */
	struct fed_trust *trust;     /* [n] */
	struct fed_text *refused;    /* [n]: why a row was refused; empty: it was not */
	struct fed_text notes;       /* lines from the aggregator */
	struct fed_text settings;    /* of the aggregator: "f=3 after=nnm after.f=3" */
	struct fed_instance aggregator;
	double seconds; /* wall, of the aggregation */
	bool read;      /* the files were read */
};
/* Rows of `file` (NumPy, two dimensions) are the updates of clients 0, 1, ...; `weights` (NumPy,
 * one number a row) or NULL: 1 each.  NaN counts as infinite.  file NULL: the updates of the
 * session's last round, with their weights.  The aggregator has the settings given, the session's
 * seed and threads, and a model of zeros.  FED_REJECT: there is no such aggregator or setting. */
int fed_try(struct fed_trial *, const struct fed_session *, const char *aggregator,
            const struct fed_assign *, size_t n, const char *file, const char *weights,
            struct fed_error *);
/* Save the step as a NumPy array of one dimension. */
int fed_trial_save(const struct fed_trial *, const char *path, struct fed_error *);
void fed_trial_release(struct fed_trial *); /* zeroed is fine */

/* Save the last version's updates as a file for fed_try, a row each in the order of the verdicts.
 * With the ending .npz an archive: "updates", the rows, and "clients", their numbers.
 * FED_REJECT: there are none; FED_FAIL: the file cannot be written. */
int fed_updates_save(const struct fed_session *, const char *path, struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/last_version.h - read-only view of a session at its last version, without the open
 * round.
 *
 * A snapshot holds the session at the beginning of the open round and the user's edits since then.
 * All of that is known while the round runs: the values that an abort would restore, and those that
 * edits replaced.  So saving rolls nothing back and only reads the session.
 */
#ifndef FED_CHECKPOINT_LAST_VERSION_H
#define FED_CHECKPOINT_LAST_VERSION_H

#include "session/internal.h"
#include "train/in_flight.h"

/* Borrows from the session, which must not change until this is released. */
struct fed_last_version {
	const struct fed_session *session; /* for all that an open round cannot change */
	uint64_t steps;                    /* of the open round; 0: none is open */
	struct fed_settings settings;
	struct fed_progress progress;    /* params NULL: version 0 */
	const struct fed_client *client; /* [session->parts.clients.n] */
	const struct fed_faults *faults; /* with numbers up to faults_made; settled figures count */
	uint64_t faults_made;
	const struct fed_instance_backup *aggregator; /* NULL: the instance's present state */
	const struct fed_instance_backup *selection;  /* likewise */
	const struct fed_in_flight *in_flight;
	/* owned */
	struct fed_client *row; /* rolled back copies; NULL: no round is open */
	struct fed_in_flight taken;
};
/* Waits for the trainings that are in flight.  FED_FAIL: no memory; or a round is open over real
 * connections, which cannot be repeated. */
int fed__last_version_init(struct fed_last_version *, const struct fed_session *,
                           struct fed_error *);
void fed__last_version_release(struct fed_last_version *); /* zeroed is fine */

#endif

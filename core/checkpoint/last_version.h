/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/last_version.h - a session as its last version left it, without the open round.
 *
 * A snapshot holds the session at the beginning of the open round and what the user edited since.
 * All of that is known while the round runs: what an abort would put back, and what edits replaced.
 * So nothing is taken back to be saved; the session is only read.
 */
#ifndef FED_CHECKPOINT_LAST_VERSION_H
#define FED_CHECKPOINT_LAST_VERSION_H

#include "session/internal.h"
#include "train/in_flight.h"

/* Borrows from the session, which must stay as it is until this is released. */
struct fed_last_version {
	const struct fed_session *session; /* for all that an open round does not change */
	uint64_t steps;                    /* that the open round has made; 0: none is open */
	struct fed_settings settings;
	struct fed_progress progress;    /* params NULL: at the beginning */
	const struct fed_client *client; /* [session->parts.clients.n] */
	const struct fed_faults *faults; /* those up to number faults_made; figures settled */
	uint64_t faults_made;
	const struct fed_instance_backup *aggregator; /* NULL: as the instance is */
	const struct fed_in_flight *in_flight;
	/* owned */
	struct fed_client *row;
	struct fed_in_flight taken;
};
/* Waits for the trainings that are in flight.  FED_FAIL: no memory; or a round is open over real
 * connections, which cannot be repeated. */
int fed_last_version_init(struct fed_last_version *, const struct fed_session *,
                          struct fed_error *);
void fed_last_version_release(struct fed_last_version *); /* zeroed is fine */

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/in_flight.h - snapshot of what is in flight between two versions, and its return.
 *
 * Under scheme async clients are at work when a version is complete; under any scheme faults may
 * hold messages back.  The snapshot has references: only the tables are copied.  A training that is
 * joined while a snapshot refers to it keeps its result, and need not run again.  Simulated
 * transports only.
 */
#ifndef FED_TRAIN_IN_FLIGHT_H
#define FED_TRAIN_IN_FLIGHT_H

#include "train/round/message_faults.h"
#include "train/local/trainer.h"

struct fed_in_flight {
	struct fed_invitation
		*open; /* [open_capacity], with the places of its hash table: they are an order */
	uint32_t n_open, open_capacity;
	struct fed_queued_event *due; /* [n_due] */
	size_t n_due;
	struct fed_message_in_flight *flying; /* [n_flying], by id */
	size_t n_flying;
	struct fed_training **training; /* [slots]; NULL: none in this slot */
	uint32_t slots;
	struct fed_held *held; /* [n_held] */
	size_t n_held;
	struct fed_known_update *known; /* [n_known]: honest updates that colluders have seen */
	size_t n_known, oldest;
	struct fed_server_link_busy server_link;
};

/* Take references to all that is in flight, which continues. */
int fed_in_flight_snapshot(struct fed_in_flight *, const struct fed_federation *,
                           struct fed_error *);
/* Move the snapshot into a federation in which nothing is in flight.  The struct is empty
 * afterwards; on FED_FAIL nothing is in flight either. */
int fed_in_flight_restore(struct fed_in_flight *, struct fed_federation *, struct fed_error *);
void fed_in_flight_release(struct fed_in_flight *); /* zeroed is fine */

/* Wait until all trainings of the snapshot, present or former ones of this federation, have ended.
 * FED_REJECT: they were interrupted. */
int fed_in_flight_finish(const struct fed_in_flight *, const struct fed_federation *,
                         struct fed_error *);

/* Keep what is in flight in f->started when a round begins that may be replayed; drop it when that
 * round is over. */
int fed__in_flight_remember(struct fed_federation *, struct fed_error *);
void fed__in_flight_forget(struct fed_federation *);
/* Cancel all open invitations, their trainings and messages, without an event; `held`: also the
 * messages that faults hold. */
void fed__in_flight_drop(struct fed_federation *, bool held);
/* Put what was in flight when the open round began in the place of what is.  Without a snapshot of
 * it nothing is left, and `started.lost` tells whether there was something. */
void fed__in_flight_roll_back(struct fed_federation *);

#endif

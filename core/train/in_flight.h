/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/in_flight.h - what is under way between two versions, set aside and put back.
 *
 * Under scheme async clients are at work when a version is complete; under any scheme faults may
 * hold messages back.  It is kept as shares: nothing is copied but the tables.  A training that is
 * joined while it is shared stays as it is, and need not run again.  Simulated transports only.
 */
#ifndef FED_TRAIN_IN_FLIGHT_H
#define FED_TRAIN_IN_FLIGHT_H

#include "train/round/message_faults.h"
#include "train/local/trainer.h"

struct fed_in_flight {
	struct fed_invitation *open; /* [open_capacity], the table as it is: places are an order, too */
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
};

/* Shares of all there is, which goes on. */
int fed_in_flight_take(struct fed_in_flight *, const struct fed_federation *, struct fed_error *);
/* The federation, in which nothing is under way, gets it; the struct is empty then, also on
 * FED_FAIL: then nothing is. */
int fed_in_flight_put(struct fed_in_flight *, struct fed_federation *, struct fed_error *);
void fed_in_flight_release(struct fed_in_flight *); /* zeroed is fine */

/* Wait until all its trainings, which are the federation's or were, have ended.  FED_REJECT: they
 * were interrupted. */
int fed_in_flight_finish(const struct fed_in_flight *, const struct fed_federation *,
                         struct fed_error *);

/* A round begins that may be repeated: keep what is under way in f->started; it is over. */
int fed_in_flight_remember(struct fed_federation *, struct fed_error *);
void fed_in_flight_forget(struct fed_federation *);

#endif

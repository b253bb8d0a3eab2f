/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/scheme.h - training schemes: the callbacks by which one runs a round.
 */
#ifndef FED_TRAIN_ROUND_SCHEME_H
#define FED_TRAIN_ROUND_SCHEME_H

#include "base/fields.h"
#include "net/messenger.h"
#include "nn/net.h"

struct fed_federation;

/* Who talks to whom and who waits for whom.  In core, one file each. */
struct fed_scheme {
	const char *name, *help, *doc;
	const struct fed_field *fields;
	size_t state_size;
	/* Optional: whether these settings go together, and with this model (NULL: not known yet).
	 * FED_REJECT in words. */
	int (*fits)(const void *state, const struct fed_net *, struct fed_error *);
	/* Optional: the run begins anew; forget what is kept from round to round. */
	void (*forget)(void *state);
	/* A new version begins: invite clients. */
	int (*begin)(struct fed_federation *, void *state, struct fed_error *);
	/* An update passed the gate (the envelope is the caller's; base is the model that its client
	 * received).  FED_REJECT refuses it in words. */
	int (*arrived)(struct fed_federation *, void *state, const struct fed_envelope *,
	               const float *base, struct fed_error *);
	/* The invitation of this number will never be answered; it is closed. */
	int (*lost)(struct fed_federation *, void *state, uint64_t number, struct fed_error *);
	/* Optional: the deadline that fed_set_deadline() set has come. */
	int (*deadline)(struct fed_federation *, void *state, struct fed_error *);
	/* Whether the version is complete. */
	bool (*complete)(const struct fed_federation *, const void *state);
	/* Make the step into out [dim].  FED_FAIL ends the round without one. */
	int (*finish)(struct fed_federation *, void *state, float *out, struct fed_error *);
	/* After finish, failure or abort: let go of what the version held. */
	void (*end)(struct fed_federation *, void *state);
	bool overlaps;    /* what is under way when a version is complete goes on */
	bool makes_model; /* finish() makes the new parameters themselves, not a step */
	/* A scheme with a protocol of its own gets all that arrives (the envelope is the caller's), and
	 * FED_QUEUED_WORK.  Messages that are lost end their invitation, as ever. */
	int (*message)(struct fed_federation *, void *state, struct fed_envelope *, struct fed_error *);
	int (*worked)(struct fed_federation *, void *state, uint32_t who, uint64_t ref,
	              struct fed_error *);
	/* Optional: of the step [dim], set to 0 what no aggregator made, so that it can be compared
	 * with the updates. */
	void (*mask)(const struct fed_federation *, const void *state, float *step);
	/* Optional: where some wait for others, this client is one who does: when nothing is under way
	 * it is not its fault. */
	bool (*waits)(const struct fed_federation *, const void *state, uint32_t client);
};

#endif

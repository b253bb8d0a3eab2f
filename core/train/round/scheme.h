/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/scheme.h - interface of training schemes: the callbacks that run a round.
 */
#ifndef FED_TRAIN_ROUND_SCHEME_H
#define FED_TRAIN_ROUND_SCHEME_H

#include "base/fields.h"
#include "net/messenger.h"
#include "nn/net.h"

struct fed_federation;

/* Training scheme: which parties exchange messages, and which wait for which.  One file each. */
struct fed_scheme {
	const char *name, *help, *doc;
	const struct fed_field *fields;
	size_t state_size;
	/* Optional: check these settings together, and with this model (NULL: not known yet).
	 * FED_REJECT: they do not fit. */
	int (*fits)(const void *state, const struct fed_net *, struct fed_error *);
	/* Optional: clear the state that lasts from round to round, when a run restarts. */
	void (*forget)(void *state);
	/* A new version begins: invite clients. */
	int (*begin)(struct fed_federation *, void *state, struct fed_error *);
	/* An update passed the gate (the envelope is the caller's; base is the model that its client
	 * received).  FED_REJECT: it is refused. */
	int (*arrived)(struct fed_federation *, void *state, const struct fed_envelope *,
	               const float *base, struct fed_error *);
	/* The invitation of this number was lost; it is closed. */
	int (*lost)(struct fed_federation *, void *state, uint64_t number, struct fed_error *);
	/* All loss queries of the version are over; needed where fed__ask_losses() is called. */
	int (*answered)(struct fed_federation *, void *state, struct fed_error *);
	/* Optional: the deadline that fed__set_deadline() set has come. */
	int (*deadline)(struct fed_federation *, void *state, struct fed_error *);
	/* Whether the version is complete. */
	bool (*complete)(const struct fed_federation *, const void *state);
	/* Make the step into out [dim].  FED_FAIL: the round ends without one. */
	int (*finish)(struct fed_federation *, void *state, float *out, struct fed_error *);
	/* After finish, failure or abort: release what belongs to the version. */
	void (*end)(struct fed_federation *, void *state);
	/* Optional: whether clients may be late under these settings, without a fault. */
	bool (*drops_late)(const void *state);
	/* Optional: whether a version waits for all that were invited, or until its deadline: their
	 * updates may go on in one order whatever the order of arrival. */
	bool (*waits_for_all)(const void *state);
	/* Optional, with it: the place in that order of the invitation of this number; else the number.
	 */
	uint64_t (*place)(const struct fed_federation *, const void *state, uint64_t number);
	/* Optional: whether the scheme has given up updates of clients that got this version. */
	bool (*too_stale)(const struct fed_federation *, const void *state, uint64_t version);
	bool overlaps;    /* open invitations stay open when a version is complete */
	bool makes_model; /* finish() makes the new parameters themselves, not a step */
	/* Optional, for schemes with a protocol of their own: every message that arrives (the envelope
	 * is the caller's), and every FED_QUEUED_WORK.  A lost message ends its invitation in any
	 * scheme. */
	int (*message)(struct fed_federation *, void *state, struct fed_envelope *, struct fed_error *);
	int (*worked)(struct fed_federation *, void *state, uint32_t who, uint64_t ref,
	              struct fed_error *);
	/* Optional, of such schemes, for clients on other machines: what is expected of a message from
	 * or to one (net/messenger.h), and one from it that arrived (the envelope is the caller's); an
	 * update when its turn has come. */
	size_t (*expect)(const struct fed_federation *, const void *state, struct fed_envelope *sent);
	int (*reported)(struct fed_federation *, void *state, struct fed_envelope *,
	                struct fed_error *);
	/* Optional, likewise: the client says that it cannot do what this invitation asks for; it is
	 * refused behind this. */
	void (*unable)(struct fed_federation *, void *state, uint64_t number);
	/* Optional: whether clients keep from the server a part of the model, which it cannot evaluate.
	 */
	bool (*hides_model)(const struct fed_federation *, const void *state);
	/* Optional, likewise, at the client: do what a message asks for (train/client_work.h). */
	int (*works)(struct fed_federation *, void *state, const struct fed_envelope *,
	             struct fed_envelope *answer, bool *answers, struct fed_error *);
	/* Optional: of the step [dim], set to 0 the coordinates that no aggregator made, so that it can
	 * be compared with the updates. */
	void (*mask)(const struct fed_federation *, const void *state, float *step);
	/* Optional: whether this client waits for others, so that its silence is not a loss. */
	bool (*waits)(const struct fed_federation *, const void *state, uint32_t client);
	/* Optional: a client has layers [0, at[0]) and [at[1], layers); else all. */
	void (*client_layers)(const void *state, const struct fed_net *, size_t at[2]);
};

#endif

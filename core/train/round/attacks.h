/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/attacks.h - what Byzantine clients send instead of their updates.
 *
 * Attacks of the form `alone` change the update when its client sends it.  Attackers that collude
 * see what the others sent: in a scheme with rounds (sync) their updates wait at the server, which
 * does not know it, until the version is complete, and are then made from all honest updates that
 * arrived; in one without (async) from the last honest updates that came.
 */
#ifndef FED_TRAIN_ROUND_ATTACKS_H
#define FED_TRAIN_ROUND_ATTACKS_H

#include "net/messenger.h"

struct fed_federation;

/* An update of a colluder that arrived and waits for the others of its round. */
struct fed_waiting_update {
	struct fed_envelope envelope;     /* its share of the parcel; the honest update */
	struct fed_shared_vectors *model; /* its share: what the client received */
	uint64_t fault;                   /* number */
};

/* An honest update that colluders have seen. */
struct fed_known_update {
	struct fed_shared_vectors *payload; /* a share */
	uint32_t client;
};

/* What the colluders of a version know, and who of them waits. */
struct fed_collusion_state {
	struct fed_known_update *known; /* [n_known], the oldest at `oldest` */
	size_t n_known, known_capacity, oldest;
	struct fed_waiting_update *waiting; /* [n_waiting], in order of arrival */
	size_t n_waiting, waiting_capacity;
};

/* Whether an attack is in the table whose attackers see what others send. */
bool fed_has_colluders(const struct fed_federation *);
/* The client may be under an attack of the form `alone`: rewrite what it sends, vector 0.  received
 * [as long]: the parameters that it is a change of; NULL: the whole model of its invitation.
 * occasion: what the attack draws by. */
int fed_attack_craft_alone(struct fed_federation *, struct fed_envelope *update,
                           const float *received, uint64_t occasion, struct fed_error *);
/* An update that passed the gate.  *waits: it is a colluder's, and comes again by
 * fed_craft_colluders().  In a scheme without rounds it is rewritten now.  Honest ones are
 * remembered if anybody colludes. */
int fed_collude_on_arrival(struct fed_federation *, struct fed_envelope *,
                           struct fed_shared_vectors *model, bool *waits, struct fed_error *);
/* The version is complete: make what the colluders send, and hand it to the scheme. */
int fed_craft_colluders(struct fed_federation *, struct fed_error *);
/* The version is over, or given up: let go of what it held. */
void fed_collusion_state_clear(struct fed_collusion_state *);
void fed_collusion_state_release(struct fed_collusion_state *);

#endif

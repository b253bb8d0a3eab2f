/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/attacks.h - Byzantine updates: attacks that craft alone, and colluding ones.
 *
 * Attacks of the form `alone` change the update when its client sends it.  Colluding attackers see
 * the updates of others.  In a scheme with rounds (sync) their updates are kept back, unseen by the
 * aggregator, until the version is complete, and are then crafted from all honest updates that
 * arrived; in one without (async) from the last honest updates that arrived.
 */
#ifndef FED_TRAIN_ROUND_ATTACKS_H
#define FED_TRAIN_ROUND_ATTACKS_H

#include "net/messenger.h"

struct fed_federation;

/* Update of a colluder, kept back until the other updates of its round are there. */
struct fed_waiting_update {
	struct fed_envelope envelope;     /* the honest update; has a reference to its payload */
	struct fed_shared_vectors *model; /* the model that the client received; a reference */
	uint64_t fault;                   /* its number */
	bool refused;                     /* the attack failed */
};

/* Honest update that colluders know. */
struct fed_known_update {
	struct fed_shared_vectors *payload; /* a reference */
	uint32_t client;
};

/* Knowledge of the colluders, and their updates that are kept back. */
struct fed_collusion_state {
	struct fed_known_update *known; /* [n_known], the oldest at `oldest` */
	size_t n_known, known_capacity, oldest;
	struct fed_waiting_update *waiting; /* [n_waiting], in order of arrival */
	size_t n_waiting, waiting_capacity;
};

/* Whether a colluding attack is in the fault table. */
bool fed__has_colluders(const struct fed_federation *);
/* Rewrite vector 0 of the update of a client that is under an attack of the form `alone`; without
 * such an attack nothing changes.  received [as long]: the parameters that the update is a delta
 * to; NULL: the whole model of its invitation.  occasion: key of the attack's random draws.
 * FED_REJECT: the attack failed, and the session goes on without the update (on-plugin-error). */
int fed__attack_craft_alone(struct fed_federation *, struct fed_envelope *update,
                            const float *received, uint64_t occasion, struct fed_error *);
/* Handle an update that passed the gate where clients collude.  *waits: it is a colluder's, kept
 * back until fed__craft_colluders() submits it; in a scheme without rounds it is rewritten at once.
 * Honest updates are added to the colluders' knowledge. */
int fed__collude_on_arrival(struct fed_federation *, struct fed_envelope *,
                            struct fed_shared_vectors *model, bool *waits, struct fed_error *);
/* Craft the colluders' updates when the version is complete, and submit them to the scheme. */
int fed__craft_colluders(struct fed_federation *, struct fed_error *);
/* Drop what is kept of a version, when it is committed or rolled back. */
void fed__collusion_state_clear(struct fed_collusion_state *);
void fed__collusion_state_release(struct fed_collusion_state *);

#endif

/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/attack.h - attacks of Byzantine clients.
 *
 * Three forms; a plugin offers exactly one:
 * alone     craft(): one client at a time, from what it trained itself;
 * together  collude(): once a round for all of its clients, who see the others' updates and send
 *           one and the same vector;
 * on data   poison(): changes the examples that a client trains on; what it sends is honestly
 *           computed from them.
 */
#ifndef FEDSH_ATTACK_H
#define FEDSH_ATTACK_H

#include "plugin.h"

/* One attacker that crafts its update. */
struct fed_attacker {
	uint32_t size; /* sizeof(struct fed_attacker) of the running host */
	uint32_t client;
	uint64_t version; /* of the model that it received */
	uint64_t seed;    /* key for fed_random(): of this client and version */
	size_t dim;
	const float *params; /* [dim], the model that it received */
	const float *delta;  /* [dim], its honest update */
	double lr;
	float *memory; /* [dim], of this client, zero at first, checkpointed by the host; NULL
	                  unless the plugin `remembers` */
};

/* All attackers of one round together. */
struct fed_collusion {
	uint32_t size;    /* sizeof(struct fed_collusion) of the running host */
	uint64_t version; /* of the global model before the step */
	uint64_t seed;    /* key for fed_random(): of this version */
	size_t dim;
	const float *params;       /* [dim], the global model */
	uint32_t attackers;        /* m: attackers that will send the crafted update */
	uint32_t n_known;          /* >= 1 */
	const float *const *known; /* [n_known][dim] honest updates: of all other clients, or under
	                              knowledge=partial those that the attackers trained themselves */
	const uint32_t *sender;    /* [n_known], clients that trained them */
	uint32_t clients;          /* n: updates that the server will see, attackers included */
	double *work;              /* [4 * n_known], the plugin's during the call */
	/* Squared distances between the known updates, [n_known][n_known], computed at the first call
	 * and valid until collude() returns; NULL: no memory for them. */
	const double *(*distances)(const struct fed_collusion *);
};

/* A batch of a client's examples, its own copy. */
struct fed_examples {
	uint32_t size; /* sizeof(struct fed_examples) of the running host */
	uint64_t seed; /* key for fed_random(): of the client; use it with id, so that an example is
	                  poisoned in every epoch or in none */
	uint32_t n;
	uint32_t height, width, channels; /* of one example, H*W*C floats; a point has width alone */
	uint32_t classes;                 /* 0: regression, label is NULL */
	bool tokens;                      /* x holds tokens 0 .. classes - 1, label the next one */
	float *x;                         /* [n][height * width * channels], channels last */
	int32_t *label;                   /* [n], to stay within 0 .. classes - 1 */
	const uint32_t *id;               /* [n] */
	bool all; /* every example is to be changed whatever share the client poisons: the host measures
	             the attack's success rate */
};

struct fed_attack {
	struct fed_head head;
	/* Alone.  out [dim] holds the honest update; write what is sent.
	 * [round thread, in a round, once an attacker] */
	int (*craft)(void *state, const struct fed_attacker *, float *out, struct fed_error *);
	/* Together.  out [dim]: what each of them sends.
	 * [round thread, in a round, once a round] */
	int (*collude)(void *state, const struct fed_collusion *, float *out, struct fed_error *);
	/* On data.  Change x and label in place.
	 * [any thread, in a round, other batches at once; state is read-only] */
	void (*poison)(const void *state, const struct fed_examples *);
	/* Optional, beside poison().  Refuse such examples (n is 0: their form alone) in words, so that
	 * poison() meets none that it cannot change.
	 * [round thread, between rounds, before each round] */
	int (*suits)(const void *state, const struct fed_examples *, struct fed_error *);
	bool remembers; /* craft wants attacker->memory */
	bool targeted;  /* poison has a goal of its own: the host reports how often poisoned test
	                   examples get the label that poison gave them (a backdoor's success) */
};

#define FED_ATTACK(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_attack, FED_KIND_ATTACK, S, name_, help_, doc_, fields_)

#endif

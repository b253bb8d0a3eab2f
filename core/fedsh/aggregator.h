/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/aggregator.h - turn client updates into one step of the global model.
 *
 * Three forms; a plugin offers exactly one:
 * streaming        add() and finish(): one update at a time, memory for one vector;
 * coordinate-wise  columns(): plain loops over a tile of coordinates; the host tiles the
 *                  parameters to fit the cache and runs tiles in parallel;
 * matrix           reduce(): the whole round, rows in one block, so that distances between all
 *                  updates are one matrix product.
 *
 * begin, add, finish, reduce and plan are called from one thread; columns from several at once,
 * on disjoint tiles, with a state that it may read but not write.  Updates come in a fixed order
 * (virtual time, then client id): sums are the same in every run.
 *
 * An aggregator may also say what its clients do: plan() fixes settings of the local training,
 * the local_ hooks add a term to each local gradient (FedProx) and carry vectors to the client,
 * keep them there, and bring vectors back (SCAFFOLD).
 */
#ifndef FEDSH_AGGREGATOR_H
#define FEDSH_AGGREGATOR_H

#include "plugin.h"

/* Host functions, for as long as the call they came with lasts. */
struct fed_host {
	uint32_t size; /* sizeof(struct fed_host) of the running host */
	/* Put a line into the session's log. */
	void (*note)(const struct fed_host *, const char *text);
};

struct fed_round {
	uint64_t version;    /* of the global model before this step */
	uint64_t seed;       /* key for fed_random(): the only randomness a plugin may use */
	size_t dim;          /* parameters in the model */
	const float *params; /* [dim], the global model now, before this step */
	size_t ld;           /* reduce(): u[i]->delta == u[0]->delta + i * ld */
	uint32_t invited;    /* clients asked; fewer may have answered */
	uint32_t population; /* clients in the session: SCAFFOLD's N */
	double lr;           /* learning rate of the clients in this round */
	const struct fed_host *host;
};

struct fed_update {
	const float *delta; /* [dim], trained minus received; valid during the call */
	const float *base;  /* [dim], the model that the client received; == params when fresh.
	                       FedAsync mixes base + delta into params, not delta alone. */
	double weight;      /* what the mean weighs it by: samples, or 1 under weighting=equal */
	uint64_t samples;   /* local examples, as claimed by the client */
	uint32_t client;
	uint32_t steps;               /* local optimizer steps */
	uint32_t staleness;           /* versions made since this client was sent the model */
	float loss;                   /* mean local loss; NaN if not told */
	const float *const *returned; /* [returned_vectors][dim], as local_end() filled them */
};

/* What an aggregator did with an update; preset to weight = u->weight, score NaN, used. The host
 * divides the weights of the used ones by their sum before it shows them. */
struct fed_verdict {
	float weight; /* share in the step; 0 for a filtered update */
	float score;  /* whatever the rule ranks by; NaN if it has none */
	bool used;
};

/* What every client does with the model that it receives. */
struct fed_plan {
	int64_t epochs;      /* passes over the local examples, >= 1 */
	int64_t batch;       /* examples a step; 0 = all of the client's */
	double lr;           /* learning rate */
	double momentum;     /* of the local optimizer, in [0, 1) */
	double weight_decay; /* lambda: lambda * w is added to each gradient */
};

/* One client's training, as its hooks see it.  Runs on any thread; state is read-only there. */
struct fed_local {
	uint64_t version;
	uint32_t client;
	uint32_t steps; /* local steps made so far */
	size_t dim;
	double lr;
	const float *received;    /* [dim], the model it was sent */
	const float *const *sent; /* one [dim] vector for each FED_SENT row, in row order */
	float *const *kept;       /* [client_vectors][dim], this client's memory; zero at first,
	                             checkpointed by the host */
	float *const *returned;   /* [returned_vectors][dim], zero at the start */
};

struct fed_aggregator {
	struct fed_head head;

	/* Optional.  Scratch vectors are zero here, the other members as left. */
	int (*begin)(void *state, const struct fed_round *, struct fed_error *);

	/* Streaming form.  FED_REJECT leaves the update out and logs the text. */
	int (*add)(void *state, const struct fed_round *, const struct fed_update *,
	           struct fed_verdict *, struct fed_error *);
	/* out: [dim], the step that the server adds to the model. */
	int (*finish)(void *state, const struct fed_round *, float *out, struct fed_error *);

	/* Coordinate-wise form.  out[j], j0 <= j < j1, from u[i]->delta[j] alone. */
	int (*columns)(const void *state, const struct fed_round *, const struct fed_update *const u[],
	               size_t n, size_t j0, size_t j1, float *out, struct fed_error *);

	/* Matrix form.  n >= 1.  v[i] tells the views what became of update i. */
	int (*reduce)(void *state, const struct fed_round *, const struct fed_update *const u[],
	              size_t n, struct fed_verdict v[], float *out, struct fed_error *);

	/* Optional.  Change what the user asked of the clients (FedSGD: one step on all examples).
	 * The host shows the result and refuses values out of the ranges above. */
	void (*plan)(const void *state, struct fed_plan *);

	/* Client hooks, all optional. */
	uint32_t client_vectors;   /* float vectors that each client keeps between its rounds */
	uint32_t returned_vectors; /* float vectors that travel with each update */
	/* Before each step: add to g[j], j0 <= j < j1, a term of the local gradient at w. */
	void (*local_gradient)(const void *state, const struct fed_local *, const float *w, float *g,
	                       size_t j0, size_t j1);
	/* After the last step: w is the trained model; fill kept and returned. */
	void (*local_end)(const void *state, const struct fed_local *, const float *w);

	/* Optional.  Updates that make one version when nobody waits for a round (scheme async), at
	 * least 1; NULL: 1. */
	uint32_t (*updates_per_step)(const void *state);
};

#define FED_AGGREGATOR(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_aggregator, FED_KIND_AGGREGATOR, S, name_, help_, doc_, fields_)

#endif

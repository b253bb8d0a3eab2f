/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/aggregator.h - turn client updates into one step of the global model.
 *
 * Three forms; a plugin offers exactly one (or is a pre-aggregation, below):
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
 * A pre-aggregation stands in front of an aggregator (`aggregator krum f=3 after=nnm`): its mix()
 * says of which mixtures of the updates the aggregator makes the step.
 *
 * An aggregator may also say what its clients do: plan() fixes settings of the local training,
 * the local_ hooks add a term to each local gradient (FedProx) and carry vectors to the client,
 * keep them there, and bring vectors back (SCAFFOLD).
 */
#ifndef FEDSH_AGGREGATOR_H
#define FEDSH_AGGREGATOR_H

#include "plugin.h"

enum { FED_COLUMNS = 16 }; /* that host->sorted() hands over at a time */

/* Host functions, for as long as the call they came with lasts; not in columns(), and not inside
 * the work that they run for the plugin.  Those over all coordinates use the host's threads;
 * results are the same bits for any number of them.  A row is dim floats: an update's delta, or the
 * plugin's. */
struct fed_host {
	uint32_t size; /* sizeof(struct fed_host) of the running host */
	/* Put a line into the session's log. */
	void (*note)(const struct fed_host *, const char *text);

	/* Zeroed memory that the host takes back after the call.  NULL: there is none, and err says so;
	 * return FED_FAIL. */
	void *(*scratch)(const struct fed_host *, size_t n, size_t size, struct fed_error *);
	/* work(ctx, j0, j1) on tiles that cover [0, dim), on several threads at once. */
	int (*tiles)(const struct fed_host *, void (*work)(void *ctx, size_t j0, size_t j1), void *ctx,
	             struct fed_error *);
	/* square[i * n + j] = |row_i - row_j|^2, symmetric, 0 between equal rows; infinite where a row
	 * is not finite. */
	int (*distances)(const struct fed_host *, const float *const row[], size_t n, double *square,
	                 struct fed_error *);
	/* square[i] = |row_i - from|^2; from NULL: the origin. */
	int (*lengths)(const struct fed_host *, const float *const row[], size_t n, const float *from,
	               double *square, struct fed_error *);
	/* out = sum_i w_i row_i, in the order of the rows; one whose weight is 0 is not looked at. */
	int (*combine)(const struct fed_host *, const float *const row[], const double w[], size_t n,
	               float *out, struct fed_error *);
	/* sum += w row, in the order of these calls; done before finish() at the latest. */
	int (*accumulate)(const struct fed_host *, double *sum, double w, const float *row,
	                  struct fed_error *);
	/* Sort every coordinate: work() gets the columns of coordinates j0 .. j0 + width - 1, on
	 * several threads at once; rank r of column k is sorted[r * FED_COLUMNS + k].  Ranks lo .. hi
	 * are needed: those below hold the smaller values in any order, those above the larger ones.
	 * within, if any, gets for each row in how many coordinates its value lies between those of
	 * rank lo and hi, both included; coordinates in which both are 0 count for nobody. */
	int (*sorted)(const struct fed_host *, const float *const row[], size_t n, size_t lo, size_t hi,
	              void (*work)(void *ctx, const float *sorted, size_t j0, size_t width), void *ctx,
	              uint64_t *within, struct fed_error *);
	/* For the views: the group that update i of reduce() sat in (-1: none), and whether the rule
	 * trusted it.  For rules that leave nobody out: verdicts say that it is used, with its weight.
	 */
	void (*mark)(const struct fed_host *, size_t i, int32_t group, bool trusted);
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
	const float *const *sent; /* one [dim] vector for each FED_BROADCAST row, in row order */
	float *const *kept;       /* [client_vectors][dim], this client's memory; zero at first,
	                             checkpointed by the host */
	float *const *returned;   /* [returned_vectors][dim], zero at the start */
};

/* Takes the lines of tell(): plain text without control characters. */
struct fed_teller {
	uint32_t size; /* sizeof(struct fed_teller) of the running host */
	void (*say)(const struct fed_teller *, const char *line);
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

	/* Coordinate-wise form.  out[j], j0 <= j < j1, from u[i]->delta[j], u[i]->base[j] and
	 * params[j] alone. */
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

	/* Pre-aggregation form, of a plugin that has none of the others.  Row k of mix (m, n), zero at
	 * first, are the shares of the updates in mixture k, which sum to 1.  begin() sees the round as
	 * it is; the aggregator behind it sees m clients. */
	int (*mix)(const void *state, const struct fed_round *, const struct fed_update *const u[],
	           size_t n, double *mix, size_t m, struct fed_error *);
	/* Optional: m of n >= 1 updates, in [1, n]; NULL: n. */
	size_t (*mixtures)(const void *state, size_t n);

	/* Optional, beside columns(), called before it: the verdict on an update, preset as for
	 * add(), for the views. */
	void (*weigh)(const void *state, const struct fed_round *, const struct fed_update *,
	              struct fed_verdict *);

	/* Optional, of every form, some time after the step: the formula again with the numbers of the
	 * last round in it, for `explain`.  About 20 lines of at most 100 columns.  Updates, verdicts
	 * (used weights sum to 1; a pre-aggregation sees those on the updates themselves) and the step
	 * are that round's, the state is as it left it; scratch vectors hold nothing.  The rows lie
	 * anywhere (r->ld is 0); r->params, and every base, is the model with the step in it. */
	int (*tell)(const void *state, const struct fed_round *, const struct fed_update *const u[],
	            size_t n, const struct fed_verdict v[], const float *step,
	            const struct fed_teller *, struct fed_error *);
};

#define FED_AGGREGATOR(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_aggregator, FED_KIND_AGGREGATOR, S, name_, help_, doc_, fields_)

#endif

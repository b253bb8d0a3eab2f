/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/aggregator.h - aggregators: rules that turn client updates into one step of the global
 * model.
 *
 * A plugin fills struct fed_aggregator (at the end) in exactly one form:
 *
 * streaming        add() and finish(): one update at a time, memory for one vector;
 * coordinate-wise  columns(): plain loops over a tile of coordinates; the host tiles the
 *                  parameters to fit the cache and runs tiles in parallel;
 * matrix           reduce(): the whole round, rows in one block, so that distances between all
 *                  updates are one matrix product;
 *
 * or is a pre-aggregation, which runs before an aggregator (`aggregator krum f=3 after=nnm`): its
 * mix() defines the mixtures of the updates from which the aggregator makes the step.
 *
 * Updates come in a fixed order (virtual time, then client id): sums are the same in every run.
 *
 * Beside this header: host.h (memory, tiles, sums, distances and sorted coordinates from the host),
 * client_hooks.h (what clients do for the rule), explain.h (lines for tell()).  A plugin includes
 * the headers that it uses.
 */
#ifndef FEDSH_AGGREGATOR_H
#define FEDSH_AGGREGATOR_H

#include "plugin.h"

struct fed_host;   /* host.h */
struct fed_plan;   /* client_hooks.h */
struct fed_local;  /* client_hooks.h */
struct fed_teller; /* explain.h */

/* Round in which updates become a step. */
struct fed_round {
	uint32_t size;       /* sizeof(struct fed_round) of the running host */
	uint32_t invited;    /* clients asked; fewer may have answered */
	uint64_t version;    /* of the global model before this step */
	uint64_t seed;       /* key for fed_random(): the only randomness a plugin may use */
	size_t dim;          /* parameters in the model */
	const float *params; /* [dim], the global model now, before this step */
	size_t ld;           /* reduce(): u[i]->delta == u[0]->delta + i * ld */
	uint32_t population; /* clients in the session: SCAFFOLD's N */
	double lr;           /* learning rate of the clients in this round */
	const struct fed_host *host;
};

/* Update of one client. */
struct fed_update {
	uint32_t size; /* sizeof(struct fed_update) of the running host */
	uint32_t client;
	const float *delta; /* [dim], trained minus received; valid during the call */
	const float *base;  /* [dim], the model that the client received; == params when fresh.
	                       FedAsync mixes base + delta into params, not delta alone. */
	double weight;      /* its weight in a mean: samples, or 1 under weighting=equal */
	uint64_t samples;   /* local examples, as claimed by the client */
	uint32_t steps;     /* local optimizer steps */
	uint32_t staleness; /* versions made since this client was sent the model */
	float loss;         /* mean local loss; NaN if not reported */
	const float *const *returned; /* [returned_vectors][dim], as local_end() filled them */
	uint32_t model;   /* of several global models: which of them it chose and changed (`models`) */
	float first_loss; /* mean loss of the received model on its examples, before it trained; NaN
	                     unless the plan asks for it */
};

/* Verdict of an aggregator on an update, for the views.  Preset to weight = u->weight, score NaN,
 * used: write the members that differ.  The host divides the weights of the used ones by their sum
 * before it shows them. */
struct fed_verdict {
	uint32_t size; /* sizeof(struct fed_verdict) of the running host */
	float weight;  /* share in the step; 0 for a filtered update */
	float score;   /* by which the rule ranks; NaN if it has none */
	bool used;
};

struct fed_aggregator {
	struct fed_head head;

	/* Optional.  Scratch vectors are zero here, the other members as left.  FED_REJECT refuses the
	 * round: too few clients for the rule.
	 * [round thread, opens a round] */
	int (*begin)(void *state, const struct fed_round *, struct fed_error *);

	/* Streaming form.  FED_REJECT leaves the update out and logs the text.
	 * [round thread, in a round, once an update] */
	int (*add)(void *state, const struct fed_round *, const struct fed_update *,
	           struct fed_verdict *, struct fed_error *);
	/* out: [dim], the step that the server adds to the model.
	 * [round thread, ends a round] */
	int (*finish)(void *state, const struct fed_round *, float *out, struct fed_error *);

	/* Coordinate-wise form.  out[j], j0 <= j < j1, from u[i]->delta[j], u[i]->base[j] and
	 * params[j] alone.
	 * [any thread, ends a round, disjoint tiles at once; state is read-only] */
	int (*columns)(const void *state, const struct fed_round *, const struct fed_update *const u[],
	               size_t n, size_t j0, size_t j1, float *out, struct fed_error *);

	/* Matrix form.  n >= 1.  v[i] is the verdict on u[i].
	 * [round thread, ends a round] */
	int (*reduce)(void *state, const struct fed_round *, const struct fed_update *const u[],
	              size_t n, struct fed_verdict *const v[], float *out, struct fed_error *);

	/* Optional.  Change what the user asked of the clients (FedSGD: one step on all examples).
	 * The host shows the result and refuses values out of range.
	 * [round thread, between rounds] */
	void (*plan)(const void *state, struct fed_plan *);

	/* Client hooks, all optional: see client_hooks.h. */
	uint32_t client_vectors;   /* float vectors that each client keeps between its rounds */
	uint32_t returned_vectors; /* float vectors that travel with each update */
	/* Before each step: add to g[j], j0 <= j < j1, a term of the local gradient at w.
	 * [any thread, in a round, other clients and disjoint tiles at once; state is read-only] */
	void (*local_gradient)(const void *state, const struct fed_local *, const float *w, float *g,
	                       size_t j0, size_t j1);
	/* After the last step: w is the trained model; fill kept and returned.
	 * [any thread, in a round, other clients at once; state is read-only] */
	void (*local_end)(const void *state, const struct fed_local *, const float *w);

	/* Optional.  Number of updates that make one version in a scheme without rounds (async), at
	 * least 1; NULL: 1.  [round thread, between rounds] */
	uint32_t (*updates_per_step)(const void *state);

	/* Pre-aggregation form, of a plugin that has none of the others.  Row k of mix (m, n), zero at
	 * first, are the shares of the updates in mixture k, which sum to 1.  begin() sees the round
	 * with all n updates; the aggregator after it sees m clients.  [round thread, ends a round;
	 * once more before tell()] */
	int (*mix)(const void *state, const struct fed_round *, const struct fed_update *const u[],
	           size_t n, double *mix, size_t m, struct fed_error *);
	/* Optional: m of n >= 1 updates, in [1, n]; NULL: n.
	 * [round thread, any state] */
	size_t (*mixtures)(const void *state, size_t n);

	/* Optional, beside columns(), called before it: the verdict on an update, preset as for
	 * add(), for the views.
	 * [round thread, ends a round, once an update] */
	void (*weigh)(const void *state, const struct fed_round *, const struct fed_update *,
	              struct fed_verdict *);

	/* Optional, of every form, some time after the step: the formula again with the numbers of the
	 * last round in it, for `explain`.  About 20 lines of at most 100 columns.  Updates, verdicts
	 * (used weights sum to 1; a pre-aggregation sees those on the updates themselves) and the step
	 * are that round's, the state is as it left it; scratch vectors hold nothing.  The rows lie
	 * anywhere (r->ld is 0); r->params, and every base, is the model with the step in it.
	 * [round thread, between rounds] */
	int (*tell)(const void *state, const struct fed_round *, const struct fed_update *const u[],
	            size_t n, const struct fed_verdict *const v[], const float *step,
	            const struct fed_teller *, struct fed_error *);

	/* Optional, of every form: bytes that the rule takes from host->scratch() while it ends a round
	 * of n updates, so that the host can refuse a round that memory will not hold before a client
	 * is asked (Krum: n x n distances).  NULL: next to nothing.
	 * [round thread, any state] */
	double (*scratch_bytes)(const void *state, size_t n, size_t dim);

	/* What the rule promises, for `check-plugin`.  affine: with the default parameters, a fresh
	 * state and updates of equal steps, none of them stale, updates a u + b (a > 0) make the step
	 * a s + b of the step s of updates u; equal updates make that update.  Means and medians are
	 * affine, rules that clip are not.  Of a pre-aggregation: so is the mean of its mixtures. */
	bool affine;
	/* The step depends on the order of the updates, as in rules that apply one after the other;
	 * without it the same step, up to rounding, is expected of any order. */
	bool ordered;

	/* Optional: the name of an integer setting, from 1, that says how many global models there are.
	 * Model 0 is params; model j is the j-th FED_BROADCAST row, which finish() changes itself, and
	 * whose first values the host draws as it draws those of params, from another seed.  Clients
	 * get all of them, and each trains the one with the least loss on its examples: u->model says
	 * which, u->base is it.  Rows behind the last model do not travel.  With rounds alone. */
	const char *models;
	/* Optional, from 1: which of client_vectors is the client's own model, by which it is judged.
	 * It begins as the first model that the client receives, and is trained after the plan's
	 * epochs, for own_epochs of its own and with the same batches; local_gradient() then is called
	 * for it alone. */
	uint32_t own_model;
};

#define FED_AGGREGATOR(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_aggregator, FED_KIND_AGGREGATOR, S, name_, help_, doc_, fields_)

#endif

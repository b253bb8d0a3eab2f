/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/federation.h - a composed federation, running: server, clients, scheme, clock.
 *
 * It borrows dataset, net, clients and plugin instances from the session, and owns the model's
 * parameters, the clock, the post and the pool of threads.  fed_federation_round() makes one
 * version; on any failure and on abort the model, the aggregator's state and the clients' kept
 * vectors are bit for bit what they were.
 */
#ifndef FED_TRAIN_FEDERATION_H
#define FED_TRAIN_FEDERATION_H

#include <stdatomic.h>

#include "base/pool.h"
#include "nn/net.h"
#include "net/post.h"
#include "train/clients.h"
#include "train/record.h"

/* What `set` changes; the rows are fed_settings_fields. */
struct fed_settings {
	double fraction;      /* C: share of the clients that each round invites */
	int64_t participants; /* a number instead of the share; 0: by fraction */
	int64_t epochs;       /* E */
	int64_t batch;        /* B; 0: all */
	double lr, lr_decay;  /* lr * lr_decay^version */
	double momentum, weight_decay;
	int weighting;      /* enum fed_weighting */
	int64_t eval_every; /* rounds between evaluations; 0: never */
	int64_t seed;
	int64_t threads; /* 0: one for each processor */
};
enum fed_weighting { FED_WEIGHT_SAMPLES, FED_WEIGHT_EQUAL };
extern const struct fed_field fed_settings_fields[];

struct fed_federation;

/* Who talks to whom and who waits for whom.  In core, one file each. */
struct fed_scheme {
	const char *name, *help, *doc;
	const struct fed_field *fields;
	size_t state_size;
	/* Invite clients for the next version. */
	int (*begin)(struct fed_federation *, void *state, struct fed_error *);
	/* An update passed the gate (the envelope is the caller's), or will never come. */
	int (*arrived)(struct fed_federation *, void *state, const struct fed_envelope *,
	               struct fed_error *);
	int (*lost)(struct fed_federation *, void *state, uint32_t client, struct fed_error *);
	/* Whether the version is complete. */
	bool (*complete)(const struct fed_federation *, const void *state);
	/* Make the step into out [dim]. */
	int (*finish)(struct fed_federation *, void *state, float *out, struct fed_error *);
	/* After finish, failure or abort: let go of what the round held. */
	void (*end)(struct fed_federation *, void *state);
};
extern const struct fed_scheme fed_scheme_sync;
const struct fed_scheme *fed_scheme_at(size_t i); /* NULL past the last */
int fed_scheme_find(const char *name, const struct fed_scheme **, struct fed_error *);

struct fed_trainer; /* jobs and per-thread workspaces: train/trainer.h */

struct fed_federation {
	/* borrowed */
	const struct fed_dataset *data;
	const struct fed_net *net;
	struct fed_clients *clients;
	struct fed_instance *aggregator, *transport;
	const struct fed_settings *settings;
	const struct fed_scheme *scheme;
	void *scheme_state;
	struct fed_sink sink;
	/* owned */
	float *params; /* [net->dim], the global model */
	uint64_t version;
	uint64_t rounds; /* invitations made, aborted ones included */
	struct fed_vclock clock;
	struct fed_post post;
	struct fed_pool *pool;
	struct fed_trainer *trainer;
	struct fed_plan plan;        /* of the round that runs */
	struct fed_record record;    /* of the round that runs, or the last */
	struct fed_parcel *outgoing; /* the model as this round sends it */
	uint32_t *invited;           /* [n_invited] of this round, ascending */
	bool *open;                  /* [n_invited] still expected to report */
	uint32_t n_invited, n_open;
	struct fed_host host; /* what aggregators may call */
	/* The last round's updates as the aggregator judged them, for the views. */
	struct fed_update *judged; /* delta, base and returned are NULL */
	struct fed_verdict *verdict;
	size_t n_judged;
	atomic_int stop; /* 0 go on, 1 after this round, 2 abort now; set by a signal handler */
};

/* Parameters start from the seed; version 0. */
int fed_federation_init(struct fed_federation *, const struct fed_dataset *, const struct fed_net *,
                        struct fed_clients *, struct fed_instance *aggregator,
                        struct fed_instance *transport, const struct fed_scheme *,
                        void *scheme_state, const struct fed_settings *, struct fed_sink,
                        struct fed_error *);
void fed_federation_release(struct fed_federation *); /* zeroed is fine */

/* After another transport was put into *transport, or the number of threads changed. */
int fed_federation_reopen(struct fed_federation *, struct fed_error *);
int fed_federation_rethread(struct fed_federation *, struct fed_error *);

/* One version.  FED_REJECT: refused before anything was sent (no clients, a precondition). */
int fed_federation_round(struct fed_federation *, struct fed_error *);

/* Loss and accuracy of params on examples [first, first + n) of the dataset, in parallel; the same
 * bits for any number of threads.  accuracy is NaN for regression. */
int fed_federation_evaluate(struct fed_federation *, const float *params, uint32_t first,
                            uint32_t n, double *loss, double *accuracy, struct fed_error *);

/* client FED_SERVER: none; text NULL: none. */
void fed_emit(const struct fed_federation *, enum fed_event_kind, uint32_t client,
              const char *text);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/federation.h - a composed federation, running: server, clients, scheme, clock.
 *
 * It borrows dataset, net, clients and plugin instances from the session, and owns the model's
 * parameters, the clock, the post and the pool of threads.
 *
 * A round makes one version: fed_federation_begin() opens it, each fed_federation_advance() handles
 * one event of virtual time, the last one steps and evaluates.  Between two of these calls the
 * world stands still and may be looked at.  On any failure and on abort the model, the
 * aggregator's state and the clients' kept vectors are bit for bit what they were before the round,
 * and what was under way is recalled.  What is under way when a version is complete stays so if
 * the scheme wants it (async).
 */
#ifndef FED_TRAIN_FEDERATION_H
#define FED_TRAIN_FEDERATION_H

#include <stdatomic.h>

#include "base/pool.h"
#include "nn/net.h"
#include "net/messenger.h"
#include "train/clients/clients.h"
#include "train/round/attacks.h"
#include "train/round/verdicts.h"
#include "train/round/costs.h"
#include "train/round/record.h"

/* What `set` changes; the rows are fed_settings_fields. */
struct fed_settings {
	double fraction;      /* C: share of the clients that each round invites */
	int64_t participants; /* a number instead of the share; 0: by fraction */
	int64_t epochs;       /* E */
	int64_t batch;        /* B; 0: all */
	double lr, lr_decay;  /* lr * lr_decay^version */
	double momentum, weight_decay;
	int weighting;  /* enum fed_weighting */
	char codec[32]; /* of updates: fed_codec_parse() */
	bool error_feedback;
	double noise;       /* standard deviation of what clients add to what they send */
	int64_t eval_every; /* rounds between evaluations; 0: never */
	int64_t seed;
	int64_t threads; /* 0: one for each processor */
};
enum fed_weighting { FED_WEIGHT_SAMPLES, FED_WEIGHT_EQUAL };
extern const struct fed_field fed_settings_fields[];
/* What the rows alone do not tell: whether there is such a codec. */
int fed_settings_check(const struct fed_settings *, struct fed_error *);

struct fed_federation;

/* A client was sent the model and has not answered yet; at most one for each client. */
struct fed_invitation {
	uint64_t number;  /* from 1; what its messages carry as `round` */
	uint64_t version; /* of the model that was sent */
	double sent;      /* virtual seconds */
	struct fed_parcel *model;
	uint32_t client;
};

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
	 * FED_DUE_WORK.  Messages that are lost end their invitation, as ever. */
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
extern const struct fed_scheme fed_scheme_sync, fed_scheme_async, fed_scheme_split;
const struct fed_scheme *fed_scheme_at(size_t i); /* NULL past the last */
int fed_scheme_find(const char *name, const struct fed_scheme **, struct fed_error *);
/* A state with its defaults and the given settings (fed_free). */
int fed_scheme_state_new(void **, const struct fed_scheme *, const struct fed_assign *, size_t n,
                         struct fed_error *);

struct fed_faults;
struct fed_held;     /* train/round/message_faults.h */
struct fed_trainer;  /* jobs and per-thread workspaces: train/local/trainer.h */
struct fed_underway; /* train/in_flight.h */

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
	struct fed_faults *faults; /* set after fed_federation_init; NULL: none */
	struct fed_ledger *ledger; /* the same; NULL: no accounts are kept */
	/* owned */
	struct fed_parcel *model;  /* the global model: whoever was sent it has a share */
	const float *params;       /* [net->dim], its one vector */
	struct fed_stock models;   /* old ones that nobody has any more */
	struct fed_stock messages; /* likewise, where the aggregator sends vectors beside the model */
	uint64_t version;
	uint64_t invitations; /* made so far, aborted ones included */
	struct fed_vclock clock;
	struct fed_post post;
	struct fed_pool *pool;
	struct fed_trainer *trainer;
	struct fed_plan plan;            /* of the round that runs */
	struct fed_codec codec;          /* the same, as is: */
	bool feedback;                   /* whether clients keep what it loses */
	double noise;                    /* that they add to what they send: its standard deviation */
	struct fed_record record;        /* of the round that runs, or the last */
	struct fed_charges charges;      /* what it cost, by clients */
	struct fed_parcel *outgoing;     /* the model as it was last sent, or NULL */
	bool packed;                     /* outgoing is the present version */
	struct fed_parcel *handed_in[2]; /* the last update and its model, until the version ends */
	float *step;                     /* [dim], for the aggregator to write */
	struct fed_invitation *open;     /* hash table [open_room] by client; number 0: free */
	uint32_t n_open, open_room;
	struct fed_held *held; /* [n_held] messages that faults keep at clients */
	size_t n_held, held_room;
	struct fed_collusions collusions;
	bool in_round;
	uint64_t steps; /* of the open round, or the last: its beginning and the events that came */
	bool nan;       /* a number that is not finite is why the next event is told */
	struct fed_instance_backup before;   /* of the aggregator, while in_round */
	double clock_before, updates_before; /* while in_round */
	struct {
		uint64_t invitations, next_seq, next_id; /* what is counted on, even by aborted rounds */
		struct fed_underway *underway;           /* while a round is open that may be taken back */
	} started;                                   /* as the open round, or the last one, began */
	uint64_t deadlines, deadline; /* set so far; number of the one that counts, 0: none */
	struct fed_host host;         /* what aggregators may call */
	struct fed_judgement judgement;
	atomic_bool evaluating; /* a version that stands already: it is too late to abort */
	atomic_int stop;        /* 0 go on, 1 after this round, 2 abort now; set by a signal handler */
};

/* Parameters start from the seed; version 0. */
int fed_federation_init(struct fed_federation *, const struct fed_dataset *, const struct fed_net *,
                        struct fed_clients *, struct fed_instance *aggregator,
                        struct fed_instance *transport, const struct fed_scheme *,
                        void *scheme_state, const struct fed_settings *, struct fed_sink,
                        struct fed_error *);
void fed_federation_release(struct fed_federation *); /* zeroed is fine */
/* The same, but the model's parameters [dim] are the caller's now (fed_free_floats). */
float *fed_federation_dissolve(struct fed_federation *);
/* The model has these parameters [dim] from now on, which are the federation's on success.  Cannot
 * fail before the first version begins. */
int fed_federation_adopt(struct fed_federation *, float *params, struct fed_error *);

/* Open a round if none is open.  FED_REJECT: refused before anything was sent (no clients).  It may
 * be taken back, unless its messages are real. */
int fed_federation_begin(struct fed_federation *, struct fed_error *);
/* One event of the open round; *made when it was the last and the version stands.  FED_REJECT: it
 * was aborted because `stop` said so. */
int fed_federation_advance(struct fed_federation *, bool *made, struct fed_error *);
/* End the open round, if any, without a step; everything is as before it. */
void fed_federation_abort(struct fed_federation *, const char *why);
/* End it as if it had never begun: what is counted is, and what was under way goes on.  No sink
 * hears of it.  FED_FAIL: what was under way is lost. */
int fed_federation_take_back(struct fed_federation *, struct fed_error *);
/* Begin, and advance until the version stands. */
int fed_federation_round(struct fed_federation *, struct fed_error *);

/* Loss and accuracy of params on examples [first, first + n) of the dataset, in parallel; the same
 * bits for any number of threads.  accuracy is NaN for regression. */
int fed_federation_evaluate(struct fed_federation *, const float *params, uint32_t first,
                            uint32_t n, double *loss, double *accuracy, struct fed_error *);
/* How often params fall for the first targeted attack that has begun (it may be over, not healed):
 * of the test examples whose label it changes, the share that gets the changed label.  NaN without
 * such an attack or such examples. */
int fed_federation_attacked(struct fed_federation *, const float *params, double *success,
                            struct fed_error *);
/* |params - (w*, 0)| for a linear model on data that were made from w*; NaN for any other. */
double fed_federation_parameter_error(const struct fed_federation *, const float *params);

/* client FED_SERVER: none; text NULL: none. */
void fed_emit(const struct fed_federation *, enum fed_event_kind, uint32_t client,
              const char *text);
/* About an invitation of the client, and the message of so many bytes (0: none) that leaves. */
void fed_emit_about(const struct fed_federation *, enum fed_event_kind, uint32_t client,
                    uint64_t invitation, uint64_t bytes, const char *text);

#endif

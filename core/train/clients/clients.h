/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/clients.h - table of a session's clients, by id.
 *
 * A client's id is its place in the order of joining, from 0; ids of removed clients are not used
 * again.  An idle client takes sizeof(struct fed_client) + 4 bytes beside its example ids.
 */
#ifndef FED_TRAIN_CLIENTS_CLIENTS_H
#define FED_TRAIN_CLIENTS_CLIENTS_H

#include "data/partition.h"
#include "net/shared_vectors.h"
#include "train/clients/device.h"

struct fed_client {
	const uint32_t *examples; /* [count + holdout], in the ids of its block; NULL once removed */
	struct fed_shared_vectors *kept; /* of the aggregator, or NULL until it has trained */
	struct fed_shared_vectors
		*residual;                  /* error feedback (train/local/error_feedback.h), or NULL */
	struct fed_shared_vectors *own; /* its local layers (train/round/local_layers.h); NULL: it has
	                                   the server's copy */
	char *name;                     /* train/clients/names.h, or NULL; owned */
	uint64_t
		version; /* of the model that it was last sent; once removed: the blocks there were then */
	uint32_t count;   /* examples that it trains on */
	uint32_t holdout; /* those behind them, which it keeps for evaluation */
	uint32_t block;
	uint32_t rounds; /* number of its updates that were used */
	float loss;      /* its last mean local loss; NaN before */
	struct fed_shift shift;
	float device; /* FLOP per virtual second; 0: computing takes no time */
	struct fed_client_link link;
	uint8_t device_profile,
		link_profile; /* that device and link were drawn from, or FED_NO_PROFILE */
	bool shifted;
	bool present : 1;
	bool unseen : 1;   /* it never takes part in training (setting unseen) */
	uint8_t model : 6; /* of several global models: the one that it last chose, from 1; 0: none */
};

#define FED_CLIENT_KEY 48 /* bytes of a key's text */

/* What the server was told of a client on another machine, whose faults are in its own program. */
enum fed_client_truth {
	FED_TRUTH_HONEST, /* nothing */
	FED_TRUTH_SECRET, /* it may be Byzantine, which is not told yet */
	FED_TRUTH_BYZANTINE,
};

/* Clients of one add-client: their example ids and their partition. */
struct fed_client_block {
	uint32_t *ids;
	uint64_t n_ids;
	uint32_t first, n; /* clients */
	bool shared;       /* the ids were not taken from the pool */
	bool remote;       /* the client is on another machine, and the ids only stand for its own */
	bool away;         /* remote: it is not connected, and is not invited */
	uint8_t truth;     /* remote: enum fed_client_truth; not saved, as it ends with the room */
	char key[FED_CLIENT_KEY]; /* remote: its public key, by which it is known again; "": none */
	struct fed_partition how;
	/* What the clients were given when they joined; unknown for those of a file. */
	bool known;
	struct fed_device_spec device;
	struct fed_link_spec link;
	double unseen, holdout;
};

/* What a client measured on its held-out examples, of the global model and of its own, where that
 * is another (train/local/own_model.h); NaN: nothing yet. */
struct fed_client_evaluation {
	float accuracy, loss, own_accuracy, own_loss;
};
#define FED_NOT_EVALUATED ((struct fed_client_evaluation){NAN, NAN, NAN, NAN})

struct fed_clients {
	struct fed_client *client; /* [n], by id, removed ones included */
	uint32_t n, capacity;
	uint32_t *present; /* [n_present] ids, ascending */
	uint32_t n_present;
	uint32_t most; /* examples of the largest client that ever joined */
	struct fed_client_block *block;
	uint32_t n_blocks;
	struct fed_example_pool pool;
	uint32_t kept_vectors;                    /* vectors in each client's `kept` */
	uint32_t equipped;                        /* how often devices, links, names changed */
	bool named;                               /* a client has or had a name */
	struct fed_client_evaluation *evaluation; /* [evaluations] by id, of the last round that was
	                                             evaluated; NULL: none was */
	uint32_t evaluations;
};

int fed_clients_init(struct fed_clients *, uint32_t train, struct fed_error *);
void fed_clients_release(struct fed_clients *);
/* Copy of the clients for another federation: untrained rows, and the example ids of the originals,
 * which must outlive them.  No client can be added or removed. */
int fed_clients_borrow(struct fed_clients *, const struct fed_clients *, struct fed_error *);
/* Memory estimate in bytes of n more clients with `samples` each. */
uint64_t fed_clients_estimate(uint32_t n, int64_t samples);
/* A client block to add. */
struct fed_clients_plan {
	uint32_t n;
	struct fed_partition how;
	const struct fed_device_spec *device; /* NULL: the default */
	const struct fed_link_spec *link;     /* likewise */
	const char *names; /* typed (train/clients/names.h); NULL: the owners' if they are natural */
	uint64_t seed;
	double unseen;  /* share of the clients that never take part; one stays that does */
	double holdout; /* share of its examples that each keeps for evaluation, at least one of two */
};
/* Add a client block, numbered first .. first + n - 1.  Unchanged on FED_FAIL. */
int fed_clients_add(struct fed_clients *, const struct fed_dataset *,
                    const struct fed_clients_plan *, uint32_t *first, struct fed_error *);
/* Add a client on another machine, which holds examples that are not here: so many to train on, so
 * many that it keeps for evaluation.  Unchanged on FED_FAIL. */
int fed_clients_add_remote(struct fed_clients *, const char *name, const char *key, uint32_t count,
                           uint32_t holdout, uint32_t *id, struct fed_error *);
/* The client with this key, or FED_SERVER. */
uint32_t fed_clients_find_key(const struct fed_clients *, const char *key);
/* Change how many it holds. */
int fed_clients_resize_remote(struct fed_clients *, uint32_t id, uint32_t count, uint32_t holdout,
                              struct fed_error *);
/* In a client's own process: add rows up to this id, of which it alone is present, with these
 * examples (fed_alloc; taken on success), of which it keeps the share `holdout` for evaluation, as
 * `plan` of fed_clients_add(). */
int fed_clients_add_own(struct fed_clients *, uint32_t id, uint32_t *ids, uint32_t n,
                        double holdout, uint64_t seed, struct fed_error *);
/* How many of n examples a client keeps for evaluation. */
uint32_t fed_holdout_of(double share, uint32_t n);
/* Whether a client on another machine is not connected. */
bool fed__client_is_away(const struct fed_clients *, uint32_t id);
void fed_client_set_away(struct fed_clients *, uint32_t id, bool away);
bool fed_client_is_remote(const struct fed_clients *, uint32_t id);
/* What was told of it; of a client that is simulated: honest, whatever its faults are. */
enum fed_client_truth fed_client_truth(const struct fed_clients *, uint32_t id);
void fed_client_set_truth(struct fed_clients *, uint32_t id, enum fed_client_truth);
/* Whether clients are on other machines: then all are. */
bool fed_clients_are_remote(const struct fed_clients *);
/* Change a client's device and link; NULL: unchanged. */
void fed_client_equip(struct fed_client *, uint32_t id, const struct fed_device_spec *,
                      const struct fed_link_spec *, uint64_t seed);
/* Remove clients, and return their examples to the pool.  ids ascending, all present. */
void fed_clients_remove(struct fed_clients *, const uint32_t *ids, uint32_t n);
/* The client's evaluation; NaN where there is none. */
struct fed_client_evaluation fed_client_evaluation(const struct fed_clients *, uint32_t id);
/* Clients that hold examples out. */
uint32_t fed_clients_evaluating(const struct fed_clients *);
/* Drop all evaluations (another model). */
void fed_clients_forget_evaluations(struct fed_clients *);
/* The client, or NULL if it is not present. */
struct fed_client *fed_clients_get(const struct fed_clients *, uint32_t id);
/* Number of examples of each class, [classes]; regression: one class. */
void fed_client_histogram(const struct fed_client *, const struct fed_dataset *, uint32_t *counts);
/* Drop all kept vectors and choices among models (another aggregator or model). */
void fed_clients_forget(struct fed_clients *);
/* Drop all residuals and own layers (another model). */
void fed_clients_forget_residuals(struct fed_clients *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split.h - state of scheme `split`, for its own files and for views.
 *
 * The model is cut.  The client runs the head, layers [0, cut[0]), the server the layers [cut[0],
 * cut[1]) and, with labels=client, the client the tail [cut[1], layers) and the loss; with
 * labels=server cut[1] is the end.  Activations at a cut (smashed data) and the gradients by them
 * cross as messages.  Definitions: Gupta, Raskar 2018; Vepakomma et al. 2018; Thapa et al. 2022
 * (SplitFed).
 *
 * A turn is one client's part in a round: an invitation that begins with its layers' parameters
 * (FED_MESSAGE_HEAD) and ends when the client has relayed them.  parallel=off: one turn after the
 * other, and the server's layers learn from all.  v1 and v2: all turns at once; what the clients
 * trained is averaged by the aggregator; the server has a copy of its layers for each client (v1),
 * averaged too, or one that learns from them in the order in which activations arrive (v2).
 *
 * v2 with smashed=batch: the server waits for the activations of all turns, joins them to one batch
 * and makes one step with the mean gradient of all its examples.  With labels=client it waits
 * twice: for the activations, which it takes forward together, and for the gradients by the
 * features.  Each of those is a mean over its client's n_i examples; the server weights it by n_i /
 * n, so that its step, and what it sends back to the heads, is that of the joined batch as with
 * labels=server, while each tail learns from the examples of its own client.  A client that ended
 * its turn in between is left out of the step, as if its activations had never come.
 *
 * The present head is the last one that was relayed: when a client fails in its turn, the changes
 * of its own layers are lost, those that its batches made to the server's layers stay.
 */
#ifndef FED_TRAIN_SCHEMES_SPLIT_H
#define FED_TRAIN_SCHEMES_SPLIT_H

#include "base/random.h"
#include "base/ranges.h"
#include "train/federation.h"
#include "train/local/data_faults.h"

enum fed_split_relay { FED_RELAY_SERVER, FED_RELAY_PEER };
enum fed_split_labels { FED_LABELS_SERVER, FED_LABELS_CLIENT };
enum fed_split_parallel { FED_PARALLEL_OFF, FED_PARALLEL_V1, FED_PARALLEL_V2 };
enum fed_split_smashed { FED_SMASHED_SINGLE, FED_SMASHED_BATCH };
enum fed_split_order { FED_ORDER_ROUND_ROBIN, FED_ORDER_RANDOM };

/* Parts of the model, in forward order. */
enum fed_split_part { FED_PART_HEAD, FED_PART_SERVER, FED_PART_TAIL, FED_PARTS };

enum fed_turn_phase {
	FED_TURN_WAITING,  /* not invited yet */
	FED_TURN_INVITED,  /* invited: the head is in flight to it */
	FED_TURN_FORWARD,  /* computes activations of a batch */
	FED_TURN_UP,       /* its activations are in flight */
	FED_TURN_SERVED,   /* the server has them: computes, or will */
	FED_TURN_FEATURES, /* labels=client: the server's activations are in flight */
	FED_TURN_TAIL,     /* computes its last layers, forward and back */
	FED_TURN_TAIL_UP,  /* the gradient of the tail's input is in flight */
	FED_TURN_SERVED_BACK,
	FED_TURN_DOWN,     /* the gradient at the cut is in flight */
	FED_TURN_BACKWARD, /* computes its layers' gradients */
	FED_TURN_RELAYING, /* has trained; its head is in flight to the server */
	FED_TURN_OVER,
};

/* One client's turn. */
struct fed_turn {
	struct fed_job
		job; /* present computation, of the client or of the server for it; first member */
	struct fed_federation *federation;
	struct fed_split *split;
	enum fed_turn_phase phase;
	bool submitted;
	bool remote;       /* its client is on another machine: its computations are awaited */
	double since;      /* when the present one of those began */
	double awaited;    /* since when the server waits for the client's next message */
	bool joined;       /* its batch is part of the server's joined batch: */
	uint32_t from_all; /* its first example in the joined batch */
	bool reported;     /* its layers were taken */
	uint32_t client;
	uint64_t number; /* of its invitation */
	struct fed_client row;
	struct fed_data_faults data_faults;
	struct fed_stream shuffle, noise;
	double sigma;    /* of the noise, as the setting was when the turn began */
	uint32_t *order; /* [row.count] examples of this epoch */
	int64_t epoch;
	uint32_t from, n; /* the present batch: examples from .. from + n - 1 of the epoch */
	uint32_t batch;   /* its number in the turn, from 1 */
	double loss;      /* sum over examples and epochs */
	/* [fed__turn_dim()]: its own layers, and under v1 the server's copy of the rest. */
	float *params;
	float *corrected; /* [dim], update for the aggregator where an attack made up the rest of the
	                     model; or NULL */
	struct fed_workspace space[FED_PARTS]; /* of its own: fed__turn_has_memory() */
	int32_t *label;
	float *target;
	struct fed_shared_vectors *crossing,
		*labels; /* data that arrived, or that was computed and will be sent */
	struct fed_shared_vectors *answer; /* result of the present computation */
	bool failed;
	struct fed_error why;
};

struct fed_split {
	/* Settings. */
	struct fed_list cut;
	int relay, labels, parallel, smashed, order;
	bool
		vertical; /* scheme vertical: parallel=v2 and smashed=batch, columns joined, not examples */
	char parts[FED_RANGES_TEXT]; /* its columns; empty: as the model has them */
	double deadline;     /* virtual seconds that a client's next message is awaited; 0: no end */
	double server_speed; /* FLOP per virtual second; 0: computing takes no time */
	int64_t holder;      /* relay=peer: the client that has the head between rounds, or -1 */
	/* Of the open round. */
	size_t at[2];          /* the cuts */
	struct fed_turn *turn; /* [turns], in the order of being called */
	uint32_t turns, called;
	struct fed_sealed_head
		sealed[2];     /* relay=peer over a network: the present one, the one before */
	uint32_t unopened; /* clients that could not open the present one, one after another */
	uint64_t first;    /* number of the first turn's invitation */
	uint32_t *common;  /* [n_common], vertical: examples that all parties hold */
	uint32_t n_common;
	double seen;   /* vertical: examples of the batches that the server has learned from */
	bool ended;    /* vertical: a party was lost */
	float *params; /* [dim], the model being trained: the present head, the server's layers */
	struct fed_shared_vectors *head; /* v1, v2: the head that all clients are sent, or NULL */
	int64_t giver;                   /* relay=peer: the client that has the present head, or -1 */
	double free;                     /* virtual time at which the server is idle again */
	uint32_t *queue;                 /* [turns] ring of turns whose data wait for the server */
	uint32_t queued, front;
	int64_t serving;          /* the turn, FED_SERVING_ALL or -1 */
	struct fed_workspace all; /* v2: the server's, for one turn after another, or for all */
	uint32_t n_all;           /* examples that went forward in it last */
	uint32_t awaited; /* a turn whose data had not arrived at the last check; == turns: all have
	                     trained */
	struct fed_job all_job;
	struct fed_aggregation aggregation;
	bool aggregating;
	uint64_t jobs;
};
#define FED_SERVING_ALL INT64_MAX

/* Whether clients on other machines seal the layers that they relay. */
bool fed_split_seals(const struct fed_scheme *, const void *state);
/* Whether the scheme's state is a fed_split: split or vertical. */
bool fed_is_split(const struct fed_scheme *);
/* Cuts of this net by the settings: [at[0], at[1]) are the server's layers.  FED_REJECT: a setting
 * does not fit the net. */
int fed_split_cuts(const struct fed_split *, const struct fed_net *, size_t at[2],
                   struct fed_error *);

#endif

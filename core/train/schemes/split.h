/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split.h - the state of scheme `split`, for those who look at it.
 *
 * The model is cut.  The client runs the head, layers [0, cut[0]), the server the layers
 * [cut[0], cut[1]) and, with labels=client, the client the tail [cut[1], layers) and the loss; with
 * labels=server cut[1] is the end.  Activations at a cut (smashed data) and the gradients by them
 * cross as messages.  Definitions: Gupta, Raskar 2018; Vepakomma et al. 2018; Thapa et al. 2022
 * (SplitFed).
 *
 * A turn is one client's part in a round: an invitation that begins with its layers' parameters
 * (FED_MESSAGE_HEAD) and ends when it has handed them on.  parallel=off: one turn after the other,
 * and the server's layers learn from all.  v1 and v2: all turns at once; what the clients trained
 * is averaged by the aggregator; the server has a copy of its layers for each client (v1), averaged
 * too, or one that learns from them in the order in which activations arrive (v2).
 *
 * v2 with smashed=batch: the server waits for everybody's activations, joins them to one batch and
 * makes one step with the mean gradient of all its examples.  With labels=client it waits twice:
 * for the activations, which it takes forward together, and for the gradients by the features.
 * Each of those is a mean over its client's n_i examples; the server weights it by n_i / n, so that
 * its step, and what it sends back to the heads, is that of the joined batch as with labels=server,
 * while each tail learns from the examples of its own client.  A client that ended its turn in
 * between is left out of the step, as if its activations had never come.
 *
 * The head that counts is the last one handed on: when a client fails in its turn, what it did to
 * its own layers is gone, what its batches did to the server's layers stays.
 */
#ifndef FED_TRAIN_SCHEMES_SPLIT_H
#define FED_TRAIN_SCHEMES_SPLIT_H

#include "base/random.h"
#include "train/federation.h"
#include "train/local/data_faults.h"

enum fed_split_relay { FED_RELAY_SERVER, FED_RELAY_PEER };
enum fed_split_labels { FED_LABELS_SERVER, FED_LABELS_CLIENT };
enum fed_split_parallel { FED_PARALLEL_OFF, FED_PARALLEL_V1, FED_PARALLEL_V2 };
enum fed_split_smashed { FED_SMASHED_SINGLE, FED_SMASHED_BATCH };
enum fed_split_order { FED_ORDER_ROUND_ROBIN, FED_ORDER_RANDOM };

/* The parts of the model, in forward order. */
enum fed_split_part { FED_PART_HEAD, FED_PART_SERVER, FED_PART_TAIL, FED_PARTS };

enum fed_turn_phase {
	FED_TURN_UNCALLED, /* its turn has not come */
	FED_TURN_CALLED,   /* the head is on its way to it */
	FED_TURN_FORWARD,  /* computes activations of a batch */
	FED_TURN_UP,       /* they are on their way */
	FED_TURN_SERVED,   /* the server has them: computes, or will */
	FED_TURN_FEATURES, /* labels=client: the server's activations are on their way */
	FED_TURN_TAIL,     /* computes its last layers, forward and back */
	FED_TURN_TAIL_UP,  /* their gradient is on its way */
	FED_TURN_SERVED_BACK,
	FED_TURN_DOWN,     /* the gradient at the cut is on its way */
	FED_TURN_BACKWARD, /* computes its layers' gradients */
	FED_TURN_HANDING,  /* has trained; its head is on the way to the server */
	FED_TURN_OVER,
};

/* One client's turn. */
struct fed_turn {
	struct fed_job job; /* what it, or the server for it, computes now; first member */
	struct fed_federation *federation;
	struct fed_split *split;
	enum fed_turn_phase phase;
	bool submitted;
	bool joined;       /* the server computes for it together with others: */
	uint32_t from_all; /* its first example in their batch */
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
	/* [fed_turn_dim()]: its own layers, and under v1 the server's copy of the rest. */
	float *params;
	float *
		corrected; /* [dim], what the aggregator gets where an attacker made up the rest; or NULL */
	struct fed_workspace space[FED_PARTS]; /* of its own: fed_turn_has_memory() */
	int32_t *label;
	float *target;
	struct fed_shared_vectors *crossing,
		*labels;                       /* what has arrived, or was computed and will leave */
	struct fed_shared_vectors *answer; /* what is computed from it now */
	bool failed;
	struct fed_error why;
};

struct fed_split {
	/* Settings. */
	struct fed_list cut;
	int relay, labels, parallel, smashed, order;
	double server_speed; /* FLOP per virtual second; 0: computing takes no time */
	int64_t holder;      /* relay=peer: the client that has the head between rounds, or -1 */
	/* Of the round. */
	size_t at[2];          /* the cuts */
	struct fed_turn *turn; /* [turns], in the order of being called */
	uint32_t turns, called;
	uint64_t first; /* number of the first turn's invitation */
	float *params;  /* [dim], the model as it becomes: the head that counts, the server's */
	struct fed_shared_vectors *head; /* v1, v2: what all are called with, or NULL */
	int64_t giver;                   /* relay=peer: who has the head that counts, or -1 */
	double free;     /* virtual time at which the server has nothing to do any more */
	uint32_t *queue; /* [turns] ring of turns whose data wait for the server */
	uint32_t queued, front;
	int64_t serving;          /* the turn, FED_SERVING_ALL or -1 */
	struct fed_workspace all; /* v2: the server's, for one turn after another, or for all */
	uint32_t n_all;           /* examples that went forward in it last */
	uint32_t awaited; /* a turn that was not there when last looked for; turns: all have trained */
	struct fed_job all_job;
	struct fed_aggregation aggregation;
	bool aggregating;
	uint64_t jobs;
};
#define FED_SERVING_ALL INT64_MAX

/* Where the settings cut this net: [at[0], at[1]) are the server's layers.  FED_REJECT in words. */
int fed_split_cuts(const struct fed_split *, const struct fed_net *, size_t at[2],
                   struct fed_error *);

#endif

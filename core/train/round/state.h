/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/state.h - state of a federation, and of its open round.
 *
 * For the files of train/ and its subfolders; train/federation.h is the interface.
 */
#ifndef FED_TRAIN_ROUND_STATE_H
#define FED_TRAIN_ROUND_STATE_H

#include <stdatomic.h>

#include "base/system/pool.h"
#include "net/messenger.h"
#include "nn/net.h"
#include "train/clients/clients.h"
#include "train/round/attacks.h"
#include "train/round/clients_before.h"
#include "train/round/costs.h"
#include "train/round/record.h"
#include "train/round/scheme.h"
#include "train/round/settings.h"
#include "train/round/verdicts.h"

/* Open invitation: a client that was sent the model and has not answered; at most one each. */
struct fed_invitation {
	uint64_t number;  /* from 1; what its messages carry as `round` */
	uint64_t version; /* of the model that was sent */
	double sent;      /* virtual seconds */
	struct fed_shared_vectors *model;
	uint32_t client;
};

/* Candidate whose loss at the present model is asked for (train/loss_queries.h). */
struct fed_loss_query {
	uint32_t client, place; /* its place among those present */
	double loss;            /* that it computes */
	bool answered;          /* the server knows the loss, and that the client has the model */
	bool over;              /* answered, or a message was lost */
};
struct fed_loss_queries {
	struct fed_loss_query *of; /* [n] */
	uint32_t n, waiting;       /* not over yet */
};

struct fed_assign;
/* Updates of clients on other machines that wait for their turn (train/remote_clients.h). */
struct fed_report {
	struct fed_envelope envelope;
	bool moved; /* sent on: its invitation will be closed */
	bool gone;  /* FED_QUEUED_GONE, not a report */
};
struct fed_reports {
	struct fed_report *of; /* [n] in the order of arrival */
	uint32_t n, capacity;
};

/* A head that clients on other machines sealed for each other (train/schemes/split_sealed.c). */
struct fed_sealed_head {
	struct fed_code *bytes; /* a reference, or NULL */
	int64_t giver;          /* the client that made it */
};

struct fed_faults;
struct fed_ranks;
struct fed_held;      /* train/round/message_faults.h */
struct fed_trainer;   /* jobs and per-thread workspaces: train/local/trainer.h */
struct fed_in_flight; /* train/in_flight.h */

/* A division of the free memory among federations that run at the same time. */
struct fed_memory_share {
	uint32_t sharers; /* federations, this one included */
	bool refused;     /* a round was refused that would have fitted without the others */
};

/* From which a dataset can be loaded again (fed_dataset_load). */
struct fed_data_origin {
	const char *name;
	const struct fed_assign *assign; /* [n] */
	size_t n;
	uint64_t seed;
	bool cached; /* it may be read from the data cache */
};

/* What a federation borrows: it must outlive the federation. */
struct fed_federation_parts {
	const struct fed_dataset *data;
	const struct fed_net *net;
	struct fed_clients *clients;
	const struct fed_instance *model; /* that made the net; NULL: it runs inside */
	struct fed_instance *aggregator, *transport;
	struct fed_instance *selection; /* NULL, or without an entry: a uniform draw */
	const struct fed_settings *settings;
	const struct fed_scheme *scheme;
	void *scheme_state;
	struct fed_sink sink;
	const struct fed_registry *plugins;        /* where codecs come from */
	struct fed_faults *faults;                 /* NULL: none */
	struct fed_ledger *ledger;                 /* NULL: no costs are kept */
	struct fed_ranks *ranks;                   /* train/local/places.h; NULL: none train for it */
	const struct fed_data_origin *origin;      /* NULL: unknown */
	const struct fed_network_service *network; /* for real transports; NULL: none is open */
};

struct fed_federation {
	/* borrowed, see struct fed_federation_parts */
	const struct fed_dataset *data;
	const struct fed_net *net;
	struct fed_clients *clients;
	const struct fed_instance *model_plugin;
	struct fed_instance *aggregator, *transport, *selection;
	const struct fed_settings *settings;
	const struct fed_scheme *scheme;
	void *scheme_state;
	struct fed_sink sink;
	const struct fed_registry *plugins;
	struct fed_faults *faults;
	struct fed_ledger *ledger;
	struct fed_ranks *ranks;
	const struct fed_data_origin *origin;
	struct fed_memory_share
		*memory_share; /* set after fed_federation_init; NULL: all that is free */
	/* owned */
	struct fed_shared_vectors *model; /* the global model; messages and trainings have references */
	const float *params;              /* [net->dim], its one vector */
	struct fed_vector_free_list models; /* free list of former models */
	struct fed_vector_free_list
		messages; /* likewise, of models with the aggregator's broadcast vectors */
	uint64_t version;
	double evaluation_seconds; /* virtual, of all evaluations by messages: fed_clock_of() */
	uint64_t invitations;      /* made so far, without those of aborted rounds */
	struct fed_event_queue clock;
	struct fed_messenger messenger;
	struct fed_pool *pool;
	struct fed_trainer *trainer;
	struct fed_plan plan; /* of the open round, as are: */
	struct fed_shared_codec *codec,
		*codec_down;                 /* of what clients send, of the model; NULL: none */
	char codec_text[FED_CODEC_TEXT]; /* from which they were made */
	struct fed_matrix *matrix;       /* [matrices]: the model as codecs see it */
	uint32_t matrices;
	struct fed_sharing *sharing; /* which parameters travel, made from `sharing_text`; NULL: all */
	char sharing_text[FED_LOCAL_LAYERS_TEXT];
	struct fed_matrix *travelling; /* [travelling_matrices]: `matrix` without what stays; NULL: as
	                                  it is */
	uint32_t travelling_matrices;
	bool feedback;        /* whether clients keep residuals */
	double noise;         /* standard deviation of the noise that clients add to what they send */
	const uint32_t *seen; /* [n_seen] ids, ascending: those present that take part */
	uint32_t *seen_ids;   /* their memory, where some do not; else NULL */
	uint32_t n_seen;
	bool equal_weights;         /* whether the selection rule wants equal weights in the mean */
	bool reports_rms;           /* whether clients report the mean of their squared losses */
	struct fed_record record;   /* of the open round, or the last */
	struct fed_charges charges; /* its costs, by clients */
	struct fed_clients_before clients_before; /* what it changed in the table of clients */
	struct fed_shared_vectors *outgoing; /* the model as clients see it when it is sent, or NULL */
	uint64_t asked; /* at a client in its own process: version of `outgoing`, its last query's */
	struct fed_sealed_head sealed[2]; /* split learning: the present one, and the one before it */
	struct fed_code *outgoing_code;   /* its bytes under codec_down, or NULL */
	bool packed;                      /* outgoing is the present version */
	struct fed_shared_vectors
		*submitted_update[2];    /* the last update and its model, until the version ends */
	float *step;                 /* [dim], for the aggregator to write */
	struct fed_invitation *open; /* hash table [open_capacity] by client; number 0: free */
	uint32_t n_open, open_capacity;
	struct fed_held *held; /* [n_held] messages that faults keep at clients */
	size_t n_held, held_capacity;
	struct fed_reports reports;
	struct fed_collusion_state collusions;
	bool in_round;
	uint32_t n_nonfinite; /* updates of this round that were refused because they are not finite */
	uint64_t steps;       /* of the open round, or the last: its beginning and the events handled */
	bool nan;             /* the next event is caused by a number that is not finite */
	struct fed_instance_backup before;           /* of the aggregator, while in_round */
	struct fed_instance_backup selection_before; /* likewise; state NULL: there is no rule */
	struct fed_loss_queries queries;             /* of the open round, as are: */
	uint32_t draws;                              /* uniform draws that the rule has made */
	bool selection_failed; /* in this round, which goes on without it (on-plugin-error) */
	struct {
		uint64_t invitations, next_seq, next_id; /* counters */
		uint32_t n_open, open_capacity;
		size_t n_held;
		double clock;
		struct fed_record record;        /* of the round before */
		struct fed_in_flight *in_flight; /* of a round that may be replayed; else NULL */
		bool lost; /* its abort cancelled work of earlier versions: there was no snapshot */
	} started;     /* at the beginning of the open round, or the last one */
	uint64_t deadlines, deadline; /* set so far; number of the present one, 0: none */
	double patience;      /* seconds that the round waits for a client; 0: as long as it takes */
	struct fed_host host; /* functions that aggregators may call */
	struct fed_verdicts verdicts;
	atomic_bool evaluating; /* the version is committed: it is too late to abort */
	atomic_int stop; /* 0: run, 1: stop after this round, 2: abort now; set by a signal handler */
};

/* Virtual seconds since the session began; the event queue's are without those of evaluations, in
 * which training stands still. */
static inline double fed_clock_of(const struct fed_federation *f)
{
	return f->clock.now + f->evaluation_seconds;
}

#endif

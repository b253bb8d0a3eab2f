/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/dealing.h - which rank gets which training; and what the coordinator consists of.
 *
 * All of it is guarded by the coordinator's lock.
 */
#ifndef FED_CLUSTER_DEALING_H
#define FED_CLUSTER_DEALING_H

#include "cluster/coordinator.h"
#include "cluster/models.h"
#include "train/local/internal.h"
#include "train/local/residents.h"

/* How far a rank is with a federation. */
enum told { UNTOLD, TOLD, READY, REFUSED };

/* A federation whose trainings ranks may have. */
struct announced {
	uint64_t number;
	struct fed_trainer *trainer;
	struct fed_bytes *set_up;
	struct fed_bytes *data; /* of its dataset, once a rank lacks it */
	unsigned char *told;    /* [ranks], enum told */
	struct fed_rank_models models;
	struct fed_residents residents; /* what the rank of each client remembers */
	bool stopped;                   /* its trainings were cancelled, and ranks know */
	struct announced *next;
};

/* A training or evaluation that a rank has. */
struct dealt {
	uint64_t number;
	struct fed_job *job; /* NULL: cancelled, its result is dropped */
	struct announced *of;
	uint32_t client; /* FED_SERVER: an evaluation */
	double flops;
	struct dealt *next;
};

struct rank_state {
	struct dealt *jobs;
	uint32_t n_jobs, threads;
	double flops; /* of its jobs */
	struct fed_rank_report report;
};

struct fed_coordinator {
	struct fed_ranks face; /* first member */
	struct fed_cluster *cluster;
	pthread_mutex_t lock;
	pthread_t thread;
	struct announced *first;
	struct rank_state *rank; /* [ranks] */
	uint32_t ranks, threads; /* threads of the other ranks */
	uint64_t federations, jobs;
	double began; /* wall seconds */
	struct fed_text received;
	struct fed_packet packet;
	struct fed_text notes; /* lines for the user */
	bool failed;           /* the job has ended */
	/* for waking */
	pthread_mutex_t wake_lock;
	pthread_cond_t wake;
	bool woken, quit;
};

static inline struct fed_pool *fed__pool_of(const struct announced *a)
{
	return a->trainer->federation->pool;
}

/* A line for the user, once. */
void fed__note_rank(struct fed_coordinator *, const char *line);
/* The link is of no use any more, and what ranks have is run here. */
void fed__give_up(struct fed_coordinator *, const char *why);
/* Send a message, a reference to which is taken, or the packet that was written; false: given up.
 */
bool fed__deal_bytes(struct fed_coordinator *, uint32_t to, struct fed_bytes *);
bool fed__deal_packet(struct fed_coordinator *, uint32_t to);

/* Deal what may be dealt of one federation; whether there was something. */
bool fed__deal(struct fed_coordinator *, struct announced *);
/* Remove a training from those that a rank has; the caller's.  NULL: it has none of this number. */
struct dealt *fed__take_dealt(struct rank_state *, uint64_t number);
/* A rank is about to remember something else of a client, if it is the one that does. */
void fed__forget_resident(struct fed_coordinator *, uint32_t rank, const struct dealt *);

#endif

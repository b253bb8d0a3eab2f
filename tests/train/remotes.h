/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/remotes.h - a server's federation and those of its clients, each as in a process of its
 * own, with a network in memory between them, on one thread.
 *
 * Frames alone pass between them.  A client does its work when the server polls; which client is
 * next is drawn at random, and a message of one client never overtakes another of the same.
 */
#ifndef TESTS_TRAIN_REMOTES_H
#define TESTS_TRAIN_REMOTES_H

#include "base/random.h"
#include "train/lab.h"

#define REMOTES_MOST 8

struct remotes;
/* What a client does with a message that it got, in place of its work: it may append frames
 * (remotes_answer). */
typedef void remotes_behave(struct remotes *, uint32_t client, const struct fed_envelope *);

struct remote_frame {
	uint64_t id; /* to the client: the message's; 0: to the server */
	char *bytes;
	size_t len;
};
struct remote_client {
	struct lab lab;
	struct remote_frame queue[64]; /* [n], from `front`: what is on its way to it and from it */
	uint32_t front, n;
	bool gone; /* it is told of once, and takes no message */
	bool told;
	uint64_t work;                   /* messages that it was given */
	struct fed_shared_vectors *head; /* relay=peer: the last that it sealed, as no server sees it */
};
struct remotes {
	struct lab server;
	struct remote_client client[REMOTES_MOST];
	uint32_t n;
	struct fed_network_service network;
	struct fed_stream draw;
	bool in_turn;  /* the clients' messages are brought on one after another, not drawn */
	uint32_t last; /* the client whose turn it was */
	bool idles;    /* a poll may bring nothing though there is something */
	bool real;     /* its seconds are real ones, else each step takes a `tick` */
	double now, tick;
	struct remote_frame held; /* what take() handed out last */
	remotes_behave *behave;   /* NULL: all work */
	void *ctx;
	bool may_fail;   /* a client that cannot decode leaves, in place of a failed test */
	char log[16384]; /* the server's events that tell of trouble, a line each */
	size_t log_len;
};

/* Compose the same session for the server, whose clients are remote, and for each client, with the
 * examples that it would have in the simulation. */
void remotes_compose(struct remotes *, void (*compose)(struct lab *, void *ctx), void *ctx,
                     uint64_t order);
void remotes_start(struct remotes *);
void remotes_release(struct remotes *);
/* Do the work that a message asks for; false: it asks for no answer. */
bool remotes_compute(struct remotes *, uint32_t client, const struct fed_envelope *,
                     struct fed_envelope *answer);
/* The same, and send the answer. */
void remotes_work(struct remotes *, uint32_t client, const struct fed_envelope *);
/* Send a message of the client, encoded, or bytes. */
void remotes_answer(struct remotes *, uint32_t client, const struct fed_envelope *);
void remotes_send(struct remotes *, uint32_t client, const void *bytes, size_t len);
/* The client is gone, from now on. */
void remotes_leave(struct remotes *, uint32_t client);

/* A composition: settings as key, value; scheme settings likewise. */
#define WAY_PAIRS 4
struct way {
	const char *aggregator, *scheme;
	const char *set[WAY_PAIRS][2], *scheme_set[WAY_PAIRS][2];
	const char *rule, *fault, *fault2;
	double holdout;
	bool uneven;                 /* clients of different sizes, whose computing takes no time */
	bool in_turn;                /* see struct remotes */
	bool loss_is_claimed;        /* the clients alone know the loss: they send it rounded */
	bool seals_heads;            /* the server has only its own layers (relay=peer) */
	const char *dataset, *model; /* NULL: points in the plane, a small net */
};
/* remotes_compose()'s callback; ctx is the way. */
void way_compose(struct lab *, void *ctx);
/* Run the way simulated and with remote clients, and compare each version: model, order of the
 * updates, record. */
void way_is_simulation(const struct way *, uint64_t order, int rounds);
/* The models have the same bits. */
void ways_same_model(const struct lab *, const struct lab *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/queue.h - what the threads that use a network and its own thread share: messages to be
 * sent, events to be taken, and the wakes of both sides.
 *
 * An event's memory is there before what it tells of is done, so that none is lost: a message to be
 * sent has that of its end, and the network's thread keeps spare ones.
 */
#ifndef FED_NETWORK_QUEUE_H
#define FED_NETWORK_QUEUE_H

#include <pthread.h>

#include "network/network.h"
#include "network/streams.h"

struct fed__event_node {
	struct fed_network_event event;
	struct fed__event_node *next;
};

/* A message to be sent, from fed_network_send() to its end. */
struct fed__posting {
	struct fed__event_node node; /* first: its event is freed as a node */
	struct fed__letter letter;
	struct fed__posting *before, *behind; /* of all that have not ended */
	struct fed__posting *waiting;         /* the next that the thread has not taken */
	uint32_t peer;
	uint64_t tag;
	bool cancelled;
};

struct fed__queue {
	pthread_mutex_t lock;
	struct fed__event_node *first, *last; /* events */
	struct fed__posting *all;
	struct fed__posting *new_first, *new_last;
	bool cancels; /* some were cancelled since the thread looked */
	int readable; /* eventfds: events wait; fed_network_wake(); something for the thread */
	int woken, call;
};

int fed__queue_init(struct fed__queue *, struct fed_error *);
void fed__queue_release(struct fed__queue *);

/* The lock is held: */
void fed__queue_push(struct fed__queue *, struct fed__event_node *);
struct fed__event_node *fed__queue_pop(struct fed__queue *);
/* Remove events of a peer: its messages; or the ends of what was sent, all or of a tag. */
void fed__queue_forget_messages(struct fed__queue *, uint32_t peer);
void fed__queue_forget_ends(struct fed__queue *, uint32_t peer, uint64_t tag);
void fed__queue_post(struct fed__queue *, struct fed__posting *);
/* tag 0: all of the peer's. */
void fed__queue_cancel(struct fed__queue *, uint32_t peer, uint64_t tag);
/* A posting has ended: its event, unless it was cancelled. */
void fed__queue_end(struct fed__queue *, struct fed__posting *, const char *why);

/* Wake the network's thread; what has woken it is forgotten. */
void fed__queue_call(struct fed__queue *);
void fed__queue_called(struct fed__queue *);
/* An eventfd, whose counter never blocks; from signal handlers, too. */
void fed__event_raise(int fd);
bool fed__event_take(int fd);

#endif

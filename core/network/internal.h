/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/internal.h - a network, for the files of this folder: what its thread owns alone, and
 * what the queue's lock guards.
 */
#ifndef FED_NETWORK_INTERNAL_H
#define FED_NETWORK_INTERNAL_H

#include <netinet/in.h>
#include <pthread.h>

#include "network/dial.h"
#include "network/network.h"
#include "network/queue.h"
#include "network/sockets.h"
#include "network/streams.h"

enum {
	FED__ROUTES = 4,       /* former connections that are remembered */
	FED__BUCKETS = 256,    /* of the table of keys */
	FED__SPARE_EVENTS = 4, /* most that come of one message, ends of messages aside */
};
#define FED__NO_PEER UINT32_MAX

/* A peer: it is who has the key. */
struct fed__peer {
	struct fed_network *network;
	uint32_t number;
	char key[FED_KEY_TEXT];
	struct fed__peer *same; /* the next one in its bucket */
	struct fed__stream stream;
	/* Its connection, and those before it, whose last messages may still come. */
	struct fed__route route, former[FED__ROUTES];
	unsigned n_former;
	int fd; /* -1: unknown */
	bool connected, silent;
	double since;        /* when it was connected, or was lost */
	double full_until;   /* its connection's queue has no room */
	double barred_until; /* for it was not admitted in time */
	/* Under the lock: */
	bool wants_admission, wants_refusal, wants_pardon; /* for the thread */
	unsigned waiting;                                  /* messages of it in the queue of events */
	struct fed_network_peer shown;
};

/* A TCP connection to a server, by its descriptor, which is libzmq's. */
struct fed__connection {
	bool open, dropped;
	uint32_t peer; /* FED__NO_PEER: nothing has come */
	double since;
	struct sockaddr_storage address;
	socklen_t address_size;
};
/* Who may connect (doorman.c). */
struct fed__doorman {
	struct fed__connection *connections; /* by descriptor */
	size_t n;
	unsigned unknown;      /* open, and nothing has come */
	struct fed__expected { /* who was let in and has not been heard yet */
		char key[FED_KEY_TEXT];
		double until;
	} * expected;
	size_t n_expected, most_expected;
	double allowance, allowance_at; /* new strangers that may come now, and when that was counted */
	double told_at;
};
/* How a client comes to its server (caller.c). */
struct fed__caller {
	struct fed__endpoint endpoint;
	char connected[FED__ENDPOINT_TEXT]; /* what the socket connects to; "": nothing */
	struct fed__dial *dial;
	bool up; /* the handshake succeeded */
	double up_at, dial_at, pause, redial_after;
	unsigned not_shaken; /* handshakes that ended within, since the last look */
	enum fed_network_trouble told;
	double told_at;
};

struct fed_network {
	struct fed__queue queue;
	pthread_t thread;
	bool runs, serves;
	/* The thread's: */
	struct fed__sockets *sockets;
	struct fed_key_pair keys;
	struct fed_network_limits limits;
	struct fed__stream_sink sink;
	uint32_t life;
	int key_port; /* -1: none */
	struct fed__doorman doorman;
	struct fed__caller caller;
	struct fed__peer *bucket[FED__BUCKETS];
	struct fed__event_node *spare; /* events that are not used yet */
	unsigned n_spare;
	double now, next; /* of this turn; when something is due */
	/* Under the lock: */
	struct fed__peer **peers; /* by number; a stranger that is forgotten is NULL */
	uint32_t n_peers, peers_capacity;
	bool wishes; /* a peer has some */
	bool ends;
	double linger;
};

/* peer_table.c.  A new one: NULL without memory. */
struct fed__peer *fed__peer_of_key(const struct fed_network *, const char *key);
struct fed__peer *fed__peer_new(struct fed_network *, const char *key);
void fed__peer_free(struct fed__peer *);
void fed__peer_forget(struct fed__peer *);
void fed__peer_disconnected(struct fed__peer *);

/* peers.c.  A message came by this connection. */
void fed__peer_heard(struct fed__peer *, const struct fed__delivery *);
/* Drop its connection, its messages and what was sent to it. */
void fed__peer_refuse(struct fed__peer *);
/* Silence, strangers' time. */
void fed__peer_tick(struct fed__peer *);
/* Send what is due, a few messages; whether there is more. */
bool fed__peer_send(struct fed__peer *);
void fed__peer_show(struct fed__peer *);
extern const struct fed__stream_sink fed__peer_sink;

/* events.c: an event from the spare ones. */
bool fed__events_refill(struct fed_network *);
void fed__events_release(struct fed_network *);
void fed__event_tell(struct fed_network *, enum fed_network_event_kind, uint32_t peer);
/* A whole message, which is taken. */
void fed__event_message(struct fed__peer *, void *bytes, size_t len);
void fed__event_trouble(struct fed_network *, uint32_t peer, enum fed_network_trouble,
                        const char *text);

/* doorman.c */
int fed__doorman_init(struct fed_network *, struct fed_error *);
void fed__doorman_release(struct fed_network *);
void fed__doorman_turn(struct fed_network *);
/* A message of this peer came by a connection. */
void fed__doorman_heard(struct fed_network *, const struct fed__peer *, int fd);
void fed__doorman_drop(struct fed_network *, int fd);

/* caller.c */
void fed__caller_turn(struct fed_network *);
void fed__caller_release(struct fed_network *);

/* thread.c */
void *fed__network_run(void *network);

#endif

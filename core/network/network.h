/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/network.h - messages between processes on different machines: an encrypted star, in which
 * peers connect to a server, over libzmq (ROUTER, DEALER, CURVE).
 *
 * A network is a thread that owns all sockets; other threads give it messages and take its events.
 * A peer is who has its CURVE key: reconnections, other addresses and another life of its process
 * are the same peer.  A message is cut into chunks of at most FED_NETWORK_CHUNK, of which only as
 * many are on their way as the receiver has granted, so that beats pass a large message on a slow
 * link; what is not acknowledged is sent again, also over a new connection.  The receiver gets each
 * message whole, in the order of sending, and once, as long as both processes live; a message to a
 * process that has begun again is lost, and its sender is told.
 *
 * What travels is defined in network/protocol.md.  The messages' own frames are net/message.c's.
 */
#ifndef FED_NETWORK_NETWORK_H
#define FED_NETWORK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_text;

#define FED_NETWORK_CHUNK (256u << 10)
/* A public key as text (Z85), and a secret one. */
#define FED_KEY_TEXT 41

struct fed_key_pair {
	char open[FED_KEY_TEXT], secret[FED_KEY_TEXT];
};

/* Read the key pair in this file, or make one and write it (mode 0600, its folder 0700).
 * FED_FAIL: it cannot be written, others may read it, or it has no key. */
int fed_key_pair_of(const char *path, struct fed_key_pair *, struct fed_error *);
void fed_key_pair_forget(struct fed_key_pair *); /* overwrite it in memory */
/* Four groups of four letters and digits that people compare, of a public key. */
void fed_key_fingerprint(const char *open, char out[20]);

/* The class code: twelve letters and digits, in three groups.  Four are random, eight are a keyed
 * digest of the server's public key by those four: who was told the code recognises the server, and
 * who was not told it neither joins nor passes for the server. */
#define FED_CODE_TEXT 15
void fed_class_code_make(const char *open, char out[FED_CODE_TEXT]);
/* Whether the code is of this key.  Case, and letters that look like digits, do not matter. */
bool fed_class_code_is_of(const char *code, const char *open);
/* Whether two typed codes are the same, in constant time. */
bool fed_class_code_equal(const char *a, const char *b);

struct fed_network; /* opaque */

/* Limits of what peers and strangers can make a server do; announced in protocol.md. */
struct fed_network_limits {
	uint32_t peers;         /* connections at most; further ones are refused at the handshake */
	uint64_t message_most;  /* bytes of a message of an admitted peer */
	uint64_t stranger_most; /* bytes of a message of a peer that is not admitted */
	double stranger_most_seconds; /* after which one that is not admitted is refused */
	double silent_after;          /* seconds without a beat after which FED_NETWORK_SILENT comes */
};
extern const struct fed_network_limits fed_network_default_limits;

enum fed_network_event_kind {
	FED_NETWORK_NONE,
	FED_NETWORK_BEGAN,   /* a peer's process was heard for the first time: its former life, if
	                        any, is over, and messages to that are lost */
	FED_NETWORK_MESSAGE, /* bytes, len: a whole message; the taker's (fed_network_event_release) */
	FED_NETWORK_DELIVERED, /* tag: the peer has the whole message */
	FED_NETWORK_LOST,      /* tag: it never will; text: why */
	FED_NETWORK_SILENT,    /* nothing was heard from the peer for `silent_after` seconds */
	FED_NETWORK_BACK,      /* it was heard again */
	FED_NETWORK_TROUBLE,   /* a connection failed; text: why, in a sentence; a client: see `trouble`
	                        */
};
/* Why a client is not connected, as far as its socket tells. */
enum fed_network_trouble {
	FED_TROUBLE_NONE,
	FED_TROUBLE_NO_NAME, /* the host's name has no address */
	FED_TROUBLE_NO_ROUTE,
	FED_TROUBLE_PORT_SHUT, /* refused */
	FED_TROUBLE_NO_ANSWER, /* nothing came in time */
	FED_TROUBLE_WRONG_KEY, /* the handshake fails: the server has another key, or refuses this one
	                        */
	FED_TROUBLE_ROOM_FULL,
	FED_TROUBLE_NOT_FEDSH, /* something else listens there */
};

struct fed_network_event {
	enum fed_network_event_kind kind;
	uint32_t peer; /* a number from 0, in the order of first contact; a client's server is 0 */
	uint64_t tag;
	void *bytes;
	size_t len;
	double when; /* fed_wall_seconds() of its arrival */
	enum fed_network_trouble trouble;
	char text[160];
};
void fed_network_event_release(struct fed_network_event *);

/* Whether a received message is whole; one that is not is asked for again, three times at most.
 * Called by the network's thread.  NULL: every message is. */
typedef bool fed_network_check(const void *bytes, size_t len);

/* A server at an endpoint, "tcp://HOST:PORT", HOST * for all addresses; it also tells its public
 * key to whom connects to the next port (protocol.md), if tells_key.  FED_REJECT: the endpoint is
 * not one, or its port is taken. */
struct fed_network_server {
	const char *endpoint;
	const struct fed_key_pair *keys;
	const struct fed_network_limits *limits; /* NULL: the default */
	bool tells_key;
	fed_network_check *check;
};
int fed_network_serve(struct fed_network **, const struct fed_network_server *, struct fed_error *);
/* A client of a server, "tcp://10.0.0.5:5555"; connects in the background, again and again. */
struct fed_network_client {
	const char *endpoint;
	const char *server; /* its public key */
	const struct fed_key_pair *keys;
	uint64_t message_most; /* bytes that are accepted; 0: 4 GiB */
	double silent_after;   /* 0: the default */
	fed_network_check *check;
};
int fed_network_connect(struct fed_network **, const struct fed_network_client *,
                        struct fed_error *);
/* "HOST:PORT" as people type it, an IPv6 address in brackets. */
struct fed_host_port {
	char s[264];
};
struct fed_host_port fed_network_host_port(const char *host, uint16_t port);
/* Ask host:port + 1 for the server's public key.  *trouble: why it cannot be had (FED_FAIL). */
int fed_network_ask_key(const char *host, uint16_t port, double timeout, char out[FED_KEY_TEXT],
                        enum fed_network_trouble *trouble, struct fed_error *);
/* Give away what was sent, for at most `linger` seconds, and end the thread.  NULL is fine. */
void fed_network_free(struct fed_network *, double linger);

/* Send a message: a copy of its bytes.  Its tag, from 1, comes back with FED_NETWORK_DELIVERED or
 * FED_NETWORK_LOST.  Any thread. */
int fed_network_send(struct fed_network *, uint32_t peer, const void *bytes, size_t len,
                     uint64_t tag, struct fed_error *);
/* Give up messages that are not delivered yet: this tag, or all (0).  No event comes of them. */
void fed_network_cancel(struct fed_network *, uint32_t peer, uint64_t tag);
/* Take the next event; wait at most `timeout` seconds.  False: none came. */
bool fed_network_next(struct fed_network *, double timeout, struct fed_network_event *);
/* A descriptor that is readable while events wait; for poll(). */
int fed_network_descriptor(const struct fed_network *);
/* End a wait in fed_network_next(), now or the next one.  From signal handlers, too. */
void fed_network_wake(struct fed_network *);

/* Server: a peer is admitted, from now on with the limits of one that is; or its messages are
 * ignored, what was sent to it is dropped, and its key is refused at the next handshake. */
void fed_network_admit(struct fed_network *, uint32_t peer);
void fed_network_refuse(struct fed_network *, uint32_t peer);
/* Admit a refused key again. */
void fed_network_pardon(struct fed_network *, const char *key);

/* What is known of a peer, at one moment. */
struct fed_network_peer {
	char key[FED_KEY_TEXT];
	char address[64]; /* "10.0.0.7", as far as the handshake tells */
	bool admitted, refused, silent, connected;
	double heard;                    /* fed_wall_seconds() when it was heard last */
	double round_trip;               /* seconds, of the last acknowledged chunk; NaN before */
	uint64_t sent, received;         /* bytes of chunks, heads included */
	uint64_t outgoing, acknowledged; /* bytes of the message on its way to it, and what it has */
	uint64_t incoming, arrived;      /* likewise from it */
	uint64_t repeated;               /* chunks that were sent again */
};
bool fed_network_peer(const struct fed_network *, uint32_t peer, struct fed_network_peer *);
uint32_t fed_network_peers(const struct fed_network *);

/* The addresses of this machine that others may reach, one call each: interface, address, and
 * whether it is of a wireless or virtual one ("wifi", "virtual", ""). */
void fed_network_each_address(void (*take)(void *ctx, const char *interface, const char *address,
                                           const char *kind),
                              void *ctx, bool loopback);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/sockets.h - libzmq in thin functions: a context with a ROUTER (server) or DEALER (client)
 * under CURVE, its monitor and, for a server, the socket that is asked about each handshake (ZAP,
 * RFC 27).  One thread calls all of them.
 *
 * Every message comes with the key that its connection proved to have, and with the descriptor of
 * that connection, by which the monitor's events name it, too.  A ROUTER drops silently
 * what is for a peer that it does not know or whose queue is full, unless it is told to refuse
 * (ZMQ_ROUTER_MANDATORY, ZMQ_DONTWAIT): fed__sockets_send() says which.
 */
#ifndef FED_NETWORK_SOCKETS_H
#define FED_NETWORK_SOCKETS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/network.h"

#define FED__ADDRESS_TEXT 64
enum { FED__ROUTE_BYTES = 255 }; /* longest routing id of libzmq */

struct fed__sockets; /* opaque */

/* server: the public key of a client's server; NULL: this is the server. */
int fed__sockets_open(struct fed__sockets **, const struct fed_key_pair *, const char *server,
                      struct fed_error *);
/* FED_REJECT: the port is taken, or the address is not this machine's. */
int fed__sockets_bind(struct fed__sockets *, const char *endpoint, struct fed_error *);
/* endpoint: of a numeric address; libzmq connects to it again and again. */
int fed__sockets_connect(struct fed__sockets *, const char *endpoint, struct fed_error *);
void fed__sockets_disconnect(struct fed__sockets *, const char *endpoint);
/* What is queued is given away for at most `linger` seconds.  NULL is fine. */
void fed__sockets_close(struct fed__sockets *, double linger);

/* Wait until a socket has something, one of these descriptors is ready (revents), or the time is
 * over. */
void fed__sockets_wait(struct fed__sockets *, struct pollfd *others, size_t n, double seconds);

/* Where a connection's messages come from; `n` is 0 at a client, which has one. */
struct fed__route {
	uint8_t n, id[FED__ROUTE_BYTES];
};
bool fed__route_is(const struct fed__route *, const struct fed__route *);

/* A message; bytes are valid until the next call. */
struct fed__delivery {
	struct fed__route route;
	char key[FED_KEY_TEXT];          /* a server's: who sent it */
	char address[FED__ADDRESS_TEXT]; /* likewise */
	int fd;                          /* of its connection; -1: unknown */
	const uint8_t *bytes;
	size_t n;
};
/* False: there is none. */
bool fed__sockets_receive(struct fed__sockets *, struct fed__delivery *);

enum fed__sending {
	FED__SENT,
	FED__FULL, /* the connection's queue; later there is room */
	FED__GONE, /* there is no such connection any more */
};
enum fed__sending fed__sockets_send(struct fed__sockets *, const struct fed__route *,
                                    const uint8_t *head, size_t head_n, const uint8_t *body,
                                    size_t n);

/* What the monitor tells. */
enum fed__happening_kind {
	FED__ACCEPTED,     /* fd */
	FED__ENDED,        /* fd */
	FED__SHAKEN,       /* a handshake succeeded */
	FED__NOT_SHAKEN,   /* it failed, without more being told: the connection ended within it */
	FED__NO_PROTOCOL,  /* it failed: what came is not ZMTP with CURVE, or of another key */
	FED__NOT_ADMITTED, /* value: the status by which ZAP refused it */
	FED__RETRIES,      /* a connection could not be made; it is tried again */
};
struct fed__happening {
	enum fed__happening_kind kind;
	int fd;
	unsigned value;
};
bool fed__sockets_happening(struct fed__sockets *, struct fed__happening *);

/* A handshake that waits for fed__sockets_answer(); the next is asked about after it. */
struct fed__knock {
	char key[FED_KEY_TEXT];
	char address[FED__ADDRESS_TEXT];
};
enum fed__answer {
	FED__COME_IN = 200,
	FED__REFUSED = 400,
	FED__ROOM_FULL = 500,
};
bool fed__sockets_knock(struct fed__sockets *, struct fed__knock *);
void fed__sockets_answer(struct fed__sockets *, const struct fed__knock *, enum fed__answer);

/* Keys as text (Z85, RFC 32) and back; false: it is no text of 32 bytes. */
void fed__key_text(const uint8_t bytes[32], char out[FED_KEY_TEXT]);
bool fed__key_bytes(const char *text, uint8_t out[32]);

#endif

/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/transport.h - transports: carriers of messages between the server and its clients, which
 * also own the clock.
 *
 * The host keeps the payload; a transport sees sizes and ends.  A simulated transport decides in
 * send() whether and when a message arrives, and has the host's event queue deliver it then.  A
 * real one takes the message's bytes from the host, sends them, and passes arrived bytes back to
 * the host in poll().  The host treats both kinds alike.
 *
 * All functions: [round thread], one after another; those of the host likewise, during a call.
 */
#ifndef FEDSH_TRANSPORT_H
#define FEDSH_TRANSPORT_H

#include <math.h>

#include "plugin.h"

#define FED_SERVER UINT32_MAX /* the server's address; clients have their ids */

struct fed_message {
	uint32_t size; /* sizeof(struct fed_message) of the running host */
	uint64_t id;   /* the host's handle: passed to deliver() or drop() exactly once */
	uint32_t from, to;
	uint32_t kind;  /* of the payload; no concern of the transport */
	uint64_t bytes; /* on the wire, header included */
};

/* Link of a client.  A bandwidth of INFINITY takes no time. */
struct fed_link {
	double latency;   /* seconds, one way */
	double jitter;    /* seconds: standard deviation of the latency */
	double up;        /* bytes per second from the client */
	double down;      /* bytes per second to the client */
	double drop_rate; /* probability that a transmission is lost, in [0, 1) */
};

/* What happened to messages between machines. */
enum fed_network_news_kind {
	FED_NEWS_ARRIVED = 1, /* bytes, len: a client sent a message: for arrive() */
	FED_NEWS_DELIVERED,   /* id: its client has it, before it answers: for deliver() */
	FED_NEWS_LOST,        /* id, why: its client never gets it: for drop() */
	FED_NEWS_GONE,        /* client, why: it will not answer what it has: for gone() */
};
struct fed_network_news {
	uint32_t size, kind;
	uint64_t id;
	uint32_t client;
	const void *bytes; /* valid until the next call of take(), as is why */
	size_t len;
	const char *why;
};

/* The network between machines that the host has opened (command `serve`). */
struct fed_network_service {
	uint32_t size; /* sizeof(struct fed_network_service) of the running host */
	void *ctx;
	/* Send the bytes of a message to its client.  FED_REJECT: it is not there. */
	int (*give)(void *ctx, const struct fed_message *, const void *bytes, size_t len,
	            struct fed_error *);
	/* Take the next news; waits at most `timeout` seconds.  0: there are none. */
	int (*take)(void *ctx, double timeout, struct fed_network_news *);
	/* Seconds, of a clock that never goes back. */
	double (*now)(void *ctx);
};

/* Services of the host for transports. */
struct fed_transport_host {
	uint32_t size; /* sizeof(struct fed_transport_host) of the running host */
	uint64_t seed; /* key for fed_random() */
	/* The virtual clock, in seconds. */
	double (*clock)(const struct fed_transport_host *);
	/* The client's end of a message: its link.  size: sizeof *link, as the plugin was compiled. */
	void (*link)(const struct fed_transport_host *, uint32_t client, struct fed_link *link,
	             size_t size);
	/* Simulated: the message arrives at virtual time `when` (>= clock). */
	void (*deliver)(const struct fed_transport_host *, uint64_t id, double when);
	/* The message is lost at virtual time `when`; why reads well after "lost: ". */
	void (*drop)(const struct fed_transport_host *, uint64_t id, double when, const char *why);
	/* Real: the message as bytes, valid until deliver(), drop() or arrive() of it. */
	const void *(*bytes)(const struct fed_transport_host *, uint64_t id, size_t *len);
	/* Real: pass on bytes that arrived.  FED_REJECT: not a message (err has the reason). */
	int (*arrive)(const struct fed_transport_host *, const void *bytes, size_t len,
	              struct fed_error *);
	/* Real: a client will not answer what it has. */
	void (*gone)(const struct fed_transport_host *, uint32_t client, const char *why);
	/* Real: the network between machines; NULL: none is open. */
	const struct fed_network_service *network;
};

/* Path of a message: the link of its client or, between two clients, both links in sequence:
 * latencies add, the lower bandwidth counts. */
struct fed_path {
	double latency, jitter; /* seconds */
	double rate;            /* bytes per second */
	double drop_rate;       /* probability that a transmission is lost */
};
static inline struct fed_path fed_path_of(const struct fed_transport_host *host,
                                          const struct fed_message *m)
{
	struct fed_path path = {0, 0, INFINITY, 0};
	struct fed_link link;

	if (m->from != FED_SERVER) {
		host->link(host, m->from, &link, sizeof link);
		path = (struct fed_path){link.latency, link.jitter, link.up, link.drop_rate};
	}
	if (m->to != FED_SERVER) {
		host->link(host, m->to, &link, sizeof link);
		path.latency += link.latency;
		path.jitter = path.jitter > 0 ? hypot(path.jitter, link.jitter) : link.jitter;
		path.rate = link.down < path.rate ? link.down : path.rate;
		path.drop_rate = 1 - (1 - path.drop_rate) * (1 - link.drop_rate);
	}
	return path;
}

struct fed_transport {
	struct fed_head head;
	/* Optional: connect.
	 * [round thread, before the first send()] */
	int (*open)(void *state, const struct fed_transport_host *, struct fed_error *);
	/* Carry one message.  FED_REJECT: this one cannot be carried; it is lost, and err has the
	 * reason.  [round thread, open] */
	int (*send)(void *state, const struct fed_transport_host *, const struct fed_message *,
	            struct fed_error *);
	/* Real transports: wait at most `timeout` seconds, and pass on what arrived.  NULL: simulated,
	 * the host's clock jumps to the next event.  [round thread, open] */
	int (*poll)(void *state, const struct fed_transport_host *, double timeout, struct fed_error *);
	/* Optional: seconds since open(); NULL: the virtual clock.
	 * [round thread, open] */
	double (*now)(const void *state, const struct fed_transport_host *);
	/* Optional: disconnect. [round thread, no message is in flight] */
	void (*close)(void *state, const struct fed_transport_host *);
};

#define FED_TRANSPORT(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_transport, FED_KIND_TRANSPORT, S, name_, help_, doc_, fields_)

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server and its clients on loopback, for the suites of this folder. */
#ifndef FED_TEST_STAR_H
#define FED_TEST_STAR_H

#include "network/network.h"
#include "support/proxy.h"

enum { STAR_MOST = 16 };
struct star {
	struct fed_key_pair server_keys, keys[STAR_MOST];
	struct fed_network *server, *client[STAR_MOST];
	uint16_t port;
	char endpoint[64];
	struct fed_network_limits limits;
	fed_network_check *check;
	struct fed_proxy *proxy; /* NULL: clients come straight */
};

/* Keys of all; no network yet. */
void star_init(struct star *);
/* The server at a port that is free, the next one with it; again at the same one after it ended. */
void star_serve(struct star *);
/* The same, and from now on clients come by a proxy, which star_end() frees. */
void star_serve_by_proxy(struct star *);
void star_connect(struct star *, unsigned client);
/* Connect a client and admit it. */
void star_join(struct star *, unsigned client);
/* Connect clients [0, n), and admit each when it began. */
void star_begin(struct star *, unsigned n);
void star_end(struct star *);

/* The next event of this kind, others are released; fails after 20 seconds. */
struct fed_network_event star_await(struct fed_network *, enum fed_network_event_kind);
/* No event of this kind comes for so long. */
void star_await_none(struct fed_network *, enum fed_network_event_kind, double seconds);
/* The number of the peer with this key; fails if there is none. */
uint32_t star_peer_of(const struct fed_network *, const char *key);
void star_send(struct fed_network *, uint32_t peer, const void *bytes, size_t n, uint64_t tag);
/* n bytes that depend on the key; the caller frees them. */
void *star_bytes(size_t n, uint64_t key);
/* The other end takes a message of these bytes. */
void star_await_bytes(struct fed_network *, const void *bytes, size_t n);
/* A TCP connection to a port of this machine; -1. */
int star_tcp(uint16_t port);

#endif

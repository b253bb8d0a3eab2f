/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/proxy.h - a bad network for tests: a TCP proxy on loopback, in a thread of its own, which
 * passes connections to another port with a latency and at a rate, loses the cable for a while, and
 * resets connections.
 *
 *     struct fed_proxy *proxy = fed_proxy_new(port);
 *     ... connect to fed_proxy_port(proxy) ...
 *     fed_proxy_set(proxy, 0.05, 125000);
 *     fed_proxy_cut(proxy, true);
 *     fed_proxy_free(proxy);
 */
#ifndef FED_TEST_PROXY_H
#define FED_TEST_PROXY_H

#include <stdbool.h>
#include <stdint.h>

struct fed_proxy; /* opaque */

/* Listens at a port that is free, and the next one, which is passed to `port` + 1. */
struct fed_proxy *fed_proxy_new(uint16_t port);
void fed_proxy_free(struct fed_proxy *);
uint16_t fed_proxy_port(const struct fed_proxy *);
/* Seconds each way, and bytes a second in each direction of all connections together (0: any
 * number); from the next byte on. */
void fed_proxy_set(struct fed_proxy *, double latency, double rate);
/* The cable is out: nothing passes, and neither end is told; or it is in again. */
void fed_proxy_cut(struct fed_proxy *, bool out);
/* What a router does that was switched off and on: nothing passes on the connections that there
 * are, now or later, and neither end is told; new ones pass. */
void fed_proxy_forget(struct fed_proxy *);
/* Both ends of all connections are told at once that they are over. */
void fed_proxy_reset(struct fed_proxy *);
/* Connections so far, and bytes that passed towards the port and back. */
unsigned fed_proxy_connections(const struct fed_proxy *);
uint64_t fed_proxy_bytes(const struct fed_proxy *, bool back);

#endif

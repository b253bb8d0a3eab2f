/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/server_link.h - the server's own link, which all messages to and from the server share.
 *
 * Two queues in virtual time, one each direction, first in, first out.  A message passes one link
 * whole, then the other: from the server first the server's link, then its client's; to the server
 * the other way round.  When it reaches the server's link at time t,
 *
 *     begins = max(t, end of the message before it)
 *     ends   = begins + bytes / bandwidth
 *
 * and it comes out of the link at ends + latency; the next one begins at ends.  Messages that reach
 * it at the same time queue by their sequence numbers in the event queue.  The link loses nothing
 * and has no jitter.  What passes between two clients never reaches it.
 */
#ifndef FED_NET_SERVER_LINK_H
#define FED_NET_SERVER_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct fed_server_link_rates {
	double up, down; /* bytes per second to the server and from it; 0: there is no such link */
	double latency;  /* seconds, one way */
};

/* When each direction is free again, in virtual seconds; zeroed: it is. */
struct fed_server_link_busy {
	double up, down;
};

struct fed_server_link {
	struct fed_server_link_rates rates;
	struct fed_server_link_busy busy;
};

static inline bool fed_server_link_exists(const struct fed_server_link *link)
{
	return link->rates.up > 0;
}

/* A message that has joined the queue. */
struct fed_server_link_turn {
	double begins;  /* virtual seconds */
	double arrives; /* at the other end of the link */
};
/* Append a message of so many bytes that reaches the link at `now`.  Without such a link it arrives
 * at once. */
struct fed_server_link_turn fed__server_link_join(struct fed_server_link *, bool up, double now,
                                                  uint64_t bytes);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/dial.h - one look at a port by plain TCP, in a thread of its own: which address of a host
 * answers, and as what.  libzmq tells of a failed connection only that it failed; and a name server
 * may take longer than anything else may wait.
 */
#ifndef FED_NETWORK_DIAL_H
#define FED_NETWORK_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "network/endpoint.h"
#include "network/network.h"

enum fed__dial_want {
	FED__GREETING, /* whether ZMTP with CURVE is spoken there */
	FED__KEY,      /* the line with a public key */
};
struct fed__dialled {
	enum fed_network_trouble trouble;
	char text[160];               /* why, a sentence's end: "the port is shut" */
	char address[FED__HOST_TEXT]; /* the one that answered, numeric */
	char key[FED_KEY_TEXT];
};

struct fed__dial; /* opaque */

int fed__dial_begin(struct fed__dial **, const char *host, uint16_t port, enum fed__dial_want,
                    double timeout, struct fed_error *);
/* Readable when it is done. */
int fed__dial_descriptor(const struct fed__dial *);
bool fed__dial_is_done(const struct fed__dial *);
/* Wait for that; at most so many seconds. */
void fed__dial_wait(const struct fed__dial *, double seconds);
/* Valid when it is done. */
const struct fed__dialled *fed__dial_result(const struct fed__dial *);
/* Done or not; the thread ends by itself.  NULL is fine. */
void fed__dial_end(struct fed__dial *);

#endif

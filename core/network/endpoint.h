/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/endpoint.h - endpoints, "tcp://HOST:PORT": a name, an address, an IPv6 one in brackets,
 * or * for all of this machine.
 */
#ifndef FED_NETWORK_ENDPOINT_H
#define FED_NETWORK_ENDPOINT_H

#include <stdint.h>

#include "fedsh/plugin.h"

#define FED__HOST_TEXT 256
#define FED__ENDPOINT_TEXT 320

struct fed__endpoint {
	char host[FED__HOST_TEXT]; /* without brackets */
	uint16_t port;             /* 1 to 65534: the next one is the key's */
};
/* FED_REJECT: it is none. */
int fed__endpoint_read(struct fed__endpoint *, const char *text, struct fed_error *);
/* The same again, of this host. */
void fed__endpoint_write(const char *host, uint16_t port, char out[FED__ENDPOINT_TEXT]);

#endif

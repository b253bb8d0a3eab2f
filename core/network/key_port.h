/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/key_port.h - the port next to a server's, where its public key is told by plain TCP to
 * those who connect.  Nothing is read, and a connection lives as long as it takes to send a line.
 */
#ifndef FED_NETWORK_KEY_PORT_H
#define FED_NETWORK_KEY_PORT_H

#include "network/endpoint.h"
#include "network/network.h"

/* Listen at the port behind the endpoint's.  FED_REJECT: it is taken. */
int fed__key_port_open(int *fd, const struct fed__endpoint *, struct fed_error *);
/* Answer those who wait, a few at a time. */
void fed__key_port_answer(int fd, const char *key);

#endif

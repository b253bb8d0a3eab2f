/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/probe.h - whether a room can be joined, without joining it.
 */
#ifndef FED_ROOM_MEMBER_PROBE_H
#define FED_ROOM_MEMBER_PROBE_H

#include "network/network.h"

struct fed_room_probe {
	const char *host;
	uint16_t port;
	const char *server_key;
	const char *code;     /* "": not known */
	const char *key_file; /* of a key pair for this once; made, and removed */
	double timeout;
};
enum fed_probe_result {
	FED_PROBE_WELL,    /* it would admit */
	FED_PROBE_TROUBLE, /* it cannot be reached: *trouble */
	FED_PROBE_REFUSED, /* it would not admit: other version, wrong code, full; why */
	FED_PROBE_SILENT,  /* it is reached, and does not answer: it is busy, or stopped */
};
/* err: why, in a sentence. */
enum fed_probe_result fed_room_probe(const struct fed_room_probe *,
                                     enum fed_network_trouble *trouble, struct fed_error *err);

#endif

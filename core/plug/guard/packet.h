/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/packet.h - packets between fedsh and a worker process: values in a fixed order.
 *
 * Both ends are of one build on one machine, so numbers and structs are in the machine's own form.
 * A reader never leaves its packet: what a worker sends may be anything.
 */
#ifndef FED_PLUG_GUARD_PACKET_H
#define FED_PLUG_GUARD_PACKET_H

#include "base/text.h"
#include "fedsh/plugin.h"

/* A packet that is written: kind, then values. */
struct fed_packet {
	struct fed_text bytes; /* `failed`: no memory */
};
void fed_packet_clear(struct fed_packet *, uint32_t kind); /* empty, for another one */
void fed_packet_release(struct fed_packet *);              /* zeroed is fine */
void fed_put(struct fed_packet *, const void *, size_t bytes);
#define FED_PUT(packet, value) fed_put(packet, &(value), sizeof(value))
void fed_put_number(struct fed_packet *, uint64_t);
void fed_put_text(struct fed_packet *, const char *); /* NULL stays NULL */
/* Write it to a socket; 0 or errno. */
int fed_packet_send(const struct fed_packet *, int socket);

/* A packet that is read.  After the first value that is not there all are zero, and `short_` is
 * set: check it once, before anything is used. */
struct fed_packet_reader {
	uint32_t kind;
	const char *at, *end;
	bool short_;
};
void fed_get(struct fed_packet_reader *, void *, size_t bytes);
#define FED_GET(reader, value) fed_get(reader, &(value), sizeof(value))
uint64_t fed_get_number(struct fed_packet_reader *);
/* Bytes that are the packet's; NULL: it has fewer. */
const void *fed_get_bytes(struct fed_packet_reader *, size_t bytes);
/* A string that is the packet's; NULL as it was written, or when it is not there. */
const char *fed_get_text(struct fed_packet_reader *);

/* A callback that waits until there is more to read; false: it is waited for no longer. */
struct fed_packet_patience {
	bool (*wait)(void *ctx);
	void *ctx;
};
/* A reader of the bytes of a whole packet. */
struct fed_packet_reader fed_packet_open(const char *bytes, size_t n);
/* Read one packet from a socket into `bytes` (cleared first); 0, errno, or ECONNRESET at the end of
 * the connection.  EMSGSIZE: longer than `most`; ETIMEDOUT: the patience ended before the packet
 * did.  NULL: it is waited for however long. */
int fed_packet_receive(int socket, struct fed_text *bytes, size_t most,
                       const struct fed_packet_patience *, struct fed_packet_reader *);

/* Who waits for a packet sleeps, and a sleeper on an idle processor is woken late.  One end's
 * memory of whether packets came so soon that it was better to stay awake; zeroed at first. */
struct fed_packet_wait {
	uint32_t misses; /* in a row */
	uint32_t rest;   /* waits that will sleep at once */
};
/* Look for a packet for a moment; true: there is one, or the connection has ended.  After misses it
 * is not looked for so often, so that they cost nothing. */
bool fed_packet_comes(int socket, struct fed_packet_wait *);

#endif

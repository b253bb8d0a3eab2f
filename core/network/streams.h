/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/streams.h - messages between this process and one peer, to and from chunks: a state
 * machine without sockets, threads or a clock of its own (protocol.md, section 2).
 *
 * What comes goes in by fed__stream_in(); what is to be sent is asked for with fed__stream_out(),
 * and is only taken for sent when fed__stream_sent() says so: a socket may refuse it.  Connections
 * may lose, repeat and reorder; both processes may begin again.
 */
#ifndef FED_NETWORK_STREAMS_H
#define FED_NETWORK_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/network.h"

enum {
	FED__HEAD_BYTES = 32,
	FED__FORMER_LIVES = 8,
};
#define FED__WINDOW_LEAST FED_NETWORK_CHUNK
#define FED__WINDOW_MOST (4u << 20)
#define FED__BEAT_SECONDS 1.0
#define FED__NOT_TAKEN UINT64_MAX /* offset of a credit: the message is not taken */

enum fed__head_type {
	FED__CHUNK = 1,
	FED__CREDIT,
	FED__BEAT,
};
struct fed__head {
	enum fed__head_type type;
	uint32_t life, to_life, number;
	uint64_t offset, total;
};
void fed__head_write(const struct fed__head *, uint8_t out[FED__HEAD_BYTES]);
/* False: these are not a head and what it announces. */
bool fed__head_read(struct fed__head *, const uint8_t *bytes, size_t n);

/* A message that waits or is on its way; the stream's from fed__stream_send() to over(). */
struct fed__letter {
	struct fed__letter *next;
	const void *bytes;
	size_t len;
	void *owner;
	bool dropped; /* its sender gave it up */
};

/* What a stream tells; ctx is the stream's. */
struct fed__stream_sink {
	void (*began)(void *ctx);
	/* A whole message, the taker's. */
	void (*message)(void *ctx, void *bytes, size_t len);
	/* why: NULL when it is delivered. */
	void (*over)(void *ctx, struct fed__letter *, const char *why);
	/* Whether a message can be taken now; without room its last chunk counts as lost. */
	bool (*has_room)(void *ctx);
	fed_network_check *check; /* or NULL */
};

struct fed__outgoing {
	struct fed__letter *first, *last;
	bool numbered; /* the first has begun */
	bool pushed;   /* a chunk of it was sent since it began, last */
	uint32_t number;
	uint64_t sent, furthest, acknowledged, granted;
	double progress; /* when it was acknowledged further, or sent after a pause */
	unsigned repeats;
	bool careful;   /* one chunk is sent, until it is acknowledged */
	uint64_t timed; /* the byte whose acknowledgement is timed, and since when; 0: none */
	double timed_at, repeated_at;
};

/* Why a message is not taken; `total` of a credit whose offset is FED__NOT_TAKEN. */
enum fed__refusal {
	FED__TOO_LONG,
	FED__DAMAGED,
	FED__TAKEN,
};

struct fed__incoming {
	uint32_t number; /* of the last message that was begun */
	bool done;       /* it is whole, or is not taken */
	enum fed__refusal refusal;
	uint8_t *bytes;
	uint64_t arrived, total, capacity, granted;
	unsigned asked;
	bool credit_due;
	bool held; /* a chunk came when there was no room; it is asked for from then on */
	double held_until;
	uint64_t window;
	/* When these bytes have arrived the grant of timed_at is used up, beyond timed_from; 0: none.
	 */
	uint64_t timed, timed_from;
	double timed_at;
};

/* A life of the peer that is over: its last message that was taken. */
struct fed__life {
	uint32_t life, number;
	uint64_t total;
};

struct fed__stream {
	const struct fed__stream_sink *sink;
	void *ctx;
	uint32_t own, life; /* life: of the peer; 0: not heard yet */
	struct fed__life former[FED__FORMER_LIVES];
	unsigned n_former;
	uint64_t most; /* bytes of a message that are taken */
	double heard, spoke;
	bool beat_due;
	double round_trip; /* NaN: none yet */
	struct fed__outgoing out;
	struct fed__incoming in;
	uint64_t sent, received, repeated;
	uint64_t heads, junk; /* heads that came; what was none */
};

/* What is to be sent next. */
struct fed__parcel {
	struct fed__head head;
	const uint8_t *body;
	size_t len;
};

/* own: the life of this process. */
void fed__stream_init(struct fed__stream *, const struct fed__stream_sink *, void *ctx,
                      uint32_t own, uint64_t most, double now);
/* Tells over() of what was not delivered, with this reason. */
void fed__stream_release(struct fed__stream *, const char *why);
void fed__stream_send(struct fed__stream *, struct fed__letter *);
/* Give up letters that are dropped: over() is told. */
void fed__stream_sweep(struct fed__stream *, const char *why);
/* There is a new connection: what was on its way may be lost. */
void fed__stream_connected(struct fed__stream *, double now);
/* What came.  Anything may. */
void fed__stream_in(struct fed__stream *, const uint8_t *bytes, size_t n, double now);
/* False: nothing is due. */
bool fed__stream_out(struct fed__stream *, double now, struct fed__parcel *);
void fed__stream_sent(struct fed__stream *, const struct fed__parcel *, double now);
/* When something will be due, unless something comes before. */
double fed__stream_when(const struct fed__stream *, double now);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two streams and the link between them in virtual time, for test_streams: packets are lost,
 * repeated, reordered and delayed, connections end, processes begin again.
 */
#ifndef FED_TEST_LINK_H
#define FED_TEST_LINK_H

#include "network/streams.h"

enum { LINK_LETTERS = 512, LINK_LIVES = 64 };

struct packet {
	double when;
	uint64_t order;
	unsigned to; /* 0 or 1 */
	size_t n;
	uint8_t *bytes;
};

/* One end. Messages begin with their number, from 1, and have bytes that depend on it. */
struct end {
	struct link *link;
	unsigned side;
	struct fed__stream stream;
	uint32_t life;
	unsigned lives, sent; /* so far */
	struct fed__letter letter[LINK_LETTERS];
	enum { LETTER_UNUSED, LETTER_WAITS, LETTER_DELIVERED, LETTER_LOST } state[LINK_LETTERS];
	unsigned received[LINK_LETTERS]; /* by number: how often, by all lives */
	unsigned last;                   /* number of the last one, in these two lives */
	unsigned other_life;             /* of which it was */
	unsigned arrived, began;
	char why[160]; /* the last one was lost */
};

struct link {
	struct end end[2];
	double now, seconds_of_byte, latency, jitter;
	double free_at[2]; /* when the wire to an end is free */
	double loss, repeat, damage, full;
	bool reorders, ticks;
	uint64_t key, draws, order;
	struct packet *packet;
	size_t n_packets, most_packets;
	size_t on_wire[2], most_on_wire[2];
	size_t carried[2];
	double heard_gap[2]; /* the longest time without a packet to an end */
	double heard_at[2];
};

void link_begin(struct link *, uint64_t key);
void link_end(struct link *);
double link_draw(struct link *); /* [0, 1) */
/* Send a message of n bytes (8 at least, or 0) from an end; its number. */
unsigned link_send(struct link *, unsigned side, size_t n);
void link_cancel(struct link *, unsigned side, unsigned number);
/* What is on the wire is lost, and a new connection is there. */
void link_cut(struct link *);
/* The process of an end begins again. */
void link_begin_again(struct link *, unsigned side);
/* Let so much time pass. */
void link_run(struct link *, double seconds);
/* Whether no message waits. */
bool link_is_idle(const struct link *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/status.h - a room at one moment, for front ends: how to join it, and what each member does.
 *
 * A value: it does not change with the room.
 */
#ifndef FED_ROOM_STATUS_H
#define FED_ROOM_STATUS_H

#include "room/room.h"

/* What a member does for the session. */
enum fed_member_task {
	FED_TASK_NONE,     /* nothing is asked of it */
	FED_TASK_RECEIVES, /* a message with the model is on its way to it */
	FED_TASK_WORKS,    /* it has the message and has sent nothing yet */
	FED_TASK_SENDS,    /* its answer arrives */
	FED_TASKS
};

struct fed_member_status {
	struct fed_member member;
	struct fed_network_peer peer;
	enum fed_member_task task;
	/* How much of the task is done, 0 to 1; NaN: not known.  Of messages by bytes; of work by the
	 * time that it took last: above 1 it takes longer. */
	double share;
	double asked_for; /* seconds since it was asked; NaN: it is not */
	double silence;   /* seconds since it was heard last */
	uint32_t votes;   /* members that take it for an attacker */
};

struct fed_room_address {
	char interface[16], host[64], kind[12]; /* kind as in fed_network_each_address() */
};
enum { FED_ROOM_ADDRESSES = 8 };

struct fed_room_status {
	bool open;                 /* what follows is of an open room */
	const struct fed_room *of; /* which */
	bool strict;
	char code[FED_CODE_TEXT], fingerprint[20], port[8];
	/* Those of this machine, or the one that it serves at; the likeliest first. */
	struct fed_room_address address[FED_ROOM_ADDRESSES];
	uint32_t addresses;
	double looked; /* fed_wall_seconds() when they were found */
	/* Counts: members by state; clients that are silent; clients that are asked something. */
	uint32_t in[FED_MEMBER_OUT + 1], silent, asked;
	uint32_t votes;                   /* members that have voted */
	struct fed_member_status *member; /* [n] */
	uint32_t n, capacity;
	uint32_t *tally, tallied; /* [tallied]: votes by client */
};

/* Fill in the status of a room (NULL: none is open); memory of the last one is used again.  Init:
 * {0}.  Costs microseconds with 200 members. */
int fed_room_status(const struct fed_room *, struct fed_room_status *, struct fed_error *);
void fed_room_status_release(struct fed_room_status *);

/* Append the counts: "23 here, 1 of them silent, 2 prepare, 1 left". */
void fed_room_put_counts(struct fed_text *, const struct fed_room_status *);
/* Append the names of those who work for the session, at most so many: "Ada, Bo and 3 more". */
void fed_room_put_asked(struct fed_text *, const struct fed_room_status *, uint32_t most);

/* Who gives the status of the room of the moment; that thread has the session. */
struct fed_room_source {
	int (*status)(void *ctx, struct fed_room_status *, struct fed_error *);
	void *ctx;
};

#endif

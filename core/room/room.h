/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/room.h - a room: a session that serves clients on other machines.
 *
 * A program that joins says the class code and becomes a member: it waits for the lecturer's
 * approval if the room is strict, prepares its data by the terms (terms.h), and is then a client of
 * the session.  Who it is is told by its key: a member that comes back, on another address or in
 * another life of its program, is the same client.
 *
 * All functions are called by the session's thread.  Between commands fed_room_idle() takes what
 * came; within a round the session's transport does, through the network service.
 */
#ifndef FED_ROOM_ROOM_H
#define FED_ROOM_ROOM_H

#include "network/network.h"
#include "session/session.h"

#define FED_MEMBER_NAME 40

enum fed_member_state {
	FED_MEMBER_WAITS,    /* for the lecturer's approval */
	FED_MEMBER_PREPARES, /* admitted: loads its data by the terms */
	FED_MEMBER_READY,    /* becomes a client before the next round */
	FED_MEMBER_CLIENT,   /* is a client of the session */
	FED_MEMBER_UNFIT,    /* its data or plugins do not fit */
	FED_MEMBER_LEFT,     /* it left, or was not heard for too long; it may come back */
	FED_MEMBER_OUT,      /* it was sent out; it may not */
};
extern const char *const fed_member_states[]; /* words for them */

/* What is known of a member, for people. */
struct fed_member {
	char key[FED_KEY_TEXT]; /* its public key */
	char name[FED_MEMBER_NAME], fingerprint[20], program[24], isa[12], why[360];
	enum fed_member_state state;
	uint32_t peer, client; /* FED_SERVER: it is no client yet */
	uint32_t examples;
	bool approved;      /* it was admitted, once and for all: a strict room does not ask again */
	bool greeted;       /* it was told the terms */
	bool anew;          /* ... of a session that began anew: it forgets what it learned */
	bool silent;        /* nothing was heard of it for a while */
	uint64_t asked;     /* the invitation that it works for; 0: none */
	double asked_at;    /* fed_wall_seconds() */
	bool has_it;        /* the message has reached it */
	double has_it_at;   /* fed_wall_seconds() */
	double worked;      /* seconds from then to its answer, the last time; 0: never yet */
	uint64_t answered;  /* how often it has */
	double joined;      /* fed_wall_seconds() */
	double unconnected; /* likewise, since when it has no connection; 0: it has one */
	double returned;    /* likewise, when one that went was heard again; 0: it was not */
	double lost;        /* likewise, when it went without a word; 0: it did not */
	double out_at;      /* likewise, when it was sent out; 0: its key is refused already */
	bool takes_secret;  /* it has agreed to secret roles */
	bool consents;      /* to the role that it was offered, which is no secret */
	bool drawn_from;    /* it was among those of whom a secret attacker was drawn */
	uint32_t vote;      /* the client that it takes for an attacker; FED_SERVER: none */
};

struct fed_room_options {
	const char *endpoint; /* "tcp://HOST:PORT", HOST * for all addresses */
	const char *key_file;
	bool strict;      /* members wait for approval */
	double patience;  /* seconds of silence after which a member has left */
	uint32_t most;    /* members */
	const char *code; /* NULL: a new one */
};
#define FED_ROOM_PATIENCE 60.0
#define FED_ROOM_MOST 200u

struct fed_recording;
struct fed_room; /* opaque */

/* Open a room; the session's clients are its members from now on (session/remote.h).  FED_REJECT:
 * the session or the endpoint is not fit for it. */
int fed_room_open(struct fed_room **, struct fed_session *, const struct fed_room_options *,
                  struct fed_error *);
/* Tell the members why, and close; the session keeps the clients' rows.  why NULL: they are not
 * told, and wait for the room to open again.  A room of NULL is fine. */
void fed_room_close(struct fed_room *, const char *why);

/* The session began anew: answers to what was asked before are ignored, and all members are
 * welcomed again.  same_clients: its clients are those that it had (a restart), else members become
 * clients of it when it is composed.  FED_FAIL: it has simulated clients; close the room. */
int fed_room_renew(struct fed_room *, bool same_clients, struct fed_error *);

const char *fed_room_code(const struct fed_room *);
const char *fed_room_key(const struct fed_room *);
const char *fed_room_endpoint(const struct fed_room *);
const struct fed_room_options *fed_room_options(const struct fed_room *);

/* Take what came, while no round runs; waits at most `timeout` seconds.  True: something changed
 * that people see. */
bool fed_room_idle(struct fed_room *, double timeout);
/* A descriptor that is readable when there is something to take. */
int fed_room_descriptor(const struct fed_room *);

uint32_t fed_room_members(const struct fed_room *);
const struct fed_member *fed_room_member(const struct fed_room *, uint32_t i);
/* What the network knows of it. */
bool fed__room_peer(const struct fed_room *, uint32_t i, struct fed_network_peer *);
/* Members that are clients and connected. */
uint32_t fed_room_present(const struct fed_room *);

/* Members by name, number of the client or "all"; *n: how many.  FED_REJECT: none is meant. */
int fed_room_approve(struct fed_room *, const char *who, uint32_t *n, struct fed_error *);
/* Send them out: no credit, messages ignored, their key refused. */
int fed_room_kick(struct fed_room *, const char *who, const char *why, uint32_t *n,
                  struct fed_error *);
/* Admit a key again that was sent out. */
int fed_room_readmit(struct fed_room *, const char *who, uint32_t *n, struct fed_error *);
/* A new class code: the old one admits none any more. */
void fed_room_renew_code(struct fed_room *);
/* Have all members give up what they do. */
void fed_room_stop_all(struct fed_room *);
/* Show a text at all members. */
void fed_room_tell(struct fed_room *, const char *text);
/* What happened in its rounds (room/recording.h). */
const struct fed_recording *fed_room_recording(const struct fed_room *);

#endif

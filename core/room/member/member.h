/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/member.h - the program of a client that joins a room: `fedsh join`.
 *
 * A member has a session of its own, with its data, composed by the room's terms.  One thread (the
 * caller's) takes what comes, so that the member can be looked at and told to stop at any time;
 * another does the work, one message after the other: it prepares, trains, evaluates.
 */
#ifndef FED_ROOM_MEMBER_MEMBER_H
#define FED_ROOM_MEMBER_MEMBER_H

#include "network/network.h"
#include "network/seal.h"
#include "session/session.h"

enum fed_membership {
	FED_JOIN_CONNECTS, /* no word of the server yet */
	FED_JOIN_KNOCKS,   /* said hello */
	FED_JOIN_WAITS,    /* for approval */
	FED_JOIN_PREPARES, /* loads data, composes */
	FED_JOIN_READY,    /* offered its examples */
	FED_JOIN_IDLE,     /* a client, and not asked for anything */
	FED_JOIN_TRAINS,
	FED_JOIN_EVALUATES,
	FED_JOIN_UNFIT,   /* its data do not fit; why */
	FED_JOIN_REFUSED, /* by the server; why.  The end */
	FED_JOIN_ENDED,   /* the room was closed, or the member left; why.  The end */
};
extern const char *const fed_membership_words[];

/* What a member shows of itself; a copy at one moment. */
struct fed_join_view {
	enum fed_membership state;
	enum fed_network_trouble trouble;
	char name[40], why[360], told[200]; /* told: the last text for people */
	uint32_t client;                    /* FED_SERVER: none yet */
	uint32_t examples, holdout;
	uint64_t version;                /* of the last model */
	uint64_t trainings, evaluations; /* that it has answered */
	float loss;                      /* of its last training; NaN before */
	double since;                    /* fed_wall_seconds() of the state's beginning */
	char model[64], scheme[32], aggregator[32];
	char role[64];  /* an attack that was offered; "": none */
	uint32_t peers; /* clients that seal heads for each other, this one included; 0: none do */
	char word[FED_SEAL_WORD]; /* of their keys: the members compare it */
	bool asks, plays;         /* it is to answer whether it takes the role; it took it */
	struct fed_network_peer server;
	bool silent; /* nothing was heard of the server for a while */
};

struct fed_join_options {
	const char *host; /* "10.0.0.5" */
	uint16_t port;
	const char *code, *name;
	const char *server_key; /* NULL: asked for, and checked by the code */
	const char *key_file;   /* the member's own key pair */
	const char *data;       /* "fashion", "fashion:0-599", a folder, a file; settings behind it as
	                           typed for `dataset`, "table.csv target=price"; "sample": a part of
	                           the room's own source, by the member's name */
	const char *plugin_folder, *worker_program;
	const char *const *load; /* [loads] plugins of the member's own */
	size_t loads;
	bool secret_roles; /* it may be drawn for a secret role (roles.h) */
};

struct fed_join; /* opaque */

/* Join a room; connects in the background.  FED_REJECT: an option is not fit; FED_FAIL: the
 * server's key cannot be had (*trouble), or is not that of the code. */
int fed_join_new(struct fed_join **, const struct fed_join_options *, enum fed_network_trouble *,
                 struct fed_error *);
/* Take what came, waiting at most `timeout` seconds; false: it is over (the view says why). */
bool fed_join_step(struct fed_join *, double timeout);
void fed_join_view(struct fed_join *, struct fed_join_view *);
/* Answer whether the member takes the role that it was offered. */
void fed_join_consent(struct fed_join *, bool takes);
/* Say which client the member takes for an attacker. */
void fed_join_vote(struct fed_join *, uint32_t client);
/* Say goodbye, give up what is on its way, and free.  NULL is fine. */
void fed_join_free(struct fed_join *, const char *why);

#endif

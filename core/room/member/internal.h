/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/member/internal.h - definition of struct fed_join.
 *
 * state.c: what it shows, texts to the server.  peers.c: heads that only members can read.  work.c:
 * the thread that works. member.c: connection, and what comes.
 */
#ifndef FED_ROOM_MEMBER_INTERNAL_H
#define FED_ROOM_MEMBER_INTERNAL_H

#include <pthread.h>

#include "data/data_form.h"
#include "network/seal.h"
#include "room/member/member.h"
#include "room/messages.h"

/* A message that waits for the working thread. */
struct fed_join_message {
	void *bytes;
	size_t len;
};

struct fed_join {
	struct fed_session *session; /* the working thread's */
	struct fed_network *network;
	struct fed_key_pair keys;
	char *data, *code, *name; /* owned */
	pthread_t worker;
	bool working;         /* the thread was started */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct fed_join_message *queue; /* [n_queue] in order */
	size_t n_queue, queue_capacity;
	bool ends; /* the thread is to end */
	bool busy; /* it does what can be stopped */
	struct fed_join_view view;
	/* The working thread's. */
	uint32_t epoch, client, from, examples; /* its examples: from .. from + examples - 1 */
	uint32_t answers;                       /* numbers of its messages */
	bool loaded;
	bool secret_roles;          /* agreed to them; constant */
	bool plays;                 /* took the role */
	struct fed_text role;       /* as the server said it; "": none */
	struct fed_data_form form;  /* the server's, of the session's dataset */
	struct fed_text form_text;  /* its lines of the terms */
	struct fed_seal_peer *peer; /* [n_peers], clients and their keys, as the server told */
	size_t n_peers;
};

/* work.c */
void *fed__join_work(void *join);
/* role.c */
void fed__join_show_role(struct fed_join *, const char *text, size_t n); /* any thread */
void fed__join_hear_role(struct fed_join *, const char *text, size_t n);
void fed__join_hear_consent(struct fed_join *, bool takes); /* of the member itself */
/* The session was set up again: the role's fault, too. */
void fed__join_renew_role(struct fed_join *);
/* peers.c */
void fed__join_hear_peers(struct fed_join *, const char *text, size_t n);
/* Whether this answer is to be sealed for the other clients; and seal it in place. */
bool fed__join_seals(const struct fed_join *, const struct fed_envelope *);
int fed__join_seal(const struct fed_join *, struct fed_envelope *, struct fed_error *);
/* Put the head in place of a sealed one; another message stays.  FED_REJECT: it cannot be used. */
int fed__join_open_sealed(const struct fed_join *, struct fed_join_message *, struct fed_error *);
/* state.c */
void fed__join_say(struct fed_join *, enum fed_room_message, const char *text);
/* Set the state and why (NULL: none), for people. */
void fed__join_set(struct fed_join *, enum fed_membership, const char *why);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/internal.h - definition of struct fed_room, for the files of room/.
 *
 * members.c: the table of members, texts to them.  news.c: what the transport has to take.
 * admission.c: from a hello to a client.  service.c: the network of the session's transport.
 * room.c: opening, closing, what the lecturer does.
 */
#ifndef FED_ROOM_INTERNAL_H
#define FED_ROOM_INTERNAL_H

#include "room/messages.h"
#include "room/recording.h"
#include "room/room.h"

/* News for the transport, in the order in which they came. */
struct fed_room_news {
	struct fed_network_news news;
	struct fed_network_event event; /* owns the bytes of an arrival */
	char why[64];
};

/* Who has a role, or was offered it (roles.h). */
struct fed_role_holder {
	uint32_t peer;
	bool took;
};
struct fed_room_role {
	struct fed_role_holder *holder; /* [n] */
	uint32_t n;
	bool given, secret, byzantine;
	struct fed_text text, words; /* as members get it; as people read it */
};

struct fed_room {
	struct fed_session *session;
	struct fed_network *network;
	struct fed_network_service service;
	struct fed_room_options options; /* its texts are owned */
	struct fed_key_pair keys;
	char code[FED_CODE_TEXT];
	uint32_t epoch;            /* of this opening: answers to another one are ignored */
	struct fed_member *member; /* [n] */
	uint32_t n, capacity;
	struct fed_room_news *news; /* [n_news] */
	size_t n_news, news_capacity, taken;
	struct fed_text terms; /* as members have them */
	struct fed_text peers; /* likewise the keys of clients; "": they need none */
	uint64_t tags;         /* of text messages: above all ids of messages */
	bool changed;          /* something that people see */
	unsigned isas_told;    /* a bit for each enum fed_isa of members that was told */
	struct fed_recording recording;
	struct fed_room_role role;
};

/* members.c */
struct fed_member *fed__room_member_of(const struct fed_room *, uint32_t peer);
struct fed_member *fed__room_member_of_client(const struct fed_room *, uint32_t client);
/* The same, or the one that was expected with the peer's key; NULL: it is a stranger. */
struct fed_member *fed__room_recognise(struct fed_room *, uint32_t peer);
/* A new member; FED_NO_PEER: it is expected.  NULL: no memory. */
#define FED_NO_PEER UINT32_MAX
struct fed_member *fed__room_add(struct fed_room *, uint32_t peer, const char *key);
/* Send a text message; text NULL: none. */
void fed__room_say(struct fed_room *, uint32_t peer, enum fed_room_message, const char *text);

/* peers.c */
/* Tell the keys of the clients if they have changed and are needed: to all, or to one that is a
 * client again. */
void fed__room_settle_peers(struct fed_room *);
void fed__room_say_peers(struct fed_room *, const struct fed_member *);

/* news.c */
/* Memory for one more; NULL: there is none, and the news are lost, as a message may be. */
struct fed_room_news *fed__room_add_news(struct fed_room *, enum fed_network_news_kind);
void fed__room_add_gone(struct fed_room *, uint32_t client, const char *why);
void fed__room_clear_news(struct fed_room *);

/* admission.c */
/* Admit a member, and say the terms. */
void fed__room_welcome(struct fed_room *, struct fed_member *);
/* Handle a text message. */
void fed__room_hears(struct fed_room *, uint32_t peer, const void *bytes, size_t len);
/* A member is gone, and may return: what it was asked is lost. */
void fed__room_lose(struct fed_room *, struct fed_member *, const char *why);

/* room.c */
/* Make members that are ready clients, and mark those that left; offer changed terms.  Called
 * before each round, and when the room is idle. */
void fed__room_settle(struct fed_room *);

/* role_holders.c */
/* NULL: the peer has no role. */
struct fed_role_holder *fed__role_holder_of(const struct fed_room *, uint32_t peer);
void fed__role_say(struct fed_room *, uint32_t peer);
void fed__role_release(struct fed_room_role *); /* zeroed is fine */
/* The session is told what the member's role says of it. */
void fed__role_mark(struct fed_room *, const struct fed_member *);
/* A member is a client again: it is told its role, if it has one. */
void fed__role_renew(struct fed_room *, const struct fed_member *);
/* A member takes its role, or does not, and says why. */
void fed__role_hears(struct fed_room *, struct fed_member *, bool takes, const char *why);

/* service.c */
/* Handle an event of the network: a text, or news for the transport. */
void fed__room_take_event(struct fed_room *, struct fed_network_event *);
void fed__room_serve(struct fed_room *); /* fill in room->service */
/* Members that were silent for too long have left. */
void fed__room_check_silence(struct fed_room *);

#endif

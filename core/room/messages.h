/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * room/messages.h - kinds of the text messages of a room, and their lines KEY=VALUE.
 *
 * Described for writers of other clients in network/protocol.md.
 */
#ifndef FED_ROOM_MESSAGES_H
#define FED_ROOM_MESSAGES_H

#include "net/messenger.h"

#define FED_ROOM_PROTOCOL 1

enum fed_room_message {
	FED_ROOM_HELLO = FED_FRAME_TEXT, /* client: who it is, the class code, its versions */
	FED_ROOM_WAIT,                   /* server: it waits for the lecturer's approval; why */
	FED_ROOM_WELCOME,                /* server: admitted; epoch, and the terms */
	FED_ROOM_REFUSED,                /* server: not admitted, or out again; why */
	FED_ROOM_READY,                  /* client: its data fit the terms; how many examples */
	FED_ROOM_UNFIT,                  /* client: they do not; why */
	FED_ROOM_CLIENT,                 /* server: the number of its client */
	FED_ROOM_TERMS,                  /* server: the terms, which changed */
	FED_ROOM_STOP,                   /* server: give up what you do */
	FED_ROOM_LEAVE,                  /* either: the sender leaves; why */
	FED_ROOM_TELL,                   /* server: a text for people */
	FED_ROOM_ROLE,                   /* server: an attack; whether it needs consent */
	FED_ROOM_CONSENT,                /* client: whether it takes the role */
	FED_ROOM_VOTE,                   /* client: which client it takes for an attacker */
	FED_ROOM_PEERS,                  /* server: the public keys of its clients */
	FED_ROOM_LAST = FED_ROOM_PEERS,
};

/* Append "key=value\n"; control characters of the value become spaces. */
void fed__room_line(struct fed_text *, const char *key, const char *value);
/* Copy the value of a key, cut at `size`; false: the text has no such line, and out is "". */
bool fed__room_value(const char *text, size_t n, const char *key, char *out, size_t size);
/* A whole number in [0, most]; `otherwise` where there is none. */
uint64_t fed__room_number(const char *text, size_t n, const char *key, uint64_t most,
                          uint64_t otherwise);

#endif

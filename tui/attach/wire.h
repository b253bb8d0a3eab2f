/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/attach/wire.h - packets between a session and an attached terminal: u32 length of the
 * payload, u32 kind, payload, in the byte order of the machine, which both are on.
 */
#ifndef FED_TUI_ATTACH_WIRE_H
#define FED_TUI_ATTACH_WIRE_H

#include <sys/types.h>

#include "tui/views/view.h"

enum { FED_WIRE_VERSION = 2, FED_WIRE_KEY_MOST = 4096 };

enum fed_wire_kind {
	/* Of the session. */
	FED_WIRE_GREETING = 1, /* u32 version, then what the session is, as text */
	FED_WIRE_FRAME,        /* struct fed_wire_frame, then its cells */
	FED_WIRE_END,          /* why it ends, as text */
	/* Of the terminal. */
	FED_WIRE_HELLO, /* struct fed_wire_hello */
	FED_WIRE_SIZE,  /* struct fed_wire_size */
	FED_WIRE_KEY,   /* struct fed_press */
};

struct fed_wire_size {
	int32_t columns, rows;
};
struct fed_wire_hello {
	uint32_t version, cell; /* FED_WIRE_VERSION; bytes of a struct fed_cell */
	struct fed_wire_size size;
	bool utf8, tints;
	char view[32]; /* "": the first */
};
struct fed_wire_frame {
	int32_t columns, rows, cursor; /* cursor: column in the last row, or -1 */
	int32_t theme;     /* enum fed_theme of the session, for terminals that chose none */
	bool mouse, clear; /* whether clicks are wanted; draw everything anew */
};

/* What is sent: a packet is appended and leaves as the socket takes it. */
struct fed_wire_out {
	struct fed_text bytes;
	size_t sent;
};
void fed__wire_put(struct fed_wire_out *, enum fed_wire_kind, const void *head, size_t head_size,
                   const void *body, size_t body_size);
/* False: the other end is gone, or there is no memory. */
bool fed__wire_send(struct fed_wire_out *, int fd);
bool fed__wire_pends(const struct fed_wire_out *);
void fed__wire_out_release(struct fed_wire_out *);

/* A packet at the beginning of what was received: its kind and payload; FED_REJECT: not all of it
 * is there. FED_FAIL: it is longer than `most` or none. Remove it by fed__wire_drop(). */
struct fed_wire_packet {
	enum fed_wire_kind kind;
	const char *payload;
	size_t size;
};
int fed__wire_next(const struct fed_text *received, size_t most, struct fed_wire_packet *);
void fed__wire_drop(struct fed_text *received, const struct fed_wire_packet *);

#endif

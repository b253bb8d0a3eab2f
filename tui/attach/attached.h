/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/attach/attached.h - the session's side of attached terminals: a socket, and a watch for each
 * terminal that only looks.
 *
 * What crosses are cells and keys, no escapes: the program that is attached has the terminal, its
 * description and its size, and shows what is painted here (attach.h). So no terminal but the
 * session's own is ever written to by the session, and one that is slow, stopped or gone costs it
 * frames: none is painted until the one before has left.
 *
 * All functions are called by one thread, the one that has the session's own terminal.
 */
#ifndef FED_TUI_ATTACH_ATTACHED_H
#define FED_TUI_ATTACH_ATTACHED_H

#include "session/session.h"

struct fed_attached;
struct fed_room_source;
struct fed_travel;

/* Listen in the folder of the user's sockets (base/system/local_socket.h), under the process's
 * number. theme: enum fed_theme of the session, the caller's; terminals follow it when it changes.
 */
int fed_attached_new(struct fed_attached **, struct fed_session *, const struct fed_travel *,
                     const struct fed_room_source *, const int *theme, struct fed_error *);
/* Tell the terminals that the session has ended, and listen no longer; NULL is fine. */
void fed_attached_free(struct fed_attached *);

/* Descriptor for poll(): readable when fed_attached_read() has something to do. */
int fed_attached_descriptor(const struct fed_attached *);
size_t fed_attached_count(const struct fed_attached *);
/* Take what came and send what is left. busy: a run goes on, which a frame interrupts. True:
 * fed_attached_show() is due. */
bool fed_attached_read(struct fed_attached *, bool busy);
/* Whether a terminal shows a view that must see each version (fed_view.made). */
bool fed_attached_awaits_version(const struct fed_attached *);
/* Handle keys, paint and send. The session belongs to this thread, or waits between two events. */
void fed_attached_show(struct fed_attached *, bool busy);

#endif

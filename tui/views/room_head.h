/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/room_head.h - the head of the view `room`: how to join, who is there, the round.
 */
#ifndef FED_TUI_VIEWS_ROOM_HEAD_H
#define FED_TUI_VIEWS_ROOM_HEAD_H

#include "room/status.h"
#include "tui/views/view.h"

struct fed_room_head {
	bool small;       /* no large letters */
	uint32_t address; /* which of the machine's is shown large */
};

/* Paint it from the first row on; returns the rows used, which leave some for the members. */
int fed__room_head_paint(const struct fed_room_head *, const struct fed_room_status *,
                         const struct fed_watched *, struct fed_canvas *);

/* Seconds of the open round so far, and to its deadline (NaN: none). False: no round is open. */
bool fed__room_round_times(const struct fed_session *, double *elapsed, double *left);

#endif

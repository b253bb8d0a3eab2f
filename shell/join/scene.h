/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/scene.h - what a member shows: the view of it, and what the program knows besides.
 */
#ifndef FED_SHELL_JOIN_SCENE_H
#define FED_SHELL_JOIN_SCENE_H

#include "base/text.h"
#include "room/member/member.h"
#include "shell/join/options.h"

struct fed_join_scene {
	const struct fed_join_call *call;
	char fingerprint[20]; /* of the server's key; "": not known yet */
	struct fed_join_view view;
	double now;          /* fed_wall_seconds() */
	double last_seconds; /* that the last training took; 0: there was none */
	bool voting;         /* a client's number is being typed: */
	long vote;           /* so far; below 0: no digit yet */
	bool color, utf8;
};

/* Append the lines of a screen, without a newline behind the last: at most `rows`, none wider than
 * `columns`. */
void fed__join_scene_put(const struct fed_join_scene *, int columns, int rows, struct fed_text *);
/* Append the state as words: "trains from version 4". */
void fed__join_state_put(const struct fed_join_view *, struct fed_text *);

#endif

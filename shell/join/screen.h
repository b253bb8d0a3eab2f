/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/screen.h - one screen of a terminal, drawn in place, and the keys that were pressed.
 *
 * It uses the alternate screen and plain escapes; a picture that has not changed is not written,
 * and one that has is written at once.  Ctrl-C and Ctrl-Z are keys here.
 */
#ifndef FED_SHELL_JOIN_SCREEN_H
#define FED_SHELL_JOIN_SCREEN_H

#include <stdbool.h>
#include <termios.h>

#include "base/text.h"

struct fed_join_screen {
	struct termios before;
	struct fed_text shown; /* the last picture */
	int columns, rows;
	bool open;
};

/* False: there is no terminal that understands escapes. */
bool fed__join_screen_open(struct fed_join_screen *);
void fed__join_screen_close(struct fed_join_screen *);
/* Show lines; both are measured before: columns, rows. */
void fed__join_screen_show(struct fed_join_screen *, const struct fed_text *lines);
void fed__join_screen_measure(struct fed_join_screen *);
/* The next key, or 0.  Ctrl-Z stops the program here, and shows the picture again. */
int fed__join_screen_key(struct fed_join_screen *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/terminal.h - a real terminal that shows a canvas and says which keys were pressed.
 *
 * The only file that knows ncurses.  Between open and close the terminal's signals (window size,
 * stop, continue, crashes) are handled here; all functions are called by one thread.
 */
#ifndef FED_TUI_TERMINAL_H
#define FED_TUI_TERMINAL_H

#include "tui/views/view.h"

struct fed_terminal;

/* Whether $TERM can place a cursor; else what to do. */
int fed_terminal_check(int descriptor, struct fed_error *);
/* Output goes to the descriptor, keys come from standard input. */
int fed_terminal_open(struct fed_terminal **, int descriptor, bool color, struct fed_error *);
void fed_terminal_close(struct fed_terminal *); /* as it was before; NULL is fine */

bool fed_terminal_utf8(const struct fed_terminal *);
/* Columns and rows, at least 1. */
void fed_terminal_size(const struct fed_terminal *, int *columns, int *rows);
/* Follow what signals told: another size, a stop and its end.  True: what is shown must be shown
 * anew. */
bool fed_terminal_attend(struct fed_terminal *);
/* Show what differs from what was shown.  Where the canvas is smaller than the terminal the rest
 * is blank.  The cursor stands at a cell, or nowhere (column -1). */
void fed_terminal_show(struct fed_terminal *, const struct fed_canvas *, int column, int row);
void fed_terminal_clear(struct fed_terminal *); /* the next show draws everything */
/* The next key, if one was pressed; the cell of a click is the terminal's.  *gone: nobody will
 * press one any more. */
bool fed_terminal_key(struct fed_terminal *, struct fed_press *, bool *gone);
void fed_terminal_mouse(struct fed_terminal *, bool on);

#endif

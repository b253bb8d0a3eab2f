/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/terminal.h - a terminal by way of ncurses: output of canvases, input of keys.
 *
 * The only file that knows ncurses.  Between open and close it handles the terminal's signals
 * (window size, stop, continue, crashes). All functions are called by one thread.
 */
#ifndef FED_TUI_TERMINAL_H
#define FED_TUI_TERMINAL_H

#include "tui/views/view.h"
#include "tui/widgets/theme.h"

struct fed_terminal;

/* Check that descriptor and standard input are terminals and that $TERM can place a cursor. */
int fed__terminal_check(int descriptor, struct fed_error *);
/* Whether a terminal of this name is known and has attributes (bold, colours): escapes may be sent
 * to it.  NULL and "" are none. */
bool fed_terminal_knows(const char *term, int descriptor);
/* What a terminal of this description can show; COLORTERM may say that it has true colours. */
enum fed_palette fed_terminal_palette(const char *term, int descriptor);
/* Output to the descriptor, keys from standard input. */
int fed__terminal_open(struct fed_terminal **, int descriptor, bool color, enum fed_theme,
                       struct fed_error *);
/* Change the theme; the next picture is drawn anew. */
void fed__terminal_theme(struct fed_terminal *, enum fed_theme);
enum fed_look fed__terminal_look(const struct fed_terminal *);
void fed__terminal_close(struct fed_terminal *); /* restores the terminal; NULL is allowed */

bool fed__terminal_utf8(const struct fed_terminal *);
/* Whether it shows tints; else they are letters. */
bool fed__terminal_tints(const struct fed_terminal *);
/* Columns and rows, at least 1. */
void fed__terminal_size(const struct fed_terminal *, int *columns, int *rows);
/* Carry out pending signals: new size, stop, continue. Returns whether the screen must be painted
 * again. */
bool fed__terminal_attend(struct fed_terminal *);
/* Show a canvas; only rows that changed are written. Cells outside the canvas are blank. column,
 * row: of the cursor; column -1: hidden. */
void fed__terminal_show(struct fed_terminal *, const struct fed_canvas *, int column, int row);
void fed__terminal_clear(
	struct fed_terminal *); /* the next fed__terminal_show() writes every row */
/* Read the next key, if there is one; a click has the terminal's cell. *gone: the terminal has hung
 * up. */
bool fed__terminal_key(struct fed_terminal *, struct fed_press *, bool *gone);
void fed__terminal_mouse(struct fed_terminal *, bool on);

#endif

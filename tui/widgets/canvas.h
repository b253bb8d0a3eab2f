/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/canvas.h - a grid of character cells: the drawing surface of widgets, charts and
 * views.
 *
 * It knows no terminal: fed__canvas_text renders it as text (the shell's plots, golden tests),
 * tui/terminal.c copies the cells to the screen. Drawing is clipped to the grid; columns and rows
 * count from 0 at the upper left.
 */
#ifndef FED_TUI_WIDGETS_CANVAS_H
#define FED_TUI_WIDGETS_CANVAS_H

#include <stdint.h>

#include "base/text.h"
#include "fedsh/plugin.h"

enum { FED_CANVAS_MAX = 4096 };   /* columns, and rows */
enum { FED_UPPER_HALF = 0x2580 }; /* a character: its ink is the upper half of a cell */

enum fed_color {
	FED_COLOR_PLAIN, /* the terminal's own */
	FED_COLOR_RED,
	FED_COLOR_GREEN,
	FED_COLOR_YELLOW,
	FED_COLOR_BLUE,
	FED_COLOR_MAGENTA,
	FED_COLOR_CYAN,
	FED_COLOR_GREY,
};

struct fed_style {
	uint8_t color; /* enum fed_color */
	bool bold;
	uint16_t ink, paper; /* tints (tui/widgets/tint.h): of the character, instead of `color`, and
	                       behind it; 0: none */
};

/* What an output can show. */
enum fed_palette {
	FED_PALETTE_NONE,
	FED_PALETTE_8, /* enum fed_color; tints are letters */
	FED_PALETTE_256,
	FED_PALETTE_TRUE, /* red, green and blue */
	FED_PALETTE_DEPTHS
};
/* What the colours are (tui/widgets/theme.h). */
enum fed_look {
	FED_LOOK_TERMINAL, /* the terminal's own eight; tints for a dark background */
	FED_LOOK_DARK,
	FED_LOOK_LIGHT,
	FED_LOOK_CONTRAST_DARK,
	FED_LOOK_CONTRAST_LIGHT,
	FED_LOOKS
};
/* A palette with a look, which are one number; a palette alone has the terminal's. */
static inline enum fed_palette fed_palette_with(enum fed_palette depth, enum fed_look look)
{
	return (enum fed_palette)((unsigned)depth + FED_PALETTE_DEPTHS * (unsigned)look);
}
static inline enum fed_palette fed_palette_depth(enum fed_palette palette)
{
	return (enum fed_palette)((unsigned)palette % FED_PALETTE_DEPTHS);
}
static inline enum fed_look fed_palette_look(enum fed_palette palette)
{
	return (enum fed_look)((unsigned)palette / FED_PALETTE_DEPTHS);
}

struct fed_cell {
	uint32_t code; /* code point; 0: the right half of a wide character */
	struct fed_style style;
};

/* Whether the cell's halves are tints, not a character in a colour. */
static inline bool fed__cell_is_tinted_half(const struct fed_cell *cell)
{
	return cell->code == FED_UPPER_HALF && (cell->style.ink || cell->style.paper);
}

struct fed_canvas {
	struct fed_cell *cell; /* [rows][columns] */
	int columns, rows;
};

/* Blank; columns and rows from 1 to FED_CANVAS_MAX. */
int fed__canvas_init(struct fed_canvas *, int columns, int rows, struct fed_error *);
void fed__canvas_release(struct fed_canvas *); /* {0} is allowed */
void fed__canvas_clear(struct fed_canvas *);

/* Put one character, one column wide. */
void fed__canvas_put(struct fed_canvas *, int column, int row, uint32_t code, struct fed_style);
/* Write UTF-8 text; returns the column after it. Wide characters take two cells or, if only one is
 * left, none; combining ones are composed or left out; control bytes and invalid UTF-8 become
 * U+FFFD. */
int fed__canvas_write(struct fed_canvas *, int column, int row, const char *text, struct fed_style);
/* Write text into `columns` cells from `column` on, right-aligned if `right`; longer text is cut
 * and ends in '~'. */
void fed__canvas_fit(struct fed_canvas *, int column, int row, int columns, bool right,
                     const char *text, struct fed_style);
/* Draw a frame, at least 2 x 2. */
void fed__canvas_box(struct fed_canvas *, int column, int row, int columns, int rows,
                     struct fed_style);

/* Copy another canvas onto this one, its upper left cell to (column, row). */
void fed__canvas_copy(struct fed_canvas *, int column, int row, const struct fed_canvas *from);

/* The pen of marks and lines: braille dots, 2 x 4 to a cell (glyph 0; x and y count dots), or a
 * character in each cell (x and y count cells). */
struct fed_pen {
	uint32_t glyph;
	struct fed_style style;
};
void fed__canvas_mark(struct fed_canvas *, int x, int y, struct fed_pen);
void fed__canvas_line(struct fed_canvas *, int x0, int y0, int x1, int y1, struct fed_pen);

/* Append the rows, trailing spaces cut, a newline after each.  Without utf8 frames become + - |,
 * dots ':' and other characters '?'; styles are SGR sequences, unless there is no palette. */
void fed__canvas_text(const struct fed_canvas *, struct fed_text *out, bool utf8, enum fed_palette);
/* A cell as an output shows it that has no characters beyond ASCII, or too few colours for tints:
 * a letter in place of a tinted character. */
struct fed_cell fed__cell_lettered(const struct fed_cell *);

/* The ASCII substitute of a character. */
char fed__canvas_ascii(uint32_t code);

#endif

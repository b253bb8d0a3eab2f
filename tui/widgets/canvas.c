/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/canvas.c - drawing on a grid of cells, and its rendering as text. */
#include "tui/widgets/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/widgets/theme.h"
#include "tui/widgets/tint.h"

enum {
	REPLACEMENT = 0xFFFD,
	BRAILLE = 0x2800, /* and 255 more, a bit for each dot */
	HORIZONTAL = 0x2500,
	VERTICAL = 0x2502,
	DASHED = 0x250A,     /* and vertical */
	FRAMES_END = 0x2580, /* of the box drawing block */
};

int fed__canvas_init(struct fed_canvas *canvas, int columns, int rows, struct fed_error *err)
{
	if (columns < 1 || rows < 1 || columns > FED_CANVAS_MAX || rows > FED_CANVAS_MAX)
		return fed_fail(err, "a canvas of %d x %d cells is not from 1 to %d on each side", columns,
		                rows, FED_CANVAS_MAX);
	const size_t cells = (size_t)columns * (size_t)rows;
	struct fed_cell *cell = fed_alloc_array(cells, sizeof *cell);
	if (!cell)
		return fed_fail_memory(err, cells * sizeof *cell, "a canvas");
	*canvas = (struct fed_canvas){.cell = cell, .columns = columns, .rows = rows};
	fed__canvas_clear(canvas);
	return FED_OK;
}

void fed__canvas_release(struct fed_canvas *canvas)
{
	fed_free(canvas->cell);
	*canvas = (struct fed_canvas){0};
}

void fed__canvas_clear(struct fed_canvas *canvas)
{
	const size_t cells = (size_t)canvas->columns * (size_t)canvas->rows;
	for (size_t i = 0; i < cells; i++)
		canvas->cell[i] = (struct fed_cell){.code = ' '};
}

static struct fed_cell *cell_at(const struct fed_canvas *canvas, int column, int row)
{
	if (column < 0 || row < 0 || column >= canvas->columns || row >= canvas->rows)
		return NULL;
	return &canvas->cell[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

/* Blank the other half of a wide character that is about to be overwritten in part. */
static void split_wide(struct fed_canvas *canvas, int column, int row)
{
	const struct fed_cell *cell = cell_at(canvas, column, row);
	struct fed_cell *next = cell_at(canvas, column + 1, row);
	if (cell->code == 0)
		cell_at(canvas, column - 1, row)->code = ' ';
	if (next && next->code == 0)
		next->code = ' ';
}

void fed__canvas_put(struct fed_canvas *canvas, int column, int row, uint32_t code,
                     struct fed_style style)
{
	struct fed_cell *cell = cell_at(canvas, column, row);
	if (!cell)
		return;
	split_wide(canvas, column, row);
	*cell = (struct fed_cell){.code = code, .style = style};
}

/* Text --------------------------------------------------------------------- */

/* A cell holds one character: an accent is put on the letter to its left where both make one, other
 * combining characters and the joiners of emoji are left out, so that every terminal agrees with
 * the counted columns. */
static void put_combining(struct fed_canvas *canvas, int column, int row, uint32_t mark)
{
	struct fed_cell *cell = cell_at(canvas, column - 1, row);

	if (cell && cell->code == 0)
		cell = cell_at(canvas, column - 2, row);
	const uint32_t both = cell ? fed_utf8_compose(cell->code, mark) : 0;
	if (both && fed_utf8_columns(both) == fed_utf8_columns(cell->code))
		cell->code = both;
}

int fed__canvas_write(struct fed_canvas *canvas, int column, int row, const char *text,
                      struct fed_style style)
{
	size_t left = strlen(text);
	while (left > 0) {
		uint32_t code;
		const size_t bytes = fed_utf8_next(text, left, &code);
		if (bytes == 0 || fed_utf8_control(code))
			code = REPLACEMENT;
		text += bytes > 0 ? bytes : 1;
		left -= bytes > 0 ? bytes : 1;
		const int width = fed_utf8_columns(code);
		if (width == 2 && cell_at(canvas, column, row) && cell_at(canvas, column + 1, row)) {
			fed__canvas_put(canvas, column + 1, row, ' ', style);
			fed__canvas_put(canvas, column, row, code, style);
			cell_at(canvas, column + 1, row)->code = 0;
		} else if (width == 1) {
			fed__canvas_put(canvas, column, row, code, style);
		} else if (width == 0) {
			put_combining(canvas, column, row, code);
		}
		column += width;
	}
	return column;
}

void fed__canvas_fit(struct fed_canvas *canvas, int column, int row, int columns, bool right,
                     const char *text, struct fed_style style)
{
	const int width = fed_text_width(text);
	size_t left = strlen(text);
	int used = 0;

	if (columns < 1)
		return;
	if (width <= columns) {
		fed__canvas_write(canvas, column + (right ? columns - width : 0), row, text, style);
		return;
	}
	while (left > 0) {
		uint32_t code;
		char one[5] = "";
		const size_t n = fed_utf8_next(text, left, &code), bytes = n ? n : 1;
		const int wide = n ? fed_utf8_columns(code) : 1;

		if (used + wide > columns - 1)
			break;
		memcpy(one, text, bytes);
		used = fed__canvas_write(canvas, column + used, row, one, style) - column;
		text += bytes;
		left -= bytes;
	}
	fed__canvas_put(canvas, column + used, row, '~', (struct fed_style){.color = FED_COLOR_GREY});
}

void fed__canvas_box(struct fed_canvas *canvas, int column, int row, int columns, int rows,
                     struct fed_style style)
{
	const int right = column + columns - 1, bottom = row + rows - 1;
	for (int i = column + 1; i < right; i++) {
		fed__canvas_put(canvas, i, row, HORIZONTAL, style);
		fed__canvas_put(canvas, i, bottom, HORIZONTAL, style);
	}
	for (int i = row + 1; i < bottom; i++) {
		fed__canvas_put(canvas, column, i, VERTICAL, style);
		fed__canvas_put(canvas, right, i, VERTICAL, style);
	}
	fed__canvas_put(canvas, column, row, 0x250C, style);
	fed__canvas_put(canvas, right, row, 0x2510, style);
	fed__canvas_put(canvas, column, bottom, 0x2514, style);
	fed__canvas_put(canvas, right, bottom, 0x2518, style);
}

void fed__canvas_copy(struct fed_canvas *canvas, int column, int row, const struct fed_canvas *from)
{
	for (int y = 0; y < from->rows; y++)
		for (int x = 0; x < from->columns; x++) {
			const struct fed_cell *cell = cell_at(from, x, y);
			struct fed_cell *to = cell_at(canvas, column + x, row + y);

			if (!to)
				continue;
			/* Copy both halves of a wide character, or none. */
			const bool halved = cell->code && fed_utf8_columns(cell->code) == 2 &&
			                    !cell_at(canvas, column + x + 1, row + y);
			*to = halved || (cell->code == 0 && column + x == 0) ? (struct fed_cell){.code = ' '}
			                                                     : *cell;
		}
}

/* Marks and lines ------------------------------------------------------------ */

void fed__canvas_mark(struct fed_canvas *canvas, int x, int y, struct fed_pen pen)
{
	/* The order of dots in a braille character (Unicode 15, section 21.1). */
	static const uint8_t bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

	if (pen.glyph) {
		fed__canvas_put(canvas, x, y, pen.glyph, pen.style);
		return;
	}
	const struct fed_cell *cell = x < 0 || y < 0 ? NULL : cell_at(canvas, x / 2, y / 4);
	if (!cell)
		return;
	const bool has_dots = cell->code >= BRAILLE && cell->code < BRAILLE + 256;
	const uint32_t dots = has_dots ? cell->code : BRAILLE;
	fed__canvas_put(canvas, x / 2, y / 4, dots | bit[y % 4][x % 2], pen.style);
}

/* Bresenham's line. */
void fed__canvas_line(struct fed_canvas *canvas, int x0, int y0, int x1, int y1, struct fed_pen pen)
{
	const int dx = abs(x1 - x0), dy = -abs(y1 - y0);
	const int sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1;

	int error = dx + dy;
	fed__canvas_mark(canvas, x0, y0, pen);
	while (x0 != x1 || y0 != y1) {
		const int twice = 2 * error;
		if (twice >= dy) {
			error += dy;
			x0 += sx;
		}
		if (twice <= dx) {
			error += dx;
			y0 += sy;
		}
		fed__canvas_mark(canvas, x0, y0, pen);
	}
}

/* The grid as text ------------------------------------------------------------- */

char fed__canvas_ascii(uint32_t code)
{
	if (code < 0x80)
		return (char)code;
	if (code == HORIZONTAL)
		return '-';
	if (code == 0xD7) /* a cross */
		return 'x';
	if (code == VERTICAL)
		return '|';
	if (code == DASHED)
		return ':';
	if (code > VERTICAL && code < FRAMES_END)
		return '+';
	if (code >= BRAILLE && code < BRAILLE + 256)
		return ':';
	return fed_utf8_ascii(code) ? fed_utf8_ascii(code) : '?';
}

struct fed_cell fed__cell_lettered(const struct fed_cell *cell)
{
	const struct fed_style style = cell->style;
	struct fed_cell out = {.code = cell->code, .style = {style.color, style.bold, 0, 0}};

	if (style.ink) {
		out.code = (uint32_t)fed__tint_letter(style.ink);
		out.style.color = fed__tint_color(style.ink);
		out.style.bold = fed__tint_is_mark(style.ink);
	} else if (fed__cell_is_tinted_half(cell)) {
		out.code = ' ';
	}
	return out;
}

/* ";38;2;0;114;178": 38 is the ink, 48 the paper. */
static void put_tint(struct fed_text *out, int what, uint16_t tint, enum fed_palette palette)
{
	const bool light = fed__look_light(fed_palette_look(palette));
	const uint32_t rgb = fed_tint_rgb(tint, light);

	if (fed_palette_depth(palette) == FED_PALETTE_TRUE)
		fed_text_add(out, ";%d;2;%u;%u;%u", what, (unsigned)(rgb >> 16),
		             (unsigned)(rgb >> 8 & 0xFF), (unsigned)(rgb & 0xFF));
	else
		fed_text_add(out, ";%d;5;%u", what, fed__tint_256(tint, light));
}

static void put_style(struct fed_text *out, struct fed_style style, enum fed_palette palette)
{
	fed_text_add(out, "\033[0");
	if (style.bold)
		fed_text_add(out, ";1");
	if (style.paper)
		put_tint(out, 48, style.paper, palette);
	if (style.ink)
		put_tint(out, 38, style.ink, palette);
	else
		fed_look_put(out, palette, style.color);
	fed_text_add(out, "m");
}

static bool same_style(struct fed_style a, struct fed_style b)
{
	return a.color == b.color && a.bold == b.bold && a.ink == b.ink && a.paper == b.paper;
}

/* The right half of a wide character looks as its left one. */
static void put_ascii(struct fed_text *out, const struct fed_canvas *canvas, int column, int row,
                      const struct fed_cell *cell)
{
	const bool half = !cell->code && column > 0;
	const uint32_t code = half ? cell_at(canvas, column - 1, row)->code : cell->code;

	fed_text_put(out, &(char){code ? fed__canvas_ascii(code) : '?'}, 1);
}

void fed__canvas_text(const struct fed_canvas *canvas, struct fed_text *out, bool utf8,
                      enum fed_palette palette)
{
	const struct fed_style plain = {0};
	const bool lettered = !utf8 || fed_palette_depth(palette) < FED_PALETTE_256;

	for (int row = 0; row < canvas->rows; row++) {
		struct fed_style style = plain;
		int end = canvas->columns;
		while (end > 0 && cell_at(canvas, end - 1, row)->code == ' ')
			end--;
		for (int column = 0; column < end; column++) {
			const struct fed_cell *at = cell_at(canvas, column, row);
			const struct fed_cell cell = lettered ? fed__cell_lettered(at) : *at;
			/* A space shows no style but its paper, so it needs no change. */
			if (fed_palette_depth(palette) &&
			    (cell.code != ' ' || cell.style.paper || style.paper) &&
			    !same_style(cell.style, style)) {
				style = cell.style;
				put_style(out, style, palette);
			}
			if (!utf8)
				put_ascii(out, canvas, column, row, &cell);
			else if (cell.code)
				fed_text_put_code(out, cell.code);
		}
		if (!same_style(style, plain))
			put_style(out, plain, palette);
		fed_text_put(out, "\n", 1);
	}
}

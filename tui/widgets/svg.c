/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/svg.c - a canvas as SVG: text runs of one style, circles for braille dots. */
#include "tui/widgets/svg.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "tui/widgets/theme.h"
#include "tui/widgets/tint.h"

enum { WIDTH = 9, HEIGHT = 18, BASE = 13, FONT = 15, BRAILLE = 0x2800 }; /* of a cell, in pixels */

static bool is_braille(uint32_t code)
{
	return code >= BRAILLE && code < BRAILLE + 256;
}

static void put_dots(struct fed_text *out, int column, int row, const struct fed_cell *cell,
                     enum fed_look look)
{
	static const uint8_t bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

	for (int y = 0; y < 4; y++)
		for (int x = 0; x < 2; x++)
			if (cell->code & bit[y][x])
				fed_text_add(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"1.7\" fill=\"#%06x\"/>\n",
				             column * WIDTH + (0.25 + 0.5 * x) * WIDTH,
				             row * HEIGHT + (0.125 + 0.25 * y) * HEIGHT,
				             (unsigned)fed__look_rgb(look, cell->style.color));
}

static void put_escaped(struct fed_text *out, uint32_t code)
{
	if (code == '<' || code == '&' || code == '>')
		fed_text_add(out, "&#%u;", (unsigned)code);
	else
		fed_text_put_code(out, code);
}

static bool same_style(const struct fed_cell *a, const struct fed_cell *b)
{
	return a->style.color == b->style.color && a->style.bold == b->style.bold &&
	       a->style.ink == b->style.ink;
}

/* The tint of a cell's upper or lower half; 0: none. */
static uint16_t half_of(const struct fed_cell *cell, bool lower)
{
	return cell->code == FED_UPPER_HALF && !lower ? cell->style.ink : cell->style.paper;
}

/* Without a theme a file has a white background. */
static bool is_light(enum fed_look look)
{
	return look == FED_LOOK_TERMINAL || fed__look_light(look);
}

/* Put the tinted halves of a row of cells as rectangles. */
static void put_halves(struct fed_text *out, const struct fed_canvas *canvas, int row, bool lower,
                       bool light)
{
	const struct fed_cell *cell = &canvas->cell[(size_t)row * (size_t)canvas->columns];

	for (int column = 0, end; column < canvas->columns; column = end) {
		const uint16_t tint = half_of(&cell[column], lower);

		for (end = column + 1; end < canvas->columns && half_of(&cell[end], lower) == tint;)
			end++;
		if (tint)
			fed_text_add(out,
			             "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
			             "fill=\"#%06x\" shape-rendering=\"crispEdges\"/>\n",
			             column * WIDTH, row * HEIGHT + (lower ? HEIGHT / 2 : 0),
			             (end - column) * WIDTH, HEIGHT / 2, (unsigned)fed_tint_rgb(tint, light));
	}
}

/* The colour of a character. */
static unsigned fill_of(const struct fed_style *style, enum fed_look look)
{
	return style->ink ? fed_tint_rgb(style->ink, is_light(look))
	                  : fed__look_rgb(look, style->color);
}

/* Put the cells from `column` on that share a style; returns the column behind them. */
static int put_run(struct fed_text *out, const struct fed_canvas *canvas, int column, int row,
                   enum fed_look look)
{
	const struct fed_cell *cell = &canvas->cell[(size_t)row * (size_t)canvas->columns];
	const struct fed_cell *first = &cell[column];
	int end = column + 1;

	while (end < canvas->columns && same_style(&cell[end], first) && !is_braille(cell[end].code) &&
	       !fed__cell_is_tinted_half(&cell[end]) &&
	       (cell[end].code != ' ' || end + 1 == canvas->columns || cell[end + 1].code != ' '))
		end++;
	fed_text_add(out, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\"%s textLength=\"%d\">", column * WIDTH,
	             row * HEIGHT + BASE, fill_of(&first->style, look),
	             first->style.bold ? " font-weight=\"bold\"" : "", (end - column) * WIDTH);
	for (int i = column; i < end; i++)
		if (cell[i].code)
			put_escaped(out, cell[i].code);
	fed_text_add(out, "</text>\n");
	return end;
}

void fed__canvas_svg(const struct fed_canvas *canvas, struct fed_text *out, enum fed_look look)
{
	const int width = canvas->columns * WIDTH, height = canvas->rows * HEIGHT;

	fed_text_add(out,
	             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
	             "viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"%d\" "
	             "xml:space=\"preserve\">\n"
	             "<rect width=\"100%%\" height=\"100%%\" fill=\"#%06x\"/>\n",
	             width, height, width, height, FONT, (unsigned)fed__look_paper(look));
	for (int row = 0; row < canvas->rows; row++) {
		put_halves(out, canvas, row, false, is_light(look));
		put_halves(out, canvas, row, true, is_light(look));
		for (int column = 0; column < canvas->columns;) {
			const struct fed_cell *cell =
				&canvas->cell[(size_t)row * (size_t)canvas->columns + (size_t)column];

			if (is_braille(cell->code))
				put_dots(out, column++, row, cell, look);
			else if (cell->code == ' ' || cell->code == 0 || fed__cell_is_tinted_half(cell))
				column++;
			else
				column = put_run(out, canvas, column, row, look);
		}
	}
	fed_text_add(out, "</svg>\n");
}

bool fed__canvas_saves_svg(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".svg") == 0;
}

int fed__canvas_save(const struct fed_canvas *canvas, const char *path, bool utf8,
                     enum fed_look look, struct fed_error *err)
{
	struct fed_text text = {0}, expanded = {0};
	struct fed_file_writer file;

	if (fed__canvas_saves_svg(path))
		fed__canvas_svg(canvas, &text, look);
	else
		fed__canvas_text(canvas, &text, utf8, FED_PALETTE_NONE);
	fed_path_expand(path, &expanded);
	int rc = text.failed || expanded.failed ? fed_fail_memory(err, text.len, "the picture")
	                                        : fed_file_open(&file, fed_text_str(&expanded), err);
	if (rc == FED_OK) {
		fed_file_write(&file, fed_text_str(&text), text.len);
		rc = fed_file_commit(&file, err);
	}
	fed_text_release(&text);
	fed_text_release(&expanded);
	return rc;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/image.c - images as half blocks or shades.
 */
#include "shell/output/image.h"

#include <math.h>
#include <string.h>

#include "tui/widgets/tint.h"

enum { GAP = 3 };

/* Mean colour of pixels y0 .. y1 - 1, x0 .. x1 - 1: red, green, blue in [0, 1]. */
static void mean_colour(const struct fed_image_file *p, uint32_t y0, uint32_t y1, uint32_t x0,
                        uint32_t x1, double rgb[3])
{
	const uint32_t height = p->shape.dim[0], width = p->shape.dim[1];
	const uint32_t channels = p->shape.rank == 3 ? p->shape.dim[2] : 1;
	double n = 0;

	rgb[0] = rgb[1] = rgb[2] = 0;
	for (uint32_t y = y0; y < y1 && y < height; y++)
		for (uint32_t x = x0; x < x1 && x < width; x++, n++)
			for (uint32_t k = 0; k < 3; k++)
				rgb[k] += p->x[(y * width + x) * channels + (channels >= 3 ? k : 0)];
	for (int k = 0; k < 3; k++) {
		const double share = n > 0 ? (rgb[k] / n - p->low) / (p->high - p->low) : 0;
		rgb[k] = share > 0 ? fmin(share, 1) : 0;
	}
}

/* Nearest of the terminal's 256 colours: from the ramp of greys or the colour cube. */
static int colour_number(const double rgb[3])
{
	return fed_tint_pixel(rgb) - FED_TINT_PIXEL;
}

/* The two colours of a half block. */
static void put_colours(struct fed_text *out, const double high[3], const double low[3],
                        const struct fed_screen *screen)
{
	if (screen->few_colors) { /* the watch, which knows its terminal, reads tints again */
		const uint32_t above = fed_tint_rgb(fed_tint_pixel(high), false);
		const uint32_t below = fed_tint_rgb(fed_tint_pixel(low), false);

		fed_text_add(out, "\033[38;2;%u;%u;%u;48;2;%u;%u;%um▀", above >> 16, above >> 8 & 0xFF,
		             above & 0xFF, below >> 16, below >> 8 & 0xFF, below & 0xFF);
	} else if (screen->true_color)
		fed_text_add(out, "\033[38;2;%d;%d;%d;48;2;%d;%d;%dm▀", (int)(high[0] * 255 + 0.5),
		             (int)(high[1] * 255 + 0.5), (int)(high[2] * 255 + 0.5),
		             (int)(low[0] * 255 + 0.5), (int)(low[1] * 255 + 0.5),
		             (int)(low[2] * 255 + 0.5));
	else
		fed_text_add(out, "\033[38;5;%d;48;5;%dm▀", colour_number(high), colour_number(low));
}

static bool has_colors(const struct fed_screen *screen)
{
	return screen->color && screen->utf8;
}

/* Put one character: the pixels from (2 row, column) on, in units of `factor`. */
static void put_cell(const struct fed_image_file *p, uint32_t row, uint32_t column, uint32_t factor,
                     const struct fed_screen *screen, struct fed_text *out)
{
	static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
	static const char ascii[] = " .:-=+*#%@";
	const uint32_t y = 2 * row * factor, x = column * factor;
	double both[3], low[3];

	if (has_colors(screen)) {
		mean_colour(p, y, y + factor, x, x + factor, both);
		mean_colour(p, y + factor, y + 2 * factor, x, x + factor, low);
		put_colours(out, both, low, screen);
		return;
	}
	mean_colour(p, y, y + 2 * factor, x, x + factor, both);
	const double light = 0.299 * both[0] + 0.587 * both[1] + 0.114 * both[2];
	if (screen->utf8)
		fed_text_add(out, "%s", shades[(int)fmin(4, light * 5)]);
	else
		fed_text_add(out, "%c", ascii[(int)fmin(9, light * 10)]);
}

/* A title in exactly so many columns, cut or filled up. */
static void put_title(struct fed_text *out, const char *title, int columns)
{
	const size_t len = strlen(title);
	int width = 0;

	for (size_t at = 0; at < len;) {
		uint32_t code;
		const size_t n = fed_utf8_next(title + at, len - at, &code);
		const int wide = n ? fed_utf8_columns(code) : 1;

		if (width + wide > columns)
			break;
		fed_text_put(out, n ? title + at : "?", n ? n : 1);
		width += wide;
		at += n ? n : 1;
	}
	fed_text_add(out, "%*s", columns - width, "");
}

/* How pictures are laid out in a row. */
struct image_row {
	uint32_t factor;   /* pixels for a column */
	int columns, cell; /* of a picture, of it with its title */
};

static void put_row(const struct fed_image_file *p, size_t n, const struct image_row *r,
                    const struct fed_screen *screen, struct fed_text *out)
{
	for (size_t k = 0; k < n; k++) {
		fed_text_add(out, "  ");
		put_title(out, p[k].title, r->cell);
		fed_text_add(out, " ");
	}
	fed_text_add(out, "\n");
	for (uint32_t row = 0; 2 * row * r->factor < p->shape.dim[0]; row++) {
		for (size_t k = 0; k < n; k++) {
			fed_text_add(out, "  ");
			for (int column = 0; column < r->columns; column++)
				put_cell(&p[k], row, (uint32_t)column, r->factor, screen, out);
			fed_text_add(out, has_colors(screen) ? "\033[0m%*s" : "%*s", r->cell - r->columns + 1,
			             "");
		}
		fed_text_add(out, "\n");
	}
}

static struct image_row lay_out(const struct fed_image_file *p, size_t across,
                                const struct fed_screen *screen, int *most)
{
	const uint32_t width = p->shape.dim[1];
	const int capacity = (screen->columns > 0 ? screen->columns : 80) / (int)across - GAP;

	*most = capacity < 8 ? 8 : capacity;
	const uint32_t factor = (width + (uint32_t)*most - 1) / (uint32_t)*most;
	const int columns = (int)((width + factor - 1) / factor);
	return (struct image_row){factor, columns, columns};
}

void fed__images_text(const struct fed_image_file *p, size_t n, const struct fed_screen *screen,
                      struct fed_text *out)
{
	int most;
	const struct image_row r = lay_out(p, n, screen, &most);

	put_row(p, n, &r, screen, out);
}

void fed__image_row_text(const struct fed_image_file *p, size_t n, size_t across,
                         const struct fed_screen *screen, struct fed_text *out)
{
	int most;
	struct image_row r = lay_out(p, across, screen, &most);

	for (size_t k = 0; k < n; k++) {
		const int width = fed_text_width(p[k].title);

		r.cell = width > r.cell ? width : r.cell;
	}
	r.cell = r.cell > most ? most : r.cell;
	put_row(p, n, &r, screen, out);
}

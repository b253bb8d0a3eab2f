/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/image.c - images as half blocks or shades.
 */
#include "shell/output/image.h"

#include <math.h>

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
	if (rgb[0] == rgb[1] && rgb[1] == rgb[2]) {
		const int grey = (int)(rgb[0] * 25 + 0.5);
		return grey == 0 ? 16 : grey == 25 ? 231 : 231 + grey;
	}
	return 16 + 36 * (int)(rgb[0] * 5 + 0.5) + 6 * (int)(rgb[1] * 5 + 0.5) +
	       (int)(rgb[2] * 5 + 0.5);
}

static bool has_colors(const struct fed_screen *screen)
{
	return screen->color && screen->utf8 && !screen->few_colors;
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
		fed_text_add(out, "\033[38;5;%d;48;5;%dm▀", colour_number(both), colour_number(low));
		return;
	}
	mean_colour(p, y, y + 2 * factor, x, x + factor, both);
	const double light = 0.299 * both[0] + 0.587 * both[1] + 0.114 * both[2];
	if (screen->utf8)
		fed_text_add(out, "%s", shades[(int)fmin(4, light * 5)]);
	else
		fed_text_add(out, "%c", ascii[(int)fmin(9, light * 10)]);
}

void fed__images_text(const struct fed_image_file *p, size_t n, const struct fed_screen *screen,
                      struct fed_text *out)
{
	const uint32_t height = p->shape.dim[0], width = p->shape.dim[1];
	const int capacity = (screen->columns > 0 ? screen->columns : 80) / (int)n - GAP;
	const uint32_t most = capacity < 8 ? 8 : (uint32_t)capacity;
	const uint32_t factor = (width + most - 1) / most, columns = (width + factor - 1) / factor;

	for (size_t k = 0; k < n; k++)
		fed_text_add(out, "  %-*.*s ", (int)columns, (int)columns, p[k].title);
	fed_text_add(out, "\n");
	for (uint32_t row = 0; 2 * row * factor < height; row++) {
		for (size_t k = 0; k < n; k++) {
			fed_text_add(out, "  ");
			for (uint32_t column = 0; column < columns; column++)
				put_cell(&p[k], row, column, factor, screen, out);
			fed_text_add(out, has_colors(screen) ? "\033[0m " : " ");
		}
		fed_text_add(out, "\n");
	}
}

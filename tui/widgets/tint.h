/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/tint.h - tints: colours of classes in shades of confidence, for decision regions, and
 * the fixed colours of terminals, for pictures.
 *
 * The hues are those of Okabe and Ito's palette, which colour-blind people can distinguish (Color
 * Universal Design, 2008), blue and orange first. Where a terminal has too few colours a tint is a
 * letter: '.' unsure, 'a' the first class, 'A' an example of it; of a picture a sign as dense as it
 * is bright.
 */
#ifndef FED_TUI_WIDGETS_TINT_H
#define FED_TUI_WIDGETS_TINT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FED_TINT_SHADES = 6,             /* of a region, from unsure to sure */
	FED_TINT_MARK = FED_TINT_SHADES, /* in place of a shade: of an example */
	FED_TINT_CLASSES = 26,           /* further ones begin again */
	FED_TINT_PIXEL = 256,            /* this and colour n of a terminal's 256: of a pixel */
	FED_TINTS = 2 * FED_TINT_PIXEL,  /* the greatest is one less */
};

/* The tint of a class; 0 is no tint. */
uint16_t fed__tint(unsigned class, int shade);
/* The nearest of those of pixels to red, green and blue in [0, 1], which may lie outside. */
uint16_t fed_tint_pixel(const double rgb[3]);
bool fed__tint_is_mark(uint16_t tint);
/* As red, green and blue, 0xRRGGBB, on a light or on a dark background. */
uint32_t fed_tint_rgb(uint16_t tint, bool light);
/* The nearest of the fixed 240 of a terminal's 256 colours to 0xRRGGBB; a search. */
uint8_t fed__nearest_256(uint32_t rgb);
/* The nearest of the fixed 240 of a terminal's 256 colours; a search. */
uint8_t fed__tint_256(uint16_t tint, bool light);
/* An enum fed_color. */
uint8_t fed__tint_color(uint16_t tint);
char fed__tint_letter(uint16_t tint);

#endif

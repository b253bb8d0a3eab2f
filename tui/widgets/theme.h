/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/theme.h - themes: the one table of what each colour of a canvas is on a terminal and
 * in a file.
 *
 * A theme and the background give a look. All but the terminal's own colours are after Okabe and
 * Ito's palette, which colour-blind people can distinguish (Color Universal Design, 2008), in
 * shades for dark and for light backgrounds; those of high contrast keep 7:1 to it
 * (WCAG 2.1, 1.4.6).
 */
#ifndef FED_TUI_WIDGETS_THEME_H
#define FED_TUI_WIDGETS_THEME_H

#include "tui/widgets/canvas.h"

enum fed_theme {
	FED_THEME_AUTO, /* dark or light, as the background is */
	FED_THEME_DARK,
	FED_THEME_LIGHT,
	FED_THEME_HIGH_CONTRAST, /* as the background is */
	FED_THEME_TERMINAL,      /* the eight colours that its user chose */
};
extern const char *const fed_theme_names[]; /* NULL-ended */

/* The look of a theme on a background. */
enum fed_look fed_look_of(enum fed_theme, bool light);
/* Whether it is for a light background. */
bool fed__look_light(enum fed_look);
/* A colour as 0xRRGGBB; FED_COLOR_PLAIN: text. Of the terminal's own look, which has none, as the
 * light one. */
uint32_t fed__look_rgb(enum fed_look, enum fed_color);
uint32_t fed__look_paper(enum fed_look); /* the background, for a file */
/* The nearest of the fixed 240 of a terminal's 256 colours. */
uint8_t fed__look_256(enum fed_look, enum fed_color);
/* Append the parameter of an escape sequence, ";31", ";38;5;166" or ";38;2;226;105;28". */
void fed_look_put(struct fed_text *, enum fed_palette, enum fed_color);

#endif

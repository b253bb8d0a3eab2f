/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/svg.h - export of a canvas as SVG, for slides and papers.
 */
#ifndef FED_TUI_WIDGETS_SVG_H
#define FED_TUI_WIDGETS_SVG_H

#include "tui/widgets/canvas.h"

/* Append an SVG document: monospaced text, on white where the look is the terminal's own; braille
 * dots are circles, so that they need no font. */
void fed__canvas_svg(const struct fed_canvas *, struct fed_text *out, enum fed_look);
/* Whether fed__canvas_save() writes SVG to this path. */
bool fed__canvas_saves_svg(const char *path);
/* Write a file: SVG where the path ends in .svg, else text without colour. */
int fed__canvas_save(const struct fed_canvas *, const char *path, bool utf8, enum fed_look,
                     struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/svg.h - a canvas as a picture for slides and papers.
 */
#ifndef FED_TUI_WIDGETS_SVG_H
#define FED_TUI_WIDGETS_SVG_H

#include "tui/widgets/canvas.h"

/* Append an SVG document: monospaced text on white, braille dots as circles, so that no font needs
 * to have them. */
void fed_canvas_svg(const struct fed_canvas *, struct fed_text *out);

#endif

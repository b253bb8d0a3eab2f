/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/styled_text.h - text with SGR escapes (ESC [ ... m), as fed__canvas_text() and the
 * shell write it.
 */
#ifndef FED_TUI_WIDGETS_STYLED_TEXT_H
#define FED_TUI_WIDGETS_STYLED_TEXT_H

#include "tui/widgets/canvas.h"

/* Write the text, its style at the beginning given; colours are those of a canvas, with tints as
 * red, green and blue on a dark background, others plain. The
 * first `skipped` columns are left out. Returns the column after it. */
int fed__styled_write(struct fed_canvas *, int column, int row, const char *text, int skipped,
                      struct fed_style);
/* Append the text without its escapes. */
void fed__styled_plain(struct fed_text *, const char *text);

#endif

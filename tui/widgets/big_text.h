/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/big_text.h - large letters, to be read from the back of a room.
 *
 * Letters (small ones are drawn as capitals), digits and - . : [ ] are five pixels high; a pixel is
 * half a cell, or a whole one without UTF-8.
 */
#ifndef FED_TUI_WIDGETS_BIG_TEXT_H
#define FED_TUI_WIDGETS_BIG_TEXT_H

#include "tui/widgets/canvas.h"

/* Columns that the text takes, `scale` times as large; 0: a character cannot be drawn. */
int fed__big_text_columns(const char *text, int scale);
int fed__big_text_rows(int scale, bool utf8);
void fed__big_text_put(struct fed_canvas *, int column, int row, const char *text, int scale,
                       bool utf8, struct fed_style);

#endif

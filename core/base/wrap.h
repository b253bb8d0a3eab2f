/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/wrap.h - wrapping of text at blanks, so that no word is broken at the screen's edge.
 *
 * Escapes of style (ESC [ ... m) take no columns.  A word that is longer than a line is the only
 * one that is broken: behind a / or a comma if it has one there.
 */
#ifndef FED_BASE_WRAP_H
#define FED_BASE_WRAP_H

#include "base/text.h"

/* Append a line (no newline in it) as lines of at most `width` columns, from the second on indented
 * by `hang`, without a newline behind the last.  width 0: as it is. */
void fed_wrap_line(struct fed_text *out, const char *line, size_t len, int width, int hang);
/* Append paragraphs, which end at an empty line: filled anew where a line is wider than `width`,
 * else as they are.  Lines that begin with a blank (formulas, tables) stay lines of their own. */
void fed_wrap_prose(struct fed_text *out, const char *text, int width);
/* Columns of the widest word. */
int fed_wrap_longest(const char *text);

#endif

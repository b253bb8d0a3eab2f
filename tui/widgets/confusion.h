/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/confusion.h - drawing of a confusion matrix: a row a true class, a column an answer.
 */
#ifndef FED_TUI_WIDGETS_CONFUSION_H
#define FED_TUI_WIDGETS_CONFUSION_H

#include "tui/widgets/canvas.h"

struct fed_confusion {
	const uint32_t *count;   /* [classes][classes] */
	const char *const *name; /* [classes]; NULL: classes are numbers */
	uint32_t classes;
};

/* Append as text, at most `width` columns wide: the counts, or, where these do not fit, the shares
 * of a row as shades of one column each.  Classes that do not fit at all are left out and counted.
 */
int fed_confusion_draw(const struct fed_confusion *, int width, bool utf8, enum fed_palette,
                       struct fed_text *out, struct fed_error *);

#endif

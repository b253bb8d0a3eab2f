/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/slider.h - slider: where one is among the versions of a branch.
 */
#ifndef FED_TUI_WIDGETS_SLIDER_H
#define FED_TUI_WIDGETS_SLIDER_H

#include "tui/widgets/canvas.h"

enum { FED_SLIDER_LEAST = 8, FED_SLIDER_MOST = 40 }; /* columns */

struct fed_slider {
	uint64_t first, here, last;
	bool shown; /* what follows is not the present: it was gone back on */
};
/* Draw it from a column on, so many columns wide: |-----o----| */
void fed__slider_paint(const struct fed_slider *, struct fed_canvas *, int column, int row,
                       int width, bool utf8);

#endif

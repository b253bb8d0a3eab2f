/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/palette.h - how series differ: by colour, by dash and by mark, so that each of the three
 * is enough for some twenty of them.
 *
 * The colours are Okabe and Ito's (Color Universal Design, 2008), which people with any kind of
 * colour vision can distinguish, without the yellow, which is too light for lines on paper.
 */
#ifndef FED_FIGURES_PALETTE_H
#define FED_FIGURES_PALETTE_H

#include "figures/drawing.h"

enum { FED_SERIES_COLORS = 7, FED_MARKS = 6 };

uint32_t fed_series_rgb(size_t i);
/* As there are seven colours and four dashes, no two of 28 series have the same of both. */
uint8_t fed__series_dash(size_t i);
/* Draw mark i (a disc, a square, a triangle, ...) of this radius around a point; hollow: its rim.
 */
void fed__mark_draw(struct fed_drawing *, size_t i, double x, double y, double radius, bool hollow,
                    struct fed_paint);
/* A colour between two, for a share from 0 to 1 of a quantity: from the paper's white to a dark
 * blue, darkening evenly. */
uint32_t fed__shade_rgb(double share);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/regions.h - decision regions in half blocks, the examples on them.
 *
 * A region has the tint of its class, stronger where the model is surer; an example has a mark in
 * the colour of its own class, a cross where the model gets it wrong. Without such colours a region
 * is a small letter, '.' where the model is unsure, an example a capital.
 */
#ifndef FED_TUI_WIDGETS_REGIONS_H
#define FED_TUI_WIDGETS_REGIONS_H

#include "report/decisions.h"
#include "tui/widgets/canvas.h"

/* Which model of struct fed_placed_example.wrong. */
enum { FED_MODEL_BEFORE, FED_MODEL_AFTER };

/* Draw into a rectangle of the canvas: regions, scaled to it (without any it stays blank), and n
 * examples. */
void fed__regions_put(struct fed_canvas *, int column, int row, int columns, int rows,
                      const struct fed_regions *, const struct fed_placed_example *, uint32_t n,
                      int model);
/* Write the legend in one row, cut at `columns`: a mark and a name for each class, and what the
 * marks are where the output has tints or where it has letters. */
void fed__regions_legend(struct fed_canvas *, int column, int row, int columns,
                         const struct fed_dataset *, bool tints);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/style.h - sizes that all figures share, in points.
 */
#ifndef FED_FIGURES_STYLE_H
#define FED_FIGURES_STYLE_H

#define FED_FIGURE_WIDTH_LEAST 100.0
#define FED_FIGURE_HEIGHT_LEAST 70.0
#define FED_SIZE_LABEL 8.0 /* letters of labels ... */
#define FED_SIZE_TICK 7.0  /* ... and of ticks and legends */
#define FED_SIZE_CELL 6.0  /* ... of cells of a matrix */
#define FED_SIZE_NOTE 5.5  /* ... and of what stands among data */
#define FED_LINE_HEIGHT 11.0
#define FED_MARGIN 3.0
#define FED_TICK_LENGTH 3.0
#define FED_CURVE_WIDTH 1.2
#define FED_MARK_RADIUS 1.9
#define FED_BAND_OPACITY 0.22

#endif

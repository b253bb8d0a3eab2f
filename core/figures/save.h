/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/save.h - size and file of a figure.
 */
#ifndef FED_FIGURES_SAVE_H
#define FED_FIGURES_SAVE_H

#include "figures/drawing.h"

/* Points of a length on paper: "8.5cm", "85mm", "3.4in", "240pt"; a number alone is centimetres.
 * False: it is none, or not above 0. */
bool fed_length_parse(const char *text, double *points);

/* Append an SVG document, or with `within` a fragment for a page, whose colours the page may set by
 * the classes of fed__role_names[]. */
void fed_drawing_svg(const struct fed_drawing *, bool within, struct fed_text *out);
/* Write a file by its ending: .svg, or by cairo .pdf and .png (300 dots an inch). FED_REJECT:
 * another ending, or no cairo in this build. */
int fed_drawing_save(const struct fed_drawing *, const char *path, struct fed_error *);

#endif

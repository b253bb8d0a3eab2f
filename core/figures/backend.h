/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/backend.h - cairo, where fedsh is built with it.
 */
#ifndef FED_FIGURES_BACKEND_H
#define FED_FIGURES_BACKEND_H

#include "figures/drawing.h"

enum fed_figure_format { FED_FIGURE_PDF, FED_FIGURE_PNG };

/* Append the bytes of a file.  FED_REJECT: fedsh was built without cairo. */
int fed__cairo_write(const struct fed_drawing *, enum fed_figure_format, struct fed_text *out,
                     struct fed_error *);

#endif

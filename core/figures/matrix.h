/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/matrix.h - a matrix of shaded cells with names of rows and columns: confusion, labels of
 * clients, results by two choices.
 */
#ifndef FED_FIGURES_MATRIX_H
#define FED_FIGURES_MATRIX_H

#include "figures/drawing.h"

struct fed_matrix_figure {
	const char *heading, *row_label, *column_label; /* NULL or "": none */
	size_t rows, columns;
	double row_height; /* points, where it is free; 0: as high as wide, within limits */
	void *ctx;
	/* Append the name of a row or a column. */
	void (*row_name)(void *ctx, size_t row, struct fed_text *);
	void (*column_name)(void *ctx, size_t column, struct fed_text *);
	/* How dark a cell is, from 0 to 1; NaN: it is left white. */
	double (*shade)(void *ctx, size_t row, size_t column);
	/* Append what is written in a cell, if it has place; NULL: nothing is. */
	void (*cell)(void *ctx, size_t row, size_t column, struct fed_text *);
	const char *least, *most; /* what shades 0 and 1 mean, for the scale; NULL: none */
};

/* The height that suits a width. */
double fed_matrix_figure_height(const struct fed_matrix_figure *, double width);
int fed_matrix_figure_draw(const struct fed_matrix_figure *, struct fed_drawing *,
                           struct fed_error *);

#endif

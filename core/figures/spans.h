/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/spans.h - rows of spans over time: who did what when.
 */
#ifndef FED_FIGURES_SPANS_H
#define FED_FIGURES_SPANS_H

#include "figures/frame.h"

enum { FED_SPAN_KINDS = 16 };

struct fed_drawn_span {
	double from, to; /* equal: a moment, drawn as a mark */
	uint32_t row;
	uint8_t kind;
};

struct fed_spans_figure {
	const char *heading, *x_label;
	double from, to;
	size_t rows;
	const char *const *row_name;       /* [rows] */
	const struct fed_drawn_span *span; /* [n] */
	size_t n;
	const char *const *kind_name; /* [FED_SPAN_KINDS] */
	const uint32_t *kind_rgb;
	const double *line; /* [lines] ascending; dashed lines with labels above */
	const char *const *line_label;
	size_t lines;
	const char *line_name; /* before the labels */
};

/* The height that suits so many rows. */
double fed_spans_figure_height(const struct fed_spans_figure *, double width);
int fed_spans_figure_draw(const struct fed_spans_figure *, struct fed_drawing *,
                          struct fed_plot_frame *frame, struct fed_error *);

#endif

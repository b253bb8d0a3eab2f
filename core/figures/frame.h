/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/frame.h - the frame of a figure: its axes with ticks, grid and labels, and its legend.
 */
#ifndef FED_FIGURES_FRAME_H
#define FED_FIGURES_FRAME_H

#include "figures/axis.h"
#include "figures/drawing.h"
#include "figures/style.h"

/* Where data are on the page: a value v of x at left + share(v) * width, of y at top + (1 -
 * share(v)) * height. */
struct fed_plot_frame {
	struct fed_axis x, y; /* n = 0: without ticks */
	double left, top, width, height;
	size_t omitted; /* points that are not above 0, on a logarithmic axis */
};
double fed__plot_at_x(const struct fed_plot_frame *, double x);
double fed__plot_at_y(const struct fed_plot_frame *, double y);

/* What stands around a frame; NULL or "": nothing. */
struct fed_frame_text {
	const char *heading, *x_label, *y_label;
	const char *const *tick_name; /* [tick_names] of x = 1, 2, ...; NULL: numbers */
	size_t tick_names;
	bool plain; /* without lines of a grid */
};

static inline bool fed_has_text(const char *s)
{
	return s && *s;
}
/* Refuse sizes that are too small for a frame. */
int fed_frame_check(const struct fed_drawing *, struct fed_error *);
/* Heights above and below the data: of the heading; of the labels of x. */
double fed_frame_above(const struct fed_frame_text *);
double fed__frame_below(const struct fed_frame_text *);
/* Width of the labels of y, once its axis is known. */
double fed__frame_beside(const struct fed_frame_text *, const struct fed_axis *y);
/* Choose as many ticks along x as their labels have place for; the frame's width is known. */
void fed__frame_choose_x(struct fed_plot_frame *, double lo, double hi, bool log, bool whole);
/* Heading, axes, ticks, grid and labels. */
void fed__frame_draw(const struct fed_plot_frame *, const struct fed_frame_text *,
                     struct fed_drawing *);

/* Legends ----------------------------------------------------------------------------- */

enum fed_legend_sample {
	FED_SAMPLE_CURVE,
	FED_SAMPLE_MARK,
	FED_SAMPLE_AREA,
	FED_SAMPLE_LINE,
	FED_SAMPLE_CROSS
};
struct fed_legend_entry {
	const char *name;
	uint8_t sample; /* enum fed_legend_sample */
	uint8_t dash;
	bool band, hollow;
	size_t mark;
	struct fed_paint paint;
};
/* Rows that the entries take. */
int fed_legend_rows(const struct fed_drawing *, const struct fed_legend_entry *, size_t n);
/* Draw them from `top` on; those beyond `most` rows are left out. */
void fed_legend_draw(struct fed_drawing *, const struct fed_legend_entry *, size_t n, double top,
                     int most);

#endif

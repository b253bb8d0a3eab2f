/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/drawing.h - a page's list of lines, areas and texts, in points (1/72 inch) from the upper
 * left corner, in the order of painting.
 *
 * Without memory the list is marked as failed, which is looked at once, when it is written.
 */
#ifndef FED_FIGURES_DRAWING_H
#define FED_FIGURES_DRAWING_H

#include "base/text.h"
#include "fedsh/plugin.h"

#define FED_POINTS_PER_CM (72 / 2.54)

/* What a colour is for; a page with a dark background has others for all but DATA. */
enum fed_role {
	FED_ROLE_INK,   /* text and axes */
	FED_ROLE_FAINT, /* lesser text */
	FED_ROLE_GRID,
	FED_ROLE_PAPER,
	FED_ROLE_DATA, /* the colour itself: rgb */
	FED_ROLES
};
extern const char *const fed__role_names[FED_ROLES]; /* classes in SVG */

struct fed_paint {
	uint8_t role; /* enum fed_role */
	uint32_t rgb; /* 0xRRGGBB, of data */
	double opacity;
};
#define FED_INK ((struct fed_paint){FED_ROLE_INK, 0, 1})
#define FED_FAINT ((struct fed_paint){FED_ROLE_FAINT, 0, 1})
#define FED_GRID ((struct fed_paint){FED_ROLE_GRID, 0, 1})
#define FED_PAPER ((struct fed_paint){FED_ROLE_PAPER, 0, 1})
#define FED_DATA(color) ((struct fed_paint){FED_ROLE_DATA, (color), 1})
/* The colour on a light page. */
uint32_t fed__paint_rgb(const struct fed_paint *);

enum { FED_DASHES = 4 }; /* 0: none */
/* The lengths of a dash's strokes and gaps, in widths of its line; returns how many. */
int fed__dash_lengths(uint8_t dash, double lengths[6]);

enum fed_anchor { FED_ANCHOR_LEFT, FED_ANCHOR_MIDDLE, FED_ANCHOR_RIGHT };
struct fed_text_style {
	struct fed_paint paint;
	double size; /* points */
	uint8_t anchor;
	bool bold, upwards; /* upwards: turned by 90 degrees to the left */
};

enum fed_drawn { FED_DRAWN_LINE, FED_DRAWN_AREA, FED_DRAWN_CIRCLE, FED_DRAWN_TEXT };
struct fed_drawing_item {
	uint8_t kind; /* enum fed_drawn */
	uint8_t dash;
	bool crisp;             /* an area that meets others: without soft edges */
	struct fed_paint paint; /* of the line, the area or the text */
	double width;           /* of a line; of an area or circle 0: filled, else its rim alone */
	size_t first, n;        /* points in at[], of a text its place */
	double radius;
	struct fed_text_style style;
	size_t text, len; /* in the pool */
};

struct fed_drawing {
	double width, height; /* points */
	const char *font;     /* a family; NULL: sans-serif */
	const char *title;    /* for readers that tell it instead of showing it; NULL: none */
	struct fed_drawing_item *item;
	size_t n, capacity;
	double (*at)[2];
	size_t points, points_capacity;
	struct fed_text pool;
	bool failed;
};

void fed_drawing_release(struct fed_drawing *); /* zeroed is fine */

/* A line through n points. */
void fed_drawing_line(struct fed_drawing *, const double (*at)[2], size_t n, double width,
                      uint8_t dash, struct fed_paint);
void fed_drawing_segment(struct fed_drawing *, double x0, double y0, double x1, double y1,
                         double width, struct fed_paint);
/* A filled polygon. */
void fed__drawing_area(struct fed_drawing *, const double (*at)[2], size_t n, struct fed_paint);
/* A filled rectangle; crisp: one of many that meet. */
void fed_drawing_rect(struct fed_drawing *, double x, double y, double width, double height,
                      bool crisp, struct fed_paint);
/* A circle; rim 0: filled, else the width of its line. */
void fed_drawing_circle(struct fed_drawing *, double x, double y, double radius, double rim,
                        struct fed_paint);
/* Text with its baseline at y (at x, when it goes upwards). */
void fed__drawing_text(struct fed_drawing *, double x, double y, struct fed_text_style,
                       const char *text);
/* The same, cut with an ellipsis where it is wider than `most`. */
void fed_drawing_text_within(struct fed_drawing *, double x, double y, struct fed_text_style,
                             double most, const char *text);

/* Width of a text, at least that of any of the usual fonts. */
double fed_drawing_text_width(const char *text, double size, bool bold);
/* The rectangle that an item takes: x0, y0, x1, y1. */
void fed__drawing_extent(const struct fed_drawing *, size_t i, double box[4]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/legend.c - samples with names, in rows.
 */
#include <math.h>

#include "figures/frame.h"
#include "figures/palette.h"

#define SAMPLE 16.0 /* length of a line's sample */
#define SMALL 7.0   /* of a mark or an area */
#define APART 10.0  /* entries */

static double sample_width(const struct fed_legend_entry *e)
{
	return e->sample == FED_SAMPLE_CURVE || e->sample == FED_SAMPLE_LINE ? SAMPLE : SMALL;
}

/* Width of an entry without the distance to the next. */
static double entry_width(const struct fed_drawing *d, const struct fed_legend_entry *e)
{
	const double width =
		sample_width(e) + 4 + fed_drawing_text_width(e->name, FED_SIZE_TICK, false);

	return fmin(width, d->width - 2 * FED_MARGIN);
}

static void draw_sample(struct fed_drawing *d, const struct fed_legend_entry *e, double x, double y)
{
	const double width = sample_width(e), at[2][2] = {{x, y}, {x + width, y}};
	struct fed_paint faint = e->paint;

	faint.opacity = FED_BAND_OPACITY;
	if (e->band)
		fed_drawing_rect(d, x, y - 3, width, 6, false, faint);
	if (e->sample == FED_SAMPLE_CROSS) {
		const double middle = x + width / 2, r = 0.8 * FED_MARK_RADIUS;

		fed_drawing_segment(d, middle - r, y - r, middle + r, y + r, 1, e->paint);
		fed_drawing_segment(d, middle - r, y + r, middle + r, y - r, 1, e->paint);
	} else if (e->sample == FED_SAMPLE_AREA)
		fed_drawing_rect(d, x, y - width / 2, width, width, false, e->paint);
	else if (e->sample != FED_SAMPLE_MARK)
		fed_drawing_line(d, at, 2, e->sample == FED_SAMPLE_CURVE ? FED_CURVE_WIDTH : 0.8, e->dash,
		                 e->paint);
	if (e->sample == FED_SAMPLE_CURVE || e->sample == FED_SAMPLE_MARK)
		fed__mark_draw(d, e->mark, x + width / 2, y, FED_MARK_RADIUS, e->hollow, e->paint);
}

/* Draw, or only count the rows. */
static int lay_out(struct fed_drawing *d, const struct fed_legend_entry *e, size_t n, double top,
                   int most, bool draw)
{
	const double end = d->width - FED_MARGIN;
	double x = FED_MARGIN;
	int rows = n > 0;

	for (size_t i = 0; i < n; i++) {
		const double width = entry_width(d, &e[i]);

		if (x > FED_MARGIN && x + width > end) {
			x = FED_MARGIN;
			rows++;
		}
		if (draw && rows <= most) {
			const double base = top + rows * FED_LINE_HEIGHT - 3.5,
						 at = x + sample_width(&e[i]) + 4;

			draw_sample(d, &e[i], x, base - 0.36 * FED_SIZE_TICK);
			fed_drawing_text_within(d, at, base, (struct fed_text_style){FED_INK, FED_SIZE_TICK},
			                        end - at, e[i].name);
		}
		x += width + APART;
	}
	return rows;
}

int fed_legend_rows(const struct fed_drawing *d, const struct fed_legend_entry *e, size_t n)
{
	return lay_out((struct fed_drawing *)d, e, n, 0, 0, false);
}

void fed_legend_draw(struct fed_drawing *d, const struct fed_legend_entry *e, size_t n, double top,
                     int most)
{
	lay_out(d, e, n, top, most, true);
}

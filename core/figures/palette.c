/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/palette.c - colours, dashes and marks.
 */
#include "figures/palette.h"

#include <math.h>

uint32_t fed_series_rgb(size_t i)
{
	static const uint32_t rgb[FED_SERIES_COLORS] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
	                                                0xE69F00, 0x56B4E9, 0x7F7F7F};
	return rgb[i % FED_SERIES_COLORS];
}

uint8_t fed__series_dash(size_t i)
{
	return (uint8_t)(i % FED_DASHES);
}

/* A mark in one colour: filled, or its rim with paper within. */
struct mark_pen {
	struct fed_drawing *d;
	bool hollow;
	struct fed_paint paint;
};
#define RIM 0.8

static void put_polygon(const struct mark_pen *p, double (*at)[2], int n)
{
	if (!p->hollow) {
		fed__drawing_area(p->d, (const double(*)[2])at, (size_t)n, p->paint);
		return;
	}
	fed__drawing_area(p->d, (const double(*)[2])at, (size_t)n, FED_PAPER);
	at[n][0] = at[0][0];
	at[n][1] = at[0][1];
	fed_drawing_line(p->d, (const double(*)[2])at, (size_t)n + 1, RIM, 0, p->paint);
}

/* Corners around a point, every second one at the inner radius. */
static void put_corners(const struct mark_pen *p, double x, double y, double radius, double inner,
                        int corners, double turn)
{
	double at[12][2];

	for (int k = 0; k < corners; k++) {
		const double angle = turn + 2 * M_PI * k / corners, r = k % 2 ? inner : radius;

		at[k][0] = x + r * sin(angle);
		at[k][1] = y - r * cos(angle);
	}
	put_polygon(p, at, corners);
}

void fed__mark_draw(struct fed_drawing *d, size_t i, double x, double y, double r, bool hollow,
                    struct fed_paint paint)
{
	const struct mark_pen pen = {d, hollow, paint};

	switch (i % FED_MARKS) {
	case 0:
		fed_drawing_circle(d, x, y, r, 0, hollow ? FED_PAPER : paint);
		if (hollow)
			fed_drawing_circle(d, x, y, r, RIM, paint);
		break;
	case 1:
		put_corners(&pen, x, y, 1.27 * r, 1.27 * r, 4, M_PI / 4);
		break;
	case 2:
		put_corners(&pen, x, y, 1.3 * r, 1.3 * r, 3, 0);
		break;
	case 3:
		put_corners(&pen, x, y, 1.3 * r, 1.3 * r, 4, 0);
		break;
	case 4:
		put_corners(&pen, x, y, 1.3 * r, 1.3 * r, 3, M_PI);
		break;
	default:
		put_corners(&pen, x, y, 1.5 * r, 0.6 * r, 10, 0);
	}
}

/* Shades ------------------------------------------------------------------------- */

uint32_t fed__shade_rgb(double share)
{
	/* White, the sky blue and the blue of the palette, and a dark one. */
	static const double stops[4][3] = {
		{255, 255, 255}, {150, 201, 232}, {0, 114, 178}, {0, 46, 92}};
	const double at = 3 * fmin(fmax(share, 0), 1);
	const int k = at >= 3 ? 2 : (int)at;
	uint32_t rgb = 0;

	for (int c = 0; c < 3; c++)
		rgb = rgb << 8 | (uint32_t)lround(stops[k][c] + (at - k) * (stops[k + 1][c] - stops[k][c]));
	return rgb;
}

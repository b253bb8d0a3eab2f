/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/palette.c - colours, dashes and marks.
 */
#include "figures/palette.h"

#include <math.h>

uint32_t fed__series_rgb(size_t i)
{
	static const uint32_t rgb[FED_SERIES_COLORS] = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7,
	                                                0xE69F00, 0x56B4E9, 0x4D4D4D};
	return rgb[i % FED_SERIES_COLORS];
}

uint8_t fed__series_dash(size_t i)
{
	return (uint8_t)(i % FED_DASHES);
}

/* A polygon around a point with corners at multiples of a turn; odd: every second one nearer. */
static void polygon(struct fed_drawing *d, double x, double y, double radius, int corners,
                    double inner, double turn, struct fed_paint paint)
{
	double at[16][2];

	for (int k = 0; k < corners; k++) {
		const double angle = turn + 2 * M_PI * k / corners, r = k % 2 ? inner : radius;

		at[k][0] = x + r * sin(angle);
		at[k][1] = y - r * cos(angle);
	}
	fed__drawing_area(d, (const double(*)[2])at, (size_t)corners, paint);
}

void fed__mark_draw(struct fed_drawing *d, size_t i, double x, double y, double r,
                    struct fed_paint paint)
{
	switch (i % FED_MARKS) {
	case 0:
		fed__drawing_circle(d, x, y, r, 0, paint);
		break;
	case 1:
		fed__drawing_rect(d, x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r, false, paint);
		break;
	case 2:
		polygon(d, x, y, 1.3 * r, 3, 1.3 * r, 0, paint);
		break;
	case 3:
		polygon(d, x, y, 1.3 * r, 4, 1.3 * r, 0, paint);
		break;
	case 4:
		polygon(d, x, y, 1.3 * r, 3, 1.3 * r, M_PI, paint);
		break;
	default:
		polygon(d, x, y, 1.5 * r, 10, 0.6 * r, 0, paint);
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

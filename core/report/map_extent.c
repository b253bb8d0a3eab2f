/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/map_extent.c - the extent of a map, robust against points that are far off.
 */
#include "report/map_extent.h"

#include <math.h>
#include <stdlib.h>

/* Distance in units of the median distance beyond which a point is left to the rim. */
#define FAR 8
#define FEWEST 4 /* points of which some may be far */

static int by_value(const void *pa, const void *pb)
{
	const double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static double median_of(double *x, size_t n)
{
	qsort(x, n, sizeof *x, by_value);
	return n ? (x[(n - 1) / 2] + x[n / 2]) / 2 : 0;
}

static void include(struct fed_map_extent *e, double x, double y, double most)
{
	if (isnan(x) || (e->robust && !(hypot(x - e->x, y - e->y) <= most)))
		return;
	e->reach_x = fmax(e->reach_x, fabs(x - e->x));
	e->reach_y = fmax(e->reach_y, fabs(y - e->y));
}

void fed_map_extent_find(const struct fed_map_point *point, size_t n,
                         const struct fed_update_position landmark[FED_LANDMARKS], double *scratch,
                         struct fed_map_extent *e)
{
	double farthest = 0;

	*e = (struct fed_map_extent){0};
	for (size_t i = 0; i < n; i++)
		scratch[i] = point[i].x;
	e->x = median_of(scratch, n);
	for (size_t i = 0; i < n; i++)
		scratch[i] = point[i].y;
	e->y = median_of(scratch, n);
	for (size_t i = 0; i < n; i++) {
		scratch[i] = hypot(point[i].x - e->x, point[i].y - e->y);
		farthest = fmax(farthest, scratch[i]);
	}
	const double most = FAR * median_of(scratch, n);
	e->robust = n >= FEWEST && most > 0 && farthest > most;
	if (!e->robust)
		e->x = e->y = 0;
	for (size_t i = 0; i < n; i++)
		include(e, point[i].x, point[i].y, most);
	for (int k = 0; k < FED_LANDMARKS; k++)
		include(e, landmark[k].x, landmark[k].y, most);
}

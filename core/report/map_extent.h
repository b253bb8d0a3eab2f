/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/map_extent.h - the part of the plane that a map of updates shows.
 */
#ifndef FED_REPORT_MAP_EXTENT_H
#define FED_REPORT_MAP_EXTENT_H

#include "report/update_geometry.h"

struct fed_map_point {
	double x, y;
	double was_x, was_y; /* position in the previous version; NaN: none */
	uint32_t client;
	bool byzantine, trusted, secret;
};

/* What of a plane a map shows: all points around the plain mean or, if some are many times farther
 * off than half of them, the others around their median, so that one strong attacker does not
 * squeeze them into a dot. */
struct fed_map_extent {
	double x, y, reach_x, reach_y;
	bool robust; /* some points are beyond it */
};
/* scratch: [n]. */
void fed_map_extent_find(const struct fed_map_point *, size_t n,
                         const struct fed_update_position landmark[FED_LANDMARKS], double *scratch,
                         struct fed_map_extent *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/glyphs.h - the shapes of the digits; for core/data alone.
 */
#ifndef FED_DATA_GLYPHS_H
#define FED_DATA_GLYPHS_H

#include <stdbool.h>

enum { FED_STROKE_POINTS = 10, FED_GLYPH_STROKES = 3, FED_GLYPH_STYLES = 3 };

struct fed_point {
	float x, y; /* x to the right, y down; the digit fills 0 to 1 in both */
};

/* Through its points in order: a smooth curve, or straight lines with corners. */
struct fed_stroke {
	bool smooth;
	int n; /* points, at least 2 */
	struct fed_point at[FED_STROKE_POINTS];
};

struct fed_glyph {
	int n; /* strokes */
	struct fed_stroke stroke[FED_GLYPH_STROKES];
};

/* The ways in which people write each digit; a style without strokes ends them. */
extern const struct fed_glyph fed__glyphs[10][FED_GLYPH_STYLES];

#endif

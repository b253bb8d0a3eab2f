/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/text_width.c - widths of letters.
 *
 * Measured of DejaVu Sans and DejaVu Serif, the wider of both, rounded up: these are wider than
 * Helvetica, Arial, Times and their kin, so that a figure that is laid out by them has room enough
 * in those.
 */
#include <string.h>

#include "figures/drawing.h"

enum { FIRST = ' ', LAST = '~' };

/* In hundredths of the font's size, plain and bold. */
static const uint8_t widths[2][LAST - FIRST + 1] = {
	{32, 41, 46, 84, 64, 96, 90, 28,  40, 40, 50, 84, 32, 37,  32, 34, 64, 64,  64,
     64, 64, 64, 64, 64, 64, 64, 34,  34, 84, 84, 84, 54, 100, 73, 74, 77, 81,  73,
     70, 80, 88, 40, 41, 75, 67, 103, 88, 82, 68, 82, 76, 69,  67, 85, 73, 103, 72,
     67, 70, 40, 34, 40, 84, 50, 50,  62, 65, 57, 65, 62, 38,  65, 65, 32, 32,  61,
     32, 98, 65, 62, 65, 65, 48, 53,  41, 65, 60, 86, 60, 60,  53, 64, 34, 64,  84},
	{35, 46,  53, 84, 70, 101, 91, 31,  48, 48, 53, 84, 38, 42,  38, 37, 70, 70,  70,
     70, 70,  70, 70, 70, 70,  70, 40,  40, 84, 84, 84, 59, 100, 78, 85, 80, 87,  77,
     71, 86,  95, 47, 48, 87,  71, 111, 92, 88, 76, 88, 84, 73,  75, 88, 78, 113, 78,
     73, 73,  48, 37, 48, 84,  50, 50,  68, 72, 61, 72, 68, 44,  72, 73, 38, 37,  70,
     38, 106, 73, 69, 72, 72,  53, 60,  48, 73, 66, 93, 65, 66,  59, 72, 37, 72,  84},
};
/* Of other letters: the width of M, and of a full-width character a square. */
enum { OTHER = 90, WIDE = 105 };

double fed_drawing_text_width(const char *text, double size, bool bold)
{
	const size_t len = strlen(text);
	double width = 0;

	for (size_t at = 0; at < len;) {
		uint32_t code = 0;
		const size_t n = fed_utf8_next(text + at, len - at, &code);

		if (n && code >= FIRST && code <= LAST)
			width += widths[bold][code - FIRST];
		else if (!n || fed_utf8_columns(code))
			width += n && fed_utf8_columns(code) > 1 ? WIDE : OTHER;
		at += n ? n : 1;
	}
	return width / 100 * size;
}

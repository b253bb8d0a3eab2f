/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/big_text.c - large letters of half cells. */
#include "tui/widgets/big_text.h"

#include <string.h>

enum { HEIGHT = 5, LOWER_HALF = 0x2584, FULL = 0x2588 };

/* Each glyph's rows, as wide as the glyph. */
static const struct big_glyph {
	char character;
	const char *row[HEIGHT];
} glyphs[] = {
	{'0', {"###", "# #", "# #", "# #", "###"}},
	{'1', {"## ", " # ", " # ", " # ", "###"}},
	{'2', {"###", "  #", "###", "#  ", "###"}},
	{'3', {"###", "  #", " ##", "  #", "###"}},
	{'4', {"# #", "# #", "###", "  #", "  #"}},
	{'5', {"###", "#  ", "###", "  #", "###"}},
	{'6', {"###", "#  ", "###", "# #", "###"}},
	{'7', {"###", "  #", "  #", " # ", " # "}},
	{'8', {"###", "# #", "###", "# #", "###"}},
	{'9', {"###", "# #", "###", "  #", "###"}},
	{'A', {" ## ", "#  #", "####", "#  #", "#  #"}},
	{'B', {"### ", "#  #", "### ", "#  #", "### "}},
	{'C', {" ###", "#   ", "#   ", "#   ", " ###"}},
	{'D', {"### ", "#  #", "#  #", "#  #", "### "}},
	{'E', {"####", "#   ", "### ", "#   ", "####"}},
	{'F', {"####", "#   ", "### ", "#   ", "#   "}},
	{'G', {" ###", "#   ", "# ##", "#  #", " ###"}},
	{'H', {"#  #", "#  #", "####", "#  #", "#  #"}},
	{'I', {"###", " # ", " # ", " # ", "###"}},
	{'J', {"  ##", "   #", "   #", "#  #", " ## "}},
	{'K', {"#  #", "# # ", "##  ", "# # ", "#  #"}},
	{'L', {"#   ", "#   ", "#   ", "#   ", "####"}},
	{'M', {"#   #", "## ##", "# # #", "#   #", "#   #"}},
	{'N', {"#   #", "##  #", "# # #", "#  ##", "#   #"}},
	{'O', {" ## ", "#  #", "#  #", "#  #", " ## "}},
	{'P', {"### ", "#  #", "### ", "#   ", "#   "}},
	{'Q', {" ## ", "#  #", "#  #", "# ##", " ###"}},
	{'R', {"### ", "#  #", "### ", "# # ", "#  #"}},
	{'S', {" ###", "#   ", " ## ", "   #", "### "}},
	{'T', {"#####", "  #  ", "  #  ", "  #  ", "  #  "}},
	{'U', {"#  #", "#  #", "#  #", "#  #", " ## "}},
	{'V', {"#   #", "#   #", " # # ", " # # ", "  #  "}},
	{'W', {"#   #", "#   #", "# # #", "## ##", "#   #"}},
	{'X', {"#   #", " # # ", "  #  ", " # # ", "#   #"}},
	{'Y', {"#   #", " # # ", "  #  ", "  #  ", "  #  "}},
	{'Z', {"####", "   #", " ## ", "#   ", "####"}},
	{'-', {"  ", "  ", "##", "  ", "  "}},
	{'.', {" ", " ", " ", " ", "#"}},
	{':', {" ", "#", " ", "#", " "}},
	{'[', {"##", "# ", "# ", "# ", "##"}},
	{']', {"##", " #", " #", " #", "##"}},
	{' ', {"  ", "  ", "  ", "  ", "  "}},
};

static const struct big_glyph *glyph_of(char c)
{
	const char wanted = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);

	for (size_t i = 0; i < sizeof glyphs / sizeof *glyphs; i++)
		if (glyphs[i].character == wanted)
			return &glyphs[i];
	return NULL;
}

int fed__big_text_columns(const char *text, int scale)
{
	int columns = 0;

	for (; *text; text++) {
		const struct big_glyph *g = glyph_of(*text);

		if (!g)
			return 0;
		columns += (columns ? 1 : 0) + (int)strlen(g->row[0]);
	}
	return columns * scale;
}

int fed__big_text_rows(int scale, bool utf8)
{
	return utf8 ? (HEIGHT * scale + 1) / 2 : HEIGHT * scale;
}

/* Whether pixel (x, y) of the enlarged glyph is ink. */
static bool is_ink(const struct big_glyph *g, int x, int y, int scale)
{
	return y < HEIGHT * scale && g->row[y / scale][x / scale] == '#';
}

static void put_glyph(struct fed_canvas *canvas, int column, int row, const struct big_glyph *g,
                      int scale, bool utf8, struct fed_style style)
{
	const int width = (int)strlen(g->row[0]) * scale, rows = fed__big_text_rows(scale, utf8);

	for (int i = 0; i < rows; i++)
		for (int x = 0; x < width; x++) {
			const bool upper = is_ink(g, x, utf8 ? 2 * i : i, scale);
			const bool lower = utf8 && is_ink(g, x, 2 * i + 1, scale);

			if (!upper && !lower)
				continue;
			fed__canvas_put(canvas, column + x, row + i,
			                !utf8            ? (uint32_t)'#'
			                : upper && lower ? (uint32_t)FULL
			                : upper          ? (uint32_t)FED_UPPER_HALF
			                                 : (uint32_t)LOWER_HALF,
			                style);
		}
}

void fed__big_text_put(struct fed_canvas *canvas, int column, int row, const char *text, int scale,
                       bool utf8, struct fed_style style)
{
	for (const struct big_glyph *g; *text && (g = glyph_of(*text)); text++) {
		put_glyph(canvas, column, row, g, scale, utf8, style);
		column += ((int)strlen(g->row[0]) + 1) * scale;
	}
}

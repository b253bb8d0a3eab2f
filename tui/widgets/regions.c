/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/regions.c - decision regions and examples as cells. */
#include "tui/widgets/regions.h"

#include <stdio.h>

#include "tui/widgets/tint.h"

_Static_assert((int)FED_TINT_SHADES == (int)FED_DECISION_LEVELS, "a shade for each level");

enum { DOT = 0x2022, CROSS = 0xD7 };

static const struct fed_style plain, faint = {.color = FED_COLOR_GREY};

/* The tint in a cell's half: `half` of 2 * rows from the top. */
static uint16_t tint_at(const struct fed_regions *r, int column, int columns, int half, int rows)
{
	if (!r->columns)
		return 0;
	const int x = column * r->columns / columns, y = half * r->rows / (2 * rows);
	const struct fed_decision *d = &r->at[y * r->columns + x];

	return d->known ? fed__tint(d->class, d->level) : 0;
}

static void put_mark(struct fed_canvas *canvas, int column, int row, uint16_t paper, unsigned class,
                     bool wrong)
{
	fed__canvas_put(
		canvas, column, row, wrong ? CROSS : DOT,
		(struct fed_style){.bold = true, .ink = fed__tint(class, FED_TINT_MARK), .paper = paper});
}

void fed__regions_put(struct fed_canvas *canvas, int column, int row, int columns, int rows,
                      const struct fed_regions *r, const struct fed_placed_example *e, uint32_t n,
                      int model)
{
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < columns; x++) {
			const uint16_t upper = tint_at(r, x, columns, 2 * y, rows);
			const uint16_t lower = tint_at(r, x, columns, 2 * y + 1, rows);

			if (upper || lower)
				fed__canvas_put(canvas, column + x, row + y, FED_UPPER_HALF,
				                (struct fed_style){.ink = upper, .paper = lower});
		}
	for (uint32_t i = 0; i < n; i++) {
		const double x = (double)e[i].x * columns, y = (double)e[i].y * rows;

		if (!(x >= 0 && x < columns && y >= 0 && y < rows))
			continue;
		put_mark(canvas, column + (int)x, row + (int)y,
		         tint_at(r, (int)x, columns, (int)(2 * y), rows), e[i].class, e[i].wrong[model]);
	}
}

/* The name of a class; of a regression, of the half of the targets' range. */
static const char *class_name(const struct fed_dataset *data, uint32_t c, char number[12])
{
	if (!data->classes)
		return c ? "above the middle" : "below";
	if (data->class_name)
		return data->class_name[c];
	snprintf(number, 12, "%u", c);
	return number;
}

void fed__regions_legend(struct fed_canvas *canvas, int column, int row, int columns,
                         const struct fed_dataset *data, bool tints)
{
	const char *const rest = tints ? " wrong" : "(a: answer, .: unsure)";
	const int rest_columns = tints + fed_text_width(rest);
	const uint32_t n = data->classes ? data->classes : 2;
	int names = 0, end = column;
	char number[12];

	for (uint32_t c = 0; c < n && names <= columns; c++)
		names += fed_text_width(class_name(data, c, number));
	const int spaced = names + 4 * (int)n, close = names + 2 * (int)n;
	/* The cross is explained in any case, letters where all classes have room. */
	const bool explained = columns >= rest_columns && (tints || close + rest_columns <= columns);
	const int most = columns - (explained ? rest_columns : 0);
	const int blank = spaced <= most; /* "• 0  • 1", or where that is too wide "•0 •1" */
	for (uint32_t c = 0; c < n; c++) {
		const char *name = class_name(data, c, number);

		if (end + 1 + blank + fed_text_width(name) > column + most)
			break;
		put_mark(canvas, end, row, 0, c, false);
		end = fed__canvas_write(canvas, end + 1 + blank, row, name, plain) + 1 + blank;
	}
	if (!explained)
		return;
	if (tints)
		fed__canvas_put(canvas, end++, row, CROSS, (struct fed_style){.bold = true});
	fed__canvas_write(canvas, end, row, rest, tints ? plain : faint);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/confusion.c - drawing of a confusion matrix.
 */
#include "tui/widgets/confusion.h"

#include <stdio.h>

#include "tui/widgets/canvas.h"

enum { NAME_MAX = 14, SHADES = 5 };

static const uint32_t shades[SHADES] = {0xb7, 0x2591, 0x2592, 0x2593, 0x2588};
static const char ascii_shades[] = ".-+*#";

struct drawing {
	const struct fed_confusion *of;
	struct fed_canvas canvas;
	bool utf8;
	uint32_t shown; /* classes */
	int left, cell; /* columns of the row names, and of a count; cell 1: shades */
};

static int digits_of(uint32_t n)
{
	return snprintf(NULL, 0, "%u", n);
}

static int columns_of(uint32_t most)
{
	return digits_of(most) + 1;
}

/* "3 cat", or "3" where classes are numbers. */
static void put_name(const struct fed_confusion *c, uint32_t class, struct fed_text *out)
{
	char name[4 * NAME_MAX + 1];

	fed_text_clear(out);
	fed_text_add(out, "%*u", digits_of(c->classes - 1), class);
	if (!c->name)
		return;
	snprintf(name, sizeof name, "%s", c->name[class]);
	fed_text_add(out, " %s", name);
}

static void measure(struct drawing *d, int width)
{
	const struct fed_confusion *c = d->of;
	struct fed_text name = {0};
	uint32_t most = 0;

	for (size_t i = 0; i < (size_t)c->classes * c->classes; i++)
		most = c->count[i] > most ? c->count[i] : most;
	for (uint32_t k = 0; k < c->classes; k++) {
		put_name(c, k, &name);
		const int columns = fed_text_width(fed_text_str(&name));
		d->left = columns > d->left ? columns : d->left;
	}
	fed_text_release(&name);
	if (d->left > NAME_MAX)
		d->left = NAME_MAX;
	d->left += 2;
	const int index = digits_of(c->classes - 1) + 1;
	d->cell = columns_of(most) > index ? columns_of(most) : index;
	if (d->left + d->cell * (int64_t)c->classes > width)
		d->cell = 1;
	const int room = (width - d->left) / d->cell;
	d->shown = room < 1 ? 0 : (uint32_t)room < c->classes ? (uint32_t)room : c->classes;
}

static uint32_t row_sum(const struct fed_confusion *c, uint32_t row)
{
	uint32_t sum = 0;

	for (uint32_t k = 0; k < c->classes; k++)
		sum += c->count[(size_t)row * c->classes + k];
	return sum;
}

/* Right answers are blue and wrong ones orange, which every kind of colour vision can distinguish.
 */
static struct fed_style style_of(bool right, double share)
{
	if (share <= 0)
		return (struct fed_style){.color = FED_COLOR_GREY};
	return (struct fed_style){.color = right ? FED_COLOR_BLUE : FED_COLOR_YELLOW,
	                          .bold = right || share >= 0.1};
}

static void put_count(struct drawing *d, int column, int row, uint32_t count,
                      struct fed_style style)
{
	char text[16];

	snprintf(text, sizeof text, "%*u", d->cell, count);
	fed__canvas_write(&d->canvas, column, row, count ? text : "", style);
	if (!count)
		fed__canvas_put(&d->canvas, column + d->cell - 1, row, d->utf8 ? shades[0] : '.', style);
}

static void put_shade(struct drawing *d, int column, int row, double share, struct fed_style style)
{
	const int shade = share <= 0 ? 0 : 1 + (int)(share * (SHADES - 1.0001));

	fed__canvas_put(&d->canvas, column, row,
	                d->utf8 ? shades[shade] : (uint32_t)ascii_shades[shade], style);
}

static void put_row(struct drawing *d, uint32_t label, int row, struct fed_text *name)
{
	const struct fed_confusion *c = d->of;
	const uint32_t sum = row_sum(c, label);

	put_name(c, label, name);
	fed__canvas_write(&d->canvas, 0, row, fed_text_str(name), (struct fed_style){0});
	/* A name that is too long ends before the counts. */
	for (int x = d->left - 2; x < d->canvas.columns; x++)
		fed__canvas_put(&d->canvas, x, row, ' ', (struct fed_style){0});
	for (uint32_t k = 0; k < d->shown; k++) {
		const uint32_t count = c->count[(size_t)label * c->classes + k];
		const double share = sum ? (double)count / sum : 0;
		const int column = d->left + (int)k * d->cell;

		if (d->cell > 1)
			put_count(d, column, row, count, style_of(k == label, share));
		else
			put_shade(d, column, row, share, style_of(k == label, share));
	}
}

/* The numbers of the columns; of shades the last digit alone. */
static void put_head(struct drawing *d)
{
	char text[16];

	for (uint32_t k = 0; k < d->shown; k++) {
		snprintf(text, sizeof text, "%*u", d->cell, d->cell > 1 ? k : k % 10);
		fed__canvas_write(&d->canvas, d->left + (int)k * d->cell, 0, text,
		                  (struct fed_style){.bold = true});
	}
}

int fed_confusion_draw(const struct fed_confusion *c, int width, bool utf8,
                       enum fed_palette palette, struct fed_text *out, struct fed_error *err)
{
	struct drawing d = {.of = c, .utf8 = utf8};
	struct fed_text name = {0};

	measure(&d, width);
	if (!d.shown)
		return fed_fail(err, "a confusion matrix takes at least %d columns", d.left + 1);
	if (fed__canvas_init(&d.canvas, width, 1 + (int)d.shown, err))
		return FED_FAIL;
	put_head(&d);
	for (uint32_t k = 0; k < d.shown; k++)
		put_row(&d, k, 1 + (int)k, &name);
	fed__canvas_text(&d.canvas, out, utf8, palette);
	fed__canvas_release(&d.canvas);
	fed_text_release(&name);
	if (d.shown < c->classes)
		fed_text_add(out, "%u more classes do not fit; `evaluate show=confusion --csv` has all\n",
		             c->classes - d.shown);
	return FED_OK;
}

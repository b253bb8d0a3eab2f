/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/drawing.c - a list of lines, areas and texts.
 */
#include "figures/drawing.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* Height of letters above and below the baseline, in sizes of the font. */
#define ASCENT 0.76
#define DESCENT 0.24

const char *const fed__role_names[FED_ROLES] = {"ink", "faint", "grid", "paper", "data"};

uint32_t fed__paint_rgb(const struct fed_paint *paint)
{
	static const uint32_t rgb[FED_ROLES] = {0x1A1A1A, 0x5C5C5C, 0xDDDDDD, 0xFFFFFF, 0};

	return paint->role == FED_ROLE_DATA ? paint->rgb : rgb[paint->role];
}

int fed__dash_lengths(uint8_t dash, double lengths[6])
{
	static const double patterns[FED_DASHES][6] = {{0}, {4, 2}, {1, 1.6}, {6, 1.6, 1, 1.6}};
	int n = 0;

	for (; n < 6 && patterns[dash % FED_DASHES][n] > 0; n++)
		lengths[n] = patterns[dash % FED_DASHES][n];
	return n;
}

void fed_drawing_release(struct fed_drawing *d)
{
	fed_free(d->item);
	fed_free(d->at);
	fed_text_release(&d->pool);
	*d = (struct fed_drawing){0};
}

static bool reserve(struct fed_drawing *d, size_t points)
{
	if (d->n == d->capacity) {
		const size_t capacity = d->capacity ? 2 * d->capacity : 64;
		struct fed_drawing_item *grown =
			fed_resize(d->item, d->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return false;
		d->item = grown;
		d->capacity = capacity;
	}
	if (d->points + points > d->points_capacity) {
		const size_t capacity = 2 * d->points_capacity + points + 64;
		double(*grown)[2] =
			fed_resize(d->at, d->points_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return false;
		d->at = grown;
		d->points_capacity = capacity;
	}
	return true;
}

/* A new item with its points; NULL: no memory. */
static struct fed_drawing_item *add(struct fed_drawing *d, enum fed_drawn kind,
                                    const double (*at)[2], size_t n, struct fed_paint paint)
{
	if (d->failed || !reserve(d, n)) {
		d->failed = true;
		return NULL;
	}
	struct fed_drawing_item *item = &d->item[d->n++];
	*item = (struct fed_drawing_item){
		.kind = (uint8_t)kind, .paint = paint, .first = d->points, .n = n};
	memcpy(&d->at[d->points], at, n * sizeof *at);
	d->points += n;
	return item;
}

void fed_drawing_line(struct fed_drawing *d, const double (*at)[2], size_t n, double width,
                      uint8_t dash, struct fed_paint paint)
{
	struct fed_drawing_item *item = add(d, FED_DRAWN_LINE, at, n, paint);

	if (!item)
		return;
	item->width = width;
	item->dash = dash;
}

void fed_drawing_segment(struct fed_drawing *d, double x0, double y0, double x1, double y1,
                         double width, struct fed_paint paint)
{
	fed_drawing_line(d, (const double[2][2]){{x0, y0}, {x1, y1}}, 2, width, 0, paint);
}

void fed__drawing_area(struct fed_drawing *d, const double (*at)[2], size_t n,
                       struct fed_paint paint)
{
	add(d, FED_DRAWN_AREA, at, n, paint);
}

void fed_drawing_rect(struct fed_drawing *d, double x, double y, double width, double height,
                      bool crisp, struct fed_paint paint)
{
	const double at[4][2] = {{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}};
	struct fed_drawing_item *item = add(d, FED_DRAWN_AREA, at, 4, paint);

	if (item)
		item->crisp = crisp;
}

void fed_drawing_circle(struct fed_drawing *d, double x, double y, double radius, double rim,
                        struct fed_paint paint)
{
	struct fed_drawing_item *item =
		add(d, FED_DRAWN_CIRCLE, (const double[1][2]){{x, y}}, 1, paint);

	if (!item)
		return;
	item->radius = radius;
	item->width = rim;
}

/* Text -------------------------------------------------------------------------- */

/* Control characters and what is no UTF-8 are replaced: names come from files. */
static void add_text(struct fed_drawing *d, double x, double y, struct fed_text_style style,
                     const char *text, size_t len, const char *behind)
{
	struct fed_drawing_item *item =
		add(d, FED_DRAWN_TEXT, (const double[1][2]){{x, y}}, 1, style.paint);

	if (!item)
		return;
	item->style = style;
	item->text = d->pool.len;
	fed_text_put_clean(&d->pool, text, len, true);
	fed_text_put(&d->pool, behind, strlen(behind));
	item->len = d->pool.len - item->text;
	fed_text_put(&d->pool, "", 1);
	d->failed = d->failed || d->pool.failed;
}

void fed__drawing_text(struct fed_drawing *d, double x, double y, struct fed_text_style style,
                       const char *text)
{
	if (*text)
		add_text(d, x, y, style, text, strlen(text), "");
}

/* Width of the first len bytes. */
static double width_of(const char *text, size_t len, double size, bool bold)
{
	struct fed_text part = {0};

	fed_text_put(&part, text, len);
	const double width = fed_drawing_text_width(fed_text_str(&part), size, bold);
	fed_text_release(&part);
	return width;
}

void fed_drawing_text_within(struct fed_drawing *d, double x, double y, struct fed_text_style style,
                             double most, const char *text)
{
	static const char ellipsis[] = "\u2026";
	const size_t len = strlen(text);
	size_t fits = 0;

	if (fed_drawing_text_width(text, style.size, style.bold) <= most) {
		fed__drawing_text(d, x, y, style, text);
		return;
	}
	const double capacity = most - fed_drawing_text_width(ellipsis, style.size, style.bold);
	for (size_t at = 0; at < len;) {
		uint32_t code;
		const size_t n = fed_utf8_next(text + at, len - at, &code);

		at += n ? n : 1;
		if (width_of(text, at, style.size, style.bold) > capacity)
			break;
		fits = at;
	}
	if (fits)
		add_text(d, x, y, style, text, fits, ellipsis);
}

/* Extents ----------------------------------------------------------------------- */

static void text_extent(const struct fed_drawing *d, const struct fed_drawing_item *item,
                        double box[4])
{
	const double *at = d->at[item->first];
	const double size = item->style.size;
	const double width =
		fed_drawing_text_width(fed_text_str(&d->pool) + item->text, size, item->style.bold);
	const double left = item->style.anchor == FED_ANCHOR_LEFT     ? 0
	                    : item->style.anchor == FED_ANCHOR_MIDDLE ? width / 2
	                                                              : width;

	if (item->style.upwards) {
		box[0] = at[0] - ASCENT * size;
		box[2] = at[0] + DESCENT * size;
		box[3] = at[1] + left;
		box[1] = box[3] - width;
	} else {
		box[0] = at[0] - left;
		box[2] = box[0] + width;
		box[1] = at[1] - ASCENT * size;
		box[3] = at[1] + DESCENT * size;
	}
}

void fed__drawing_extent(const struct fed_drawing *d, size_t i, double box[4])
{
	const struct fed_drawing_item *item = &d->item[i];
	const double around =
		item->kind == FED_DRAWN_CIRCLE ? item->radius + item->width / 2 : item->width / 2;

	if (item->kind == FED_DRAWN_TEXT) {
		text_extent(d, item, box);
		return;
	}
	box[0] = box[1] = INFINITY;
	box[2] = box[3] = -INFINITY;
	for (size_t k = item->first; k < item->first + item->n; k++) {
		box[0] = fmin(box[0], d->at[k][0] - around);
		box[1] = fmin(box[1], d->at[k][1] - around);
		box[2] = fmax(box[2], d->at[k][0] + around);
		box[3] = fmax(box[3], d->at[k][1] + around);
	}
}

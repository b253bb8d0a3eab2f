/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/svg.c - a drawing as SVG.
 *
 * Texts stay texts, in the font of the page and for its search; colours are attributes, over which
 * the style of a page with a dark background has precedence.
 */
#include <string.h>

#include "figures/backend.h"
#include "figures/save.h"

/* A coordinate: hundredths of a point, without zeroes at the end. */
static void put_number(struct fed_text *out, double x)
{
	char number[32];
	int len = snprintf(number, sizeof number, "%.2f", x);

	while (number[len - 1] == '0')
		len--;
	len -= number[len - 1] == '.';
	fed_text_put(out, strncmp(number, "-0", (size_t)len) == 0 ? "0" : number,
	             strncmp(number, "-0", (size_t)len) == 0 ? 1 : (size_t)len);
}

static void put_attribute(struct fed_text *out, const char *name, double x)
{
	fed_text_add(out, " %s=\"", name);
	put_number(out, x);
	fed_text_put(out, "\"", 1);
}

/* Fill or stroke, with the class of its role: "f-ink", "s-grid". */
static void put_paint(struct fed_text *out, const struct fed_paint *paint, bool stroke)
{
	const char *what = stroke ? "stroke" : "fill";

	if (paint->role != FED_ROLE_DATA)
		fed_text_add(out, " class=\"%c-%s\"", *what, fed__role_names[paint->role]);
	fed_text_add(out, " %s=\"#%06x\"", what, (unsigned)fed__paint_rgb(paint));
	if (paint->opacity < 1)
		fed_text_add(out, " %s-opacity=\"%.2g\"", what, paint->opacity);
}

static void put_points(struct fed_text *out, const struct fed_drawing *d,
                       const struct fed_drawing_item *item)
{
	for (size_t k = 0; k < item->n; k++) {
		fed_text_put(out, k ? " " : "", k > 0);
		put_number(out, d->at[item->first + k][0]);
		fed_text_put(out, ",", 1);
		put_number(out, d->at[item->first + k][1]);
	}
}

static void put_line(struct fed_text *out, const struct fed_drawing *d,
                     const struct fed_drawing_item *item)
{
	double lengths[6];
	const int dashes = fed__dash_lengths(item->dash, lengths);

	fed_text_add(out, "<polyline fill=\"none\"");
	put_paint(out, &item->paint, true);
	put_attribute(out, "stroke-width", item->width);
	if (dashes)
		fed_text_add(out, " stroke-dasharray=\"");
	for (int k = 0; k < dashes; k++) {
		fed_text_put(out, k ? " " : "", k > 0);
		put_number(out, lengths[k] * item->width);
	}
	fed_text_add(out, "%s points=\"", dashes ? "\"" : "");
	put_points(out, d, item);
	fed_text_add(out, "\"/>\n");
}

static void put_area(struct fed_text *out, const struct fed_drawing *d,
                     const struct fed_drawing_item *item)
{
	fed_text_add(out, "<polygon");
	put_paint(out, &item->paint, false);
	if (item->crisp)
		fed_text_add(out, " shape-rendering=\"crispEdges\"");
	fed_text_add(out, " points=\"");
	put_points(out, d, item);
	fed_text_add(out, "\"/>\n");
}

static void put_circle(struct fed_text *out, const struct fed_drawing *d,
                       const struct fed_drawing_item *item)
{
	fed_text_add(out, "<circle");
	put_attribute(out, "cx", d->at[item->first][0]);
	put_attribute(out, "cy", d->at[item->first][1]);
	put_attribute(out, "r", item->radius);
	if (item->width > 0) {
		fed_text_add(out, " fill=\"none\"");
		put_attribute(out, "stroke-width", item->width);
	}
	put_paint(out, &item->paint, item->width > 0);
	fed_text_add(out, "/>\n");
}

static void put_text(struct fed_text *out, const struct fed_drawing *d,
                     const struct fed_drawing_item *item)
{
	static const char *const anchors[] = {"start", "middle", "end"};
	const double *at = d->at[item->first];
	const struct fed_text_style *style = &item->style;

	fed_text_add(out, "<text");
	if (style->upwards) {
		fed_text_add(out, " transform=\"translate(");
		put_number(out, at[0]);
		fed_text_put(out, ",", 1);
		put_number(out, at[1]);
		fed_text_add(out, ") rotate(-90)\"");
	} else {
		put_attribute(out, "x", at[0]);
		put_attribute(out, "y", at[1]);
	}
	put_attribute(out, "font-size", style->size);
	if (style->bold)
		fed_text_add(out, " font-weight=\"bold\"");
	if (style->anchor)
		fed_text_add(out, " text-anchor=\"%s\"", anchors[style->anchor]);
	put_paint(out, &style->paint, false);
	fed_text_add(out, ">");
	fed_text_put_markup(out, fed_text_str(&d->pool) + item->text);
	fed_text_add(out, "</text>\n");
}

static void put_size(struct fed_text *out, const struct fed_drawing *d, bool within)
{
	fed_text_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	put_number(out, d->width);
	fed_text_add(out, "pt\" height=\"");
	put_number(out, d->height);
	fed_text_add(out, "pt\" viewBox=\"0 0 ");
	put_number(out, d->width);
	fed_text_put(out, " ", 1);
	put_number(out, d->height);
	fed_text_add(out, "\" role=\"img\"");
	if (d->font || !within) {
		fed_text_add(out, " font-family=\"");
		fed_text_put_markup(out, d->font ? d->font : "Helvetica, Arial, DejaVu Sans, sans-serif");
		fed_text_put(out, "\"", 1);
	}
	fed_text_add(out, ">\n");
	if (d->title) {
		fed_text_add(out, "<title>");
		fed_text_put_markup(out, d->title);
		fed_text_add(out, "</title>\n");
	}
}

void fed_drawing_svg(const struct fed_drawing *d, bool within, struct fed_text *out)
{
	static void (*const put[])(struct fed_text *, const struct fed_drawing *,
	                           const struct fed_drawing_item *) = {
		[FED_DRAWN_LINE] = put_line,
		[FED_DRAWN_AREA] = put_area,
		[FED_DRAWN_CIRCLE] = put_circle,
		[FED_DRAWN_TEXT] = put_text,
	};

	if (!within)
		fed_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	put_size(out, d, within);
	if (!within)
		fed_text_add(out, "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n");
	for (size_t i = 0; i < d->n; i++)
		put[d->item[i].kind](out, d, &d->item[i]);
	fed_text_add(out, "</svg>\n");
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/cairo.c - a drawing as PDF or PNG (libcairo).
 */
#include "figures/backend.h"

#ifdef FED_HAVE_CAIRO

#include <cairo.h>
#include <cairo-pdf.h>
#include <math.h>

#include "base/mem.h"

#define DOTS_AN_INCH 300.0

static void set_paint(cairo_t *c, const struct fed_paint *paint)
{
	const uint32_t rgb = fed__paint_rgb(paint);

	cairo_set_source_rgba(c, (rgb >> 16) / 255.0, (rgb >> 8 & 0xFF) / 255.0, (rgb & 0xFF) / 255.0,
	                      paint->opacity);
}

static void trace(cairo_t *c, const struct fed_drawing *d, const struct fed_drawing_item *item)
{
	cairo_new_path(c);
	for (size_t k = 0; k < item->n; k++)
		cairo_line_to(c, d->at[item->first + k][0], d->at[item->first + k][1]);
}

static void draw_line(cairo_t *c, const struct fed_drawing *d, const struct fed_drawing_item *item)
{
	double lengths[6];
	const int dashes = fed__dash_lengths(item->dash, lengths);

	for (int k = 0; k < dashes; k++)
		lengths[k] *= item->width;
	cairo_set_dash(c, lengths, dashes, 0);
	cairo_set_line_width(c, item->width);
	trace(c, d, item);
	cairo_stroke(c);
	cairo_set_dash(c, NULL, 0, 0);
}

static void draw_area(cairo_t *c, const struct fed_drawing *d, const struct fed_drawing_item *item)
{
	cairo_set_antialias(c, item->crisp ? CAIRO_ANTIALIAS_NONE : CAIRO_ANTIALIAS_DEFAULT);
	trace(c, d, item);
	cairo_close_path(c);
	cairo_fill(c);
	cairo_set_antialias(c, CAIRO_ANTIALIAS_DEFAULT);
}

static void draw_circle(cairo_t *c, const struct fed_drawing *d,
                        const struct fed_drawing_item *item)
{
	cairo_new_path(c);
	cairo_arc(c, d->at[item->first][0], d->at[item->first][1], item->radius, 0, 2 * M_PI);
	if (item->width > 0) {
		cairo_set_line_width(c, item->width);
		cairo_stroke(c);
	} else {
		cairo_fill(c);
	}
}

static void draw_text(cairo_t *c, const struct fed_drawing *d, const struct fed_drawing_item *item)
{
	const char *text = fed_text_str(&d->pool) + item->text;
	const struct fed_text_style *style = &item->style;
	cairo_text_extents_t extents;

	cairo_select_font_face(c, d->font ? d->font : "sans-serif", CAIRO_FONT_SLANT_NORMAL,
	                       style->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(c, style->size);
	cairo_text_extents(c, text, &extents);
	cairo_save(c);
	cairo_translate(c, d->at[item->first][0], d->at[item->first][1]);
	if (style->upwards)
		cairo_rotate(c, -M_PI / 2);
	cairo_move_to(c, -extents.x_advance * style->anchor / 2, 0);
	cairo_show_text(c, text);
	cairo_restore(c);
}

static void draw(cairo_t *c, const struct fed_drawing *d)
{
	static void (*const draw_item[])(cairo_t *, const struct fed_drawing *,
	                                 const struct fed_drawing_item *) = {
		[FED_DRAWN_LINE] = draw_line,
		[FED_DRAWN_AREA] = draw_area,
		[FED_DRAWN_CIRCLE] = draw_circle,
		[FED_DRAWN_TEXT] = draw_text,
	};
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_set_font_options(c, options);
	cairo_font_options_destroy(options);
	cairo_set_line_join(c, CAIRO_LINE_JOIN_ROUND);
	for (size_t i = 0; i < d->n; i++) {
		set_paint(c, &d->item[i].paint);
		draw_item[d->item[i].kind](c, d, &d->item[i]);
	}
}

static cairo_status_t take(void *out, const unsigned char *bytes, unsigned n)
{
	fed_text_put(out, (const char *)bytes, n);
	return ((struct fed_text *)out)->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *open_surface(const struct fed_drawing *d, enum fed_figure_format format,
                                     struct fed_text *out)
{
	const double scale = DOTS_AN_INCH / 72;

	if (format == FED_FIGURE_PNG)
		return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(d->width * scale),
		                                  (int)ceil(d->height * scale));
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(take, out, d->width, d->height);
	if (d->title)
		cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, d->title);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, "fedsh");
	return pdf;
}

int fed__cairo_write(const struct fed_drawing *d, enum fed_figure_format format,
                     struct fed_text *out, struct fed_error *err)
{
	cairo_surface_t *surface = open_surface(d, format, out);
	cairo_t *c = cairo_create(surface);

	if (format == FED_FIGURE_PNG) {
		cairo_set_source_rgb(c, 1, 1, 1);
		cairo_paint(c);
		cairo_scale(c, DOTS_AN_INCH / 72, DOTS_AN_INCH / 72);
	}
	draw(c, d);
	cairo_status_t status = cairo_status(c);
	cairo_destroy(c);
	if (format == FED_FIGURE_PNG && status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_write_to_png_stream(surface, take, out);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (out->failed)
		return fed_fail_memory(err, out->len, "a figure");
	return status == CAIRO_STATUS_SUCCESS
	           ? FED_OK
	           : fed_fail(err, "the figure cannot be drawn: %s", cairo_status_to_string(status));
}

#else

int fed__cairo_write(const struct fed_drawing *d, enum fed_figure_format format,
                     struct fed_text *out, struct fed_error *err)
{
	(void)d, (void)out;
	return fed_reject(err,
	                  "this fedsh was built without cairo, which writes %s; install libcairo2-dev "
	                  "and build again, or write .svg",
	                  format == FED_FIGURE_PDF ? "PDF" : "PNG");
}

#endif

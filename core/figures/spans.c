/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/spans.c - layout of rows over time.
 */
#include "figures/spans.h"

#include <math.h>

#include "figures/palette.h"

#define ROW 10.0 /* height of a row, where it is free */
#define NAME_MOST 0.25
#define APART 4.0

static double names_width(const struct fed_spans_figure *of, double width)
{
	double widest = fed_drawing_text_width(of->line_name, FED_SIZE_TICK, false);

	for (size_t i = 0; i < of->rows; i++)
		widest = fmax(widest, fed_drawing_text_width(of->row_name[i], FED_SIZE_TICK, false));
	return fmin(widest, NAME_MOST * width);
}

/* The kinds that occur, in their order. */
static size_t legend_of(const struct fed_spans_figure *of,
                        struct fed_legend_entry entry[FED_SPAN_KINDS])
{
	bool seen[FED_SPAN_KINDS] = {0}, moment[FED_SPAN_KINDS] = {0};
	size_t n = 0;

	for (size_t i = 0; i < of->n; i++) {
		seen[of->span[i].kind] = true;
		moment[of->span[i].kind] = moment[of->span[i].kind] || of->span[i].from == of->span[i].to;
	}
	for (size_t k = 0; k < FED_SPAN_KINDS; k++)
		if (seen[k])
			entry[n++] =
				(struct fed_legend_entry){.name = of->kind_name[k],
			                              .sample = moment[k] ? FED_SAMPLE_MARK : FED_SAMPLE_AREA,
			                              .mark = k,
			                              .paint = FED_DATA(of->kind_rgb[k])};
	return n;
}

double fed_spans_figure_height(const struct fed_spans_figure *of, double width)
{
	struct fed_legend_entry entry[FED_SPAN_KINDS];
	const size_t n = legend_of(of, entry);
	const struct fed_frame_text text = {.heading = of->heading, .x_label = of->x_label};
	const struct fed_drawing d = {.width = width};
	const double rows = fmin(ROW * (double)of->rows, 1.4 * width);

	return fmax(fed_frame_above(&text) + fed_legend_rows(&d, entry, n) * FED_LINE_HEIGHT + 4 +
	                FED_LINE_HEIGHT + rows + fed__frame_below(&text),
	            FED_FIGURE_HEIGHT_LEAST);
}

static void draw_lines(const struct fed_spans_figure *of, const struct fed_plot_frame *f,
                       struct fed_drawing *d)
{
	const struct fed_text_style style = {FED_INK, FED_SIZE_TICK, FED_ANCHOR_MIDDLE};
	double from = f->left - 2;

	for (size_t i = 0; i < of->lines; i++) {
		const double x = fed__plot_at_x(f, of->line[i]);
		const double half = fed_drawing_text_width(of->line_label[i], FED_SIZE_TICK, false) / 2;

		fed_drawing_line(d, (const double[2][2]){{x, f->top}, {x, f->top + f->height}}, 2, 0.5, 1,
		                 FED_FAINT);
		if (x - half < from || x + half > d->width - 1)
			continue;
		fed__drawing_text(d, x, f->top - 4.5, style, of->line_label[i]);
		from = x + half + APART;
	}
}

static void draw_names(const struct fed_spans_figure *of, const struct fed_plot_frame *f,
                       double width, struct fed_drawing *d)
{
	const struct fed_text_style style = {FED_INK, FED_SIZE_TICK, FED_ANCHOR_RIGHT};
	const double row = f->height / (double)of->rows;
	const size_t stride = row >= FED_SIZE_TICK + 1 ? 1 : (size_t)ceil((FED_SIZE_TICK + 1) / row);

	fed_drawing_text_within(d, f->left - 4, f->top - 4.5, style, width + 0.01, of->line_name);
	for (size_t i = 0; i < of->rows; i += stride)
		fed_drawing_text_within(d, f->left - 4,
		                        f->top + ((double)i + 0.5) * row + 0.36 * FED_SIZE_TICK, style,
		                        width + 0.01, of->row_name[i]);
}

static void draw_spans(const struct fed_spans_figure *of, const struct fed_plot_frame *f,
                       struct fed_drawing *d)
{
	const double row = f->height / (double)of->rows, gap = fmin(0.18 * row, 1.2);

	for (size_t i = 0; i < of->n; i++) {
		const struct fed_drawn_span *s = &of->span[i];
		const double x0 = fed__plot_at_x(f, fmax(s->from, of->from)),
					 x1 = fed__plot_at_x(f, fmin(s->to, of->to));
		const double y = f->top + s->row * row;
		const struct fed_paint paint = FED_DATA(of->kind_rgb[s->kind]);

		if (s->row >= of->rows || s->to < of->from || s->from > of->to)
			continue;
		if (s->from == s->to)
			fed__mark_draw(d, s->kind, x0, y + row / 2, fmin(FED_MARK_RADIUS, row / 3), false,
			               paint);
		else
			fed_drawing_rect(d, x0, y + gap, fmax(x1 - x0, 0.15), row - 2 * gap, false, paint);
	}
}

int fed_spans_figure_draw(const struct fed_spans_figure *of, struct fed_drawing *d,
                          struct fed_plot_frame *frame, struct fed_error *err)
{
	const struct fed_frame_text text = {
		.heading = of->heading, .x_label = of->x_label, .plain = true};
	struct fed_legend_entry entry[FED_SPAN_KINDS];
	const size_t n = legend_of(of, entry);
	struct fed_plot_frame f = {.y = {.lo = 0, .hi = 1}};

	if (fed_frame_check(d, err))
		return FED_FAIL;
	if (!of->rows || !(of->to > of->from))
		return fed_fail(err, "a timeline without clients or time cannot be drawn");
	const double above = fed_frame_above(&text);
	const int rows = fed_legend_rows(d, entry, n);
	const int most =
		(int)fmax(0, (d->height - above - fed__frame_below(&text) - 40) / FED_LINE_HEIGHT);
	const double names = names_width(of, d->width);

	f.top = above + (rows < most ? rows : most) * FED_LINE_HEIGHT + 4 + FED_LINE_HEIGHT;
	f.height = fmax(d->height - f.top - fed__frame_below(&text), 1);
	f.left = FED_MARGIN + names + 5;
	f.width = fmax(d->width - f.left - FED_MARGIN - 8, 1);
	fed__frame_choose_x(&f, fed_axis_limit(of->from), fed_axis_limit(of->to), false, false);
	fed_legend_draw(d, entry, n, above, most);
	draw_spans(of, &f, d);
	draw_lines(of, &f, d);
	fed__frame_draw(&f, &text, d);
	draw_names(of, &f, names, d);
	if (frame)
		*frame = f;
	return FED_OK;
}

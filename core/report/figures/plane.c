/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/plane.c - decision regions of models, with the examples on them.
 *
 * The regions are cells of a grid in the colour of the answer, paler where the model is less sure;
 * examples are discs in the colour of their class, crossed where the model is wrong.
 */
#include <math.h>
#include <string.h>

#include "figures/frame.h"
#include "figures/palette.h"
#include "report/decisions.h"
#include "report/figures/figures.h"

/* Work for one figure, in FLOPs: some seconds. */
#define EFFORT 3e10
#define GRID 160       /* cells along the longer side of the global model ... */
#define CLIENT_GRID 80 /* ... and of a client's */
#define GLOBAL_SHARE 0.46
#define GAP 6.0
#define CLIENTS_MOST 12
#define RADIUS 1.5 /* of an example, smaller in small panels */

struct plane_figure {
	const struct fed_input_plane *plane;
	struct fed_decisions decisions;
	struct fed_drawing *d;
	double aspect; /* width by height */
};

/* Where a panel is on the page. */
struct panel {
	double left, top, width, height;
};

/* The colour of an answer: from white to three quarters of its class's colour. */
static uint32_t region_rgb(const struct fed_decision *at)
{
	const uint32_t full = fed_series_rgb(at->class);
	const double share = 0.12 + 0.5 * at->level / (FED_DECISION_LEVELS - 1);
	uint32_t rgb = 0;

	if (!at->known)
		return 0xFFFFFF;
	for (int shift = 16; shift >= 0; shift -= 8)
		rgb = rgb << 8 | (uint32_t)lround(255 + share * ((full >> shift & 0xFF) - 255.0));
	return rgb;
}

/* Rows of cells, equal neighbours as one. */
static void draw_regions(struct fed_drawing *d, const struct panel *p, const struct fed_regions *r)
{
	for (int row = 0; row < r->rows; row++)
		for (int column = 0, end; column < r->columns; column = end) {
			const struct fed_decision *at = &r->at[(size_t)row * (size_t)r->columns];
			const uint32_t rgb = region_rgb(&at[column]);

			for (end = column + 1; end < r->columns && region_rgb(&at[end]) == rgb;)
				end++;
			fed_drawing_rect(
				d, p->left + p->width * column / r->columns, p->top + p->height * row / r->rows,
				p->width * (end - column) / r->columns, p->height / r->rows, true, FED_DATA(rgb));
		}
}

static void draw_example(struct fed_drawing *d, double x, double y, double r, uint32_t rgb,
                         bool wrong)
{
	if (!wrong) {
		fed_drawing_circle(d, x, y, r + 0.3 * r, 0, FED_DATA(0xFFFFFF));
		fed_drawing_circle(d, x, y, r, 0, FED_DATA(rgb));
		return;
	}
	for (int pass = 0; pass < 2; pass++) {
		const double width = pass ? 0.65 * r : 1.25 * r;
		const struct fed_paint paint = FED_DATA(pass ? rgb : 0xFFFFFF);

		fed_drawing_segment(d, x - r, y - r, x + r, y + r, width, paint);
		fed_drawing_segment(d, x - r, y + r, x + r, y - r, width, paint);
	}
}

static void draw_panel(struct plane_figure *f, const struct panel *p, const char *name,
                       const struct fed_regions *regions, const struct fed_placed_example *example,
                       uint32_t n, int model)
{
	const double right = p->left + p->width, bottom = p->top + p->height;
	const double around[5][2] = {
		{p->left, p->top}, {right, p->top}, {right, bottom}, {p->left, bottom}, {p->left, p->top}};

	const double radius = fmin(RADIUS, fmax(0.7, p->width / 60));

	draw_regions(f->d, p, regions);
	for (uint32_t i = 0; i < n; i++) {
		const double x = p->left + example[i].x * p->width, y = p->top + example[i].y * p->height;

		if (x > p->left + 2 && x < right - 2 && y > p->top + 2 && y < bottom - 2)
			draw_example(f->d, x, y, radius, fed_series_rgb(example[i].class),
			             example[i].wrong[model]);
	}
	fed_drawing_line(f->d, around, 5, 0.6, 0, FED_INK);
	fed_drawing_text_within(f->d, p->left, p->top - 3,
	                        (struct fed_text_style){FED_INK, FED_SIZE_TICK}, p->width, name);
}

/* "client 3 Ada, Byzantine, filtered", or as much of it as fits. */
static void put_client(struct fed_text *out, const struct fed_client_decisions *c, double width)
{
	for (int form = 0; form < 3; form++) {
		fed_text_clear(out);
		fed_text_add(out, "%s%u%s%s", form < 1 ? "client " : "", c->client, *c->name ? " " : "",
		             c->name);
		if (form < 2)
			fed_text_add(out, "%s%s", c->byzantine ? ", Byzantine" : "",
			             c->trusted || !c->updated ? "" : ", filtered");
		if (fed_drawing_text_width(fed_text_str(out), FED_SIZE_TICK, false) <= width)
			return;
	}
}

/* The tiles of clients right of the global model: as large as they fit. */
static void draw_tiles(struct plane_figure *f, double left, double top, double width, double height)
{
	const struct fed_decisions *d = &f->decisions;
	const double head = FED_LINE_HEIGHT;
	struct fed_text name = {0};
	uint32_t across = 1;
	double best = 0;

	for (uint32_t k = 1; k <= d->clients; k++) { /* the widest tile */
		const double down = ceil((double)d->clients / k);
		const double tile = fmin((width - GAP * (k - 1)) / k, (height / down - head) * f->aspect);

		if (tile > best) {
			best = tile;
			across = k;
		}
	}
	if (best < 12)
		return;
	const double tile_height = best / f->aspect;
	for (uint32_t i = 0; i < d->clients; i++) {
		const struct fed_client_decisions *c = &d->client[i];
		const struct panel p = {left + i % across * (best + GAP),
		                        top + i / across * (tile_height + head) + (i / across ? 0 : 0),
		                        best, tile_height};

		put_client(&name, c, best);
		draw_panel(f, &p, fed_text_str(&name), c->updated ? &c->regions : &d->before, c->example,
		           c->n, 1);
	}
	fed_text_release(&name);
}

/* The classes that occur among the examples, by name. */
static size_t legend_of(const struct plane_figure *f, struct fed_legend_entry *entry, size_t most,
                        struct fed_text *names)
{
	const struct fed_dataset *data = f->plane->data;
	const size_t classes = data->classes ? data->classes : 2;
	const size_t n = classes < most ? classes : most;
	size_t at = 0;

	for (size_t k = 0; k < n; k++) {
		if (!data->classes)
			fed_text_add(names, "%s the middle", k ? "above" : "below");
		else if (data->class_name)
			fed_text_add(names, "%s", data->class_name[k]);
		else
			fed_text_add(names, "class %zu", k);
		fed_text_put(names, "", 1);
	}
	for (size_t k = 0; k < n && !names->failed; k++) {
		entry[k] = (struct fed_legend_entry){.name = names->s + at,
		                                     .sample = FED_SAMPLE_MARK,
		                                     .mark = 0,
		                                     .paint = FED_DATA(fed_series_rgb(k))};
		at += strlen(entry[k].name) + 1;
	}
	entry[n] = (struct fed_legend_entry){
		.name = "the model is wrong", .sample = FED_SAMPLE_CROSS, .paint = FED_INK};
	return names->failed ? 0 : n + 1;
}

static void lay_out(struct plane_figure *f, bool one, const char *heading)
{
	struct fed_drawing *d = f->d;
	const struct fed_decisions *of = &f->decisions;
	const struct fed_client_decisions *c = of->client;
	struct fed_legend_entry entry[FED_SERIES_COLORS + 1];
	struct fed_text names = {0}, title = {0};
	const size_t n = legend_of(f, entry, FED_SERIES_COLORS, &names);
	const struct fed_frame_text text = {.heading = heading};
	const double above = fed_frame_above(&text), inner = d->width - 2 * FED_MARGIN;
	const int rows = fed_legend_rows(d, entry, n);
	const bool beside = one ? c->updated : of->clients > 0;
	const double share = one ? 0.5 : GLOBAL_SHARE;
	double width = beside ? share * inner - GAP : inner;

	if (!(d->height > 0))
		d->height =
			fmin(above + (rows + 2) * FED_LINE_HEIGHT + 6 + width / f->aspect, 1.4 * d->width);
	const double top = above + (rows + 1) * FED_LINE_HEIGHT + 3;
	const double height = d->height - top - FED_MARGIN - FED_LINE_HEIGHT;
	width = fmin(width, height * f->aspect);
	const struct panel first = {FED_MARGIN, top, width, width / f->aspect};
	const struct panel second = {FED_MARGIN + width + GAP, top, width, width / f->aspect};

	fed_legend_draw(d, entry, n, above, rows);
	if (fed_has_text(heading))
		fed_drawing_text_within(
			d, FED_MARGIN, FED_MARGIN + FED_SIZE_LABEL,
			(struct fed_text_style){FED_INK, FED_SIZE_LABEL, FED_ANCHOR_LEFT, true, false}, inner,
			heading);
	fed_input_plane_title(f->plane, &title);
	fed_drawing_text_within(d, FED_MARGIN, d->height - FED_MARGIN - 2,
	                        (struct fed_text_style){FED_FAINT, FED_SIZE_TICK}, inner,
	                        fed_text_str(&title));
	if (one) {
		draw_panel(f, &first, c->updated ? "before local training" : "the global model",
		           &of->before, c->example, c->n, 0);
		if (c->updated)
			draw_panel(f, &second, "after local training", &c->regions, c->example, c->n, 1);
	} else {
		draw_panel(f, &first, of->modelled ? "global model" : "no model yet", &of->global,
		           of->example, of->n, 1);
		if (beside)
			draw_tiles(f, FED_MARGIN + width + 2 * GAP, top, inner - width - 2 * GAP, height);
	}
	fed_text_release(&names);
	fed_text_release(&title);
}

static void set_grid(int *columns, int *rows, int longer, double aspect)
{
	*columns = aspect >= 1 ? longer : (int)fmax(longer * aspect, 4);
	*rows = aspect >= 1 ? (int)fmax(longer / aspect, 4) : longer;
}

int fed_figure_plane(const struct fed_session *s, const struct fed_input_plane *plane, bool one,
                     uint32_t place, const char *heading, struct fed_drawing *d,
                     struct fed_error *err)
{
	struct plane_figure f = {
		.plane = plane, .d = d, .aspect = fmin(fmax(fed_input_plane_aspect(plane), 0.6), 2)};
	struct fed_decisions_wanted wanted = {.first = place,
	                                      .clients = one ? 1 : CLIENTS_MOST,
	                                      .examples = 400,
	                                      .client_examples = one ? 400 : 120,
	                                      .flops = EFFORT};

	if (d->width < FED_FIGURE_WIDTH_LEAST || (d->height > 0 && fed_frame_check(d, err)))
		return fed_fail(err, "a figure of a plane is at least %.1f x %.1f cm",
		                FED_FIGURE_WIDTH_LEAST / FED_POINTS_PER_CM + 0.05,
		                FED_FIGURE_HEIGHT_LEAST / FED_POINTS_PER_CM + 0.05);
	set_grid(&wanted.columns, &wanted.rows, GRID, f.aspect);
	set_grid(&wanted.client_columns, &wanted.client_rows, one ? GRID : CLIENT_GRID, f.aspect);
	const int rc = fed_decisions_take(&f.decisions, plane, s, &wanted, err);
	if (rc)
		return rc;
	if (one && !f.decisions.clients)
		fed_fail(err, "there is no such client");
	else
		lay_out(&f, one, heading);
	const bool drawn = !one || f.decisions.clients;
	fed_decisions_release(&f.decisions);
	return drawn ? FED_OK : FED_FAIL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/plane.c - layout and drawing of the picture of a plane. */
#include "tui/widgets/plane.h"

#include <math.h>
#include <string.h>

enum {
	GAP = 2,
	BESIDE_FROM = 44, /* columns from which there are tiles beside the global model */
	TILE_LEAST = 10,  /* columns */
	TILE_ROWS_LEAST = 3,
	AROUND = 2, /* rows of headings and legend */
	CELLS_AN_EXAMPLE = 6,
};
#define GLOBAL_SHARE 0.46 /* of the columns */
#define ASPECT_LEAST 0.6  /* flatter or steeper planes are stretched */
#define ASPECT_MOST 2.0

static const struct fed_style bold = {.bold = true}, faint = {.color = FED_COLOR_GREY},
							  attacker = {.color = FED_COLOR_YELLOW, .bold = true};

/* The largest rectangle of this aspect within columns x rows; a cell is twice as high as wide. */
static void fit(int *columns, int *rows, double aspect)
{
	const double ratio = 2 * fmin(fmax(aspect, ASPECT_LEAST), ASPECT_MOST);

	if (*columns > ratio * *rows)
		*columns = (int)(ratio * *rows);
	else if (*rows > ceil(*columns / ratio))
		*rows = (int)ceil(*columns / ratio);
	*columns = *columns < 1 ? 1 : *columns;
	*rows = *rows < 1 ? 1 : *rows;
}

/* Tiles with `across` in a row: as many rows of them as are needed, or as fit. */
static void lay_tiles(struct fed_plane_layout *l, int across, int columns, int rows, double aspect,
                      uint32_t clients)
{
	const int needed = (int)((clients + (unsigned)across - 1) / (unsigned)across);
	const int most = rows / (TILE_ROWS_LEAST + 1);

	l->across = across;
	l->down = needed < most ? needed : most;
	l->step_columns = (columns + GAP) / across;
	l->step_rows = l->down ? rows / l->down : rows;
	l->tile_columns = l->step_columns - GAP;
	l->tile_rows = l->step_rows - 1;
	fit(&l->tile_columns, &l->tile_rows, aspect);
}

/* How good it is: clients in sight come first, then the size of a tile. */
static double merit(const struct fed_plane_layout *l, uint32_t clients)
{
	const double seen = fmin(l->across * l->down, clients);

	return 1e6 * seen + l->tile_columns * l->tile_rows;
}

void fed__plane_lay_out(struct fed_plane_layout *l, int columns, int rows, double aspect,
                        uint32_t clients)
{
	const int body = rows - AROUND > 1 ? rows - AROUND : 1;
	const bool beside = clients && columns >= BESIDE_FROM;

	*l = (struct fed_plane_layout){.columns = columns};
	l->global_columns = beside ? (int)(GLOBAL_SHARE * columns) : columns;
	l->global_rows = body;
	fit(&l->global_columns, &l->global_rows, aspect);
	l->rows = AROUND + l->global_rows;
	if (!beside || body < TILE_ROWS_LEAST + 1)
		return;
	l->left = l->global_columns + GAP;
	struct fed_plane_layout best = *l;
	for (int across = 1; across * (TILE_LEAST + GAP) <= columns - l->left + GAP; across++) {
		lay_tiles(l, across, columns - l->left, body, aspect, clients);
		if (merit(l, clients) > merit(&best, clients))
			best = *l;
	}
	*l = best;
	const int tiles = 1 + l->down * l->step_rows;
	l->rows = tiles > l->rows ? tiles : l->rows;
}

void fed__plane_lay_out_client(struct fed_plane_layout *l, int columns, int rows, double aspect)
{
	*l = (struct fed_plane_layout){.columns = columns, .across = 1, .down = 1};
	l->tile_columns = (columns - GAP) / 2 > 1 ? (columns - GAP) / 2 : 1;
	l->tile_rows = rows - AROUND > 1 ? rows - AROUND : 1;
	fit(&l->tile_columns, &l->tile_rows, aspect);
	l->left = l->tile_columns + GAP; /* of the second */
	l->rows = AROUND + l->tile_rows;
}

struct fed_decisions_wanted fed__plane_wanted(const struct fed_plane_layout *l, uint32_t first,
                                              double flops)
{
	const int global = l->global_columns * l->global_rows, tile = l->tile_columns * l->tile_rows;

	return (struct fed_decisions_wanted){
		.columns = l->global_columns,
		.rows = 2 * l->global_rows,
		.client_columns = l->tile_columns,
		.client_rows = 2 * l->tile_rows,
		.first = first,
		.clients = (uint32_t)(l->across * l->down),
		.examples = (uint32_t)(global / CELLS_AN_EXAMPLE),
		.client_examples = (uint32_t)(tile / CELLS_AN_EXAMPLE + 4),
		.flops = flops,
	};
}

/* Drawing -------------------------------------------------------------------------- */

/* Text in at most `columns` cells, whole words only. */
static int put_words(struct fed_canvas *canvas, int column, int row, int columns, const char *text,
                     struct fed_style style)
{
	const int end = column + columns;

	while (*text) {
		struct fed_text word = {0};
		const size_t n = 1 + strcspn(text + 1, " ");

		fed_text_put(&word, text, n);
		const bool fits = column + fed_text_width(fed_text_str(&word)) <= end;
		if (fits)
			column = fed__canvas_write(canvas, column, row, fed_text_str(&word), style);
		fed_text_release(&word);
		if (!fits)
			break;
		text += n;
	}
	return column;
}

/* "client 3 Byzantine filtered", without its first word where that makes all fit. */
static void put_client(struct fed_canvas *canvas, int column, int row, int columns,
                       const struct fed_client_decisions *c)
{
	struct fed_text name = {0}, rest = {0};
	const char *attack = c->byzantine ? " Byzantine" : "";
	const int end = column + columns;

	fed_text_add(&name, "client %u%s%s", c->client, *c->name ? " " : "", c->name);
	fed_text_add(&rest, "%s", c->trusted ? "" : " filtered");
	if (c->staleness)
		fed_text_add(&rest, " stale by %u", c->staleness);
	const int width = fed_text_width(fed_text_str(&name)) + fed_text_width(attack) +
	                  fed_text_width(fed_text_str(&rest));
	const size_t skip = width > columns ? strlen("client ") : 0;
	column = put_words(canvas, column, row, columns, fed_text_str(&name) + skip, bold);
	column = put_words(canvas, column, row, end - column, attack, attacker);
	put_words(canvas, column, row, end - column, fed_text_str(&rest), faint);
	fed_text_release(&name);
	fed_text_release(&rest);
}

/* "9 of 10 clients after local training" */
static void put_clients(struct fed_canvas *canvas, int column, int row,
                        const struct fed_plane_picture *p)
{
	const struct fed_plane_layout *l = p->layout;
	const struct fed_decisions *d = p->decisions;
	struct fed_text text = {0};

	if (d->clients < d->all)
		fed_text_add(&text, "%u of ", d->clients);
	fed_text_add(&text, "%u client%s ", d->all, d->all == 1 ? "" : "s");
	if (!d->modelled || !d->client[0].updated)
		fed_text_add(&text, "and their examples");
	else
		fed_text_add(&text, "%s local training", p->model == FED_MODEL_AFTER ? "after" : "before");
	put_words(canvas, column, row, l->columns - column, fed_text_str(&text), faint);
	fed_text_release(&text);
}

/* The plane, from the left; returns the column behind. */
static int put_plane(struct fed_canvas *canvas, int row, const struct fed_plane_picture *p)
{
	struct fed_text text = {0};

	fed_input_plane_title(p->plane, &text);
	const int end = put_words(canvas, 0, row, p->layout->columns, fed_text_str(&text), faint);
	fed_text_release(&text);
	return end;
}

static const struct fed_regions *regions_of(const struct fed_decisions *d,
                                            const struct fed_client_decisions *c, int model)
{
	return c->updated && model == FED_MODEL_AFTER ? &c->regions : &d->before;
}

void fed__plane_put(struct fed_canvas *canvas, int row, const struct fed_plane_picture *p)
{
	const struct fed_plane_layout *l = p->layout;
	const struct fed_decisions *d = p->decisions;

	const int end = put_plane(canvas, row, p) + GAP;
	fed__regions_put(canvas, 0, row + 1, l->global_columns, l->global_rows, &d->global, d->example,
	                 d->n, FED_MODEL_AFTER);
	const bool beside = l->left && l->down * l->step_rows > l->global_rows; /* a tile is there */
	fed__regions_legend(canvas, 0, row + 1 + l->global_rows,
	                    beside ? l->global_columns : l->columns, p->plane->data, p->tints);
	if (!d->clients)
		return;
	put_clients(canvas, end > l->left ? end : l->left, row, p);
	for (uint32_t i = 0; i < d->clients; i++) {
		const struct fed_client_decisions *c = &d->client[i];
		const int at = l->left + (int)i % l->across * l->step_columns;
		const int top = row + 1 + (int)i / l->across * l->step_rows;

		put_client(canvas, at, top, l->step_columns - 1, c);
		fed__regions_put(canvas, at, top + 1, l->tile_columns, l->tile_rows,
		                 regions_of(d, c, p->model), c->example, c->n, p->model);
	}
}

void fed__plane_put_client(struct fed_canvas *canvas, int row, const struct fed_plane_picture *p)
{
	const struct fed_plane_layout *l = p->layout;
	const struct fed_decisions *d = p->decisions;
	const struct fed_client_decisions *c = &d->client[0];
	const int models = c->updated ? 2 : 1;

	for (int model = 0; model < models; model++) {
		const int at = model == FED_MODEL_AFTER ? l->left : 0;

		put_words(canvas, at, row, l->tile_columns,
		          model == FED_MODEL_AFTER ? "after local training"
		          : c->updated             ? "before local training"
		          : d->modelled            ? "the global model"
		                                   : "its examples, no model yet",
		          faint);
		fed__regions_put(canvas, at, row + 1, l->tile_columns, l->tile_rows,
		                 regions_of(d, c, model), c->example, c->n, model);
	}
	fed__regions_legend(canvas, 0, row + 1 + l->tile_rows, l->columns, p->plane->data, p->tints);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/client_examples.c - examples of one client on its page: pictures, rows of a table,
 * texts. */
#include <math.h>

#include "report/sample.h"
#include "session/composition.h"
#include "tui/views/clients.h"
#include "tui/widgets/tint.h"

enum { PICTURE = 16, LABEL = 10, GAP = 2 }; /* columns of a picture and a label at most, least */
enum { NUMBER = 9 };                        /* columns of a feature */

static const struct fed_style plain, grey = {.color = FED_COLOR_GREY};

/* How many examples are drawn and how: across and down, each in a tile. */
struct example_grid {
	uint32_t factor;   /* pixels for a column */
	int columns, tile; /* of a picture; of a tile with its gap */
	int rows;          /* of a tile, its label among them */
	uint32_t across, down;
};

static struct example_grid lay_out(const struct fed_dataset *data, int columns, int rows)
{
	struct example_grid g = {.factor = 1, .tile = columns, .rows = 1, .across = 1};

	if (data->shape.rank > 1 && !data->tokens) {
		const uint32_t height = data->shape.dim[0], width = data->shape.dim[1];
		const uint32_t most = columns < PICTURE ? (uint32_t)columns : PICTURE;

		g.factor = (width + most - 1) / most;
		g.columns = (int)((width + g.factor - 1) / g.factor);
		g.tile = (g.columns > LABEL ? g.columns : LABEL) + GAP;
		g.rows = 1 + (int)((height + 2 * g.factor - 1) / (2 * g.factor));
		g.across = columns >= g.tile ? (uint32_t)(columns / g.tile) : 1;
	}
	g.down = rows > 0 ? (uint32_t)(rows / g.rows) : 0;
	while (g.across * g.down > FED_SAMPLE_MOST && g.down > 1)
		g.down--;
	return g;
}

/* Pictures ---------------------------------------------------------------------------------- */

struct example_picture {
	const float *x;
	const struct fed_shape *shape;
	float low, high;
};

/* The tint of the mean over a square of pixels. */
static uint16_t tint_of(const struct example_picture *p, uint32_t y0, uint32_t x0, uint32_t side)
{
	const uint32_t height = p->shape->dim[0], width = p->shape->dim[1];
	const uint32_t channels = p->shape->rank == 3 ? p->shape->dim[2] : 1;
	double mean[3] = {0}, n = 0;

	for (uint32_t y = y0; y < y0 + side && y < height; y++)
		for (uint32_t x = x0; x < x0 + side && x < width; x++, n++)
			for (uint32_t k = 0; k < 3; k++)
				mean[k] += p->x[((size_t)y * width + x) * channels + (channels >= 3 ? k : 0)];
	for (int k = 0; k < 3 && n > 0; k++)
		mean[k] = (mean[k] / n - p->low) / (p->high - p->low);
	return fed_tint_pixel(mean);
}

static void put_picture(struct fed_canvas *canvas, int column, int row,
                        const struct example_picture *p, const struct example_grid *g)
{
	for (int y = 0; y + 1 < g->rows; y++)
		for (int x = 0; x < g->columns; x++) {
			const uint32_t top = 2 * (uint32_t)y * g->factor, left = (uint32_t)x * g->factor;
			const struct fed_style style = {.ink = tint_of(p, top, left, g->factor),
			                                .paper = tint_of(p, top + g->factor, left, g->factor)};

			fed__canvas_put(canvas, column + x, row + y, FED_UPPER_HALF, style);
		}
}

/* Rows and texts ---------------------------------------------------------------------------- */

static void put_numbers(const struct fed_sample *sample, const struct fed_dataset *data, uint32_t i,
                        int columns, struct fed_text *out)
{
	const size_t size = fed_shape_size(&data->shape);

	for (size_t k = 0; k < size && fed_text_width(fed_text_str(out)) + NUMBER < columns; k++)
		fed_text_add(out, " %*.4g", NUMBER - 1, (double)sample->x[i * size + k]);
}

static void put_example(struct fed_canvas *canvas, int row, const struct fed_sample *sample,
                        const struct fed_dataset *data, uint32_t i)
{
	struct fed_text text = {0};

	fed_text_add(&text, "#%-5u ", sample->place[i]);
	if (data->tokens) {
		fed_sample_put_tokens(sample, data, i, &text);
	} else {
		fed_sample_put_label(sample, data, i, &text);
		for (int width = fed_text_width(fed_text_str(&text)); width < 2 * LABEL; width++)
			fed_text_add(&text, " ");
		put_numbers(sample, data, i, canvas->columns, &text);
	}
	fed__cells_line(canvas, row, fed_text_str(&text), plain);
	fed_text_release(&text);
}

static void put_tile(struct fed_canvas *canvas, int top, const struct fed_sample *sample,
                     const struct fed_dataset *data, const struct example_grid *g, uint32_t i)
{
	const int column = (int)(i % g->across) * g->tile;
	const int row = top + (int)(i / g->across) * g->rows;
	const struct example_picture p = {sample->x + i * fed_shape_size(&data->shape), &data->shape,
	                                  sample->low, sample->high};
	struct fed_text label = {0};

	fed_sample_put_label(sample, data, i, &label);
	fed_text_add(&label, " #%u", sample->place[i]);
	fed__canvas_fit(canvas, column, row, g->tile - GAP, false, fed_text_str(&label), plain);
	put_picture(canvas, column, row + 1, &p, g);
	fed_text_release(&label);
}

void fed__client_examples_paint(struct fed_canvas *canvas, const struct fed_watched *w,
                                uint32_t client, uint32_t draw, int row)
{
	const struct fed_dataset *data = fed_session_parts(w->session)->data;
	const struct example_grid g = lay_out(data, canvas->columns, canvas->rows - row - 1);
	const struct fed_sample_plan plan = {.of_client = true,
	                                     .client = client,
	                                     .class = -1,
	                                     .n = g.across * g.down,
	                                     .draw = 1 + (uint64_t)draw};
	struct fed_sample sample;
	struct fed_text head = {0};
	struct fed_error why;

	if (g.down == 0 || plan.n == 0)
		return; /* no place for one */
	if (fed_sample_draw(&sample, w->session, &plan, &why)) {
		fed__cells_say(canvas, row, why.text, plain);
		return;
	}
	fed_text_add(&head, "%u of its %s example%s", sample.n, fed_count(sample.among).s,
	             sample.among == 1 ? "" : "s");
	if (sample.changed.len)
		fed_text_add(&head, "; it sees %s", fed_text_str(&sample.changed));
	fed__cells_line(canvas, row, fed_text_str(&head), grey);
	for (uint32_t i = 0; i < sample.n; i++) {
		if (g.columns > 0)
			put_tile(canvas, row + 1, &sample, data, &g, i);
		else
			put_example(canvas, row + 1 + (int)i, &sample, data, i);
	}
	fed_text_release(&head);
	fed_sample_release(&sample);
}

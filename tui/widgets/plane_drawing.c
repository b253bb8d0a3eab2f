/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/plane_drawing.c - the picture of a plane as text. */
#include "tui/widgets/plane.h"

/* Work for one picture, in FLOPs: about a second. */
#define EFFORT 1e10

/* "version 7, client 3, Byzantine, filtered; the two features of moons" */
static void put_title(struct fed_canvas *canvas, const struct fed_plane_drawing *of,
                      const struct fed_decisions *d)
{
	struct fed_text text = {0};

	fed_text_add(&text, "version %llu%s", (unsigned long long)d->version,
	             d->modelled ? "" : ", no model yet");
	if (of->one) {
		fed_text_add(&text, ", client %u%s%s%s%s; ", d->client[0].client,
		             *d->client[0].name ? " " : "", d->client[0].name,
		             d->client[0].byzantine ? ", Byzantine" : "",
		             d->client[0].trusted ? "" : ", filtered");
		fed_input_plane_title(of->plane, &text);
	}
	fed__canvas_write(canvas, 0, 0, fed_text_str(&text), (struct fed_style){.bold = true});
	fed_text_release(&text);
}

/* The picture on a canvas that is as large as it needs, the caller's. */
static int paint(const struct fed_plane_drawing *of, const struct fed_session *s, bool tints,
                 struct fed_canvas *canvas, struct fed_error *err)
{
	const double aspect = fed_input_plane_aspect(of->plane);
	struct fed_plane_layout layout;
	struct fed_decisions d;

	if (of->one)
		fed__plane_lay_out_client(&layout, of->columns, of->rows - 1, aspect);
	else
		fed__plane_lay_out(&layout, of->columns, of->rows - 1, aspect, fed_decisions_clients(s));
	const struct fed_decisions_wanted wanted = fed__plane_wanted(&layout, of->place, EFFORT);
	int rc = fed_decisions_take(&d, of->plane, s, &wanted, err);
	if (rc)
		return rc;
	const struct fed_plane_picture picture = {.plane = of->plane,
	                                          .layout = &layout,
	                                          .decisions = &d,
	                                          .model = FED_MODEL_AFTER,
	                                          .tints = tints};
	rc = fed__canvas_init(canvas, layout.columns, layout.rows + 1, err);
	if (rc == FED_OK) {
		put_title(canvas, of, &d);
		if (of->one)
			fed__plane_put_client(canvas, 1, &picture);
		else
			fed__plane_put(canvas, 1, &picture);
	}
	fed_decisions_release(&d);
	return rc;
}

int fed_plane_draw(const struct fed_plane_drawing *of, const struct fed_session *s,
                   struct fed_text *out, struct fed_error *err)
{
	struct fed_canvas canvas;
	const int rc =
		paint(of, s, of->utf8 && fed_palette_depth(of->palette) >= FED_PALETTE_256, &canvas, err);

	if (rc)
		return rc;
	fed__canvas_text(&canvas, out, of->utf8, of->palette);
	fed__canvas_release(&canvas);
	return FED_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/widgets/plane.h - the picture of a plane of inputs: the global model's decision regions, and
 * beside them those of the clients' own models, each with its examples.
 */
#ifndef FED_TUI_WIDGETS_PLANE_H
#define FED_TUI_WIDGETS_PLANE_H

#include "tui/widgets/regions.h"

/* Where things are: in the first row the headings, in the last the
 * legend, on the left the global model, on the right tiles of clients, each with a row of its own
 * heading. */
struct fed_plane_layout {
	int columns, rows; /* that are used */
	int global_columns, global_rows;
	int left;                    /* first column of the tiles */
	int across, down;            /* tiles */
	int tile_columns, tile_rows; /* regions in a tile */
	int step_columns, step_rows; /* from a tile to the next */
};

/* aspect: width by height of what is drawn. */
void fed__plane_lay_out(struct fed_plane_layout *, int columns, int rows, double aspect,
                        uint32_t clients);
/* What to compute for a layout, from the client at place `first` on. */
struct fed_decisions_wanted fed__plane_wanted(const struct fed_plane_layout *, uint32_t first,
                                              double flops);

/* A snapshot to draw. */
struct fed_plane_picture {
	const struct fed_input_plane *plane;
	const struct fed_plane_layout *layout;
	const struct fed_decisions *decisions;
	int model;  /* FED_MODEL_BEFORE or FED_MODEL_AFTER local training, of the clients */
	bool tints; /* the output has colours for them */
};
/* Draw at (0, row). */
void fed__plane_put(struct fed_canvas *, int row, const struct fed_plane_picture *);
/* Draw one client (client[0]) instead, its model before and after local training side by side. */
void fed__plane_put_client(struct fed_canvas *, int row, const struct fed_plane_picture *);
/* The layout for that. */
void fed__plane_lay_out_client(struct fed_plane_layout *, int columns, int rows, double aspect);

/* A picture with a title, of the session as it is. */
struct fed_plane_drawing {
	const struct fed_input_plane *plane;
	bool one;          /* of one client, before and after its local training */
	uint32_t place;    /* of that client among fed_decisions_clients() */
	int columns, rows; /* at most */
	bool utf8;
	enum fed_palette palette;
};
/* Append it as text. */
int fed_plane_draw(const struct fed_plane_drawing *, const struct fed_session *, struct fed_text *,
                   struct fed_error *);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/update_map.c - updates as the groups of a scatter plot. */
#include "tui/views/update_map.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "train/clients/names.h"
#include "train/round/verdicts.h"
#include "tui/widgets/scatter.h"

enum {
	WAS,
	HONEST,
	HONEST_FILTERED,
	BYZANTINE,
	BYZANTINE_FILTERED,
	SECRET,
	SECRET_FILTERED,
	KINDS
};
enum { GROUPS = KINDS + FED_LANDMARKS };

static const struct fed_scatter_group looks[GROUPS] = {
	[WAS] = {"a version ago", 0xB7, '\'', FED_COLOR_GREY},
	[HONEST] = {"honest", 0x25CB, 'o', FED_COLOR_BLUE},
	[HONEST_FILTERED] = {"honest, filtered", 0x25CC, '.', FED_COLOR_BLUE},
	[BYZANTINE] = {"Byzantine", 0x25B2, 'x', FED_COLOR_YELLOW},
	[BYZANTINE_FILTERED] = {"Byzantine, filtered", 0x25B3, 'v', FED_COLOR_YELLOW},
	[SECRET] = {"secret", 0x25C7, '?', FED_COLOR_BLUE},
	[SECRET_FILTERED] = {"secret, filtered", 0x25C8, '!', FED_COLOR_BLUE},
	[KINDS + FED_LANDMARK_MEAN] = {"mean", 'M', 'M', FED_COLOR_PLAIN},
	[KINDS + FED_LANDMARK_HONEST] = {"honest mean", 'H', 'H', FED_COLOR_PLAIN},
	[KINDS + FED_LANDMARK_MEDIAN] = {"median", 'D', 'D', FED_COLOR_PLAIN},
	[KINDS + FED_LANDMARK_STEP] = {"step", 'S', 'S', FED_COLOR_PLAIN},
};

static int kind_of(const struct fed_map_point *p)
{
	if (p->byzantine)
		return p->trusted ? BYZANTINE : BYZANTINE_FILTERED;
	if (p->secret)
		return p->trusted ? SECRET : SECRET_FILTERED;
	return p->trusted ? HONEST : HONEST_FILTERED;
}

/* Fill x and y with the points of each group, one group after the other. */
static void fill(const struct fed_map *map, struct fed_scatter_group *group, double *x, double *y,
                 uint32_t *id, const char **name)
{
	size_t at = 0;

	for (int g = 0; g < KINDS; g++) {
		group[g] = looks[g];
		group[g].x = x + at;
		group[g].y = y + at;
		group[g].id = g == WAS ? NULL : id + at;
		group[g].label = g == WAS ? NULL : name + at;
		group[g].rim = g != WAS;
		for (size_t i = 0; i < map->n; i++) {
			const struct fed_map_point *p = &map->point[i];

			if (g == WAS ? isnan(p->was_x) : kind_of(p) != g)
				continue;
			id[at] = p->client;
			name[at] = fed_client_name(map->clients, p->client);
			x[at] = g == WAS ? p->was_x : p->x;
			y[at++] = g == WAS ? p->was_y : p->y;
			group[g].n++;
		}
	}
	for (int k = 0; k < FED_LANDMARKS; k++) {
		group[KINDS + k] = looks[KINDS + k];
		group[KINDS + k].letter = group[KINDS + k].rim = true;
		group[KINDS + k].x = &map->landmark[k].x;
		group[KINDS + k].y = &map->landmark[k].y;
		group[KINDS + k].n = !isnan(map->landmark[k].x);
	}
}

int fed__map_put(struct fed_canvas *canvas, int column, int row, int columns, int rows,
                 const struct fed_map *map, struct fed_error *err)
{
	const size_t most = 2 * map->n; /* present and previous positions */
	double *x = fed_alloc_array(2 * most + 1, sizeof *x);
	uint32_t *id = fed_alloc_array(most + 1, sizeof *id);
	const char **name = fed_alloc_array(most + 1, sizeof *name);
	struct fed_scatter_group group[GROUPS];

	if (x && id && name) {
		fill(map, group, x, x + most, id, name);
		fed__scatter_put(canvas, column, row, columns, rows,
		                 &(struct fed_scatter){.title = map->title,
		                                       .group = group,
		                                       .n = GROUPS,
		                                       .reach_x = map->reach_x,
		                                       .reach_y = map->reach_y,
		                                       .x = map->x,
		                                       .y = map->y,
		                                       .utf8 = map->utf8});
	}
	const bool done = x && id && name;
	fed_free(name);
	fed_free(x);
	fed_free(id);
	return done ? FED_OK : fed_fail_memory(err, 2 * most * sizeof *x, "the map of the updates");
}

void fed_map_title(struct fed_text *title, double share, int columns)
{
	static const char *const ways[] = {" (the plane shows %.0f %% of their variance)",
	                                   " (%.0f %% of their variance)", " (%.0f %%)"};
	const int used = fed_text_width(fed_text_str(title));
	char text[64] = "";

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		snprintf(text, sizeof text, ways[i], isnan(share) ? 100.0 : 100 * share);
		if (used + (int)strlen(text) <= columns)
			break;
	}
	fed_text_add(title, "%s", text);
}

int fed_map_text(const struct fed_update_geometry *in, const char *title, int columns, int rows,
                 bool utf8, enum fed_palette palette, const struct fed_clients *clients,
                 struct fed_text *out, struct fed_error *err)
{
	struct fed_map_point *point = fed_alloc_array(in->n, sizeof *point);
	struct fed_map map = {
		.title = title, .point = point, .n = in->n, .utf8 = utf8, .clients = clients};
	double *scratch = fed_alloc_array(in->n, sizeof *scratch);
	struct fed_map_extent extent;
	struct fed_canvas canvas;
	int rc = FED_FAIL;

	if (!point || !scratch) {
		fed_free(point);
		fed_free(scratch);
		return fed_fail_memory(err, in->n * sizeof *point, "the map of the updates");
	}
	for (size_t i = 0; i < in->n; i++)
		point[i] = (struct fed_map_point){.x = in->update[i].x,
		                                  .y = in->update[i].y,
		                                  .was_x = NAN,
		                                  .client = in->of[i].client,
		                                  .byzantine = in->of[i].byzantine,
		                                  .secret = in->of[i].secret,
		                                  .trusted = fed_client_verdict_trusted(&in->of[i])};
	for (int k = 0; k < FED_LANDMARKS; k++)
		map.landmark[k] = in->landmark[k];
	fed_map_extent_find(point, in->n, map.landmark, scratch, &extent);
	if (extent.robust) {
		map.x = extent.x;
		map.y = extent.y;
		map.reach_x = extent.reach_x;
		map.reach_y = extent.reach_y;
	}
	fed_free(scratch);
	if (columns < FED_SCATTER_COLUMNS || rows < FED_SCATTER_ROWS)
		fed_fail(err, "a map takes at least %d columns and %d rows", FED_SCATTER_COLUMNS,
		         FED_SCATTER_ROWS);
	else
		rc = fed__canvas_init(&canvas, columns, rows, err);
	if (rc == FED_OK) {
		rc = fed__map_put(&canvas, 0, 0, columns, rows, &map, err);
		if (rc == FED_OK)
			fed__canvas_text(&canvas, out, utf8, palette);
		fed__canvas_release(&canvas);
	}
	fed_free(point);
	return rc;
}

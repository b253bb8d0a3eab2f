/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/updates.c - the map of a version's updates.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "figures/scatter.h"
#include "report/figures/figures.h"
#include "report/map_extent.h"
#include "train/clients/names.h"
#include "train/round/verdicts.h"

#define HEIGHT 0.8 /* of the width */

enum { HONEST, HONEST_FILTERED, BYZANTINE, BYZANTINE_FILTERED, SECRET, SECRET_FILTERED, KINDS };
enum { GROUPS = KINDS + FED_LANDMARKS };
static const struct fed_scatter_points looks[GROUPS] = {
	[HONEST] = {.name = "honest", .paint = {FED_ROLE_DATA, 0x0072B2, 1}, .mark = 0},
	[HONEST_FILTERED] = {.name = "honest, filtered",
                         .paint = {FED_ROLE_DATA, 0x0072B2, 1},
                         .mark = 0,
                         .hollow = true},
	[BYZANTINE] = {.name = "Byzantine", .paint = {FED_ROLE_DATA, 0xD55E00, 1}, .mark = 2},
	[BYZANTINE_FILTERED] = {.name = "Byzantine, filtered",
                            .paint = {FED_ROLE_DATA, 0xD55E00, 1},
                            .mark = 2,
                            .hollow = true},
	[SECRET] = {.name = "secret", .paint = {FED_ROLE_DATA, 0x0072B2, 1}, .mark = 1},
	[SECRET_FILTERED] = {.name = "secret, filtered",
                         .paint = {FED_ROLE_DATA, 0x0072B2, 1},
                         .mark = 1,
                         .hollow = true},
	[KINDS + FED_LANDMARK_MEAN] = {.name = "mean", .paint = {FED_ROLE_INK, 0, 1}, .mark = 1},
	[KINDS + FED_LANDMARK_HONEST] = {.name = "honest mean",
                                     .paint = {FED_ROLE_DATA, 0x009E73, 1},
                                     .mark = 3},
	[KINDS +
		FED_LANDMARK_MEDIAN] = {.name = "median", .paint = {FED_ROLE_DATA, 0xCC79A7, 1}, .mark = 4},
	[KINDS + FED_LANDMARK_STEP] = {.name = "step", .paint = {FED_ROLE_INK, 0, 1}, .mark = 5},
};

struct updates_figure {
	const struct fed_update_geometry *in;
	struct fed_map_point *point; /* [n] */
	double *x, *y;               /* [n] group by group */
	const char **label;          /* [n] */
	struct fed_text labels;      /* NUL-ended */
};

static int kind_of(const struct fed_map_point *p)
{
	return (p->byzantine ? BYZANTINE : p->secret ? SECRET : HONEST) + !p->trusted;
}

static void fill(struct updates_figure *u, const struct fed_clients *clients,
                 struct fed_scatter_points group[GROUPS])
{
	const size_t n = u->in->n;
	size_t at = 0, text = 0;

	for (int g = 0; g < KINDS; g++) {
		group[g] = looks[g];
		group[g].x = u->x + at;
		group[g].y = u->y + at;
		group[g].label = u->label + at;
		for (size_t i = 0; i < n; i++) {
			if (kind_of(&u->point[i]) != g)
				continue;
			u->x[at] = u->point[i].x;
			u->y[at++] = u->point[i].y;
			fed_client_put_label(&u->labels, clients, u->point[i].client);
			fed_text_put(&u->labels, "", 1);
			group[g].n++;
		}
	}
	for (size_t i = 0; i < n && !u->labels.failed; i++) {
		u->label[i] = u->labels.s + text;
		text += strlen(u->label[i]) + 1;
	}
	for (int k = 0; k < FED_LANDMARKS; k++) {
		group[KINDS + k] = looks[KINDS + k];
		group[KINDS + k].x = &u->in->landmark[k].x;
		group[KINDS + k].y = &u->in->landmark[k].y;
		group[KINDS + k].n = !isnan(u->in->landmark[k].x);
	}
}

static int draw(struct updates_figure *u, const struct fed_clients *clients, const char *heading,
                struct fed_drawing *d, struct fed_error *err)
{
	const struct fed_update_geometry *in = u->in;
	struct fed_scatter_points group[GROUPS];
	struct fed_map_extent extent;
	char x_label[96];

	for (size_t i = 0; i < in->n; i++)
		u->point[i] = (struct fed_map_point){.x = in->update[i].x,
		                                     .y = in->update[i].y,
		                                     .client = in->of[i].client,
		                                     .byzantine = in->of[i].byzantine,
		                                     .secret = in->of[i].secret,
		                                     .trusted = fed_client_verdict_trusted(&in->of[i])};
	fed_map_extent_find(u->point, in->n, in->landmark, u->x, &extent);
	fill(u, clients, group);
	if (u->labels.failed)
		return fed_fail_memory(err, u->labels.len, "the map of the updates");
	snprintf(x_label, sizeof x_label, "first component (both: %.0f %% of the variance)",
	         isnan(in->shown) ? 100.0 : 100 * in->shown);
	const struct fed_scatter_figure figure = {
		.heading = heading,
		.x_label = x_label,
		.y_label = "second component",
		.group = group,
		.n = GROUPS,
		.x = extent.robust ? extent.x : 0,
		.y = extent.robust ? extent.y : 0,
		.reach_x = extent.robust ? extent.reach_x : 0,
		.reach_y = extent.robust ? extent.reach_y : 0,
	};
	d->height = d->height > 0 ? d->height : HEIGHT * d->width;
	return fed_scatter_figure_draw(&figure, d, NULL, err);
}

int fed_figure_updates(const struct fed_update_geometry *in, const struct fed_clients *clients,
                       const char *heading, struct fed_drawing *d, struct fed_error *err)
{
	struct updates_figure u = {.in = in,
	                           .point = fed_alloc_array(in->n + 1, sizeof *u.point),
	                           .x = fed_alloc_array(2 * in->n + 1, sizeof *u.x),
	                           .label = fed_alloc_array(in->n + 1, sizeof *u.label)};
	int rc = FED_FAIL;

	u.y = u.x + in->n;
	if (u.point && u.x && u.label)
		rc = draw(&u, clients, heading, d, err);
	else
		fed_fail_memory(err, in->n * sizeof *u.point, "the map of the updates");
	fed_text_release(&u.labels);
	fed_free(u.label);
	fed_free(u.x);
	fed_free(u.point);
	return rc;
}
